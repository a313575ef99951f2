"""Methods, states and causes of payments in words. Pure. Mollie and the banks speak in codes; people do not."""

from __future__ import annotations

from typing import NamedTuple

from bursar.payments.states import PaymentKind, PaymentSource, PaymentState

DIRECT_DEBIT = "directdebit"
CARD = "creditcard"


class Method(NamedTuple):
    """`pace`: how long it takes until its money is there, and for how long it may go again. A whole sentence or two."""

    label: str
    pace: str


class Cause(NamedTuple):
    """`words` follow “failed: ”. `may_pass`: another try some days later has a chance, and nobody has objected."""

    words: str
    may_pass: bool


_AT_ONCE = "The payer's bank answers at once; the payer cannot take it back."
_CARD_PACE = "It is decided at once. The holder can dispute it, commonly for 120 days."
_TRANSFER_PACE = "It takes one or two business days after the payer has sent it; nobody can take it back."
METHODS = {
    DIRECT_DEBIT: Method(
        "SEPA direct debit",
        "The bank decides after one to five business days; until then it is under way, which is no fault. It may still "
        "fail after it was paid, and the payer may take it back for 8 weeks, or for 13 months where the mandate is not "
        "whole.",
    ),
    CARD: Method("Card", _CARD_PACE),
    "ideal": Method("iDEAL", _AT_ONCE),
    "bancontact": Method("Bancontact", _AT_ONCE),
    "belfius": Method("Belfius", _AT_ONCE),
    "kbc": Method("KBC/CBC", _AT_ONCE),
    "eps": Method("eps", _AT_ONCE),
    "paypal": Method("PayPal", "It is decided at once, seldom after days. The payer can dispute it for 180 days."),
    "banktransfer": Method("Bank transfer", _TRANSFER_PACE),
    "applepay": Method("Apple Pay", _CARD_PACE),
    "przelewy24": Method("Przelewy24", _AT_ONCE),
    "trustly": Method("Trustly", _AT_ONCE),
    "twint": Method("TWINT", _AT_ONCE),
}  # fmt: skip
COMMON_NOUNS = frozenset({CARD, "banktransfer"})
_OTHER_PACE = "How long it takes is the method's own; the status here is what Mollie says."

CARD_CAUSES = {
    "authentication_abandoned": Cause("the payer did not finish the card check", False),
    "authentication_failed": Cause("the card check failed", False),
    "authentication_required": Cause("the bank wants the holder to confirm the card", False),
    "authentication_unavailable_acs": Cause("the bank could not check the card just then", True),
    "card_declined": Cause("the card was declined", True),
    "card_expired": Cause("the card has expired", False),
    "inactive_card": Cause("the card is not active", False),
    "insufficient_funds": Cause("not enough money behind the card", True),
    "invalid_card_holder_name": Cause("the holder's name is not right", False),
    "invalid_card_number": Cause("the card's number is not right", False),
    "invalid_card_type": Cause("this kind of card is not taken", False),
    "invalid_cvv": Cause("the card's security code is not right", False),
    "possible_fraud": Cause("held to be fraud", False),
    "refused_by_issuer": Cause("the card's bank refused", True),
    "unknown_reason": Cause("no reason was given", True),
}
BANK_CAUSES = {
    "AC01": Cause("the account number is not right", False),
    "AC04": Cause("the account is closed", False),
    "AC06": Cause("the account is blocked", False),
    "AC13": Cause("not a business account", False),
    "AG01": Cause("the account takes no direct debits", False),
    "AG02": Cause("the bank could not read the debit", False),
    "AM04": Cause("not enough money in the account", True),
    "AM05": Cause("the bank holds it for a repeat", False),
    "BE05": Cause("the bank does not know who collects", False),
    "CNOR": Cause("our bank is not registered for debits", True),
    "DNOR": Cause("the payer's bank is not registered for debits", True),
    "FF01": Cause("the bank could not read the debit", True),
    "FOCR": Cause("called back at our side", False),
    "MD01": Cause("there is no valid mandate, or it was revoked", False),
    "MD02": Cause("the mandate lacks something", False),
    "MD06": Cause("the payer disputes it", False),
    "MD07": Cause("the payer has died", False),
    "MS02": Cause("the payer refused", False),
    "MS03": Cause("the bank gave no reason", True),
    "RC01": Cause("the bank's code is not right", False),
    "RR01": Cause("the rules of the payer's bank forbid it", False),
    "RR02": Cause("the rules of the payer's bank forbid it", False),
    "RR03": Cause("the rules of the payer's bank forbid it", False),
    "RR04": Cause("the rules of the payer's bank forbid it", False),
    "SL01": Cause("the payer had their bank block it", False),
    "TM01": Cause("it came too late for that day", True),
}
STATUSES = {
    PaymentState.OPEN: "open",
    PaymentState.PENDING: "pending",
    PaymentState.AUTHORIZED: "authorised",
    PaymentState.PAID: "paid",
    PaymentState.CANCELED: "cancelled",
    PaymentState.EXPIRED: "expired",
    PaymentState.FAILED: "failed",
}
KINDS = {
    PaymentKind.FIRST: "first",
    PaymentKind.RENEWAL: "renewal",
    PaymentKind.SEAT: "seats",
    PaymentKind.UPGRADE: "upgrade",
    PaymentKind.RETRY: "retry",
    PaymentKind.METHOD: "new method",
    PaymentKind.LINK: "payment link",
    PaymentKind.INVOICE: "invoice",
    PaymentKind.OTHER: "not ours",
}
SOURCES = {PaymentSource.MOLLIE: "Mollie", PaymentSource.BANK: "bank"}


def say_method(code: str) -> str:
    """ "directdebit" → "SEPA direct debit"; a method without a word of ours stands as Mollie calls it."""
    known = METHODS.get(code)
    return known.label if known else code


def say_by(code: str) -> str:
    """ " by iDEAL", " by card", within a sentence; empty where no method is known."""
    label = say_method(code)
    return f" by {label.lower() if code in COMMON_NOUNS else label}" if label else ""


def say_pace(code: str) -> str:
    known = METHODS.get(code)
    return known.pace if known else _OTHER_PACE


def say_reason(method: str, code: str) -> str:
    """Why a payment by `method` failed, or was taken back: words that follow “failed: ”. Empty: nothing is known."""
    cause = _cause(code)
    if cause:
        return cause.words
    return f"{say_method(method) or 'the bank'} says “{code}”" if code else ""


def may_pass(method: str, code: str) -> bool:
    """Whether another try by itself makes sense. Not for closed accounts, revoked mandates, disputes, nor for a code
    that we do not know: then the customer is asked. Where nobody gave a reason, it may have been anything.
    """
    cause = _cause(code)
    return cause.may_pass if cause else not code


def _cause(code: str) -> Cause | None:
    return CARD_CAUSES.get(code) or BANK_CAUSES.get(code)
