"""What the verbs of billing share: who pays as it stands, whose VAT that bears, and both in words."""

from __future__ import annotations

from typing import Any

from bursar.actions.spec import Case, Change
from bursar.billing import queries
from bursar.billing.models import BillingDetails, Invoice
from bursar.billing.rules import VatDecision, explain_decision, say_decision
from bursar.billing.seller import seller_day
from bursar.tenants.models import BillingAccount
from bursar.tenants.queries import find_addressee

REMOVED = "Its retention ended: what it said is gone, and so are its files."
VAT = "VAT"
VAT_ID = "VAT id"


def details_of(case: Case) -> BillingDetails | None:
    """As they stood when the case was opened; they are not read again."""
    found: BillingDetails | None = case.once("billing details", lambda: queries.get_details(case.target.pk))
    return found


def decision_of(case: Case, details: BillingDetails | None) -> VatDecision:
    """For a sale of today, as the seller counts days."""
    return queries.decide_for(details, seller_day(case.now))


def say_vat_id(details: BillingDetails | None) -> str:
    """ "DE136695976, valid, says VIES on 24 November 2026"; empty without one."""
    if details is None or not details.vat_id:
        return ""
    return f"{details.vat_id}, {queries.say_status(details)}"


def _say_address(details: BillingDetails | None) -> str:
    return ", ".join(queries.list_lines(details)) if details else ""


def list_changes(before: BillingDetails | None, after: BillingDetails) -> list[Change]:
    """What is another than it was, but for the VAT. A mail of somebody whom we know is named by reference."""
    texts = [
        Change("Name", before.name if before else "", after.name),
        Change("Address", _say_address(before), _say_address(after)),
        Change(VAT_ID, say_vat_id(before), say_vat_id(after)),
        *(Change(name, say(before or BillingDetails()), say(after)) for name, say in queries.MORE.items()),
    ]
    had, has = (before.mails if before else []), after.mails
    gone = [Change("Mail for documents", mail, "", before_ref=find_addressee(mail)) for mail in had if mail not in has]
    new = [Change("Mail for documents", "", mail, after_ref=find_addressee(mail)) for mail in has if mail not in had]
    return [change for change in texts if change.before != change.after] + gone + new


def why_removed(case: Case) -> str | None:
    """Of a document that nobody can read any more."""
    row: Invoice = case.target
    return REMOVED if row.removed_at is not None else None


def list_change_of_vat(before: VatDecision, after: VatDecision) -> list[Change]:
    """Nothing where it stays as it was."""
    was, now = say_decision(before), say_decision(after)
    return [Change(VAT, was, now, concerns_money=True)] if was != now else []


def is_same_vat(one: VatDecision, other: VatDecision) -> bool:
    """Whether amounts and documents stay as they are."""
    return (one.treatment, one.rate, one.state, one.is_oss) == (other.treatment, other.rate, other.state, other.is_oss)


def tell(account: BillingAccount, details: BillingDetails, decision: VatDecision) -> dict[str, Any]:
    """What programs hear; no names, and no addresses."""
    return {
        "country": details.country,
        "vat_id": details.vat_id,
        "vat_id_status": details.vat_status,
        "vat": {"treatment": decision.treatment.value, "rate": str(decision.rate), "state": decision.state},
    }


def say_after(details: BillingDetails, decision: VatDecision) -> str:
    """What holds from now on, in a sentence or two."""
    return " ".join([explain_decision(decision), *decision.remarks])
