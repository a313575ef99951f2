"""Why a document could not travel over Peppol: what the network and the Dutch rules ask beyond EN 16931. Pure.

Sources, read on 2026-11-26: Peppol BIS Billing 3 of May 2026 (PEPPOL-EN16931-*, PEPPOL-COMMON-*, NL-R-*) and NLCIUS as
in SI-UBL 2.0 (BR-NL-*). Only rules that our documents can break stand here; the writer keeps the others by its form.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from stdnum import iban, iso11649

from bursar.billing.documents.document import Document, DocumentKind, Party
from bursar.billing.documents.ubl import Profile
from bursar.billing.rules import Treatment
from bursar.billing.rules.schemes import KVK, OIN, why_not_id, why_not_scheme

_LONGEST = 100  # of a reference: no rule of the network, but what the books of receivers cut off helps nobody
_ONE_LINE = re.compile(r"[^\x00-\x1f\x7f]*")


def why_not_for_network(document: Document, profile: Profile = Profile.PEPPOL) -> list[str]:
    """Sentences, empty where it may leave. `profile`: PEPPOL, NLCIUS, which asks more of Dutch customers, or
    SELF_BILLING, whose writer knows where to pay to.
    """
    said = [sentence for rule in _RULES for sentence in rule(document)]
    if profile != Profile.SELF_BILLING:
        said += _need_payee(document)
    if profile == Profile.NLCIUS:
        said += _need_dutch_buyer_id(document)
    return said


def _check_endpoints(document: Document) -> Iterator[str]:
    """R010, R020, CL008: where it comes from and where it goes."""
    for who, party in _list_parties(document):
        if party.endpoint is None:
            yield f"The {who} has no Peppol id: without one it cannot be delivered."
        elif sentence := why_not_scheme(party.endpoint.scheme):
            yield f"The {who}'s Peppol id: {sentence}"


def _check_ids(document: Document) -> Iterator[str]:
    """COMMON-R040 to R057: form and check digits, where a scheme has them."""
    for who, party in _list_parties(document):
        ids = {(one.scheme, one.value) for one in (party.endpoint, party.legal_id) if one}
        for scheme, value in sorted(ids):
            if sentence := why_not_id(scheme, value):
                yield f"The {who}'s id “{value}” (scheme {scheme}): {sentence}"


def _check_seller_id(document: Document) -> Iterator[str]:
    """BR-NL-1, NL-R-003."""
    if _is_dutch(document.seller) and not _has_dutch_id(document.seller):
        yield "The seller's KvK number or OIN is missing: a Dutch seller must name it."


def _check_buyer_id(document: Document) -> Iterator[str]:
    """NL-R-005."""
    if _is_within_country(document) and document.buyer.legal_id and not _has_dutch_id(document.buyer):
        yield "The customer's legal id must be a KvK number or an OIN, as it is in the Netherlands."


def _need_dutch_buyer_id(document: Document) -> Iterator[str]:
    """BR-NL-10."""
    if _is_within_country(document) and document.buyer.legal_id is None:
        yield "The customer's KvK number or OIN is missing: a Dutch customer must be named with it."


def _check_addresses(document: Document) -> Iterator[str]:
    """BR-NL-3 and 4, NL-R-002 and 004; BR-06 and 07 for the names."""
    for who, party in _list_parties(document):
        if not party.name.strip():
            yield f"The {who}'s name is missing."
        parts = {"street": party.street, "postcode": party.postcode, "city": party.city}
        missing = [name for name, text in parts.items() if not text.strip()]
        if _is_dutch(document.seller) and _is_dutch(party) and missing:
            yield f"The {who}'s address lacks {' and '.join(missing)}."


def _check_references(document: Document) -> Iterator[str]:
    """R003, BR-NL-2; and that each is a line of its own."""
    if not (document.buyer_reference.strip() or document.order_number.strip()):
        yield "There is neither a purchase order number nor a buyer reference: the network asks for one of them."
    named = {
        "number": document.number, "order number": document.order_number, "buyer reference": document.buyer_reference,
        "contract": document.contract,
    }  # fmt: skip
    for name, text in named.items():
        if len(text) > _LONGEST or not _ONE_LINE.fullmatch(text):
            yield f"The {name} must be one line of at most {_LONGEST} characters."


def _check_preceding(document: Document) -> Iterator[str]:
    """NL-R-001; a credit note asks nobody to pay by a day."""
    if document.kind != DocumentKind.CREDIT_NOTE:
        return
    if document.preceding is None or not document.preceding.number.strip():
        yield "The credit note does not name the invoice that it is about."
    if document.due_on or document.debit_on:
        yield "A credit note has no due date."


def _check_payment(document: Document) -> Iterator[str]:
    """BR-NL-11, R061, BR-CO-25."""
    if document.payee and not iban.is_valid(document.payee.iban):
        yield f"“{document.payee.iban}” is no IBAN."
    if document.reference and not iso11649.is_valid(document.reference):
        yield f"“{document.reference}” is no creditor reference (RF)."
    if document.kind == DocumentKind.CREDIT_NOTE or document.due <= 0:
        return
    if document.debit_on and not document.mandate.strip():
        yield "It will be debited, but does not name the mandate."
    if not (document.due_on or document.debit_on):
        yield "It asks for money, but names no due date."


def _need_payee(document: Document) -> Iterator[str]:
    """NL-R-007."""
    asks = document.kind == DocumentKind.INVOICE and document.due > 0
    if asks and not (document.payee or document.debit_on):
        yield "It asks for money, but names no account to pay to."


def _check_vat(document: Document) -> Iterator[str]:
    """BR-S-02, BR-E-02, BR-AE-02, BR-O-02 and 11."""
    treatments = {item.vat.treatment for item in document.items}
    seller, buyer = document.seller, document.buyer
    if Treatment.OUTSIDE_SCOPE in treatments:
        if len(treatments) > 1:
            yield "Lines outside the scope of VAT cannot stand beside others: they need a document of their own."
        if seller.legal_id is None:
            yield "Outside the scope of VAT no VAT id may be shown, so the seller needs its legal id."
    elif not seller.vat_id:
        yield "The seller's VAT id is missing."
    if Treatment.REVERSE_CHARGE in treatments and not buyer.vat_id:
        yield "The VAT is reversed, but the customer's VAT id is missing."


def _check_currency(document: Document) -> Iterator[str]:
    """CL007, R051; and SEPA, by which it is paid."""
    if document.currency != "EUR":
        yield f"Its currency is {document.currency}: amounts here are in EUR."


def _check_lines(document: Document) -> Iterator[str]:
    """BR-16, BR-25, BR-30."""
    if not document.items:
        yield "It has no line."
    for number, item in enumerate(document.items, 1):
        if not item.description.strip():
            yield f"Line {number} does not say what is sold."
        if item.service_from and item.service_until and item.service_until < item.service_from:
            yield f"The service period of line {number} ends before it begins."


def _list_parties(document: Document) -> tuple[tuple[str, Party], ...]:
    return ("seller", document.seller), ("customer", document.buyer)


def _is_dutch(party: Party) -> bool:
    return party.country == "NL"


def _is_within_country(document: Document) -> bool:
    return _is_dutch(document.seller) and _is_dutch(document.buyer)


def _has_dutch_id(party: Party) -> bool:
    return party.legal_id is not None and party.legal_id.scheme in (KVK, OIN)


_RULES: tuple[Callable[[Document], Iterator[str]], ...] = (
    _check_endpoints, _check_ids, _check_seller_id, _check_buyer_id, _check_addresses, _check_references,
    _check_preceding, _check_payment, _check_vat, _check_currency, _check_lines,
)  # fmt: skip
