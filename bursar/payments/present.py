"""Turns payments and gaps into what the templates show: words, links, no queries."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict
from django.urls import reverse

from bursar.actions.registry import TARGETS
from bursar.core.calendar import Month, months_between
from bursar.core.days import say_day
from bursar.core.money import ZERO
from bursar.payments import words
from bursar.payments.filters import ALL, COLUMNS, DEFAULT_SORT, LOOKBACK, SORTS, STATES, View
from bursar.payments.gateway import get_mode
from bursar.payments.keys import Mode
from bursar.payments.models import Payment
from bursar.payments.queries.gap import Gap
from bursar.payments.queries.gap import Row as GapRow
from bursar.payments.queries.listing import LEFT, RUNNING, Totals
from bursar.payments.rules.gap import CAUSES, Cause
from bursar.payments.states import PaymentState
from bursar.ui import lists
from bursar.ui.lists import Column, menu, query

HEADINGS = (
    Column("account", "Account"),
    Column("date", "Date"),
    Column("kind", "Kind"),
    Column("invoice", "Invoice", leaves="w2"),
    Column("source", "Source", leaves="w1"),
    Column("method", "Method", leaves="w3"),
    Column("status", "Status"),
    Column("amount", "Amount €", is_numeric=True),
    Column("back", "Went back €", is_numeric=True),
    Column("dashboard", "Mollie", leaves="w4"),
)
LABELS = {key: label.removesuffix(" €") for key, label, *_ in HEADINGS}
TONES = {PaymentState.FAILED: "bad", PaymentState.CANCELED: "dim", PaymentState.EXPIRED: "dim"}


def mode() -> str:
    """Which of Mollie's worlds the key belongs to; empty without a key."""
    found: Mode | None = get_mode()
    return found.value if found else ""


def months(shown: Month | None, current: Month, given: QueryDict, *, has_all: bool = True) -> list[dict[str, Any]]:
    """The current month and those before it, newest first; then all of them."""
    listed = list(reversed(months_between(current.plus(-LOOKBACK), current)))
    if shown and shown not in listed:
        listed.append(shown)
    made = [
        {
            "label": month.label,
            "url": "?" + query(given, month=None if month == current else month, page=None),
            "here": month == shown,
        }
        for month in listed
    ]
    if has_all:
        made.append({"label": "All months", "url": "?" + query(given, month=ALL, page=None), "here": shown is None})
    return made


def headers(view: View, given: QueryDict) -> list[dict[str, Any]]:
    return lists.headers(HEADINGS, SORTS, view.sort, DEFAULT_SORT, given)


def columns(view: View) -> list[dict[str, Any]]:
    return [{"key": key, "label": LABELS[key], "hidden": key in view.hidden} for key in COLUMNS]


def filter_menus(view: View, given: QueryDict) -> list[dict[str, Any]]:
    methods = [(code, method.label) for code, method in words.METHODS.items()]
    kinds = [(kind.value, said) for kind, said in words.KINDS.items()]
    sources = [(source.value, said) for source, said in words.SOURCES.items()]
    return [
        menu("status", "Status", list(STATES.items()), view.states, given),
        menu("kind", "Kind", kinds, view.kinds, given),
        menu("method", "Method", methods, view.methods, given),
        menu("source", "Source", sources, view.sources, given),
    ]


def total_links(given: QueryDict) -> dict[str, str]:
    """Every figure opens its payments, within the filters that hold."""
    page = reverse("payments:page")

    def link(*states: str) -> str:
        return f"{page}?{query(given, page=None, status=list(states))}"

    return {
        "received": link(PaymentState.PAID),
        "failed": link(PaymentState.FAILED),
        "left": link(*LEFT),
        "pending": link(*RUNNING),
        "refunded": link("refunded"),
        "charged_back": link("charged_back"),
    }


