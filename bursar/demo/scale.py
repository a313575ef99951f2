"""A company of any size, made inside the database: for measuring, not for looking.

Account n has three workspaces and three people; one account more has thousands of both. Everything follows from n, so
the same size is the same company.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from datetime import datetime
from functools import partial
from typing import Any

from django.db import connection, connections, transaction

from bursar.core.calendar import Month
from bursar.core.models import InstallationFact
from bursar.demo.load import load_staff, make_sign_ins
from bursar.rollup.project import project
from bursar.tenants.models import BillingAccount
from bursar.usage.ingest import mark_full_sql

WORKSPACES = 3
MONTHS = 12
BIG_WORKSPACES = 2000
BIG_PEOPLE = 20_000
CHUNK = 20_000
FACTS_AT_ONCE = 500
Progress = Callable[[str, int, int], None]

# n: the account; w: the workspace, (n - 1) × 3 + 1 to 3. The mix of tiers and payment follows n modulo 9.
_TIER = (
    "(ARRAY['changemaker','changemaker','changemaker','changemaker','changemaker','guardian','free','free',"
    "'innovator'])[{n} % 9 + 1]"
)
_STATUS = "(ARRAY['active','active','active','active','active','active','none','none','past_due'])[{n} % 9 + 1]"
_NAME = (
    "(ARRAY['Gemeente','Stichting','Bureau','Universiteit','Provincie','Vereniging','Jongerenraad','Waterschap'])"
    "[n % 8 + 1] || ' ' || (ARRAY['Haarlem','Zwolle','Delft','Noordveld','Oostpoort','Lindeborg','Wijkzicht'])"
    "[n % 7 + 1] || ' ' || n"
)
_BORN = "(%(start)s::timestamptz + make_interval(days => (n * 7 % 20)::int))"
_PEOPLE = "(n - 1) * 3 + k"

_ACCOUNTS = [
    "INSERT INTO tenants_organisation (id, public_id, external_id, name, sort_key, country, is_partner, created_at) "
    f"SELECT n, 'org_' || left(md5('o' || n), 16), 'org-' || n, {_NAME}, lower({_NAME}), 'NL', false, {_BORN} FROM x",
    "INSERT INTO tenants_billingaccount (id, public_id, organisation_id, scope, label, shown_label, sort_key, "
    f"created_at) SELECT n, 'acc_' || left(md5('a' || n), 16), n, 'organisation', '', {_NAME}, lower({_NAME}), "
    f"{_BORN} FROM x",
    "INSERT INTO plans_paymentterms (account_id, mode, status, cadence, past_due_since, valid_from) "
    f"SELECT n, 'self_serve', {_STATUS.format(n='n')}, 'yearly', CASE WHEN n %% 9 = 8 THEN %(late)s::timestamptz "
    f"END, {_BORN} FROM x WHERE n %% 9 NOT IN (6, 7)",
    "INSERT INTO plans_paidperiod (public_id, external_id, account_id, source, service_from, service_until, net, "
    "gross, booked_at) SELECT 'pay_' || left(md5('p' || n), 16), 'paid-' || n, n, 'mollie', "
    f"{_BORN}, {_BORN} + interval '1 year', 900, 1089, {_BORN} FROM x WHERE n %% 9 NOT IN (6, 7)",
    "INSERT INTO tenants_person (id, public_id, external_id, name, email, sort_key, changed_at) "
    f"SELECT {_PEOPLE}, 'per_' || left(md5('p' || {_PEOPLE}), 16), 'per-' || ({_PEOPLE}), 'Person ' || ({_PEOPLE}), "
    f"'p' || ({_PEOPLE}) || '@org' || n || '.example', 'person ' || ({_PEOPLE}), {_BORN} "
    "FROM x, generate_series(1, 3) k",
    "INSERT INTO tenants_login (person_id, day, count) "
    f"SELECT {_PEOPLE}, %(today)s::date - (n %% 30)::int, 1 FROM x, generate_series(1, 3) k",
]
# y: (w, n, k, born) for every workspace.
_SPACES = [
    "INSERT INTO tenants_workspace (id, public_id, external_id, organisation_id, account_id, name, sort_key, kind, "
    "visibility, data_owner_email, created_at) SELECT w, 'wsp_' || left(md5('w' || w), 16), 'ws-' || w, n, n, "
    "'Ronde ' || w, 'ronde ' || w, 'internal', 'open_to_organisation', '', born FROM y",
    "INSERT INTO tenants_workspaceaccount (workspace_id, account_id, valid_from) SELECT w, n, born FROM y",
    f"INSERT INTO plans_basetier (workspace_id, tier, valid_from) SELECT w, {_TIER.format(n='n')}, born FROM y",
    "INSERT INTO tenants_workspacemembership (workspace_id, person_id, role, is_support, is_commanded, valid_from) "
    "SELECT w, (n - 1) * 3 + k, 'owner', false, false, born FROM y WHERE n <= %(ordinary)s "
    "UNION ALL SELECT w, (n - 1) * 3 + k %% 3 + 1, 'member', false, false, born FROM y WHERE n <= %(ordinary)s",
]
_EVENTS = (
    "INSERT INTO usage_usageevent (source, event_id, workspace_id, at, seconds, tier) "
    f"SELECT 'scale', w || '-' || m || '-' || e, w, CASE WHEN m = 0 THEN %(month)s::timestamptz + "
    "(%(now)s::timestamptz - %(month)s::timestamptz) * ((e * 37 + w %% 31) %% 997) / 1000 ELSE %(month)s::timestamptz "
    "- make_interval(months => m) + make_interval(days => 20, secs => (e * 20011 + w %% 9973) %% 500000) END, "
    f"60 + (w * 7 + e * 13) %% 600, {_TIER.format(n='n')} "
    "FROM y, generate_series(0, 12) m, generate_series(1, %(events)s) e"
)
_INDEXES = "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'usage_usageevent'"


def load(now: datetime, accounts: int, events: int, progress: Progress, *, big: bool = True) -> None:
    """Everything but the figures by INSERT … SELECT; the figures by the same code as everywhere, on every core."""
    with transaction.atomic():
        InstallationFact.objects.update_or_create(name="demo", defaults={"value": "yes"})
    with _without_event_indexes():
        for start in range(1, accounts + 1, CHUNK):
            last = min(start + CHUNK - 1, accounts)
            _make(now, start, last, accounts, events)
            progress("accounts", last, accounts)
        if big:
            _make_big(now, accounts + 1, events)
    progress("meters", 0, 1)
    _finish(now)
    project_all(now, progress)
    load_staff()
    make_sign_ins()


def _values(now: datetime, ordinary: int, events: int) -> dict[str, Any]:
    month = Month.of(now)
    return {
        "now": now,
        "today": now.date(),
        "month": month.start,
        "start": month.plus(-MONTHS).start,
        "late": month.plus(-1).start,
        "ordinary": ordinary,
        "events": events,
    }


def _make(now: datetime, first: int, last: int, ordinary: int, events: int) -> None:
    values = {**_values(now, ordinary, events), "first": first, "last": last}
    x = "WITH x AS (SELECT n FROM generate_series(%(first)s::bigint, %(last)s::bigint) n) "
    y = f"WITH y AS (SELECT (n - 1) * 3 + k AS w, n, k, {_BORN} AS born " + (
        "FROM generate_series(%(first)s::bigint, %(last)s::bigint) n, generate_series(1, 3) k) "
    )
    _run([_with(x, sql) for sql in _ACCOUNTS] + [_with(y, sql) for sql in [*_SPACES, _EVENTS]], values)


def _make_big(now: datetime, n: int, events: int) -> None:
    """One account with thousands of workspaces, each with ten people of its own."""
    values = {**_values(now, n - 1, events), "first": n, "last": n, "n": n, "spaces": BIG_WORKSPACES}
    x = "WITH x AS (SELECT n FROM generate_series(%(first)s::bigint, %(last)s::bigint) n) "
    y = f"WITH y AS (SELECT (n - 1) * 3 + k AS w, n, k, {_BORN} AS born FROM x, generate_series(1, %(spaces)s) k) "
    people = (
        "INSERT INTO tenants_person (id, public_id, external_id, name, email, sort_key, changed_at) "
        "SELECT %(n)s * 3 + p, 'per_' || left(md5('p' || (%(n)s * 3 + p)), 16), 'per-' || (%(n)s * 3 + p), "
        f"'Person ' || p, 'big' || p || '@big.example', 'person ' || p, %(start)s "
        f"FROM generate_series(1, {BIG_PEOPLE}) p"
    )
    members = (
        "INSERT INTO tenants_workspacemembership (workspace_id, person_id, role, is_support, is_commanded, valid_from) "
        "SELECT w, %(n)s * 3 + (k - 1) * 10 + p, CASE p WHEN 1 THEN 'owner' ELSE 'member' END, false, false, born "
        "FROM y, generate_series(1, 10) p"
    )
    both = x.rstrip() + ", y AS" + y.removeprefix("WITH y AS")
    statements = [*[_with(x, sql) for sql in _ACCOUNTS[:4]], people]
    _run([*statements, *[_with(both, sql) for sql in [*_SPACES[:3], members, _EVENTS]]], values)


def _with(head: str, sql: str) -> str:
    into, _, select = sql.partition(" SELECT ")
    return f"{into} {head}SELECT {select}"


def _run(statements: list[str], values: dict[str, Any]) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        for sql in statements:
            cursor.execute(_percents(sql), values)


def _percents(sql: str) -> str:
    """A lone modulo sign is doubled for the driver; %(name)s and %% stay."""
    kept = sql.replace("%%", "\0").replace("%(", "\1")
    return kept.replace("%", "%%").replace("\0", "%%").replace("\1", "%(")


class _without_event_indexes:
    """Indexes are built once at the end: several times quicker than row by row."""

    def __enter__(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE usage_usageevent DROP CONSTRAINT usage_event_once")
            cursor.execute(_INDEXES)
            self.kept = [(name, sql) for name, sql in cursor.fetchall() if not name.endswith("_pkey")]
            for name, _ in self.kept:
                cursor.execute(f'DROP INDEX "{name}"')

    def __exit__(self, *error: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET maintenance_work_mem = '1GB'; SET max_parallel_maintenance_workers = 2")
            for _, sql in self.kept:
                cursor.execute(sql)
            cursor.execute("ALTER TABLE usage_usageevent ADD CONSTRAINT usage_event_once UNIQUE (source, event_id)")


def _finish(now: datetime) -> None:
    """Months and meters from the events, sequences from the ids."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL work_mem = '512MB'")
        cursor.execute(
            "INSERT INTO usage_usagemonth (workspace_id, month, seconds) SELECT workspace_id, "
            "date_trunc('month', at AT TIME ZONE 'UTC')::date, SUM(seconds) FROM usage_usageevent GROUP BY 1, 2"
        )
        cursor.execute(
            "INSERT INTO usage_meter (workspace_id, tier, seconds) SELECT u.workspace_id, b.tier, SUM(u.seconds) "
            "FROM usage_usagemonth u JOIN plans_basetier b ON b.workspace_id = u.workspace_id GROUP BY 1, 2"
        )
        cursor.execute("ANALYZE usage_usageevent, usage_meter")
        cursor.execute(mark_full_sql(), {"now": now})
        for table in ("tenants_organisation", "tenants_billingaccount", "tenants_workspace", "tenants_person"):
            cursor.execute(f"SELECT setval(pg_get_serial_sequence(%s, 'id'), MAX(id)) FROM {table}", [table])
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def project_all(now: datetime, progress: Progress) -> None:
    """Every account's figures of every month, in chunks, one process a core."""
    ids = list(BillingAccount.objects.order_by("id").values_list("id", flat=True))
    parts = [ids[at : at + FACTS_AT_ONCE] for at in range(0, len(ids), FACTS_AT_ONCE)]
    connections.close_all()
    done = 0
    context = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(os.cpu_count(), mp_context=context) as pool:
        for future in as_completed([pool.submit(partial(_project_part, part, now)) for part in parts]):
            done += future.result()
            progress("figures", done, len(ids))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _project_part(ids: list[int], now: datetime) -> int:
    with transaction.atomic():
        project(dict.fromkeys(ids, Month.of(now).plus(-MONTHS)), now)
    return len(ids)
