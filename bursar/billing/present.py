"""Billing details as pages show them: who pays, what is known of the VAT id, and the VAT that follows."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from stdnum import iban

from bursar.actions.menu import why_not
from bursar.actions.registry import ACTIONS
from bursar.actions.spec import Case
from bursar.billing import queries
from bursar.billing.documents.document import Document
from bursar.billing.models import BillingDetails, Invoice
from bursar.billing.rules import VatIdStatus, explain_decision, say_decision
from bursar.billing.rules.ledger import InvoiceState, say_state
from bursar.billing.rules.references import make_reference, say_reference
from bursar.billing.seller import get_payee, seller_day
from bursar.core.days import say_day
from bursar.core.money import euros
from bursar.tenants.models import BillingAccount

TONES = {VatIdStatus.VALID: "good", VatIdStatus.INVALID: "bad", VatIdStatus.UNKNOWN: "warn"}


def describe(details: BillingDetails | None, now: datetime) -> dict[str, Any]:
    """For today's VAT, as the seller counts days. `lines`: the address, the country last."""
    decision = queries.decide_for(details, seller_day(now))
    return {
        "details": details,
        "lines": queries.list_lines(details) if details else [],
        "more": queries.list_more(details) if details else [],
        "vat": say_decision(decision),
        "vat_explained": explain_decision(decision),
        "remarks": decision.remarks,
        "status": queries.say_status(details) if details else "",
        "tone": tone_of(details) if details else "",
    }


def tone_of(details: BillingDetails) -> str:
    return "good" if details.is_accepted else TONES.get(VatIdStatus(details.vat_status), "")


def list_levers(case: Case, verbs: tuple[str, ...]) -> list[tuple[str, str]]:
    """Those of these verbs on accounts that can be pulled now, as (verb, label)."""
    made = [ACTIONS[f"billing.account.{verb}"] for verb in verbs]
    return [(one.verb_name, one.label) for one in made if why_not(one, case) is None]


INVOICE_TONES = {
    InvoiceState.OVERDUE: "bad", InvoiceState.OPEN: "warn", InvoiceState.PART_PAID: "warn", InvoiceState.PAID: "good",
}  # fmt: skip


def describe_invoice(row: Invoice, today: date) -> dict[str, Any]:
    """`state`: empty for a credit note, which says of what it is one."""
    if row.corrects is not None:
        return {"row": row, "what": f"Credit note of {row.corrects.number}", "state": "", "tone": ""}
    state = say_state(row.standing, row.due_on, today)
    return {"row": row, "what": "Invoice", "state": state.value, "tone": INVOICE_TONES.get(state, "dim")}


def describe_own(row: Invoice, today: date) -> dict[str, Any]:
    """As its customer reads it, from `list_own`. `transfer`: how to pay what is open; None where nothing is to do."""
    if row.corrects is not None:
        return {"row": row, "what": f"Credit note of {row.corrects.number}", "says": "", "tone": "", "transfer": None}
    state = say_state(row.standing, row.due_on, today)
    document = row.document if row.open > 0 and not row.removed_at else None
    debit_on = document.debit_on if document else None
    return {
        "row": row,
        "what": "Invoice",
        "says": f"We collect it on {say_day(debit_on)}" if debit_on else _say_own(row, state),
        "tone": OWN_TONES.get(state, "dim"),
        "transfer": _transfer(document) if document and not debit_on else None,
        "is_late": state is InvoiceState.OVERDUE and not debit_on,
    }


OWN_TONES = {InvoiceState.OVERDUE: "warn", InvoiceState.PAID: "good"}


def _say_own(row: Any, state: InvoiceState) -> str:
    """What was given up is closed, no more: that is between colleagues."""
    due = f"by {say_day(row.due_on)}" if row.due_on else "now"
    return {
        InvoiceState.OPEN: f"To be paid {due}",
        InvoiceState.PART_PAID: f"{euros(row.paid)} came; the rest is to be paid {due}",
        InvoiceState.OVERDUE: f"Was due on {say_day(row.due_on)}",
        InvoiceState.PAID: f"Paid on {say_day(row.paid_on)}" if row.paid_on else "Paid",
        InvoiceState.CREDITED: "Taken back",
        InvoiceState.WRITTEN_OFF: "Closed",
    }[state]


def say_how_to_pay_owed(account: BillingAccount) -> dict[str, str]:
    """As `transfer` of `describe_own`, for what the account owes beside its invoices."""
    payee, reference = get_payee(), say_reference(make_reference(account.public_id))
    to = {"iban": iban.format(payee.iban), "holder": payee.holder, "bic": payee.bic} if payee.iban else {"iban": ""}
    return {**to, "reference": reference}


def _transfer(document: Document) -> dict[str, str]:
    """As it stands on the document; `iban` may be empty."""
    payee = document.payee
    reference = say_reference(document.reference) if document.reference else document.number
    to = {"iban": iban.format(payee.iban), "holder": payee.holder, "bic": payee.bic} if payee else {"iban": ""}
    return {**to, "reference": reference}


def group_by_payee(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Of `describe_own`, what is to be transferred: to whom, and each with its amount and reference."""
    groups: dict[str, dict[str, Any]] = {}
    for item in items:
        if item["transfer"]:
            group = groups.setdefault(item["transfer"]["iban"], {"to": item["transfer"], "items": [], "late": []})
            group["items"].append(item)
            group["late"] += [item["row"].number] if item["is_late"] else []
    return list(groups.values())
