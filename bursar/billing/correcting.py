"""What correcting the VAT of an invoice makes: a credit note of all of it, and the same sold anew with other VAT."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import date, datetime
from typing import NamedTuple

from bursar.billing.documents.document import Document, DocumentKind, Item, Preceding, Received
from bursar.billing.documents.texts import Wording
from bursar.billing.models import BillingDetails, Invoice
from bursar.billing.numbers import placeholder_of
from bursar.billing.proposing import make_credit_note
from bursar.billing.queries.corrections import last_paid_on
from bursar.billing.queries.details import buyer_of
from bursar.billing.rules import Buyer, ItemCategory, Seller, VatDecision, decide_vat, explain_decision, say_decision
from bursar.billing.rules.references import make_reference
from bursar.billing.seller import get_party, get_payee, get_rates, seller_day
from bursar.core.money import ZERO, euros


class Correction(NamedTuple):
    """Both as they would be issued today, under numbers that stand for their own."""

    note: Document
    invoice: Document


def decide_again(vat: VatDecision, details: BillingDetails) -> VatDecision:
    """Of the sale as it was, its day, seller and address, by what is known of the VAT id now."""
    kept, known = vat.inputs, buyer_of(details)
    buyer = replace(Buyer(**kept["buyer"]), vat_id=known.vat_id, status=known.status, is_accepted=known.is_accepted)
    category, day = ItemCategory(kept["category"]), date.fromisoformat(kept["day"])
    return decide_vat(Seller(**kept["seller"]), buyer, category, day, get_rates())


def list_items(document: Document, details: BillingDetails) -> tuple[Item, ...]:
    """The document's, each with the VAT that it would bear."""
    return tuple(replace(item, vat=decide_again(item.vat, details)) for item in document.items)


def is_same_vat(one: Collection[Item], other: Collection[Item]) -> bool:
    """Whether they bear the same, line by line."""
    return [_vat_of(item) for item in one] == [_vat_of(item) for item in other]


def _vat_of(item: Item) -> tuple[object, ...]:
    return item.vat.treatment, item.vat.rate, item.vat.state, item.vat.is_oss


def why_not_correct(row: Invoice, details: BillingDetails | None) -> str | None:
    """None where the VAT id was confirmed since, and the invoice says more VAT than is due."""
    if row.kind != DocumentKind.INVOICE.value:
        return "This is a credit note: correct the invoice."
    if row.credited:
        return "A part of it is credited already: credit the rest, and issue anew what is right."
    if details is None or not details.vat_id:
        return "There is no VAT id in the billing details."
    if not buyer_of(details).has_proven_id:
        return "The VAT id is not confirmed: ask VIES again, or accept it under a consultation number."
    before = row.document
    items = list_items(before, details)
    if is_same_vat(before.items, items):
        return f"Its VAT stays as it is. {explain_decision(before.items[0].vat)}"
    if replace(before, items=items).totals.vat > row.vat:
        return "It would ask for more VAT than it did: credit it, and agree on a new invoice."
    return None


def compose(row: Invoice, details: BillingDetails, now: datetime) -> Correction:
    """For an invoice with which nothing is wrong but its VAT. Nothing is asked for that was paid already."""
    before, day = row.document, seller_day(now)
    number = placeholder_of(DocumentKind.INVOICE, day.year)
    invoice = replace(
        before, number=number, issued_on=day, seller=get_party(), buyer=replace(before.buyer, vat_id=details.vat_id),
        items=list_items(before, details), payee=None, reference="", due_on=None, debit_on=None, mandate="",
        received=(), preceding=Preceding(row.number, row.issued_on), stated_vat=(),
    )  # fmt: skip
    paid = min(row.paid, invoice.totals.gross)
    if paid > ZERO:
        how = Wording(before.language).say("with_invoice", number=row.number)
        invoice = replace(invoice, received=(Received(paid, last_paid_on(row) or day, how),))
    if invoice.due > ZERO:
        due_on = max(row.due_on or day, day)
        invoice = replace(invoice, payee=get_payee(), reference=make_reference(number), due_on=due_on)
    return Correction(make_credit_note(before, before.items, now, before.stated_vat), invoice)


def say_correction(made: Correction) -> list[str]:
    """Both documents in figures."""
    note, invoice = made
    preceding = invoice.preceding
    assert preceding is not None
    vat = invoice.items[0].vat
    return [
        f"A credit note takes back all of {preceding.number}: {euros(note.totals.gross)}, of which "
        f"{euros(note.totals.vat)} VAT.",
        f"A new invoice of the same net, {euros(invoice.totals.net)}: {say_decision(vat)}, "
        f"{euros(invoice.totals.vat)}; together {euros(invoice.totals.gross)}.",
        *vat.remarks,
    ]
