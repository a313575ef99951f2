"""The letter that goes with a document, and with a reminder, in the document's language. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from stdnum import iban

from bursar.billing.documents.document import Document, DocumentKind
from bursar.billing.documents.texts import Wording
from bursar.billing.rules.references import say_reference
from bursar.core.fills import fill


@dataclass(frozen=True)
class Letter:
    subject: str
    text: str
    language: str


def write_letter(document: Document, open_amount: Decimal, *, with_e_invoice: bool) -> Letter:
    """`open_amount`: what is asked for of it now, EUR; of a credit note it says nothing."""
    words = Wording(document.language)
    kind = document.kind.value
    parts = _parts(document, words, open_amount)
    body = [
        words.say(f"letter_{kind}", **parts),
        _say_order(document, words),
        *_say_how_to_pay(document, words, open_amount),
        words.say("letter_e_invoice") if with_e_invoice else "",
    ]
    return _letter(words.say(f"letter_{kind}_subject", **parts), body, document, words)


def write_reminder(document: Document, open_amount: Decimal, text: tuple[str, str]) -> Letter:
    """`text`: subject and text of its level, with places to fill (`rules.reminders.FILLS`)."""
    words = Wording(document.language)
    parts = _parts(document, words, open_amount)
    body = [fill(text[1], parts), _say_order(document, words), *_say_transfer(document, words, open_amount)]
    return _letter(fill(text[0], parts), body, document, words)


def _letter(subject: str, body: Iterable[str], document: Document, words: Wording) -> Letter:
    end = [words.say("letter_questions"), f"{words.say('letter_bye')}\n{document.seller.name}"]
    text = "\n\n".join([words.say("letter_hello"), *(part for part in body if part), *end])
    return Letter(" ".join(subject.split()), text, document.language)


def _parts(document: Document, words: Wording, open_amount: Decimal) -> dict[str, str]:
    """Every place to fill, and the invoice that a credit note is about."""
    return {
        "number": document.number,
        "issued_on": words.say_day(document.issued_on),
        "due_on": words.say_day(document.due_on) if document.due_on else "",
        "gross": words.say_money(document.totals.gross, document.currency),
        "open": words.say_money(open_amount, document.currency),
        "buyer": document.buyer.name,
        "seller": document.seller.name,
        "credited": document.preceding.number if document.preceding else "",
    }


def _say_order(document: Document, words: Wording) -> str:
    return f"{words.say('order_number')}: {document.order_number}" if document.order_number else ""


def _say_how_to_pay(document: Document, words: Wording, open_amount: Decimal) -> list[str]:
    """Paid, will be collected, or what to transfer until when."""
    if document.kind is DocumentKind.CREDIT_NOTE:
        return []
    if open_amount <= 0:
        paid = [words.say("paid", day=words.say_day(one.on), how=one.how) + "." for one in document.received]
        return [" ".join([*paid, words.say("settled_more")])]
    amount = words.say_money(open_amount, document.currency)
    if document.debit_on:
        return [words.say("collected", amount=amount, day=words.say_day(document.debit_on))]
    if document.due_on:
        return [words.say("pay_by", amount=amount, day=words.say_day(document.due_on)),
                *_say_transfer(document, words, open_amount)]  # fmt: skip
    return [words.say("pay_now", amount=amount), *_say_transfer(document, words, open_amount)]


def _say_transfer(document: Document, words: Wording, open_amount: Decimal) -> list[str]:
    """One paragraph, a line each: amount, account, holder, reference. Empty where no account stands on it."""
    payee = document.payee
    if payee is None:
        return []
    reference = say_reference(document.reference) if document.reference else document.number
    facts = [
        ("amount", words.say_money(open_amount, document.currency)),
        ("iban", iban.format(payee.iban)),
        ("bic", payee.bic),
        ("holder", payee.holder),
        ("reference", reference),
    ]
    return ["\n".join(f"{words.say(name)}: {value}" for name, value in facts if value)]
