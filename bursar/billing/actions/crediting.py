"""Credit notes: for less supplied, or a lower price. Never for a debt that is not paid."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms

from bursar.actions.registry import action
from bursar.actions.run import Act
from bursar.actions.spec import ActionForm, Case, Cleaned, Group, Outcome, Stale, Topic
from bursar.billing import files, making, proposing
from bursar.billing.actions.issuing import Made
from bursar.billing.actions.settling import outcome_of, settle, why_no_invoice
from bursar.billing.actions.shared import why_removed
from bursar.billing.documents.document import Document
from bursar.billing.models import Invoice
from bursar.billing.queries.documents import sum_credited
from bursar.billing.rules import calc_vat_of_part, ledger
from bursar.billing.store import documents
from bursar.billing.store.documents import DayChanged, Issue
from bursar.billing.store.ledger import Cause
from bursar.core import clock
from bursar.core.errors import Refused
from bursar.core.money import euros, plain
from bursar.plans.actions.shared import EVERYBODY_CONCERNED


class CreditForm(ActionForm):
    part = forms.DecimalField(
        label="A part only, EUR without VAT", required=False, min_value=Decimal("0.01"), max_digits=12,
        decimal_places=2, help_text="Empty: all of it.",
    )  # fmt: skip


def compose(case: Case, data: Cleaned) -> Document:
    """As it would be issued now."""
    invoice = case.target.document
    if data["part"] is None:
        return proposing.make_credit_note(invoice, invoice.items, case.now, invoice.stated_vat)
    return compose_part(case.target, data["part"], case)


def compose_part(row: Invoice, part: Decimal, case: Case) -> Document:
    """A credit note of a part, EUR without VAT, of an invoice whose lines bear one VAT (`why_not_part`)."""
    invoice, before = row.document, case.once(f"credited {row.pk}", lambda: sum_credited(row))
    vat = calc_vat_of_part(part, invoice.totals.rates[0], *before)
    item = proposing.part_item(invoice, part, invoice.items[0].vat)
    return proposing.make_credit_note(invoice, [item], case.now, [vat])


def why_not_part(row: Invoice, part: Decimal, case: Case) -> str | None:
    if len({(item.vat.treatment, item.vat.rate, item.vat.state) for item in row.document.items}) > 1:
        return "Its lines bear different VAT: credit all of it, and issue anew what is right."
    if compose_part(row, part, case).totals.gross > row.standing.creditable:
        return f"At most {euros(row.standing.creditable)} with VAT can be credited."
    return None


def _why_not(case: Case) -> str | None:
    row: Invoice = case.target
    if sentence := why_no_invoice(case) or why_removed(case):
        return sentence
    return None if row.standing.creditable > 0 else "All of it is credited already."


def _refuse(case: Case, data: Cleaned) -> str | None:
    row: Invoice = case.target
    if data["part"] is None:
        return None if row.credited == 0 else "A part of it is credited already: say how much more."
    return why_not_part(row, data["part"], case)


def prepare(case: Case, data: Cleaned) -> Made:
    """As for an invoice."""
    return check(case.target, compose(case, data))


def check(row: Invoice, document: Document) -> Made:
    """Draws it, and asks the rules of e-invoices where its invoice is one. Raises Refused with every fault."""
    faults = making.list_faults(document) if row.wants_e_invoice else ()
    if faults:
        raise Refused(f"The e-invoice would be refused. {' '.join(faults)}")
    making.make(document, with_e_invoice=row.wants_e_invoice)
    return Made(document)


@action(
    key="billing.invoice.credit",
    on=Invoice,
    form=CreditForm,
    label="Credit invoice…",
    instead="A credit note stays; issue the invoice anew.",
    done="Credit note issued",
    icon="file-minus",
    code="ci",
    formerly=("credit note", "void", "cancel invoice"),
    group=Group.MONEY,
    help="Issues a credit note that names the invoice. What was paid for it stands as the account's credit.",
    when="When less was supplied, the price was lower, or the invoice was wrong. A debt that nobody pays is "
    "written off.",
    customer_visible=True,
    concerns_money=True,
    blocked=_why_not,
    refused=_refuse,
    prepare=prepare,
    tell=EVERYBODY_CONCERNED,
    topic=Topic.MONEY,
    event="invoice.credited",
)
def credit(act: Act, row: Invoice, data: Cleaned) -> Outcome:
    document = compose(act.case, data)
    amount, before = document.totals.gross, row.open
    if act.request.rehearsed:
        return Outcome(f"A credit note of {euros(amount)} takes back {_what(data)} {row.number}.")
    note, after = issue_note(act, row, document)
    sentence = f"{note.number} takes back {_what(data)} {row.number}, {euros(amount)}."
    outcome = outcome_of(after, before, sentence, credit_note=note.number, credited=plain(amount))
    outcome.touches = [note.public_id]
    return outcome


def issue_note(act: Act, row: Invoice, document: Document) -> tuple[Invoice, Invoice]:
    """What `check` looked at, under its number, and in the ledger. Returns it, and its invoice as that stands then.

    Raises Stale where it is another document by now.
    """
    made: Made | None = act.prepared
    if made is None or made.document != document:
        raise Stale
    how = Issue(corrects=row, wants_e_invoice=row.wants_e_invoice)
    try:
        note = documents.issue(row.account, document, how, clock.now)
    except DayChanged:
        raise Stale from None
    files.want(note, act.now)
    cause = Cause(document.issued_on, note.public_id)
    return note, settle(act, row, ledger.credit(document.totals.gross, row.standing), cause)


def _what(data: dict[str, Any]) -> str:
    return "all of" if data["part"] is None else "a part of"
