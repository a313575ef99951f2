"""A document as UBL 2.1, Invoice or CreditNote: the e-invoice. Every amount comes from the document's own sums.

Elements stand in the order of the schema. BT and BG are the terms of EN 16931. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from enum import StrEnum

from bursar.billing.documents.document import Document, DocumentKind, Id, Item, Party, Unit
from bursar.billing.documents.elements import Element, group, leaf, render
from bursar.billing.documents.exemptions import exemption_code, say_exemption
from bursar.billing.rules import Treatment
from bursar.core.money import ZERO, plain

_NAMESPACE = "urn:oasis:names:specification:ubl:schema:xsd:"
_PREFIXES = {"cac": f"{_NAMESPACE}CommonAggregateComponents-2", "cbc": f"{_NAMESPACE}CommonBasicComponents-2"}
_UNITS = {Unit.SEAT: "C62", Unit.PIECE: "H87"}  # UN/ECE Rec 20: one, piece
_COUNTRIES = {"XK": "1A"}  # Kosovo, which ISO 3166 does not name
_DISCOUNT = {"en": "Discount", "nl": "Korting"}
_CODES = {"Invoice": "380", "CreditNote": "381"}  # UNTDID 1001
_CODES_BY_BUYER = {"Invoice": "389", "CreditNote": "261"}  # the same, where the buyer writes it
_AGREED, _TRANSFER, _DEBIT = "57", "58", "59"  # UNTDID 4461: standing agreement, SEPA credit transfer and direct debit
_CENT = Decimal("0.01")


class Profile(StrEnum):
    """Whose rules it follows; the value is its specification identifier (BT-24)."""

    EN16931 = "urn:cen.eu:en16931:2017"
    PEPPOL = "urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0"
    NLCIUS = "urn:cen.eu:en16931:2017#compliant#urn:fdc:nen.nl:nlcius:v1.0"
    SELF_BILLING = "urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:selfbilling:3.0"
    """The buyer writes it, in the seller's name."""

    @property
    def process(self) -> str:
        """BT-23; empty: none."""
        if self is Profile.EN16931:
            return ""
        kind = "selfbilling" if self is Profile.SELF_BILLING else "billing"
        return f"urn:fdc:peppol.eu:2017:poacc:{kind}:01:1.0"


def to_ubl(document: Document, profile: Profile) -> bytes:
    """UTF-8. What is missing is left out: `check` and `why_not_for_network` say whether it may be."""
    name = "CreditNote" if _is_credit(document) else "Invoice"
    head, payment = _head(document, name, profile), _payment(document, profile)
    root = group(name, *head, *_parties(document), *payment, *_sums(document, profile))
    assert root is not None
    return render(root, {"": f"{_NAMESPACE}{name}-2", **_PREFIXES})


def _is_credit(document: Document) -> bool:
    return document.kind == DocumentKind.CREDIT_NOTE


def _head(document: Document, name: str, profile: Profile) -> Iterator[Element | None]:
    is_credit = _is_credit(document)
    due = document.due_on or document.debit_on
    yield leaf("cbc:CustomizationID", profile.value)
    yield leaf("cbc:ProfileID", profile.process)
    yield leaf("cbc:ID", document.number)
    yield leaf("cbc:IssueDate", document.issued_on.isoformat())
    if due and not is_credit:
        yield leaf("cbc:DueDate", due.isoformat())
    codes = _CODES_BY_BUYER if profile is Profile.SELF_BILLING else _CODES
    yield leaf(f"cbc:{name}TypeCode", codes[name])
    yield leaf("cbc:Note", "\n".join(document.notes))  # one: Peppol takes no second
    yield leaf("cbc:DocumentCurrencyCode", document.currency)
    yield leaf("cbc:BuyerReference", document.buyer_reference)
    yield group("cac:OrderReference", leaf("cbc:ID", document.order_number))
    yield _preceding(document, profile)
    yield group("cac:ContractDocumentReference", leaf("cbc:ID", document.contract))


def _preceding(document: Document, profile: Profile) -> Element | None:
    """NLCIUS advises against the date."""
    about = document.preceding
    if about is None:
        return None
    day = "" if profile == Profile.NLCIUS else about.issued_on.isoformat()
    named = group("cac:InvoiceDocumentReference", leaf("cbc:ID", about.number), leaf("cbc:IssueDate", day))
    return group("cac:BillingReference", named)


def _parties(document: Document) -> Iterator[Element | None]:
    """Outside the scope of VAT nobody may show a VAT id (BR-O-02)."""
    shows_ids = all(item.vat.treatment != Treatment.OUTSIDE_SCOPE for item in document.items)
    yield group("cac:AccountingSupplierParty", _party(document.seller, shows_vat_id=shows_ids))
    yield group("cac:AccountingCustomerParty", _party(document.buyer, shows_vat_id=shows_ids))


def _party(party: Party, *, shows_vat_id: bool) -> Element | None:
    vat_id = leaf("cbc:CompanyID", party.vat_id) if shows_vat_id else None
    return group(
        "cac:Party",
        _identifier("cbc:EndpointID", party.endpoint),
        group(
            "cac:PostalAddress",
            leaf("cbc:StreetName", party.street),
            leaf("cbc:AdditionalStreetName", party.street_more),
            leaf("cbc:CityName", party.city),
            leaf("cbc:PostalZone", party.postcode),
            group("cac:Country", leaf("cbc:IdentificationCode", _COUNTRIES.get(party.country, party.country))),
        ),
        group("cac:PartyTaxScheme", vat_id, _scheme()) if vat_id else None,
        group(
            "cac:PartyLegalEntity",
            leaf("cbc:RegistrationName", party.name),
            _identifier("cbc:CompanyID", party.legal_id),
        ),
        group("cac:Contact", leaf("cbc:ElectronicMail", party.mail)),
    )


