"""CSV as on screen, all rows: amounts once per account, cells that a spreadsheet could run neutralised."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from bursar.core.money import plain
from bursar.rollup import words
from bursar.rollup.filters import View
from bursar.rollup.queries import AccountLine, filtered, list_lines, ordered

CHUNK = 1000
RUNNABLE = ("=", "+", "-", "@", "\t", "\r")
ACCOUNT_COLUMNS = (
    "month", "account_id", "account", "scope", "organisation", "partner", "class", "reason", "tier", "payment_mode",
    "payment_status", "cadence", "discount_percent", "discount_kind", "workspaces", "seats", "recorded_hours",
    "mrr_eur", "potential_eur", "contact", "contact_email", "account_manager", "last_payment_at", "restated",
)  # fmt: skip
WORKSPACE_COLUMNS = (
    "workspace_id", "workspace", "kind", "visibility", "workspace_tier", "tier_until", "workspace_seats", "externals",
    "observers", "workspace_hours", "counted_hours", "cap_hours", "cap_state",
)  # fmt: skip
ONCE = ("seats", "recorded_hours", "mrr_eur", "potential_eur")


def neutral(cell: str) -> str:
    """The cell as text that a spreadsheet shows and never runs. No figure of ours starts with a sign."""
    return f"'{cell}" if cell.startswith(RUNNABLE) else cell


def hours(seconds: int) -> str:
    """Hours with two decimals, rounded half up, without floats."""
    hundredths = (seconds * 100 + 1800) // 3600
    return f"{hundredths // 100}.{hundredths % 100:02d}"


def account_cells(line: AccountLine, view: View) -> dict[str, str]:
    fact, account = line.fact, line.fact.account
    contact = line.contacts[0] if line.contacts else None
    return {
        "month": str(view.month),
        "account_id": account.public_id,
        "account": str(account),
        "scope": account.scope,
        "organisation": str(account.organisation),
        "partner": "yes" if account.organisation.is_partner else "no",
        "class": fact.klass,
        "reason": words.explain(fact.reason),
        "tier": fact.tier,
        "payment_mode": fact.mode,
        "payment_status": fact.status,
        "cadence": fact.cadence,
        "discount_percent": str(fact.discount_percent),
        "discount_kind": fact.discount_kind,
        "workspaces": str(fact.workspaces),
        "seats": str(fact.seats),
        "recorded_hours": hours(fact.recorded_seconds),
        "mrr_eur": plain(fact.mrr),
        "potential_eur": plain(fact.potential),
        "contact": contact.name if contact else "",
        "contact_email": contact.email if contact else "",
        "account_manager": line.manager,
        "last_payment_at": line.last_payment.booked_at.isoformat() if line.last_payment else "",
        "restated": "yes" if fact.restated_at else "no",
    }


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
            "workspace_seats": str(fact.seats),
            "externals": str(fact.externals),
            "observers": str(fact.observers),
            "workspace_hours": hours(fact.recorded_seconds),
            "counted_hours": hours(inner.standing.counted) if inner.standing.cap is not None else "",
            "cap_hours": hours(inner.standing.cap) if inner.standing.cap is not None else "",
            "cap_state": inner.standing.state.key,
        }
        yield {**cells, **own, **(dict.fromkeys(ONCE, "") if place else {})}
    if not line.workspaces:
        yield {**cells, **dict.fromkeys(WORKSPACE_COLUMNS, "")}


def write(path: Path, view: View, now: datetime, *, by_workspace: bool) -> tuple[int, str]:
    """Writes the file; returns its row count (without the header) and SHA-256. Memory stays flat."""
    columns = [*ACCOUNT_COLUMNS, *(WORKSPACE_COLUMNS if by_workspace else ())]
    digest, count = hashlib.sha256(), 0
    with path.open("wb") as file:
        for rows, text in _texts(columns, view, now, by_workspace):
            data = text.encode()
            digest.update(data)
            file.write(data)
            count += rows
    return count, digest.hexdigest()


def _texts(columns: list[str], view: View, now: datetime, by_workspace: bool) -> Iterator[tuple[int, str]]:
    """The header, then chunk by chunk: how many rows, and their text."""
    yield 0, _as_text(columns, [], with_header=True)
    facts = ordered(view, filtered(view)).select_related("account__organisation").iterator(chunk_size=CHUNK)
    while batch := list(islice(facts, CHUNK)):
        rows = list(_rows(batch, view, now, by_workspace))
        yield len(rows), _as_text(columns, rows)


def _as_text(columns: list[str], rows: list[dict[str, str]], *, with_header: bool = False) -> str:
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, columns)
    if with_header:
        writer.writeheader()
    writer.writerows({name: neutral(cell) for name, cell in row.items()} for row in rows)
    return buffer.getvalue()


def _rows(facts: list[Any], view: View, now: datetime, by_workspace: bool) -> Iterator[dict[str, str]]:
    for line in list_lines(facts, view, now, None if by_workspace else 0):
        if by_workspace:
            yield from workspace_rows(line, view)
        else:
            yield account_cells(line, view)
