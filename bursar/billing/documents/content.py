"""What a document's page says, in words of its language: plain text in the places where the template sets it.

The template lays out and formats nothing; so whatever stands on the PDF is decided and tested here.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from stdnum import iban

from bursar.billing.documents.document import Document, DocumentKind, Item, Party, Received
from bursar.billing.documents.payment_qr import draw_qr, why_not_qr
from bursar.billing.documents.texts import Wording
from bursar.billing.rules import RateTotal, Treatment
from bursar.billing.rules.references import say_reference
from bursar.core.money import cents

Pair = tuple[str, str]
_SCHEMES = {"0106": "kvk", "0190": "oin"}


def describe(document: Document) -> dict[str, Any]:
    """As the template reads it: text, pairs of a label and a value, and lists of them. Empty: left out."""
    words = Wording(document.language)
    kind = words.say(document.kind.value)
    return {
        "language": document.language,
        "region": words.locale.territory,
        "kind": kind,
        "number": document.number,
        "title": f"{kind} {document.number}",
        "seller": _describe_party(document.seller, words),
        "buyer": {"label": words.say(f"{document.kind}_to"), **_describe_party(document.buyer, words)},
        "facts": [pair for pair in _list_facts(document, words) if pair[1]],
        "columns": _name_columns(document, words),
        "lines": [_describe_line(item, _say_days(item, document, words), words) for item in document.items],
        "sums": _list_sums(document, words),
        "remarks": _list_remarks(document, words),
        "payment": _describe_payment(document, words),
        "notes": list(document.notes),
        "page": words.say("page", page="\n", pages="\n").split("\n"),
    }


def _describe_party(party: Party, words: Wording) -> dict[str, Any]:
    lines = (
        party.street,
        party.street_more,
        f"{party.postcode} {party.city}".strip(),
        words.say_country(party.country),
    )
    ids = [(words.say("vat_id"), party.vat_id)]
    if party.legal_id:
        ids.insert(0, (words.say(_SCHEMES.get(party.legal_id.scheme, "legal_id")), party.legal_id.value))
    return {
        "name": party.name,
        "lines": [line for line in lines if line],
        "ids": [pair for pair in ids if pair[1]],
        "mail": party.mail,
    }


def _list_facts(document: Document, words: Wording) -> list[Pair]:
    is_credit = document.kind == DocumentKind.CREDIT_NOTE
    facts = [
        (words.say("credited_on" if is_credit else "issued_on"), words.say_day(document.issued_on)),
        _say_supply(document, words),
    ]
    if document.preceding:
        day = words.say_day(document.preceding.issued_on)
        label = words.say("credits" if is_credit else "replaces")
        facts.append((label, words.say("of_day", number=document.preceding.number, day=day)))
    for label, day_of in (("debit_on", document.debit_on), ("due_on", document.due_on)):
        if _is_asked(document) and day_of:
            facts.append((words.say(label), words.say_day(day_of)))
            facts.append((words.say("mandate"), document.mandate if label == "debit_on" else ""))
            break
    return [
        *facts,
        (words.say("order_number"), document.order_number),
        (words.say("buyer_reference"), document.buyer_reference),
        (words.say("contract"), document.contract),
    ]


def _say_supply(document: Document, words: Wording) -> Pair:
    """Days in which all lines were supplied. One without a day is supplied on the day of issue: so law reads it."""
    if _has_own_days(document):
        return words.say("service_period"), words.say("see_lines")
    first, last = _days_of(document.items[0], document)
    return words.say("supplied_on" if first == last else "service_period"), words.say_period(first, last)


def _days_of(item: Item, document: Document) -> tuple[date, date]:
    first = item.service_from or item.service_until or document.issued_on
    return first, item.service_until or first


def _has_own_days(document: Document) -> bool:
    first = _days_of(document.items[0], document)
    return any(_days_of(item, document) != first for item in document.items)


def _say_days(item: Item, document: Document, words: Wording) -> str:
    """Empty where the days are those of all lines, and so stand above them."""
    return words.say_period(*_days_of(item, document)) if _has_own_days(document) else ""


def _name_columns(document: Document, words: Wording) -> dict[str, str]:
    has_discount = any(item.discount for item in document.items)
    return {
        "description": words.say("description"),
        "quantity": words.say("quantity"),
        "price": words.say("unit_price"),
        "discount": words.say("discount") if has_discount else "",
        "vat": words.say("vat"),
        "net": words.say("net", currency=document.currency),
    }


def _describe_line(item: Item, days: str, words: Wording) -> dict[str, str]:
    treatment = item.vat.treatment
    is_charged = treatment == Treatment.CHARGED
    return {
        "description": item.description,
        "days": days,
        "quantity": words.say_count(item.quantity),
        "unit": words.say_unit(item.unit.value, item.quantity),
        "price": words.say_price(item.unit_price),
        "discount": words.say_amount(-cents(item.discount)) if item.discount else "",
        "percent": words.say_rate(Decimal(item.discount_percent)) if item.discount_percent else "",
        "vat": words.say_rate(item.vat.rate) if is_charged else words.say(f"short_{treatment}"),
        "net": words.say_amount(item.net),
    }


def _list_sums(document: Document, words: Wording) -> dict[str, Any]:
    """`total`: what the eye must find. `after`: what was paid of it, and what is left."""
    totals, is_credit = document.totals, document.kind == DocumentKind.CREDIT_NOTE
    before = [(words.say("total_net"), words.say_amount(totals.net))]
    before += [(_name_rate(rate, document, words), words.say_amount(rate.vat)) for rate in totals.rates]
    if len(totals.rates) > 1:
        before.append((words.say("total_vat"), words.say_amount(totals.vat)))
    label = "total_credited" if is_credit else "total_including"
    after = [(_say_received(one, document, words), words.say_amount(-one.amount)) for one in document.received]
    due = (words.say("due"), words.say_money(document.due, document.currency)) if after else None
    total = (words.say(label), words.say_money(totals.gross, document.currency))
    return {"before": before, "total": total, "after": after, "due": due}


def _name_rate(rate: RateTotal, document: Document, words: Wording) -> str:
    net = words.say_amount(rate.net)
    if rate.treatment != Treatment.CHARGED:
        return words.say(rate.treatment.value, net=net)
    if rate.state == document.seller.country:
        return words.say("charged", rate=words.say_rate(rate.rate), net=net)
    return words.say("charged_in", rate=words.say_rate(rate.rate), country=words.say_country(rate.state), net=net)


def _say_received(one: Received, document: Document, words: Wording) -> str:
    """Money that came before what it is for began is a prepayment."""
    is_before = any(one.on < _days_of(item, document)[0] for item in document.items)
    return words.say("prepaid" if is_before else "paid", day=words.say_day(one.on), how=one.how)


def _list_remarks(document: Document, words: Wording) -> list[str]:
    treatments = {rate.treatment for rate in document.totals.rates}
    ids = {"seller": document.seller.vat_id, "buyer": document.buyer.vat_id}
    said = [words.say(f"explain_{one}", **ids) for one in sorted(treatments - {Treatment.CHARGED})]
    abroad = sorted({item.vat.state for item in document.items if item.vat.is_oss})
    return said + [words.say("explain_oss", country=words.say_country(state)) for state in abroad]


def _is_asked(document: Document) -> bool:
    """Whether money is still to come from the buyer."""
    return document.kind == DocumentKind.INVOICE and document.due > 0


def _describe_payment(document: Document, words: Wording) -> dict[str, Any]:
    """Empty for a credit note. `qr`: an SVG, or empty where nothing is to be transferred, or none can be drawn."""
    if document.kind == DocumentKind.CREDIT_NOTE:
        return {}
    if not _is_asked(document):
        return {"title": words.say("settled"), "sentence": words.say("settled_more"), "facts": [], "qr": ""}
    amount = words.say_money(document.due, document.currency)
    said = {"title": words.say("pay"), "facts": [], "qr": ""}
    if document.debit_on:
        return {**said, "sentence": words.say("collected", amount=amount, day=words.say_day(document.debit_on))}
    if document.due_on:
        sentence = words.say("pay_by", amount=amount, day=words.say_day(document.due_on))
    else:
        sentence = words.say("pay_now", amount=amount)
    return {**said, "sentence": sentence, **_describe_transfer(document, amount, words)}


def _describe_transfer(document: Document, amount: str, words: Wording) -> dict[str, Any]:
    payee = document.payee
    if payee is None:
        return {}
    reference = say_reference(document.reference) if document.reference else document.number
    to = iban.format(payee.iban)
    facts = [(words.say("amount"), amount), (words.say("iban"), to), (words.say("bic"), payee.bic)]
    facts += [(words.say("holder"), payee.holder), (words.say("reference"), reference)]
    said: dict[str, Any] = {"facts": [pair for pair in facts if pair[1]]}
    if document.currency == "EUR" and why_not_qr(payee, document.reference, document.due) is None:
        said["qr"] = draw_qr(payee, document.reference, document.due)
        said["scan"] = words.say("scan")
        said["scan_alt"] = words.say("scan_alt", amount=amount, iban=to, reference=reference)
    return said
