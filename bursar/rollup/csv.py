"""CSV as on screen, all rows: amounts once per account, cells that a spreadsheet could run neutralised."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from typing import Any, NamedTuple

from django.db.models import TextField
from django.db.models.functions import Cast

from bursar.core.days import last_day_of
from bursar.core.hours import plain_hours
from bursar.core.money import plain
from bursar.files import csv
from bursar.files.csv import PLAIN, Layout, Written
from bursar.rollup import words
from bursar.rollup.filters import View
from bursar.rollup.models import AccountMonth
from bursar.rollup.queries.lines import AccountLine, list_lines
from bursar.rollup.queries.listed import filtered, ordered, with_last_payment, with_names
from bursar.rollup.words import Explained
from bursar.tenants.queries import Contact, list_admin_contacts

CHUNK = 2_000  # one statement for the contacts of a chunk; memory is that of one chunk
LINES = 1000
ACCOUNT_COLUMNS = (
    "month", "account_id", "account", "scope", "organisation", "partner", "class", "reason", "reason_until",
    "reason_last_day", "tier", "payment_mode", "payment_status", "cadence", "discount_percent", "discount_kind",
    "discount_last_day", "workspaces", "seats", "recorded_hours", "mrr_eur", "potential_eur", "contact",
    "contact_email", "account_manager", "last_payment_at", "restated", "ended_at",
)  # fmt: skip
WORKSPACE_COLUMNS = (
    "workspace_id", "workspace", "kind", "visibility", "workspace_tier", "tier_until", "tier_last_day",
    "workspace_discount_percent", "workspace_discount_last_day", "workspace_seats", "externals", "observers",
    "workspace_hours", "counted_hours", "cap_hours", "cap_state", "workspace_ended_at",
)  # fmt: skip
# What a hidden column of the page takes with it. Whose row it is, and why it is in its class, always stands.
OF_COLUMN = {
    "tier": ("tier", "workspace_tier", "tier_until", "tier_last_day"),
    "pays": ("payment_mode", "payment_status", "cadence"),
    "seats": ("seats", "workspace_seats", "externals", "observers"),
    "hours": ("recorded_hours", "workspace_hours", "counted_hours", "cap_hours", "cap_state"),
    "mrr": ("mrr_eur",),
    "potential": ("potential_eur",),
    "contact": ("contact", "contact_email"),
    "manager": ("account_manager",),
    "payment": ("last_payment_at",),
}
# Empty where an account cannot be computed: nothing is guessed.
GUESSED = {
    "class", "tier", "payment_mode", "payment_status", "cadence", "discount_percent", "discount_kind",
    "discount_last_day", "workspaces", "seats", "mrr_eur", "potential_eur", "account_manager",
}  # fmt: skip
ONCE = ("seats", "recorded_hours", "mrr_eur", "potential_eur")


class Flat(NamedTuple):
    """An account's row as the file needs it: read straight from the database, a million times if need be."""

    account_id: int
    public_id: str
    label: str
    scope: str
    organisation: str
    is_partner: bool
    klass: str
    reason: Any
    tier: str
    mode: str
    status: str
    cadence: str
    discount_percent: int
    discount_kind: str
    discount_end_date: date | None
    workspaces: int
    seats: int
    recorded_seconds: int
    mrr: Decimal
    potential: Decimal
    manager: str
    manager_email: str
    restated_at: datetime | None
    ended_at: datetime | None
    fault: str


FLAT = (
    "account_id", "account__public_id", "account__shown_label", "account__scope", "account__organisation__name",
    "account__organisation__is_partner", "klass", "reason", "tier", "mode", "status", "cadence", "discount_percent",
    "discount_kind", "discount_end_date", "workspaces", "seats", "recorded_seconds", "mrr", "potential",
    "manager__user__name", "manager__user__email", "restated_at", "ended_at", "fault",
)  # fmt: skip


def flatten(fact: AccountMonth) -> Flat:
    """The same from a row of the page."""
    values = []
    for path in FLAT:
        value: Any = fact
        for part in path.split("__"):
            value = getattr(value, part) if value is not None else None
        values.append(value)
    return Flat(*values)


def account_cells(line: AccountLine, view: View) -> dict[str, str]:
    paid_at = line.last_payment.at.isoformat() if line.last_payment else ""
    cells = _cells(flatten(line.fact), words.explain_cells(line.fact.reason), line.contacts, paid_at, str(view.month))
    return dict(zip(ACCOUNT_COLUMNS, cells, strict=True))


