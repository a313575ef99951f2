"""What every way to an invoice shares: what is to be issued, what speaks against it, and the moment of issuing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, NamedTuple

from django import forms

from bursar.actions.run import Act
from bursar.actions.spec import ActionForm, Case, Change, Cleaned, Group, Outcome, Reason, Shown, Stale, Topic
from bursar.billing import files, making, proposing
from bursar.billing.actions.shared import details_of
from bursar.billing.documents.content import describe
from bursar.billing.documents.document import Document, Item, ItemKind
from bursar.billing.documents.pdf import list_undrawable
from bursar.billing.models import BillingDetails, Invoice
from bursar.billing.queries.documents import find_invoiced
from bursar.billing.seller import get_party, why_not_invoice
from bursar.billing.store import documents
from bursar.billing.store.documents import DayChanged, Issue
from bursar.core import clock
from bursar.core.days import say_day
from bursar.core.errors import Refused
from bursar.core.money import euros, plain
from bursar.plans.actions.shared import EVERYBODY_CONCERNED
from bursar.tenants.models import BillingAccount

NOTHING = "Nothing is asked for: the lines come to nothing."
NO_DETAILS = "There are no billing details yet. Write down first who pays."


class Composed(NamedTuple):
    """As it would be issued now."""

    document: Document
    how: Issue


Compose = Callable[[Case, Cleaned], Composed]


class Made(NamedTuple):
    """What `prepare` looked at and found in order."""

    document: Document


def issues(compose: Compose) -> dict[str, Any]:
    """What every way to an invoice declares, by what it would issue; the verb ends in `issue_composed`."""
    return {
        "opposite": "billing.invoice.credit", "group": Group.MONEY, "reason": Reason.OPTIONAL,
        "customer_visible": True, "concerns_money": True, "tell": EVERYBODY_CONCERNED, "topic": Topic.MONEY,
        "shows": lambda case, data: show_composed(compose(case, data)),
        "prepare": lambda case, data: prepare_composed(compose(case, data)),
    }  # fmt: skip


def compose_papers(case: Case, items: Sequence[Item], data: Cleaned, how: Issue) -> Composed:
    """These items to whoever the case's account names as buyer, with what `PapersForm` says beside them."""
    details = details_of(case)
    assert details is not None
    wanted = proposing.Wanted(tuple(items), data["payment_days"], data["order_number"], data["buyer_reference"])
    return Composed(proposing.make_invoice(details, wanted, case.now), replace(how, wants_e_invoice=data["e_invoice"]))


def composed_of(case: Case, data: Cleaned, compose: Compose) -> Composed:
    """As it would be issued now; made once a case."""
    known: tuple[Cleaned, Composed] | None = case.cache.get("composed")
    if known is None or known[0] is not data:
        known = case.cache["composed"] = (data, compose(case, data))
    return known[1]


class PapersForm(ActionForm):
    """What any invoice may say beside its lines."""

    rare = ("order_number", "buyer_reference", "payment_days", "e_invoice")

    order_number = forms.CharField(label="Purchase order number", max_length=50, required=False)
    buyer_reference = forms.CharField(label="Reference of the customer", max_length=100, required=False)
    payment_days = forms.IntegerField(label="Payment term in days", required=False, min_value=0, max_value=120)
    e_invoice = forms.BooleanField(
        label="E-invoice", required=False, help_text="UBL for the network of Peppol, checked before anything is issued."
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["e_invoice"].initial = wants_e_invoice(details_of(self.case))


def wants_e_invoice(details: BillingDetails | None) -> bool:
    """What is proposed: where the network of Peppol knows both sides, and e-invoices can be made here."""
    is_known = bool(details and details.peppol_id) and get_party().endpoint is not None
    return is_known and making.why_not_make(with_e_invoice=True) is None


def why_not_issue(case: Case) -> str | None:
    """Whatever is asked for."""
    if details_of(case) is None:
        return NO_DETAILS
    return why_not_invoice() or making.why_not_make(with_e_invoice=False)


def why_not_this(account_id: int, composed: Composed) -> str | None:
    """With all that is asked for."""
    document, how = composed
    if how.wants_e_invoice and (sentence := making.why_not_make(with_e_invoice=True)):
        return sentence
    if document.totals.gross <= 0 or any(item.net < 0 for item in document.items):
        return NOTHING
    first, last = span_of(document)
    known = find_invoiced(account_id, first, last) if first and last else None
    if known is not None:
        return f"{known.number} asks for seats of these days already. Credit it first, or choose another first day."
    if signs := list_undrawable(document):
        return f"The PDF cannot show some of what it would say: {', '.join(signs[:6])}. Write it in other letters."
    return None


def span_of(document: Document) -> tuple[date | None, date | None]:
    """First and last day of its service period."""
    seats = [item for item in document.items if item.kind is ItemKind.SUBSCRIPTION]
    begun = [item.service_from for item in seats if item.service_from]
    ended = [item.service_until for item in seats if item.service_until]
    return min(begun, default=None), max(ended, default=None)


def prepare_composed(composed: Composed) -> Made:
    """Draws and checks it under a number that stands for its own. Raises Refused with every fault."""
    document, how = composed
    faults = making.list_faults(document) if how.wants_e_invoice else ()
    if faults:
        raise Refused(f"The e-invoice would be refused. {' '.join(faults)}")
    making.make(document, with_e_invoice=how.wants_e_invoice)
    return Made(document)


def issue_composed(
    act: Act, account: BillingAccount, composed: Composed, then: Callable[[Invoice], object] = lambda row: None
) -> Outcome:
    """What the verb of every way to an invoice does. `then`: what else is kept of it; a rehearsal issues none."""
    if act.request.rehearsed:
        document = composed.document
        return Outcome(f"An invoice of {euros(document.totals.gross)} goes to {document.buyer.name}.")
    row = _issue(act, account, composed)
    then(row)
    return _outcome_of(row)


def _issue(act: Act, account: BillingAccount, composed: Composed) -> Invoice:
    """Under its number. Raises Stale where it is another document than `prepare` looked at."""
    made: Made | None = act.prepared
    if made is None or made.document != composed.document:
        raise Stale
    try:
        row = documents.issue(account, composed.document, composed.how, clock.now)
    except DayChanged:
        raise Stale from None
    files.want(row, act.now)
    return row


def _outcome_of(row: Invoice) -> Outcome:
    changes = [
        Change("Invoice", "", row.number, concerns_money=True),
        Change("To pay", "", euros(row.gross), concerns_money=True),
        Change("Due", "", say_day(row.due_on)),
    ]
    told = {"invoice": row.public_id, "number": row.number, "gross": plain(row.gross), "open": plain(row.gross),
            "due_on": row.due_on.isoformat() if row.due_on else None}  # fmt: skip
    sentence = f"{row.number} asks {row.document.buyer.name} for {euros(row.gross)}."
    return Outcome(sentence, changes, data=told, touches=[row.public_id])


def show_composed(composed: Composed) -> Shown:
    """As it will look, by the words of its PDF. Whoever reads it gives what checks e-invoices time to start."""
    if composed.how.wants_e_invoice:
        making.get_ready()
    return Shown("billing/_document.html", describe(composed.document))
