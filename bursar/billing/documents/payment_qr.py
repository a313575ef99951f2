"""The QR code from which a banking app fills in a SEPA transfer (European Payments Council, EPC069-12, version 002)."""

from __future__ import annotations

import io
from decimal import Decimal

from segno import helpers
from stdnum import bic, iban

from bursar.billing.documents.document import BankAccount
from bursar.billing.rules.references import is_reference
from bursar.core.money import cents

LEAST, MOST = Decimal("0.01"), Decimal("999999999.99")
NAME_LENGTH = 70


def why_not_qr(payee: BankAccount, reference: str, amount: Decimal) -> str | None:
    """None, or what a banking app would stumble over: the library looks at lengths only. EUR."""
    if not iban.is_valid(payee.iban):
        return f"“{payee.iban}” is no IBAN: its length or its check digits are wrong."
    if payee.bic and not bic.is_valid(payee.bic):
        return f"“{payee.bic}” is no BIC: it has 8 or 11 signs, its country the fifth and sixth."
    if not is_reference(reference):
        return f"“{reference}” is no creditor reference: its form or its check digits are wrong."
    if not payee.holder.strip():
        return "The bank account has no holder's name."
    if amount != cents(amount):
        return "An amount has no fractions of a cent."
    if not LEAST <= amount <= MOST:
        return "By SEPA one pays from 0.01 to 999,999,999.99 euro."
    return None


def draw_qr(payee: BankAccount, reference: str, amount: Decimal) -> str:
    """An SVG, a unit for each module, without a margin. Raises ValueError with the sentence of `why_not_qr`."""
    sentence = why_not_qr(payee, reference, amount)
    if sentence:
        raise ValueError(sentence)
    holder = " ".join(payee.holder.split())[:NAME_LENGTH].strip()  # a line break would be the next field
    code = helpers.make_epc_qr(holder, iban.compact(payee.iban), amount, reference=reference, bic=payee.bic or None)
    kept = io.BytesIO()
    code.save(kept, kind="svg", border=0, xmldecl=False)
    return kept.getvalue().decode()
