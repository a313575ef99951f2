"""Billing details as pages show them: who pays, what is known of the VAT id, and the VAT that follows."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from bursar.actions.menu import why_not
from bursar.actions.registry import ACTIONS
from bursar.actions.spec import Case
from bursar.billing import queries
from bursar.billing.models import BillingDetails, Invoice
from bursar.billing.rules import VatIdStatus, explain_decision, say_decision
from bursar.billing.rules.ledger import InvoiceState, say_state
from bursar.billing.seller import seller_day

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
