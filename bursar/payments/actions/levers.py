"""What the levers of paying share: how the account stands, what an interval costs, words, and where one goes on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse

from bursar.actions.spec import Case, Notice
from bursar.billing.actions.shared import details_of
from bursar.core.money import euros
from bursar.payments import phrases, queries
from bursar.payments.models import Charge, Subscription
from bursar.payments.queries import standing as read
from bursar.payments.rules.amounts import Quote
from bursar.payments.rules.levers import Plan, Standing
from bursar.plans.actions.shared import state_of
from bursar.plans.models import Tier

TEAM = f"the {settings.BURSAR_COMPANY_NAME} team"
TOLD = (Notice.WORKSPACE_ADMINS, Notice.BILLING)
LABELS = dict(Tier.choices)


def standing_of(case: Case) -> Standing:
    def load() -> Standing:
        has_details = details_of(case) is not None
        return read.load_standing(case.target, state_of(case), case.now, has_details=has_details)

    name = f"paying standing of {case.target.pk}"
    found: Standing = case.once("paying standing", lambda: case.share(name, load))
    return found


def plan_of(case: Case) -> Plan:
    found: Plan = case.once("plan", lambda: read.get_plan(state_of(case), case.now))
    return found


def meant_of(case: Case) -> Subscription | None:
    found: Subscription | None = case.once("meant", lambda: queries.get_meant(case.target.pk))
    return found


def asks(rule: Callable[[Standing], str | None]) -> Callable[[Case], str | None]:
    """A predicate of the rules as an action's `blocked`."""
    return lambda case: rule(standing_of(case))


def forget(case: Case) -> None:
    """What the case has loaded is not so any more: another action wrote."""
    case.cache.clear()


def name(tier: str, cadence: str) -> str:
    return phrases.name_plan(LABELS.get(tier, tier), cadence)


def pay_path(charge: Charge, *, go: bool = True) -> str:
    """Where the customer waits for it; `go`: and goes on to Mollie's checkout as soon as that is there."""
    return reverse("pay:charge", args=[charge.public_id]) + ("?go=1" if go else "")


def list_words(quote: Quote, cadence: str) -> list[str]:
    """Seats, discounts, VAT and the sum."""
    lines = phrases.list_lines(quote.lines, LABELS, cadence)
    vat = phrases.say_vat(quote.vat, quote.decision.as_json())
    return [*lines, vat, *quote.decision.remarks, f"Together {euros(quote.gross)} with VAT."]


def tell_charge(charge: Charge) -> dict[str, Any]:
    """What programs hear of it."""
    return {
        "charge": charge.public_id,
        "kind": charge.kind,
        "tier": charge.tier or None,
        "cadence": charge.cadence or None,
        "seats": charge.seats,
        "net_eur": str(charge.net),
        "gross_eur": str(charge.gross),
    }


def say_next_charge(case: Case, **how: str) -> str:
    """What the next charge will be and when: every preview on a live subscription ends so."""
    quote = queries.foresee(case.target, state_of(case), case.now, **how)
    planned = queries.get_planned(case.target.pk)
    until = standing_of(case).paid_until
    day = planned.due_on if planned else until.date() if until else None
    return phrases.say_next(quote.gross, day)


def quote_now(case: Case, tier: str, cadence: str) -> Quote:
    return queries.foresee(case.target, state_of(case), case.now, tier=tier, cadence=cadence)


def list_tiers(case: Case) -> list[str]:
    """Those that the customer may choose: the self-serve ones, and what was offered to them."""
    return case.once("tiers", lambda: _list_tiers(case.target.pk, case.now))  # type: ignore[no-any-return]  # cached


def _list_tiers(account_id: int, now: datetime) -> list[str]:
    tiers, offer = read.list_self_serve(now), read.get_offer(account_id, now)
    return [*tiers, *([offer.tier] if offer and offer.tier not in tiers else [])]
