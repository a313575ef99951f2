"""The rollup's facts in words: one place for page, CSV and API."""

from __future__ import annotations

import json
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from bursar.core.days import last_day_of, say_day, say_end
from bursar.plans.models import DiscountKind, PaymentMode, PaymentStatus
from bursar.rollup.models import AccountMonth, WorkspaceMonth
from bursar.rollup.states import Klass
from bursar.tenants.models import Kind, Visibility, Workspace

_SENTENCES = {
    "subscription": "A Mollie subscription is live.",
    "past_due": "A Mollie payment is past due since {since}.",
    "cancelled": "Cancelled; paid until {until}.",
    "cancelled_owing": "Cancelled, and past due since {since}; the plan stays until {until}.",
    "set_back": "Back to self-serve; paid until {until}.",
    "invoice_settled": "A settled invoice covers this period.",
    "renewal_unpaid": "Renewal unpaid since {since}.",
    "reverse_trial": "On a reverse trial until {until}.",
    "trial_discount": "A trial discount makes it free until {until}.",
    "no_settled_invoice": "Managed; no settled invoice covers this period.",
    "discount": "100 % off: {kind}.",
    "no_way_of_paying": "On a paid tier with no way of paying.",
    "kept": "No way of paying; kept until {until}.",
    "free": "Not on a paid tier.",
    "faulty": "Cannot be computed: {fault}.",
}


def explain(reason: dict[str, Any]) -> str:
    """Why an account is in its revenue class."""
    until, since, kind, fault = (reason.get(name) or "" for name in ("until", "since", "kind", "fault"))
    return _explain(reason["code"], until, since, kind, fault)


class Explained(NamedTuple):
    """For files and programs: the reason in words; and its end, as instant and last day, or empty."""

    words: str
    until: str
    last_day: str


def explain_cells(reason: dict[str, Any]) -> Explained:
    until = reason.get("until") or ""
    return Explained(explain(reason), until, last_day_of(datetime.fromisoformat(until)).isoformat() if until else "")


@lru_cache(maxsize=10_000)
def explain_text(stored: str) -> Explained:
    """As `explain_cells`, from the column's text: most accounts share one, and an export reads a million."""
    return explain_cells(json.loads(stored))


@lru_cache(maxsize=10_000)
def _explain(code: str, until: str, since: str, kind: str, fault: str) -> str:
    if code == "no_way_of_paying" and until:
        code = "kept"
    began = say_day(datetime.fromisoformat(since)) if since else ""
    ends = say_end(datetime.fromisoformat(until)) if until else ""
    return _SENTENCES[code].format(until=ends, since=began, kind=_kind(kind), fault=fault.rstrip("."))


def _kind(value: str) -> str:
    return DiscountKind(value).label if value else "discount"


def ended(fact: AccountMonth | WorkspaceMonth) -> str:
    """ "ended on 14 November 2026": the day of its last instant; empty for what has not ended."""
    return f"ended on {say_day(last_day_of(fact.ended_at))}" if fact.ended_at else ""


def discount(fact: AccountMonth | WorkspaceMonth) -> str:
    if not fact.discount_percent:
        return ""
    until = f", until {say_day(fact.discount_end_date)}" if fact.discount_end_date else ""
    return f"discounted {fact.discount_percent} %, {_kind(fact.discount_kind)}{until}"


def short_discount(fact: WorkspaceMonth) -> str:
    """ "50 % off, scholarship", in the row of a workspace; its last day stands beside it."""
    return f"{fact.discount_percent} % off, {_kind(fact.discount_kind)}"


def kind_of(workspace: Workspace) -> str:
    """ "internal · invite only"; "for Gemeente Haarlem · private" where its data is a client's."""
    owner = f"for {workspace.data_owner.name}" if workspace.data_owner else Kind(workspace.kind).label
    return f"{owner} · {Visibility(workspace.visibility).label.removesuffix(' to organisation')}"


def count(number: int, noun: str) -> str:
    """ "1 seat", "1,204 seats" """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def from_elsewhere(fact: WorkspaceMonth) -> str:
    """ "2 externals, 1 observer": its people from outside the organisation; empty for none."""
    counts = ((fact.externals, "external"), (fact.observers, "observer"))
    return ", ".join(count(number, noun) for number, noun in counts if number)


def status_label(fact: AccountMonth) -> str:
    return str(PaymentStatus(fact.status).label)


def badge(fact: AccountMonth, at: datetime) -> tuple[str, str] | None:
    """The one alarm beside the class: (words, tone), or None."""
    if fact.overdue_since:
        days = (at - fact.overdue_since).days
        word = "renewal unpaid" if fact.mode == PaymentMode.MANAGED else "past due"
        return f"{word} {days} d", "bad"
    if fact.klass == Klass.TRIAL and fact.reason.get("until"):
        return f"ends {_say_until(fact, at)}", "warn"
    if fact.reason["code"] in ("cancelled", "set_back") and fact.reason.get("until"):
        return f"paid until {_say_until(fact, at)}", "warn"
    if fact.klass == Klass.MANAGED:
        return "unpaid", "warn"
    return None


def _say_until(fact: AccountMonth, at: datetime) -> str:
    return say_end(datetime.fromisoformat(fact.reason["until"]), is_short=True, now=at)


def pays(fact: AccountMonth) -> str:
    """ "yearly · Mollie", "monthly · managed", "none" """
    by_mollie = "Mollie" if fact.status != PaymentStatus.NONE else ""
    source = PaymentMode.MANAGED.label if fact.mode == PaymentMode.MANAGED else by_mollie
    return " · ".join(part for part in (fact.cadence, source) if part) or "none"
