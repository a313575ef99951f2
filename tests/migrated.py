"""The database as the migrations leave it, kept from run to run beside what else pytest keeps: making it takes twenty
seconds of CPU in each process, laying it out a few.

Kept under a digest of what it comes from: another migration, model or package, and it is made anew. Django's `migrate`
runs on what was laid out as well, and finds nothing to do.
"""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection

from bursar.core import backup

NAME = "migrated"
SOURCES = (
    "bursar/*/migrations/*.py", "bursar/*/models.py", "bursar/*/models/*.py", "bursar/core/*.py",
    "bursar/config/settings.py", "requirements/run.txt",
)  # fmt: skip


def place_in(folder: Path) -> Path:
    """Where today's is kept, or will be."""
    digest = hashlib.sha256(sys.version.encode())
    for source in sorted(path for pattern in SOURCES for path in Path(settings.ROOT).glob(pattern)):
        digest.update(f"\0{source.relative_to(settings.ROOT)}\0".encode() + source.read_bytes())
    return folder / f"{digest.hexdigest()[:32]}.dump"


def lay_out(kept: Path) -> None:
    """Beside the test database, which is then made as a copy. On a server of our own alone: it may hold nothing else."""
    known: dict[str, Any] = connection.settings_dict
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {NAME} TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'")
    was, known["NAME"] = known["NAME"], NAME
    backup.restore(kept)
    known["NAME"] = was
    known["TEST"]["TEMPLATE"] = NAME


def keep(kept: Path) -> None:
    """The test database as it is now; what was kept of other sources goes. Two processes may come to this at once."""
    own = kept.with_suffix(f".{os.getpid()}")
    backup.dump(own)
    own.replace(kept)
    for other in kept.parent.glob("*.dump"):
        if other != kept:
            other.unlink(missing_ok=True)
