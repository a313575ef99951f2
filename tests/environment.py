"""Loaded before Django's settings: a PostgreSQL of our own in a temporary folder, without fsync.

With DATABASE_URL given, that server is used instead. Bytecode is kept also where the machine would have none, as images
of containers do: else every process of a run rewrites the assertions of five hundred files, and each that a test starts
compiles all of Bursar.
"""

from __future__ import annotations

import atexit
import os
import shutil
import sys
import tempfile
from pathlib import Path

FAST = "fsync = off\nsynchronous_commit = off\nfull_page_writes = off\n"

sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
folder = Path(tempfile.mkdtemp(prefix="bursar-test-"))
os.environ["BURSAR_VAR"] = str(folder)
os.environ["BURSAR_HANDBOOK"] = str(folder / "no-site")  # whatever was built here; tests of the site build their own
os.environ.setdefault("BURSAR_SECRET_KEY", "only-for-tests-only-for-tests-only-for-tests")
for limit in ("MARK_PAID", "WRITE_OFF", "PAY_BACK"):  # a test of limits sets its own
    os.environ.setdefault(f"BURSAR_{limit}_LIMIT", "1000000.00")
atexit.register(shutil.rmtree, folder, ignore_errors=True)

IS_OWN_SERVER = not os.environ.get("DATABASE_URL")
if IS_OWN_SERVER:
    from bursar.core.database import start_embedded

    start_embedded(folder / "postgres", FAST)
