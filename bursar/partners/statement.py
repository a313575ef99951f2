"""A statement as a PDF: drawn by the same parts as invoices. It says that it is none."""

from __future__ import annotations

from datetime import UTC, datetime, time
from functools import cache
from pathlib import Path
from typing import Any

from bursar.billing.documents.glyphs import find_undrawable, list_texts, map_texts, replace_signs, say_sign, tidy
from bursar.billing.documents.typesetting import as_file, typeset
from bursar.billing.seller import get_identity, get_party
from bursar.core.days import say_day
from bursar.core.money import format_money
from bursar.partners.models import AccrualLine, Settlement
from bursar.partners.queries.statements import Statement
from bursar.partners.rules.accrual import LineKind, is_cut
from bursar.partners.rules.settling import Way

TEMPLATE = Path(__file__).parent / "documents" / "statement.typ"
NO_INVOICE = (
    "This statement is no invoice, and asks nobody for money. It says which share of what clients paid is owed."
)
HELD = "Money that came by direct debit is owed eight weeks after it came; what clients got back is taken off."
KINDS = {LineKind.RECEIVED: "received", LineKind.RETURNED: "went back", LineKind.CHANGED: "terms changed"}
WAYS = {
    Way.PARTNER_INVOICE: "Settled by {whose} invoice {number} of {day}.",
    Way.CREDIT_NOTE: "Settled by our credit note {number} of {day}.",
    Way.SELF_BILLING: "Settled by the self-billing invoice {number} of {day}.",
}


def say_settlement(one: Settlement, *, is_own: bool) -> str:
    """`is_own`: the partner reads it."""
    return WAYS[Way(one.way)].format(
        whose="your" if is_own else "the partner's", number=one.number, day=say_day(one.on)
    )


def describe(one: Statement) -> dict[str, Any]:
    """As the template reads it: text alone."""
    seller, identity = get_party(), get_identity()
    title = f"Statement {one.partner.name} {one.quarter.label}"
    return {
        "language": "en", "region": None, "title": title,
        "seller": {
            "name": seller.name, "lines": identity.address, "mail": seller.mail,
            "ids": [("VAT id", seller.vat_id)] if seller.vat_id else [],
        },
        "buyer": {"label": "For", "name": one.partner.name, "lines": [], "ids": []},
        "facts": [
            ("Quarter", one.quarter.label), ("From", say_day(one.quarter.first)),
            ("Through", say_day(one.quarter.last)), ("Amounts", "EUR, without VAT"),
        ],
        "columns": ["Day", "Client", "What", "Paid by the client, net", "Your share"],
        "lines": [_describe_line(line) for line in one.lines],
        "sums": [
            ("Brought forward", format_money(one.before)), (f"Lines of {one.quarter.label}", format_money(one.own)),
            ("Total", format_money(one.total)),
        ],
        "notes": [_say_how(one), HELD, NO_INVOICE],
        "page": ["Page ", " of ", ""],
    }  # fmt: skip


def _describe_line(line: AccrualLine) -> list[str]:
    what = KINDS[LineKind(line.kind)]
    if is_cut(line.earned, line.amount):
        what += ", partly above the cap" if line.amount else ", above the cap"
    return [say_day(line.on), str(line.entry.client), what, format_money(line.net), format_money(line.amount)]


def _say_how(one: Statement) -> str:
    if one.settlement is None:
        return "Not settled yet."
    said = say_settlement(one.settlement, is_own=True)
    return said if one.is_settled_here else f"{said} It covers the quarters through {say_day(one.settlement.through)}."


def to_pdf(one: Statement) -> bytes:
    """The same statement, the same bytes. Raises RuntimeError where nothing can be drawn on this machine."""
    content = map_texts(describe(one), tidy)
    missing = find_undrawable(list_texts(content))
    day = one.quarter.last
    said = {
        **replace_signs(content, missing),
        "missing": f"Not drawn: {', '.join(say_sign(sign) for sign in missing[:6])}" if missing else "",
        "date": {"year": day.year, "month": day.month, "day": day.day},
        "logo": None,
    }
    files = {"statement.typ": _read_template(), "content.json": as_file(said)}
    return typeset("statement.typ", files, int(datetime.combine(day, time.min, UTC).timestamp()))


@cache
def _read_template() -> bytes:
    return TEMPLATE.read_bytes()
