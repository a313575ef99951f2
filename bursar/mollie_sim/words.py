"""Mollie's own vocabulary: methods, causes, statuses."""

from __future__ import annotations

from decimal import Decimal

CARD_FAILURES = {
    "authentication_abandoned": "The authentication was abandoned",
    "authentication_failed": "The authentication failed",
    "authentication_required": "The authentication is required",
    "authentication_unavailable_acs": "The bank could not authenticate",
    "card_declined": "The card was declined",
    "card_expired": "The card is expired",
    "inactive_card": "The card is inactive",
    "insufficient_funds": "The card has insufficient funds",
    "invalid_cvv": "The security code is invalid",
    "invalid_card_holder_name": "The card holder's name is invalid",
    "invalid_card_number": "The card number is invalid",
    "invalid_card_type": "The card type is invalid",
    "possible_fraud": "The payment is possibly fraudulent",
    "refused_by_issuer": "The payment was refused by the card issuer",
    "unknown_reason": "The payment failed for an unknown reason",
}
BANK_FAILURES = {
    "AC01": "Account identifier incorrect",
    "AC04": "Account closed",
    "AC06": "Account blocked",
    "AG01": "Direct debit forbidden on this account",
    "AM04": "Insufficient funds",
    "MD01": "No valid mandate",
    "MD06": "Disputed by the debtor",
    "MD07": "Debtor deceased",
    "MS02": "Refused by the debtor",
    "MS03": "Reason not specified",
    "SL01": "Blocked by the debtor's bank on request",
}
NO_FUNDS = "AM04"

MAGIC_AMOUNTS = {
    Decimal("1001.00"): "invalid_card_number",
    Decimal("1002.00"): "invalid_cvv",
    Decimal("1003.00"): "invalid_card_holder_name",
    Decimal("1004.00"): "card_expired",
    Decimal("1005.00"): "invalid_card_type",
    Decimal("1006.00"): "refused_by_issuer",
    Decimal("1007.00"): "insufficient_funds",
    Decimal("1008.00"): "inactive_card",
    Decimal("1009.00"): "possible_fraud",
    Decimal("1010.00"): "authentication_failed",
    Decimal("1011.00"): "card_declined",
}
"""What a card's failure is when none is named: as in Mollie's test mode."""

RECURRING = ("creditcard", "directdebit", "paypal")
METHODS = {
    "ideal": ("iDEAL", Decimal("0.01"), Decimal("50000.00")),
    "creditcard": ("Card", Decimal("0.01"), Decimal("10000.00")),
    "bancontact": ("Bancontact", Decimal("0.02"), Decimal("50000.00")),
    "banktransfer": ("Bank transfer", Decimal("0.01"), Decimal("1000000.00")),
    "directdebit": ("SEPA Direct Debit", Decimal("0.01"), Decimal("10000.00")),
    "paypal": ("PayPal", Decimal("0.01"), Decimal("8000.00")),
    "belfius": ("Belfius", Decimal("0.01"), Decimal("50000.00")),
    "eps": ("eps", Decimal("1.00"), Decimal("50000.00")),
    "kbc": ("KBC/CBC", Decimal("0.01"), Decimal("50000.00")),
}
"""Name, least and most."""

FIRST = ("ideal", "creditcard", "bancontact", "paypal", "belfius", "eps", "kbc")
"""By which a mandate can be given."""

MINUTES_OPEN = {
    "ideal": 15,
    "creditcard": 30,
    "bancontact": 60,
    "belfius": 60,
    "eps": 60,
    "kbc": 60,
    "paypal": 72 * 60,
    "banktransfer": 12 * 24 * 60,
}
MINUTES_OPEN_WITHOUT_METHOD = 60

OUTCOMES = ("paid", "failed", "canceled", "expired", "pending", "authorized", "open")


def mandate_method(method: str) -> str:
    """What the mandate is by that a first payment gives: a bank's method gives a direct debit."""
    return method if method in ("creditcard", "paypal") else "directdebit"


def list_methods(sequence: str) -> list[str]:
    """For a checkout, or for charges by a mandate."""
    if sequence == "first":
        return list(FIRST)
    return list(RECURRING) if sequence == "recurring" else [name for name in METHODS if name != "directdebit"]


def read_outcome(text: str) -> tuple[str, str]:
    """ "failed:card_expired" into both. Raises ValueError for what is none."""
    status, _, reason = text.partition(":")
    if status not in OUTCOMES or (reason and (status != "failed" or reason not in CARD_FAILURES | BANK_FAILURES)):
        raise ValueError(f"“{text}” is no outcome; it is one of {', '.join(OUTCOMES)}, or failed:<a reason>")
    return status, reason
