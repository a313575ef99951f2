"""Invoices that staff issue."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple

from django import forms

from bursar.actions.registry import action
from bursar.actions.run import Act
from bursar.actions.spec import ActionForm, Case, Change, Cleaned, Group, Outcome, Reason, Stale, Topic
from bursar.billing import files, making, proposing
from bursar.billing.actions.shared import details_of
from bursar.billing.documents.document import Document, Item, ItemKind, Unit
from bursar.billing.queries.documents import find_invoiced, get_last_service_day
from bursar.billing.rules import ItemCategory
from bursar.billing.seller import seller_day, why_not_invoice
from bursar.billing.store import documents
from bursar.billing.store.documents import DayChanged, Issue
from bursar.core import clock
from bursar.core.days import say_day
from bursar.core.errors import Refused
from bursar.core.money import plain
from bursar.plans.actions.shared import EVERYBODY_CONCERNED, state_of, terms_of
from bursar.plans.models import Cadence
from bursar.tenants.models import BillingAccount

NOTHING = "Nothing is asked for: the lines come to nothing."


class IssueForm(ActionForm):
    """`cadence`, `first_day`: of the seats of the plan. One more line may stand beside or in place of them."""

    with_seats = forms.BooleanField(label="Seats of the plan", required=False, initial=True)
    cadence = forms.ChoiceField(label="Billed", choices=Cadence.choices, required=False)
    first_day = forms.DateField(
        label="First day of service", required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    description = forms.CharField(label="One more line", max_length=200, required=False, help_text="What it is for.")
    quantity = forms.DecimalField(label="Quantity", required=False, min_value=Decimal("0.01"), max_digits=8,
                                  decimal_places=2, initial=1)  # fmt: skip
    unit_price = forms.DecimalField(
        label="Price of one, EUR without VAT",
        required=False,
        min_value=Decimal("0.01"),
        max_digits=10,
        decimal_places=2,
    )
    order_number = forms.CharField(label="Purchase order number", max_length=50, required=False)
    buyer_reference = forms.CharField(label="Reference of the customer", max_length=100, required=False)
    payment_days = forms.IntegerField(label="Payment term in days", required=False, min_value=0, max_value=120)
    e_invoice = forms.BooleanField(
        label="E-invoice", required=False, help_text="UBL for the network of Peppol, checked before anything is issued."
    )

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # handed on
        terms = terms_of(self.case)
        self.fields["cadence"].initial = terms.cadence or Cadence.YEARLY.value
        self.fields["first_day"].initial = propose_first_day(self.case)

    def clean(self) -> Cleaned:
        data = super().clean() or {}
        if data.get("with_seats"):
            data["cadence"] = data.get("cadence") or self.fields["cadence"].initial
            data["first_day"] = data.get("first_day") or self.fields["first_day"].initial
        if bool(data.get("description")) != bool(data.get("unit_price")):
            self.add_error("unit_price", "A line of its own has a description and a price.")
        if not data.get("with_seats") and not data.get("description"):
            self.add_error("with_seats", "An invoice has a line at least: the plan's seats, or one of its own.")
        return data


def propose_first_day(case: Case) -> date:
    """Right after what is invoiced or paid; today where nothing is."""
    last = get_last_service_day(case.target.pk)
    paid_until = terms_of(case).paid_until
    ends = [last + timedelta(days=1)] if last else []
    ends += [paid_until.date()] if paid_until and paid_until > case.now else []
    return max(ends, default=seller_day(case.now))


class Made(NamedTuple):
    """What `prepare` looked at and found in order."""

    document: Document


def compose(case: Case, data: Cleaned) -> Document:
    """As it would be issued now."""
    details = details_of(case)
    assert details is not None
    wanted = proposing.Wanted(
        tuple(_items(case, data)), data["payment_days"], data["order_number"], data["buyer_reference"]
    )
    return proposing.make_invoice(details, wanted, case.now)


def _items(case: Case, data: Cleaned) -> list[Item]:
    day = seller_day(case.now)
    vat = proposing.decide_for_item(details_of(case), ItemCategory.STANDARD, day)
    items = []
    if data["with_seats"]:
        items = proposing.propose_items(state_of(case), data["cadence"], data["first_day"], vat)
    if data["description"]:
        quantity = data["quantity"] or Decimal(1)
        items.append(Item(ItemKind.OTHER, data["description"], quantity, Unit.PIECE, data["unit_price"], vat))
    return items


def _why_not(case: Case) -> str | None:
    if details_of(case) is None:
        return "There are no billing details yet. Write down first who pays."
    return why_not_invoice() or making.why_not_make(with_e_invoice=False)


def _refuse(case: Case, data: Cleaned) -> str | None:
    if data["e_invoice"] and (sentence := making.why_not_make(with_e_invoice=True)):
        return sentence
    document = compose(case, data)
    if document.totals.gross <= 0:
        return NOTHING
    first, last = _span(document)
    known = find_invoiced(case.target.pk, first, last) if first and last else None
    if known is not None:
        return f"{known.number} asks for seats of these days already. Credit it first, or choose another first day."
    return None


def _span(document: Document) -> tuple[date | None, date | None]:
    seats = [item for item in document.items if item.kind is ItemKind.SUBSCRIPTION]
    begun = [item.service_from for item in seats if item.service_from]
    ended = [item.service_until for item in seats if item.service_until]
    return min(begun, default=None), max(ended, default=None)


def prepare(case: Case, data: Cleaned) -> Made:
    """Draws and checks it under a number that stands for its own. Raises Refused with every fault."""
    document = compose(case, data)
    faults = making.list_faults(document) if data["e_invoice"] else ()
    if faults:
        raise Refused(f"The e-invoice would be refused. {' '.join(faults)}")
    making.make(document, with_e_invoice=data["e_invoice"])
    return Made(document)


def foresee(case: Case, data: Cleaned) -> list[str]:
    """The document, line by line."""
    document = compose(case, data)
    said = [f"To {document.buyer.name}, {', '.join(document.buyer.street.split(','))}, {document.buyer.city}."]
    said += [_say_item(item) for item in document.items]
    totals = document.totals
    said += [f"Net {plain(totals.net)}, VAT {plain(totals.vat)}, to pay {plain(totals.gross)} EUR."]
    if document.due_on:
        said.append(f"Due on {say_day(document.due_on)}.")
    return said


def _say_item(item: Item) -> str:
    first, last = item.service_from, item.service_until
    days = f", {say_day(first)} through {say_day(last)}" if first else ""
    off = f", {item.discount_percent} % off" if item.discount_percent else ""
    each = f"{item.quantity.normalize():f} × {item.description}{days}, {plain(item.unit_price)} each"
    return f"{each}{off}: {plain(item.net)}."


@action(
    key="billing.account.issue_invoice",
    on=BillingAccount,
    form=IssueForm,
    label="Issue invoice…",
    done="Invoice issued",
    icon="file-invoice",
    group=Group.MONEY,
    help="Numbers an invoice and freezes it. Issuing grants nothing: it asks for money.",
    when="For accounts that pay by bank, and for whatever else an account owes. Nothing of it can be changed "
    "afterwards.",
    customer_visible=True,
    concerns_money=True,
    reason=Reason.OPTIONAL,
    blocked=_why_not,
    refused=_refuse,
    preview=foresee,
    prepare=prepare,
    tell=EVERYBODY_CONCERNED,
    topic=Topic.MONEY,
)
def issue_invoice(act: Act, account: BillingAccount, data: Cleaned) -> Outcome:
    document = compose(act.case, data)
    if act.request.rehearsed:
        return Outcome(f"An invoice of {plain(document.totals.gross)} EUR goes to {document.buyer.name}.")
    made: Made | None = act.prepared
    if made is None or made.document != document:
        raise Stale
    how = Issue(counts=True, wants_e_invoice=data["e_invoice"])
    try:
        row = documents.issue(account, document, how, clock.now)
    except DayChanged:
        raise Stale from None
    files.want(row, act.now)
    changes = [
        Change("Invoice", "", row.number, concerns_money=True),
        Change("To pay, EUR", "", plain(row.gross), concerns_money=True),
        Change("Due", "", say_day(row.due_on)),
    ]
    told = {"invoice": row.public_id, "number": row.number, "gross": plain(row.gross), "open": plain(row.gross),
            "due_on": row.due_on.isoformat() if row.due_on else None}  # fmt: skip
    sentence = f"{row.number} asks {row.document.buyer.name} for {plain(row.gross)} EUR."
    return Outcome(sentence, changes, data=told, touches=[row.public_id])
