"""What the product is told of billing details, of invoices and of credit."""

from __future__ import annotations

from bursar.actions.webhook_events import Event

_VAT = {
    "country": "DE",
    "vat_id": "DE136695976",
    "vat_id_status": "valid",
    "vat": {"treatment": "reverse_charge", "rate": "0", "state": ""},
}
_FILE = {"length": 41823, "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"}
_FILES_AT = "https://bursar.example/api/product/v1/documents/inv_0123456789abcdef"
_OPEN = {"invoice": "inv_0123456789abcdef", "number": "2026-000042", "open": "0.00"}
EVENTS = {
    "billing.details_changed": Event(
        "Who pays, as invoices name it, was written down or changed. `vat` says whose VAT is charged from now on: "
        "`treatment` is charged, reverse_charge, outside_scope or exempt, `rate` is per cent.",
        _VAT,
        (("VAT", "21 % VAT (Netherlands)", "no VAT (reverse charge)"),),
    ),
    "billing.vat_changed": Event(
        "Another VAT holds from now on, because of what is known of the VAT id: VIES confirmed it, or says that it "
        "is not valid, or staff accepted it.",
        _VAT,
        (("VAT", "21 % VAT (Netherlands)", "no VAT (reverse charge)"),),
    ),
    "invoice.issued": Event(
        "An invoice or a credit note was issued, and its files are there: a key with the scope `documents` fetches "
        "them by `url`. `e_invoice` is null where none was wanted; `credits` is the number of the invoice that a "
        "credit note is about. Amounts are EUR; `gross` includes VAT.",
        {
            "invoice": "inv_0123456789abcdef",
            "number": "2026-000042",
            "kind": "invoice",
            "credits": None,
            "gross": "13068.00",
            "open": "13068.00",
            "due_on": "2026-12-24",
            "pdf": {"url": f"{_FILES_AT}/pdf", "media_type": "application/pdf", **_FILE},
            "e_invoice": {"url": f"{_FILES_AT}/e-invoice", "media_type": "application/xml", **_FILE},
        },
        (("Files of", "", "2026-000042"),),
    ),
    "invoice.paid": Event(
        "Money for an invoice was booked. `received` is how much, `open` what is asked for still; EUR.",
        {**_OPEN, "received": "13068.00"},
        (("Open, EUR", "13,068.00", "0.00"),),
    ),
    "invoice.reopened": Event(
        "A booked payment was taken off an invoice again, which is open by that much; EUR.",
        {**_OPEN, "open": "13068.00"},
        (("Open, EUR", "0.00", "13,068.00"),),
    ),
    "invoice.written_off": Event(
        "What was open of an invoice is given up; no credit note was issued. EUR.",
        {**_OPEN, "written_off": "13068.00"},
        (("Open, EUR", "13,068.00", "0.00"),),
    ),
    "invoice.credited": Event(
        "A credit note was issued. `credit_note` is its number, `credited` its amount with VAT, `open` what the "
        "invoice asks for still; EUR.",
        {**_OPEN, "credit_note": "C2026-000007", "credited": "13068.00"},
        (("Open, EUR", "13,068.00", "0.00"),),
    ),
    "invoice.vat_corrected": Event(
        "An invoice was credited in full and issued anew with other VAT, of the same net. `invoice` and `number` are "
        "the new one's; of what was paid too much, `refunded` goes back by Mollie and `credit` stands as credit; "
        "EUR.",
        {
            "invoice": "inv_0123456789abcdef",
            "number": "2026-000043",
            "replaces": "2026-000042",
            "credit_note": "C2026-000007",
            "gross": "10800.00",
            "open": "0.00",
            "refunded": "2268.00",
            "credit": "0.00",
        },
        (("Invoice", "2026-000042", "2026-000043"), ("VAT", "21 % VAT (Netherlands)", "no VAT (reverse charge)")),
    ),
    "credit.received": Event(
        "Money that no invoice asks for stands to the account's good: `received` of it just now, `credit` in all; "
        "below 0 it is what the account owes beside its invoices. EUR.",
        {"received": "120.00", "credit": "120.00"},
        (("Credit, EUR", "0.00", "120.00"),),
    ),
    "credit.paid_back": Event(
        "What stood to the account's good goes back to the customer: `paid_back` of it, `credit` is left. EUR.",
        {"paid_back": "120.00", "credit": "0.00"},
        (("Credit, EUR", "120.00", "0.00"),),
    ),
    "credit.written_off": Event(
        "What an account owed beside its invoices is given up: `written_off` of it; `credit` is below 0 by what it "
        "owes still. EUR.",
        {"written_off": "21.00", "credit": "0.00"},
        (("Credit, EUR", "-21.00", "0.00"),),
    ),
    "credit.asked_again": Event(
        "What was given up is asked for again: `asked_again` of it; `credit` is below 0 by what the account owes. EUR.",
        {"asked_again": "21.00", "credit": "-21.00"},
        (("Credit, EUR", "0.00", "-21.00"),),
    ),
}