def _identifier(name: str, of: Id | None) -> Element | None:
    return leaf(name, of.value, schemeID=of.scheme) if of else None


def _scheme() -> Element | None:
    return group("cac:TaxScheme", leaf("cbc:ID", "VAT"))


def _payment(document: Document, profile: Profile) -> Iterator[Element | None]:
    """Nothing where nobody is to pay: what is settled, and a credit note that names no account. A buyer who writes it
    knows where to pay to.
    """
    if document.due <= 0:
        return
    reference = leaf("cbc:PaymentID", document.reference)
    if document.debit_on:
        mandate = group("cac:PaymentMandate", leaf("cbc:ID", document.mandate))
        yield group("cac:PaymentMeans", leaf("cbc:PaymentMeansCode", _DEBIT), reference, mandate)
    elif document.payee:
        due = document.due_on if _is_credit(document) else None  # an invoice says it at its head
        yield group(
            "cac:PaymentMeans",
            leaf("cbc:PaymentMeansCode", _TRANSFER),
            leaf("cbc:PaymentDueDate", due.isoformat() if due else ""),
            reference,
            group("cac:PayeeFinancialAccount", leaf("cbc:ID", document.payee.iban)),
        )
    elif profile is Profile.SELF_BILLING:
        yield group("cac:PaymentMeans", leaf("cbc:PaymentMeansCode", _AGREED))


def _sums(document: Document, profile: Profile) -> Iterator[Element | None]:
    totals, currency = document.totals, document.currency
    yield group("cac:TaxTotal", _amount("TaxAmount", totals.vat, currency), *_subtotals(document, profile))
    yield group(
        "cac:LegalMonetaryTotal",
        _amount("LineExtensionAmount", totals.net, currency),
        _amount("TaxExclusiveAmount", totals.net, currency),
        _amount("TaxInclusiveAmount", totals.gross, currency),
        _amount("PrepaidAmount", document.prepaid, currency) if document.prepaid else None,
        _amount("PayableAmount", document.due, currency),
    )
    for number, item in enumerate(document.items, 1):
        yield _line(document, number, item)


def _subtotals(document: Document, profile: Profile) -> Iterator[Element | None]:
    """One for each category and rate: two states that happen to share a rate are one to EN 16931."""
    sums: dict[tuple[Treatment, Decimal], tuple[Decimal, Decimal]] = {}
    for one in document.totals.rates:
        net, vat = sums.get((one.treatment, one.rate), (ZERO, ZERO))
        sums[one.treatment, one.rate] = net + one.net, vat + one.vat
    for (treatment, rate), (net, vat) in sums.items():
        code = "" if profile == Profile.NLCIUS else exemption_code(treatment)  # NLCIUS advises against it
        yield group(
            "cac:TaxSubtotal",
            _amount("TaxableAmount", net, document.currency),
            _amount("TaxAmount", vat, document.currency),
            group(
                "cac:TaxCategory",
                *_category(treatment, rate),
                leaf("cbc:TaxExemptionReasonCode", code),
                leaf("cbc:TaxExemptionReason", say_exemption(treatment, document.language)),
                _scheme(),
            ),
        )


def _category(treatment: Treatment, rate: Decimal) -> Iterator[Element | None]:
    yield leaf("cbc:ID", treatment.ubl_category)
    if treatment != Treatment.OUTSIDE_SCOPE:
        yield leaf("cbc:Percent", _number(rate))


def _line(document: Document, number: int, item: Item) -> Element | None:
    is_credit, currency = _is_credit(document), document.currency
    sign = -1 if item.unit_price < 0 else 1  # a price is never below zero (BR-27): the quantity is
    days = [day.isoformat() if day else "" for day in (item.service_from, item.service_until)]
    return group(
        "cac:CreditNoteLine" if is_credit else "cac:InvoiceLine",
        leaf("cbc:ID", str(number)),
        leaf(
            "cbc:CreditedQuantity" if is_credit else "cbc:InvoicedQuantity",
            _number(sign * item.quantity),
            unitCode=_UNITS[item.unit],
        ),
        _amount("LineExtensionAmount", item.net, currency),
        group("cac:InvoicePeriod", leaf("cbc:StartDate", days[0]), leaf("cbc:EndDate", days[1])),
        _discount(document, item),
        group(
            "cac:Item",
            leaf("cbc:Name", item.description),
            group("cac:ClassifiedTaxCategory", *_category(item.vat.treatment, item.vat.rate), _scheme()),
        ),
        group("cac:Price", leaf("cbc:PriceAmount", _number(sign * item.unit_price), currencyID=currency)),
    )


def _discount(document: Document, item: Item) -> Element | None:
    """The per cent only where amount and base bear it out: Peppol counts it again."""
    if not item.discount:
        return None
    base, percent = item.quantity * item.unit_price, item.discount_percent
    is_borne_out = percent and abs(base * percent / 100 - item.discount) <= _CENT
    return group(
        "cac:AllowanceCharge",
        leaf("cbc:ChargeIndicator", "false"),
        leaf("cbc:AllowanceChargeReason", _DISCOUNT[document.language]),
        leaf("cbc:MultiplierFactorNumeric", str(percent)) if is_borne_out else None,
        _amount("Amount", item.discount, document.currency),
        _amount("BaseAmount", base, document.currency) if is_borne_out else None,
    )


def _amount(name: str, value: Decimal, currency: str) -> Element | None:
    return leaf(f"cbc:{name}", plain(value), currencyID=currency)


def _number(value: Decimal) -> str:
    """ "12", "0.0001", "21": no exponent, no idle zeros."""
    return f"{value.normalize():f}"
