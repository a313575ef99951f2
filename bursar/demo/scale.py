"""A company of any size, loaded with COPY: for measuring, not for looking."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from bursar.core.calendar import Month, add_months_at
from bursar.core.ids import encode
from bursar.core.models import InstallationFact
from bursar.core.sortkey import sort_key
from bursar.demo import names
from bursar.demo.load import load_staff, make_sign_ins
from bursar.rollup.models import Unsettled
from bursar.rollup.refresh import refresh
from bursar.tenants.models import BillingAccount
from bursar.usage.ingest import recount

WORKSPACES = 3
MONTHS = 13
CHUNK = 2000
MIX = [("changemaker", "active")] * 5 + [
    ("guardian", "active"),
    ("free", "none"),
    ("free", "none"),
    ("innovator", "past_due"),
]
Rows = dict[str, list[tuple[Any, ...]]]

COLUMNS = {
    "tenants_organisation": "id, public_id, external_id, name, sort_key, country, is_partner, created_at",
    "tenants_billingaccount": "id, public_id, organisation_id, scope, label, shown_label, sort_key, created_at",
    "tenants_workspace": "id, public_id, external_id, organisation_id, account_id, name, sort_key, kind, visibility, "
    "data_owner_email, created_at",
    "tenants_workspaceaccount": "workspace_id, account_id, valid_from",
    "tenants_person": "id, public_id, external_id, name, email, sort_key, changed_at",
    "tenants_workspacemembership": "workspace_id, person_id, role, is_support, valid_from",
    "plans_basetier": "workspace_id, tier, valid_from",
    "plans_paymentterms": "account_id, mode, status, cadence, past_due_since, valid_from",
    "plans_paidperiod": "public_id, external_id, account_id, source, service_from, service_until, net, gross, "
    "booked_at",
    "usage_usageevent": "source, event_id, workspace_id, at, seconds, tier",
    "usage_usagemonth": "workspace_id, month, seconds",
}


def load(now: datetime, accounts: int, seed: int, events: int, progress: Callable[[str, int, int], None]) -> None:
    """One transaction a chunk; the figures at the end. Takes minutes at 100 000 accounts."""
    rng = random.Random(seed)
    with transaction.atomic():
        InstallationFact.objects.update_or_create(name="demo", defaults={"value": "yes"})
    for start in range(1, accounts + 1, CHUNK):
        numbers = range(start, min(start + CHUNK, accounts + 1))
        with transaction.atomic():
            _copy(_rows(numbers, rng, now, events))
            first = Month.of(now).plus(-MONTHS).first
            Unsettled.objects.bulk_create([Unsettled(account_id=n, month=first) for n in numbers], batch_size=5000)
            recount([workspace for n in numbers for workspace in _workspace_ids(n)], now)
        progress("accounts", numbers[-1], accounts)
    _advance_sequences()
    progress("figures", 0, BillingAccount.objects.count())
    refresh(now)
    load_staff()
    make_sign_ins()


def _workspace_ids(number: int) -> Iterator[int]:
    return ((number - 1) * WORKSPACES + place + 1 for place in range(WORKSPACES))


def _rows(numbers: range, rng: random.Random, now: datetime, events: int) -> Rows:
    rows: Rows = {table: [] for table in COLUMNS}
    for number in numbers:
        _account_rows(rows, number, rng, now, events)
    return rows


def _account_rows(rows: Rows, number: int, rng: random.Random, now: datetime, events: int) -> None:
    born = Month.of(now).plus(-MONTHS).start + timedelta(days=rng.randrange(20))
    tier, status = MIX[number % len(MIX)]
    name = f"{names.organisation(rng, 9)} {number}"
    key = sort_key(name)
    rows["tenants_organisation"].append((number, _id("org", rng), f"org-{number}", name, key, "NL", False, born))
    rows["tenants_billingaccount"].append((number, _id("acc", rng), number, "organisation", "", name, key, born))
    since = now - timedelta(days=10) if status == "past_due" else None
    if status != "none":
        rows["plans_paymentterms"].append((number, "self_serve", status, "yearly", since, born))
        paid = (_id("pay", rng), f"paid-{number}", number, "mollie", born, add_months_at(born, 12), 900, 1089, born)
        rows["plans_paidperiod"].append(paid)
    for place, workspace in enumerate(_workspace_ids(number)):
        title = names.workspace(rng, number, place)
        rows["tenants_workspace"].append(
            (workspace, _id("wsp", rng), f"ws-{workspace}", number, number, title, sort_key(title), "internal",
             "open_to_organisation", "", born)
        )  # fmt: skip
        rows["tenants_workspaceaccount"].append((workspace, number, born))
        rows["plans_basetier"].append((workspace, tier, born))
        person = names.person(rng, number, place)
        mail = names.mail(person, number)
        rows["tenants_person"].append(
            (workspace, _id("per", rng), f"per-{workspace}", person, mail, sort_key(person), born)
        )
        rows["tenants_workspacemembership"].append((workspace, workspace, "owner", False, born))
        _usage_rows(rows, workspace, tier, rng, born, now, events)


def _usage_rows(
    rows: Rows, workspace: int, tier: str, rng: random.Random, born: datetime, now: datetime, events: int
) -> None:
    for back in range(MONTHS):
        month = Month.of(now).plus(-back)
        total = 0
        for event in range(events):
            at = month.start + timedelta(seconds=rng.randrange(3600, 86400 * 20))
            if born < at < now:
                seconds = rng.randrange(60, 7200)
                total += seconds
                rows["usage_usageevent"].append(("scale", f"{workspace}-{month}-{event}", workspace, at, seconds, tier))
        if total:
            rows["usage_usagemonth"].append((workspace, month.first, total))


def _id(prefix: str, rng: random.Random) -> str:
    return f"{prefix}_{encode(rng.getrandbits(80))}"


def _copy(rows: Rows) -> None:
    with connection.cursor() as cursor:
        for table, columns in COLUMNS.items():
            with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
                for row in rows[table]:
                    copy.write_row(row)


def _advance_sequences() -> None:
    with connection.cursor() as cursor:
        for table, columns in COLUMNS.items():
            if columns.startswith("id,"):
                cursor.execute(f"SELECT setval(pg_get_serial_sequence(%s, 'id'), MAX(id)) FROM {table}", [table])
        cursor.execute("ANALYZE")
