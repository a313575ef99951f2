"""The invoice of a charge as it would be issued now: what was sold, at the VAT that its amount was made from."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from bursar.billing import making
from bursar.billing.documents.document import Document, DocumentKind, Party, Received
from bursar.billing.models import BillingDetails
from bursar.billing.numbers import placeholder_of
from bursar.billing.proposing import order_number_of, party_of
from bursar.billing.queries import get_details
from bursar.billing.rules import Treatment, VatDecision
from bursar.billing.rules.references import make_reference
from bursar.billing.seller import get_party, get_payee, seller_day
from bursar.core.calendar import midnight
from bursar.core.days import last_day_of
from bursar.payments.models import Charge
from bursar.payments.queries.invoicing import Money
from bursar.payments.rules.amounts import Quote, quote_as_stands
from bursar.payments.rules.billed import Days, Sold, bill, say_how, share
from bursar.payments.rules.booking import calc_kept
from bursar.payments.states import ChargeKind
from bursar.payments.words import say_method
from bursar.plans.models import Tier

NO_DETAILS = "There are no billing details: an invoice names who pays. It is issued once they are written down."
LABELS = {tier.value: str(tier.label) for tier in Tier}


def why_not_compose(money: Money) -> str | None:
    """In words; what the rules of e-invoices say is asked when it is composed."""
    details, charge = get_details(money.charge.account_id), money.charge
    if details is None:
        return NO_DETAILS
    if not charge.decision:
        return "The charge does not say by which VAT its amount was made."
    return making.why_not_make(with_e_invoice=wants_e_invoice(charge)) or _why_not_add_up(money)


def _why_not_add_up(money: Money) -> str | None:
    quote = _quote_of(money)
    try:
        bill(quote, _sold_of(money.charge, "en"))
        split = quote.net * quote.decision.rate / 100
    except (ValueError, KeyError) as fault:
        return f"Its lines cannot be read: {fault}"
    is_near = abs(split - quote.vat) < Decimal("0.02")
    return None if is_near else f"Its VAT, {quote.vat} EUR, is not what {quote.net} EUR net bear at its rate."


def wants_e_invoice(charge: Charge) -> bool:
    """Whoever told their Peppol id wants what the network carries."""
    details = get_details(charge.account_id)
    return details is not None and bool(details.peppol_id)


def compose(money: Money, now: datetime) -> Document:
    """Under a number that stands for its own. What had come by now says so, and nothing more is asked for then."""
    charge, day = money.charge, seller_day(now)
    details = get_details(charge.account_id)
    assert details is not None
    quote, number = _quote_of(money), placeholder_of(DocumentKind.INVOICE, day.year)
    billed, received = bill(quote, _sold_of(charge, details.language)), _list_received(money, quote, details.language)
    is_paid = sum(one.amount for one in received) == quote.gross
    return Document(
        kind=DocumentKind.INVOICE, number=number, issued_on=day, language=details.language, seller=get_party(),
        buyer=_buyer_of(details, quote.decision), items=billed.items, payee=get_payee(),
        reference=make_reference(number), due_on=None if is_paid else day, received=received,
        order_number=order_number_of(details, day), buyer_reference=details.buyer_reference,
        contract=details.contract, stated_vat=billed.stated_vat,
    )  # fmt: skip


def _quote_of(money: Money) -> Quote:
    """As the charge has it; where the payment that settled it was over another amount, as that one."""
    charge, decision = money.charge, VatDecision.read(money.charge.decision)
    paid = next((one.amount for one in money.payments if one.paid_at), charge.gross)
    if paid != charge.gross:
        return quote_as_stands(charge.lines, paid, decision)
    return Quote(tuple(charge.lines), charge.seats, charge.net, charge.vat, charge.gross, decision)


def _sold_of(charge: Charge, language: str) -> Sold:
    return Sold(ChargeKind(charge.kind), charge.tier, _days_of(charge), LABELS, language)


def _days_of(charge: Charge) -> Days:
    """Of the interval; its ends at 00:00 UTC are days, as everywhere."""
    begins, ends = charge.interval_from, charge.interval_until
    if begins is None or ends is None:
        return Days(None, None)
    is_a_day = begins == midnight(begins.date())
    first, last = begins.date() if is_a_day else seller_day(begins), last_day_of(ends)
    return Days(min(first, last), last)


def _buyer_of(details: BillingDetails, decision: VatDecision) -> Party:
    """Without VAT, by the id for which none was charged."""
    party = party_of(details)
    if decision.treatment is not Treatment.REVERSE_CHARGE:
        return party
    return replace(party, vat_id=decision.inputs["buyer"]["vat_id"])


def _list_received(money: Money, quote: Quote, language: str) -> tuple[Received, ...]:
    kept = [(one, calc_kept(one.status, one.amount, one.charged_back)) for one in money.payments]
    came = [(one, amount) for one, amount in kept if amount > 0 and one.paid_at]
    shares = share([amount for _, amount in came], quote.gross)
    return tuple(
        Received(amount, seller_day(one.paid_at), say_how(one.method, say_method(one.method), language))
        for (one, _), amount in zip(came, shares, strict=True)
        if amount and one.paid_at
    )
