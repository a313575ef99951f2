"""The QR code of a transfer: what it holds, field by field, and what is checked before."""

from __future__ import annotations

import io
from dataclasses import replace
from decimal import Decimal

import pytest
import segno

from bursar.billing.documents.document import BankAccount
from bursar.billing.documents.payment_qr import draw_qr, why_not_qr
from tests.billing.documents.samples import PAYEE

REFERENCE = "RF022026000042"
AMOUNT = Decimal("13068.00")


def drawn(*fields: str, encoding: str = "iso-8859-1") -> str:
    """Of these lines, by the code alone."""
    kept = io.BytesIO()
    code = segno.make_qr("\n".join(fields).encode(encoding), error="m", boost_error=False)
    code.save(kept, kind="svg", border=0, xmldecl=False)
    return kept.getvalue().decode()


def test_the_fields_in_their_order() -> None:
    """Service, version, letters, kind, BIC, name, IBAN, amount, purpose, reference."""
    made = draw_qr(PAYEE, REFERENCE, AMOUNT)
    name, iban = "Agora Voices B.V.", "NL91ABNA0417164300"
    assert made == drawn("BCD", "002", "2", "SCT", "", name, iban, "EUR13068", "", REFERENCE)
    assert made != drawn("BCD", "002", "2", "SCT", "", name, iban, "EUR13068.01", "", REFERENCE)
    with_bic = draw_qr(replace(PAYEE, bic="ABNANL2A", iban="NL91 ABNA 0417 1643 00"), REFERENCE, Decimal("0.10"))
    assert with_bic == drawn("BCD", "002", "2", "SCT", "ABNANL2A", name, iban, "EUR0.1", "", REFERENCE)


def test_a_holder_is_one_line_of_seventy_signs() -> None:
    made = draw_qr(replace(PAYEE, holder="Agora\nNL00EVIL\n" + "x" * 100), REFERENCE, AMOUNT)
    name = f"Agora NL00EVIL {'x' * 55}"
    assert made == drawn("BCD", "002", "2", "SCT", "", name, PAYEE.iban, "EUR13068", "", REFERENCE) and len(name) == 70


@pytest.mark.parametrize("amount", ["0.01", "0.10", "1", "999999999.99"])
def test_amounts_that_can_be_paid(amount: str) -> None:
    assert why_not_qr(PAYEE, REFERENCE, Decimal(amount)) is None and draw_qr(PAYEE, REFERENCE, Decimal(amount))


@pytest.mark.parametrize(
    ("payee", "reference", "amount", "words"),
    [
        (replace(PAYEE, iban="NL92ABNA0417164300"), REFERENCE, AMOUNT, "“NL92ABNA0417164300” is no IBAN"),
        (replace(PAYEE, iban=""), REFERENCE, AMOUNT, "“” is no IBAN"),
        (replace(PAYEE, bic="ABN"), REFERENCE, AMOUNT, "“ABN” is no BIC"),
        (replace(PAYEE, holder=" "), REFERENCE, AMOUNT, "no holder's name"),
        (PAYEE, "RF032026000042", AMOUNT, "“RF032026000042” is no creditor reference"),
        (PAYEE, "2026-000042", AMOUNT, "is no creditor reference"),
        (PAYEE, REFERENCE, Decimal("1.999"), "no fractions of a cent"),
        (PAYEE, REFERENCE, Decimal("0.00"), "from 0.01 to 999,999,999.99"),
        (PAYEE, REFERENCE, Decimal("-1.00"), "from 0.01"),
        (PAYEE, REFERENCE, Decimal("1000000000.00"), "from 0.01"),
    ],
)  # fmt: skip
def test_what_a_banking_app_would_stumble_over(payee: BankAccount, reference: str, amount: Decimal, words: str) -> None:
    assert words in (why_not_qr(payee, reference, amount) or "")
    with pytest.raises(ValueError, match=words.replace(".", r"\.")):
        draw_qr(payee, reference, amount)
