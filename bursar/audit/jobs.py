from datetime import datetime, timedelta

from bursar.audit import store
from bursar.audit.models import AuditSeal
from bursar.core.ticks import tick

SEAL_EVERY = timedelta(minutes=10)


@tick("audit.seal")
def seal_when_due(now: datetime) -> None:
    """Seals what moved, at most every ten minutes."""
    if not AuditSeal.objects.filter(at__gt=now - SEAL_EVERY).exists():
        store.seal(now)
