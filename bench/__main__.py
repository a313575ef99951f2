"""`dev.py bench [sizes…]`: ours beside the floor, in one run, on companies made for it.

The floor of a page is the plainest SQL that answers the same on the same tables; of the CSV it is COPY of the same
columns; of usage it is COPY into a temporary table, INSERT … ON CONFLICT and the meters' upsert.

With `--against` a revision: that one and this code in turn, and a table of how many times slower or larger ours is.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.against import compare


def main() -> None:
    parser = argparse.ArgumentParser(prog="dev.py bench", description=__doc__)
    parser.add_argument("sizes", nargs="*", type=int, default=[1_000, 10_000, 100_000], help="accounts of each company")
    parser.add_argument("--events", type=int, default=20, help="usage events per workspace and month")
    parser.add_argument("--folder", type=Path, help="keep the companies here, and use what is here already")
    parser.add_argument("--verify-up-to", type=int, default=100_000, help="the largest size that is verified whole")
    parser.add_argument("--against", metavar="REV", help="compare with this revision instead of the floor")
    parser.add_argument("--rounds", type=int, default=5, help="with --against: how often both are measured")
    options = parser.parse_args()
    folder = options.folder or Path(tempfile.mkdtemp(prefix="bursar-bench-"))
    try:
        if options.against:
            code = compare(
                options.against, options.sizes, options.rounds, options.events, options.verify_up_to, folder.resolve()
            )
            sys.exit(code)
        for size in options.sizes:
            _one(folder / str(size), size, options)
    finally:
        if options.folder is None:
            shutil.rmtree(folder, ignore_errors=True)


def _one(folder: Path, size: int, options: argparse.Namespace) -> None:
    """A process of its own for each size, so that nothing warm is carried over."""
    environment = {**os.environ, "BURSAR_VAR": str(folder), "BURSAR_LOG": "json"}
    environment.pop("DATABASE_URL", None)
    folder.mkdir(parents=True, exist_ok=True)
    arguments = [str(size), str(options.events), str(options.verify_up_to)]
    code = subprocess.run([sys.executable, "-m", "bench.measure", *arguments], env=environment).returncode
    if code:
        sys.exit(code)


if __name__ == "__main__":
    main()
