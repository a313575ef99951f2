"""The logo at the head of documents: a file that the settings name. Without one the seller's name stands there."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import structlog
from django.conf import settings

from bursar.billing.documents.pdf import Look, why_not_here, why_not_logo

MOST_BYTES = 500_000  # it is in every document
log = structlog.get_logger()


def get_look() -> Look:
    """Of documents that are drawn now. A logo that cannot be drawn stops none: the name stands there, and the log says
    why.
    """
    path = Path(settings.BURSAR_LOGO)
    try:
        told = path.stat() if settings.BURSAR_LOGO else None
    except OSError as error:
        log.error("logo_not_read", path=str(path), why=str(error))
        return Look()
    return _read(str(path), told.st_mtime_ns, told.st_size) if told else Look()


@lru_cache(maxsize=2)
def _read(path: str, changed: int, size: int) -> Look:
    """Looked at once for each content of the file."""
    if sentence := why_not_use(path):
        log.error("logo_not_drawn", path=path, why=sentence)
        return Look()
    return Look(Path(path).read_bytes())


def why_not_use(path: str) -> str | None:
    """None for a file that can be drawn, or where there is none to draw by."""
    try:
        size = Path(path).stat().st_size
        if size > MOST_BYTES:
            return f"The logo {path} has {size:,} bytes; at most {MOST_BYTES:,} go into every document."
        logo = Path(path).read_bytes()
    except OSError as error:
        return f"The logo {path} cannot be read: {error.strerror or error}."
    return None if why_not_here() else why_not_logo(logo)
