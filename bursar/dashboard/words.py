"""What customers read, in plain words: what a plan includes, why something is blocked, what is charged and when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.html import format_html

from bursar.core.days import say_day
from bursar.core.money import format_money
from bursar.dashboard.queries.accounts import Bill
from bursar.dashboard.queries.workspaces import Card, Plan
from bursar.plans.models import CapEffect, Discount, Tier, TierTerms
from bursar.plans.rules import PAID_TIERS, describe_discount, is_managed
from bursar.plans.states import Status
from bursar.rollup.states import Klass
from bursar.tenants.models import Person
from bursar.tenants.rules import Sight
from bursar.ui.templatetags.ui import end
from bursar.usage.queries import Standing
from bursar.usage.rules import APPROACHING


@dataclass(frozen=True)
class Alert:
    """`tone`: bad or warn. `why` and `still`: a sentence each, on what stopped and on what still works."""

    tone: str
    title: str
    why: str
    still: str


def hours(seconds: int) -> str:
    """ "10 hours", "1 hour", "1 hour 30 minutes", "48 minutes" """
    whole, minutes = divmod(seconds // 60, 60)
    parts = [_count(whole, "hour")] if whole else []
    parts += [_count(minutes, "minute")] if minutes or not whole else []
    return " ".join(parts)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def list_includes(terms: TierTerms) -> list[str]:
    """What the catalogue's row gives, one sentence each."""
    found = [_recording(terms)]
    if terms.cap_effect == CapEffect.LOCK_UPLOADS:
        found.append("At the cap recording goes on, and later uploads are locked.")
    if terms.cap_effect == CapEffect.HARD_BLOCK:
        found.append("At the cap recording stops, and uploads are locked.")
    if terms.included_seats:
        found.append(f"{_count(terms.included_seats, 'seat')} included; more are never charged.")
    elif terms.tier in PAID_TIERS:
        found.append("Any number of people: each one is a seat, observers are free.")
    if terms.tier == Tier.FREE:
        found.append("One workspace; what exists stays readable.")
    return found


def _recording(terms: TierTerms) -> str:
    if terms.cap_hours is None:
        return "Unlimited recording."
    return f"{hours(int(terms.cap_hours * 3600)).capitalize()} of recording, for life."


def say_what_follows(plan: Plan) -> str:
    """ "Trial until 30 November 2026, then Free."; HTML where the end is an instant, in the reader's zone."""
    if plan.until is None:
        return ""
    what = "Free trial until" if plan.is_trial else "Until"
    return format_html("{} {}, then {}.", what, end(plan.until), plan.then_label)


def tone_of(standing: Standing) -> str:
    """ "bad": something is blocked; "warn": it soon will be; "": all is well."""
    if standing.cap is None or standing.state.key == "ok":
        return ""
    return "bad" if standing.state.key in ("hard_blocked", "at_cap") else "warn"


def find_alert(card: Card) -> Alert | None:
    """Why something is blocked or about to be, and what still works; None when all is well."""
    standing, effect = card.standing, card.plan.terms.cap_effect
    tone = tone_of(standing)
    if standing.cap is None or not tone:
        return None
    cap, used = hours(standing.cap), hours(standing.counted)
    full = f"The {cap} of {card.plan.label} {'is' if cap == '1 hour' else 'are'} used up"
    if standing.state.key == "hard_blocked":
        why = f"{full}, so nothing more can be recorded or uploaded here."
        return Alert(tone, "Recording has stopped", why, "What exists stays readable.")
    if standing.state.key == "at_cap":
        why = f"{full}, so new uploads are locked."
        return Alert(tone, "Uploads are locked", why, "Recording goes on, and what exists stays readable.")
    is_near = standing.counted >= APPROACHING * standing.cap
    pace = "" if is_near else " At the pace of the last two weeks it is full within seven days."
    after = (
        "recording stops and uploads are locked"
        if effect == CapEffect.HARD_BLOCK
        else "new uploads are locked, while recording goes on"
    )
    why = f"{used.capitalize()} of {cap} used so far.{pace}"
    return Alert(tone, "Nearly full", why, f"Everything still works. At the cap {after}.")


