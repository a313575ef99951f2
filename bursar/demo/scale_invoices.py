"""Invoices of any number for a company of any size, made inside the database: for measuring, not for looking.

Invoice i was issued within the last two years. Of twenty seventeen are paid, one is credited with a note, one is
written off, and one is open, at whatever age it has. They say the same but for number, day, payer and amount; the
digest is none, so that `verify` would name each of them.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection

from bursar.billing.documents.document import Document, DocumentKind, Item, ItemKind, Party, Unit
from bursar.billing.models import Invoice, LedgerEntry, Series
from bursar.billing.rules import Buyer, ItemCategory, Rates, Seller, decide_vat
from bursar.billing.rules.ledger import EntryKind
from bursar.billing.seller import seller_day
from bursar.demo.scale_payments import Progress, id_of, insert, run_all

AT_ONCE = 50_000
CREDITED, WRITTEN_OFF, OPEN = 1, 2, 0  # of i modulo 20; the rest is paid
_X = (
    "WITH x AS (SELECT i, 1 + (i - 1) % %(accounts)s AS n, i % 20 AS fate, (i % 97 + 1) * 30.00 AS net, "
    "%(today)s::date - ((%(invoices)s - i) * 730 / %(invoices)s)::int AS day, 'S' || lpad(i::text, 9, '0') AS number, "
    "'Payer ' || 1 + (i - 1) % %(accounts)s AS payer, (ARRAY['NL','NL','NL','DE','BE','FR'])[i % 6 + 1] AS country "
    "FROM generate_series(%(first)s::bigint, %(last)s::bigint) i), "
    "y AS (SELECT x.*, round(net * 0.21, 2) AS vat, net + round(net * 0.21, 2) AS gross, "
    "day + interval '12 hours' AS at, fate > 2 AS paid FROM x) "
)
_SAYS = (
    "jsonb_set(jsonb_set(jsonb_set(jsonb_set(jsonb_set(%(says)s::jsonb, '{number}', to_jsonb(number)), '{issued_on}', "
    "to_jsonb(day::text)), '{buyer,name}', to_jsonb(payer)), '{buyer,country}', to_jsonb(country)), "
    "'{items,0,unit_price}', to_jsonb(net::text))"
)
_ALIKE = {
    "account_id": "n", "issued_on": "day", "issued_at": "at", "says": _SAYS, "digest": "md5(number)", "net": "net",
    "vat": "vat", "gross": "gross", "payer_key": "lower(payer)",
}  # fmt: skip
_ENTRY = {"account_id": "n", "invoice_id": "i", "booked_at": "at + interval '9 days'", "on": "day + 9"}


def _statements() -> list[str]:
    invoice = {
        **_ALIKE, "id": "i", "public_id": id_of("inv", "i"), "kind": "'invoice'", "number": "number",
        "series_id": "%(invoice)s", "place": "i", "due_on": "day + 14", "reference": "'RF' || number",
        "paid": "CASE WHEN paid THEN gross ELSE 0 END",
        "credited": f"CASE WHEN fate = {CREDITED} THEN gross ELSE 0 END",
        "written_off": f"CASE WHEN fate = {WRITTEN_OFF} THEN gross ELSE 0 END",
        "settled_at": "CASE WHEN paid THEN at + interval '9 days' END",
    }  # fmt: skip
    note = {
        **_ALIKE, "id": "%(invoices)s + i", "public_id": id_of("inv", "-i"), "kind": "'credit_note'",
        "number": "'C' || number", "series_id": "%(credit_note)s", "place": "i", "corrects_id": "i",
    }  # fmt: skip
    kinds = f"CASE fate WHEN {CREDITED} THEN '{EntryKind.CREDITED}' WHEN {WRITTEN_OFF} THEN '{EntryKind.WRITTEN_OFF}' "
    entry = {
        **_ENTRY, "kind": f"{kinds} ELSE '{EntryKind.RECEIVED}' END", "amount": "gross",
        "booking": id_of("bkg", "i"),
    }  # fmt: skip
    return [
        insert(Invoice, _X, "y", invoice),
        insert(Invoice, _X, f"y WHERE fate = {CREDITED}", note),
        insert(LedgerEntry, _X, f"y WHERE fate <> {OPEN}", entry),
    ]


def _series(kind: DocumentKind) -> str:
    told = {"kind": f"'{kind}'", "year": "%(year)s", "last": "%(invoices)s", "last_day": "%(today)s"}
    return insert(Series, "", "(SELECT 1) one", told)


def _document(now: datetime) -> Document:
    day = seller_day(now)
    vat = decide_vat(Seller("NL"), Buyer("NL"), ItemCategory.STANDARD, day, Rates())
    item = Item(ItemKind.SUBSCRIPTION, "Changemaker", Decimal(1), Unit.SEAT, Decimal(0), vat)
    seller = Party("Seller", "Street 1", "1000 AA", "Town", "NL", vat_id="NL004495445B01")
    return Document(
        DocumentKind.INVOICE, "", day, "en", seller, replace(seller, name="", vat_id=""), (item,), due_on=day
    )


def load_invoices(now: datetime, accounts: int, invoices: int, progress: Progress) -> None:
    """Into a company that `scale.load` made, which has none yet."""
    day = seller_day(now)
    says = json.dumps(_document(now).as_json())
    values: dict[str, Any] = {"today": day, "accounts": accounts, "invoices": invoices, "says": says}
    run_all([_series(kind) for kind in DocumentKind], {**values, "year": day.year})
    values |= dict(Series.objects.values_list("kind", "pk"))
    for first in range(1, invoices + 1, AT_ONCE):
        last = min(first + AT_ONCE - 1, invoices)
        run_all(_statements(), {**values, "first": first, "last": last})
        progress("invoices", last, invoices)
    with connection.cursor() as cursor:
        for table in ("billing_invoice", "billing_ledgerentry"):
            cursor.execute(f"SELECT setval(pg_get_serial_sequence(%s, 'id'), MAX(id)) FROM {table}", [table])
        cursor.execute("VACUUM ANALYZE billing_invoice, billing_ledgerentry")
