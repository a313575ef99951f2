"""Decisions, VAT ids and credit in words, the same on every page, in the book and in mails."""

from __future__ import annotations

from decimal import Decimal

from bursar.billing.rules.places import say_country
from bursar.billing.rules.vat import Treatment, VatDecision
from bursar.billing.rules.vat_ids import Standing, VatIdStatus
from bursar.core.days import say_day
from bursar.core.money import euros


def say_credit(account: str, amount: Decimal) -> str:
    """Of an account: what stands to its good; below 0, what went back to it beyond what it had paid."""
    if amount < 0:
        return f"{account} owes {euros(-amount)} beside its invoices"
    if amount == 0:
        return f"nothing stands to the good of {account}, and it owes nothing beside its invoices"
    return f"{euros(amount)} stand to the good of {account}"


def say_rate(rate: Decimal) -> str:
    """ "21 %", "25.5 %" """
    return f"{rate.normalize():f} %"


def say_decision(decision: VatDecision) -> str:
    """ "21 % VAT (Netherlands)", "no VAT (reverse charge)" """
    if decision.treatment == Treatment.CHARGED:
        way = ", one-stop shop" if decision.is_oss else ""
        return f"{say_rate(decision.rate)} VAT ({say_country(decision.state)}{way})"
    return f"no VAT ({_WHY_NONE[decision.treatment]})"


_WHY_NONE = {
    Treatment.REVERSE_CHARGE: "reverse charge",
    Treatment.OUTSIDE_SCOPE: "outside the EU",
    Treatment.EXEMPT: "exempt",
}


def explain_decision(decision: VatDecision) -> str:
    """For the customer, a sentence."""
    if decision.treatment == Treatment.CHARGED:
        return f"{say_decision(decision)} is added to every amount."
    return _EXPLAINED[decision.treatment]


_EXPLAINED = {
    Treatment.REVERSE_CHARGE: "No VAT is charged: with a valid VAT id, whoever buys accounts for it (reverse charge).",
    Treatment.OUTSIDE_SCOPE: "No VAT is charged: the address lies outside the VAT area of the EU.",
    Treatment.EXEMPT: "No VAT is charged: what is sold is exempt.",
}


def say_standing(standing: Standing, *, is_accepted: bool) -> str:
    """ "valid, says VIES on 24 November 2026, number WAPI…"; empty where there is no id."""
    if standing.status == VatIdStatus.NONE:
        return ""
    known, number = say_day(standing.known_at), f", number {standing.consultation}" if standing.consultation else ""
    if is_accepted:
        return f"accepted by hand on {known}{number}{_say_silence(standing)}"
    if standing.status == VatIdStatus.UNKNOWN:
        return f"not confirmed yet{_say_silence(standing)}"
    word = "valid" if standing.status == VatIdStatus.VALID else "not valid"
    return f"{word}, says VIES on {known}{number}{_say_silence(standing)}"


def _say_silence(standing: Standing) -> str:
    """An answer that did not come since."""
    if standing.asked_at is None or (standing.known_at is not None and standing.asked_at <= standing.known_at):
        return ""
    return f"; asked on {say_day(standing.asked_at)}, and no answer came"
