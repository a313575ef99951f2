import math
from datetime import datetime
from pathlib import Path

from bursar.core.ticks import tick
from bursar.rollup import exports
from bursar.rollup.models import Export
from bursar.rollup.refresh import refresh

STRAY_AFTER = 2 * exports.LINK_LIVES


@tick("rollup.refresh")
def refresh_when_due(now: datetime) -> None:
    refresh(now)


@tick("rollup.forget_exports")
def forget_exports(now: datetime) -> None:
    """Files whose link has run out go; the book keeps what was exported, and when."""
    for made in Export.objects.filter(expires_at__lte=now):
        Path(made.path).unlink(missing_ok=True)
        made.delete()


@tick("rollup.forget_stray_files")
def forget_stray_files(now: datetime) -> None:
    """Files of exports that nobody was given: the worker was killed, or the action refused, after the writing."""
    before = (now - STRAY_AFTER).timestamp()
    old = [path for path in exports.folder().glob("*.csv") if _written_at(path) < before]
    known = set(Export.objects.filter(path__in=map(str, old)).values_list("path", flat=True)) if old else set()
    for path in old:
        if str(path) not in known:
            path.unlink(missing_ok=True)


def _written_at(path: Path) -> float:
    """Seconds since 1970; without end for a file that another worker has just deleted."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return math.inf
