"""The invoice that we write in a partner's name, to ourselves: as any other document, with the sides turned round."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from django.conf import settings

from bursar.billing import making
from bursar.billing.documents.document import Document, DocumentKind, Item, ItemKind, Unit
from bursar.billing.documents.letters import Letter
from bursar.billing.documents.texts import Wording
from bursar.billing.documents.ubl import Profile
from bursar.billing.models import BillingDetails
from bursar.billing.proposing import party_of
from bursar.billing.rules import Buyer, Seller, VatDecision, VatIdStatus, decide_vat
from bursar.billing.rules.items import ItemCategory
from bursar.billing.rules.places import find_area
from bursar.billing.seller import get_party, get_rates, seller_day, why_not_invoice
from bursar.partners.rules.quarters import Quarter
from bursar.tenants.models import Organisation, Scope

TEXT = "Self-billing / factuur uitgereikt door afnemer"
WORDS = {"en": "Referral share through {quarter}", "nl": "Aandeel voor aangebrachte klanten tot en met {quarter}"}
PREFIX, PLACES = "SB", 6
SUBJECT = {
    "en": "Self-billing invoice {number}, which {buyer} wrote for you",
    "nl": "Factuur {number}, die {buyer} namens u heeft opgemaakt",
}
LETTER = {
    "en": "Attached is the invoice of {gross} that we wrote in your name, as agreed. It stands on your own pages too.",
    "nl": "Bijgaand vindt u de factuur van {gross} die wij zoals afgesproken namens u hebben opgemaakt. Hij staat ook "
    "op uw eigen pagina's.",
}
NO_DETAILS = "The partner's account has no billing details: who invoices has to be known."
NO_ID = "The partner's VAT id is not known to be valid: “Billing details” says what VIES answered."


def number_of(year: int, place: int) -> str:
    """ "SB2026-000007" """
    return f"{PREFIX}{year}-{place:0{PLACES}d}"


def find_details(partner: Organisation) -> BillingDetails | None:
    return BillingDetails.objects.filter(account__organisation=partner, account__scope=Scope.ORGANISATION).first()


def why_not(details: BillingDetails | None) -> str | None:
    if details is None:
        return NO_DETAILS
    has_proven_id = details.vat_status == VatIdStatus.VALID or details.is_accepted
    if not details.vat_id or not has_proven_id or not find_area(details.country, details.postcode).state:
        return NO_ID
    return why_not_invoice()


def compose(details: BillingDetails, amount: Decimal, quarter: Quarter, now: datetime) -> Document:
    """As it would be issued today, under a number that stands for its own."""
    day, language = seller_day(now), details.language
    item = Item(
        kind=ItemKind.OTHER, description=WORDS[language].format(quarter=quarter.label), quantity=Decimal(1),
        unit=Unit.PIECE, unit_price=amount, vat=_decide(details, now),
    )  # fmt: skip
    return Document(
        kind=DocumentKind.INVOICE, number=number_of(day.year, 0), issued_on=day, language=language,
        seller=party_of(details), buyer=get_party(), items=(item,), buyer_reference=quarter.label,
        due_on=day + timedelta(days=settings.BURSAR_PAYMENT_DAYS), notes=(TEXT,),
    )  # fmt: skip


def list_faults(document: Document) -> Sequence[str]:
    """What speaks against its e-invoice, by the rules of our own."""
    return making.list_faults(document, Profile.SELF_BILLING)


def make_files(document: Document, *, with_e_invoice: bool) -> making.Files:
    return making.make(document, with_e_invoice=with_e_invoice, profile=Profile.SELF_BILLING)


def write_letter(document: Document) -> Letter:
    """In the partner's language: it stands as the seller."""
    words, language = Wording(document.language), document.language
    parts = {
        "number": document.number, "buyer": document.buyer.name,
        "gross": words.say_money(document.totals.gross, document.currency),
    }  # fmt: skip
    text = [words.say("letter_hello"), LETTER[language].format(**parts), words.say("letter_questions")]
    text.append(f"{words.say('letter_bye')}\n{document.buyer.name}")
    return Letter(SUBJECT[language].format(**parts), "\n\n".join(text), language)


def _decide(details: BillingDetails, now: datetime) -> VatDecision:
    """The partner sells to us; what it would owe through a one-stop shop is for consumers."""
    ours = get_party()
    buyer = Buyer(ours.country, ours.postcode, ours.vat_id, VatIdStatus.VALID)
    state = find_area(details.country, details.postcode).state
    return decide_vat(Seller(state), buyer, ItemCategory.STANDARD, seller_day(now), get_rates())
