from datetime import datetime
from pathlib import Path

from bursar.core.ticks import tick
from bursar.rollup.models import Export
from bursar.rollup.refresh import refresh


@tick("rollup.refresh")
def refresh_when_due(now: datetime) -> None:
    refresh(now)


@tick("rollup.forget_exports")
def forget_exports(now: datetime) -> None:
    """Files whose link has run out go; the book keeps what was exported, and when."""
    for made in Export.objects.filter(expires_at__lte=now):
        Path(made.path).unlink(missing_ok=True)
        made.delete()
