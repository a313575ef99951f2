from datetime import date, datetime, timedelta
from pathlib import Path

from bursar.audit import kept, store
from bursar.audit.models import AuditSeal
from bursar.core.ticks import tick
from bursar.outbox.carriers import NotDelivered, Refused, carrier
from bursar.outbox.models import OutboxRow

SEAL_EVERY = timedelta(minutes=10)


@tick("audit.seal")
def seal_when_due(now: datetime) -> None:
    """Seals what moved, at most every ten minutes."""
    if not AuditSeal.objects.filter(at__gt=now - SEAL_EVERY).exists():
        store.seal_all(now)


@carrier("seal", "seal of the book")
def keep(row: OutboxRow) -> str:
    """The day's seal into a folder: `folder`, `day`, `seal`."""
    try:
        path = kept.keep(Path(row.payload["folder"]), date.fromisoformat(row.payload["day"]), row.payload["seal"])
    except kept.IsTaken as refusal:
        raise Refused(str(refusal)) from refusal
    except kept.CannotKeep as error:
        raise NotDelivered(str(error)) from error
    return f"written to {path}"
