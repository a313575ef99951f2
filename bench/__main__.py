"""`dev.py bench [accounts]`: ours beside the floor, in one run, on a company made for it.

The floor of a page is the plainest SQL that could answer it on the same tables; of the CSV it is COPY.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any


def main() -> None:
    parser = argparse.ArgumentParser(prog="dev.py bench", description=__doc__)
    parser.add_argument("accounts", nargs="?", type=int, default=1000)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="bursar-bench-"))
    os.environ.update(BURSAR_VAR=str(folder), DJANGO_SETTINGS_MODULE="bursar.config.settings")
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    started = time.perf_counter()
    _load(options.accounts)
    print(f"{options.accounts:,} accounts × 3 workspaces × 13 months, loaded in {time.perf_counter() - started:.1f} s")
    _print_server()
    _measure(folder)


def _load(accounts: int) -> None:
    from bursar.core import clock
    from bursar.demo import scale

    scale.load(clock.now(), accounts, 2026, 2, lambda what, done, total: None)


def _print_server() -> None:
    from django.db import connection

    names = ("server_version", "shared_buffers", "work_mem", "jit", "fsync", "synchronous_commit")
    with connection.cursor() as cursor:
        for name in names:
            cursor.execute(f"SHOW {name}")
            print(f"  {name} = {cursor.fetchone()[0]}")


def _measure(folder: Path) -> None:
    from django.db import connection
    from django.http import QueryDict
    from django.test import Client

    from bursar.access.models import User
    from bursar.core import clock
    from bursar.rollup import csv, filters, queries
    from bursar.rollup.verify import list_differences

    client = Client()
    lead = User.objects.get(email="lead@agora.example")
    client.force_login(lead, "bursar.staff.backend.SignInBackend")
    month = clock.now().date().replace(day=1)

    def whole_page() -> None:
        answer = client.get("/panel/usage/", headers={"host": "localhost"})
        assert answer.status_code == 200, answer.status_code

    def floor(sql: str) -> Callable[[], Any]:
        def run() -> Any:
            with connection.cursor() as cursor:
                cursor.execute(sql, {"month": month})
                return cursor.fetchall()

        return run

    totals = floor(
        "SELECT klass, count(*), sum(workspaces), sum(seats), sum(recorded_seconds), sum(mrr), sum(potential) "
        "FROM rollup_accountmonth WHERE month = %(month)s AND is_listed GROUP BY klass"
    )
    view = filters.read(QueryDict(""), clock.now())
    _row("rollup totals", lambda: queries.calc_totals(view), totals)
    page = floor(
        "SELECT a.*, b.shown_label FROM rollup_accountmonth a JOIN tenants_billingaccount b ON b.id = a.account_id "
        "WHERE month = %(month)s AND is_listed ORDER BY mrr DESC LIMIT 50"
    )
    _row("rollup page, whole", whole_page, page)
    target = folder / "out.csv"

    def copy() -> None:
        with connection.cursor() as cursor, cursor.copy("COPY rollup_accountmonth TO STDOUT") as rows:
            for _ in rows:
                pass

    _row("CSV of all accounts", lambda: csv.write(target, view, clock.now(), by_workspace=False), copy, times=3)
    _row("verify", lambda: sum(1 for _ in list_differences(clock.now())), None, times=1)


def _row(name: str, ours: Callable[[], Any], floor: Callable[[], Any] | None, times: int = 9) -> None:
    mine = _median(ours, times)
    base = _median(floor, times) if floor else None
    beside = f"   floor {base:9.1f} ms   × {mine / base:5.1f}" if base else ""
    print(f"  {name:<22} {mine:9.1f} ms{beside}")


def _median(run: Callable[[], Any], times: int) -> float:
    spent = []
    for _ in range(times):
        started = time.perf_counter()
        run()
        spent.append((time.perf_counter() - started) * 1000)
    return statistics.median(spent)


if __name__ == "__main__":
    main()