def bars(totals: Totals) -> list[dict[str, Any]]:
    """The money of the filtered set as bars of a 100 wide drawing: what stayed, failed, is under way, went back."""
    parts = {
        "kept": max(totals.kept, ZERO),
        "failed": totals.failed,
        "pending": totals.pending,
        "back": totals.refunded + totals.charged_back,
    }
    whole, x, made = sum(parts.values(), ZERO), ZERO, []
    for key, amount in parts.items():
        made.append({"key": key, **_bar(x, amount, whole)})
        x += amount
    return made


def row(payment: Payment) -> dict[str, Any]:
    account = payment.account
    return {
        "payment": payment,
        "account": account,
        "kind": words.KINDS[payment.kind],
        "source": words.SOURCES[payment.source],
        "method": words.say_method(payment.method),
        "pace": words.say_pace(payment.method),
        "status": words.STATUSES[payment.status],
        "tone": TONES.get(payment.status, ""),
        "reason": words.say_reason(payment.method, payment.reason),
        "since": say_since(payment),
        "back": payment.refunded + payment.charged_back,
        "menu_url": menu_url(payment),
    }


def menu_url(payment: Payment) -> str:
    """The payment's own actions, where there are any, else its account's."""
    if "payment" in TARGETS:
        return reverse("actions:menu", args=["payment", payment.public_id])
    return reverse("actions:menu", args=["account", payment.account.public_id]) if payment.account else ""


def say_since(payment: Payment) -> str:
    """Of what is not decided: since when. A direct debit takes days, and that is no fault."""
    if payment.status == PaymentState.PENDING and payment.method == words.DIRECT_DEBIT:
        return f"debit under way since {say_day(payment.at, is_short=True, now=payment.at)}"
    return ""


def steps(gap: Gap, chosen: str, given: QueryDict) -> dict[str, Any]:
    """From due to arrived, cause by cause; each opens its accounts. Those that nobody has stay away.

    `bar`: where the step stands in a 100 wide drawing, in which what is reached so far ends.
    """
    made: list[dict[str, Any]] = []
    spans: list[tuple[Decimal, Decimal]] = []
    reached = gap.due
    for cause in Cause:
        if not gap.counts[cause]:
            continue
        amount = -gap.parts[cause]
        made.append(
            {
                "label": CAUSES[cause][0],
                "words": CAUSES[cause][1],
                "amount": amount,
                "accounts": gap.counts[cause],
                "url": "?" + query(given, cause=None if cause == chosen else cause, page=None),
                "here": cause == chosen,
                "tone": "more" if amount > 0 else "less",
            }
        )
        spans.append((min(reached, reached + amount), abs(amount)))
        reached += amount
    highest = max([gap.due, gap.arrived, *(start + width for start, width in spans)])
    for one, (start, width) in zip(made, spans, strict=True):
        one["bar"] = _bar(start, width, highest)
    return {"causes": made, "due": _bar(ZERO, gap.due, highest), "arrived": _bar(ZERO, gap.arrived, highest)}


def _bar(start: Decimal, width: Decimal, highest: Decimal) -> dict[str, float]:
    """Nothing is drawn below zero."""
    if highest <= 0:
        return {"x": 0.0, "width": 0.0}
    low, high = max(start, ZERO), max(start + width, ZERO)
    return {"x": round(float(100 * low / highest), 2), "width": round(float(100 * (high - low) / highest), 2)}


def gap_row(row: GapRow, month: Month) -> dict[str, Any]:
    parts = [{"label": _say_cause(cause, amount), "amount": amount} for cause, amount in row.parts.items()]
    asked = {"month": month, "q": row.account.public_id} if row.account else {"month": month, "kind": "other"}
    return {
        "row": row,
        "account": row.account,
        "parts": parts,
        "is_one": len(parts) == 1,
        "payments_url": f"{reverse('payments:page')}?{urlencode(asked)}",
        "menu_url": reverse("actions:menu", args=["account", row.account.public_id]) if row.account else "",
    }


def _say_cause(cause: Cause, amount: Decimal) -> str:
    return "chargeback reversed" if cause is Cause.CHARGED_BACK and amount < 0 else CAUSES[cause][0]