def _cells(flat: Flat, reason: Explained, contacts: list[Contact], paid_at: str, month: str) -> list[str]:
    """In the order of `ACCOUNT_COLUMNS`: page, API and CSV say the same."""
    contact = contacts[0] if contacts else None
    cells = [
        month,
        flat.public_id,
        flat.label,
        flat.scope,
        flat.organisation,
        "yes" if flat.is_partner else "no",
        flat.klass,
        *reason,
        flat.tier,
        flat.mode,
        flat.status,
        flat.cadence,
        str(flat.discount_percent),
        flat.discount_kind,
        flat.discount_end_date.isoformat() if flat.discount_end_date else "",
        str(flat.workspaces),
        str(flat.seats),
        plain_hours(flat.recorded_seconds),
        plain(flat.mrr),
        plain(flat.potential),
        contact.name if contact else "",
        contact.email if contact else "",
        flat.manager or flat.manager_email or "",
        paid_at,
        "yes" if flat.restated_at else "no",
        flat.ended_at.isoformat() if flat.ended_at else "",
    ]
    if flat.fault:
        return ["" if name in GUESSED else cell for name, cell in zip(ACCOUNT_COLUMNS, cells, strict=True)]
    return cells


def workspace_rows(line: AccountLine, view: View) -> Iterator[dict[str, str]]:
    """One row a workspace; the account's amounts stand on its first row only. An account without any keeps a row."""
    cells = account_cells(line, view)
    for place, inner in enumerate(line.workspaces):
        fact, workspace = inner.fact, inner.fact.workspace
        own = {
            "workspace_id": workspace.public_id,
            "workspace": workspace.name,
            "kind": workspace.kind,
            "visibility": workspace.visibility,
            "workspace_tier": fact.tier,
            "tier_until": fact.grant_until.isoformat() if fact.grant_until else "",
            "tier_last_day": last_day_of(fact.grant_until).isoformat() if fact.grant_until else "",
            "workspace_discount_percent": str(fact.discount_percent),
            "workspace_discount_last_day": fact.discount_end_date.isoformat() if fact.discount_end_date else "",
            "workspace_seats": str(fact.seats),
            "externals": str(fact.externals),
            "observers": str(fact.observers),
            "workspace_hours": plain_hours(fact.recorded_seconds),
            "counted_hours": plain_hours(inner.standing.counted) if inner.standing.cap is not None else "",
            "cap_hours": plain_hours(inner.standing.cap) if inner.standing.cap is not None else "",
            "cap_state": inner.standing.state.key,
            "workspace_ended_at": fact.ended_at.isoformat() if fact.ended_at else "",
        }
        yield {**cells, **own, **(dict.fromkeys(ONCE, "") if place else {})}
    if not line.workspaces:
        yield {**cells, **dict.fromkeys(WORKSPACE_COLUMNS, "")}


def write(view: View, now: datetime, layout: Layout = PLAIN, *, by_workspace: bool) -> Written:
    """Writes the chosen columns; memory stays flat."""
    every = [*ACCOUNT_COLUMNS, *(WORKSPACE_COLUMNS if by_workspace else ())]
    batches = _workspace_batches(view, now) if by_workspace else _account_batches(view, now)
    gone = {name for column in view.hidden for name in OF_COLUMN[column]}
    if not gone:
        return csv.write(every, batches, layout)
    places = [place for place, name in enumerate(every) if name not in gone]
    chosen = ([[row[place] for place in places] for row in rows] for rows in batches)
    return csv.write([every[place] for place in places], chosen, layout)


def _account_batches(view: View, now: datetime) -> Iterator[list[list[str]]]:
    stored = with_last_payment(ordered(view, filtered(view)), view).annotate(
        reason_text=Cast("reason", TextField()), paid_text=Cast("last_payment_at", TextField())
    )
    month = str(view.month)
    columns = ["reason_text" if name == "reason" else name for name in FLAT]
    facts = stored.values_list(*columns, "paid_text").iterator(chunk_size=CHUNK)
    while batch := [(Flat(*values), paid_at) for *values, paid_at in islice(facts, CHUNK)]:
        contacts = list_admin_contacts([flat.account_id for flat, _ in batch], now, shown=1)
        yield [
            _cells(flat, words.explain_text(flat.reason), contacts.get(flat.account_id, []), _iso(paid_at), month)
            for flat, paid_at in batch
        ]


def _iso(stored: str | None) -> str:
    """An instant as the database writes it in UTC; nearly all are of a whole second, and need not be parsed."""
    if stored and len(stored) == len("2026-11-21 09:00:00+00"):
        return f"{stored[:10]}T{stored[11:]}:00"
    return datetime.fromisoformat(stored).isoformat() if stored else ""


def _workspace_batches(view: View, now: datetime) -> Iterator[list[list[str]]]:
    columns = [*ACCOUNT_COLUMNS, *WORKSPACE_COLUMNS]
    facts = with_names(ordered(view, filtered(view))).iterator(chunk_size=LINES)
    while batch := list(islice(facts, LINES)):
        rows = (row for line in list_lines(batch, view, now, None) for row in workspace_rows(line, view))
        yield [[row[name] for name in columns] for row in rows]