def say_whom_to_ask(sight: Sight, contacts: Sequence[Person], company: str) -> str:
    """Plain members ask their own people; those who govern ask the company."""
    if sight.bills:
        return f"Ask {company}."
    if not contacts:
        return f"Nobody runs this workspace now: ask {company}."
    return f"Ask {either(contacts)}."


def either(people: Sequence[Person]) -> str:
    """ "Maud, Jan or Els" """
    names = [person.name for person in people]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


ROLES = {
    "owner": "you own it",
    "admin": "you run it",
    "member": "you are a member",
    "billing": "you look after the billing",
    "external": "you are a guest",
    "observer": "you observe",
}


def say_role(sight: Sight) -> str:
    if sight.role:
        return ROLES[sight.role]
    return f"you are the organisation's {sight.above}"


def say_status(bill: Bill) -> tuple[str, str]:
    """How the account pays now: (sentence, tone); HTML where an instant stands in it."""
    until, since = bill.reason.get("until"), bill.overdue_since
    if since:
        what = "An invoice" if is_managed(bill.terms) else "A payment"
        return f"{what} is overdue since {say_day(since)}. Your plan and everything in it stay as they are.", "bad"
    if bill.klass == Klass.TRIAL:
        return format_html("You are trying this for free{}.", _until(until)), "good"
    if bill.klass == Klass.MANAGED:
        return "Billed by invoice. No paid invoice covers today yet.", "warn"
    if bill.klass in (Klass.COMPED, Klass.FREE):
        is_open = bill.terms.status == Status.PENDING and not is_managed(bill.terms)
        more = "A checkout is open, and it asks for nothing until you pay it." if is_open else ""
        return format_html("Nothing is charged{}. {}", _until(until), more).strip(), "good"
    if until:
        return _say_paid_on(bill, datetime.fromisoformat(until)), "warn"
    if bill.reason["code"] == "invoice_settled":
        return f"Billed by invoice, {bill.price.cadence}. The present period is paid.", "good"
    return f"Paid automatically, {bill.price.cadence}.", "good"


def _say_paid_on(bill: Bill, until: datetime) -> str:
    """Nothing renews it: until when it is paid, and when the tiers go."""
    words = "Cancelled. Paid until {}" if bill.reason["code"] in ("cancelled", "cancelled_owing") else "Paid until {}"
    lapses_at = bill.terms.lapses_at
    if not bill.tiers:
        return format_html(words + ". No workspace draws on it any more.", end(until))
    if lapses_at is None or PAID_TIERS.isdisjoint(bill.tiers):
        return format_html(words + ".", end(until))
    if lapses_at == until:
        return format_html(words + "; then paid workspaces go to Free.", end(until))
    return format_html(words + "; paid workspaces go to Free after {}.", end(until), end(lapses_at))


def _until(iso: str | None) -> str:
    return format_html(" until {}", end(datetime.fromisoformat(iso))) if iso else ""


def say_charge(bill: Bill) -> str:
    """What is asked next and when, as far as it is known today."""
    charge = bill.charge
    if charge is None:
        return _why_no_charge(bill)
    if charge.amount == 0:
        return f"On {say_day(charge.at)} nothing is charged: the price is € 0.00 then."
    asked = f"€ {format_money(charge.amount)}"
    worked = f" (12 × € {format_money(charge.per_month)})" if charge.months == 12 else ""
    if charge.is_due:
        return f"Due since {say_day(charge.at)}: {asked}{worked}."
    how = "an invoice of " if is_managed(bill.terms) else ""
    return f"On {say_day(charge.at)}: {how}{asked}{worked}, if nothing changes until then."


def _why_no_charge(bill: Bill) -> str:
    if bill.overdue_since:
        return "First what is overdue. What follows is known once it is paid."
    if is_managed(bill.terms) and bill.price.total:
        months = 12 if bill.price.cadence == "yearly" else 1
        worked = f" (12 × € {format_money(bill.price.total)})" if months == 12 else ""
        return f"An invoice of € {format_money(bill.price.total * months)}{worked}. Its day is not known here."
    if bill.klass == Klass.PAYING and not bill.reason.get("until"):
        return "At the end of the running period. Its day is not known here."
    return "Nothing is due."


def say_discount(discount: Discount) -> str:
    """ "50 % scholarship, until 31 December 2026" """
    return describe_discount(discount.get_kind_display(), discount.percent, discount.end_date)
