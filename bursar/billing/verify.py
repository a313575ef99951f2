"""Whether documents and ledger are whole: silent when they are. Read by `bursar verify`."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise

from django.conf import settings
from django.db import connection

from bursar.billing.documents.accounting import list_postings
from bursar.billing.models import BankDecision, BankLine, BankShare, Invoice, LedgerEntry, Series
from bursar.billing.rules.ledger import EntryKind
from bursar.billing.rules.retention import first_day_kept
from bursar.billing.seller import seller_day
from bursar.billing.store.documents import digest_of
from bursar.core.money import ZERO

AT_ONCE = 500
_MONEY = "('received', 'returned', 'moved')"
_SUMS = f"""
SELECT i.number, i.paid, i.credited, i.written_off, i.difference, COALESCE(s.paid, 0), COALESCE(s.credited, 0),
  COALESCE(s.written_off, 0), COALESCE(s.difference, 0)
FROM {Invoice._meta.db_table} i LEFT JOIN (
  SELECT invoice_id, SUM(amount) FILTER (WHERE kind IN {_MONEY}) AS paid,
    SUM(amount) FILTER (WHERE kind = '{EntryKind.CREDITED}') AS credited,
    SUM(amount) FILTER (WHERE kind = '{EntryKind.WRITTEN_OFF}') AS written_off,
    SUM(amount) FILTER (WHERE kind = '{EntryKind.DIFFERENCE}') AS difference
  FROM {LedgerEntry._meta.db_table} WHERE invoice_id IS NOT NULL GROUP BY invoice_id
) s ON s.invoice_id = i.id JOIN tenants_billingaccount a ON a.id = i.account_id
WHERE (%(account)s = '' OR a.public_id = %(account)s)
  AND (i.paid, i.credited, i.written_off, i.difference) IS DISTINCT FROM
  (COALESCE(s.paid, 0), COALESCE(s.credited, 0), COALESCE(s.written_off, 0), COALESCE(s.difference, 0))
ORDER BY i.id
"""
_CREDIT = f"""
SELECT a.public_id, COALESCE(c.amount, 0), COALESCE(c.owed, 0), COALESCE(c.given_up, 0),
  COALESCE(s.amount, 0), COALESCE(s.owed, 0), COALESCE(s.given_up, 0)
FROM tenants_billingaccount a LEFT JOIN billing_accountcredit c ON c.account_id = a.id
LEFT JOIN (
  SELECT account_id, SUM(amount) AS amount,
    -SUM(amount) FILTER (WHERE kind IN ('{EntryKind.OVERDRAWN}', '{EntryKind.WRITTEN_OFF}')) AS owed,
    SUM(amount) FILTER (WHERE kind = '{EntryKind.WRITTEN_OFF}') AS given_up
  FROM {LedgerEntry._meta.db_table} WHERE invoice_id IS NULL GROUP BY account_id
) s ON s.account_id = a.id
WHERE (%(account)s = '' OR a.public_id = %(account)s)
  AND (COALESCE(c.amount, 0), COALESCE(c.owed, 0), COALESCE(c.given_up, 0))
  <> (COALESCE(s.amount, 0), COALESCE(s.owed, 0), COALESCE(s.given_up, 0))
ORDER BY a.id
"""
_BANK = f"""
SELECT l.public_id, s.amount, b.amount, u.amount FROM {BankShare._meta.db_table} s
JOIN {BankDecision._meta.db_table} d ON d.id = s.decision_id JOIN {BankLine._meta.db_table} l ON l.id = d.line_id
JOIN tenants_billingaccount a ON a.id = s.account_id
CROSS JOIN LATERAL (SELECT COALESCE(SUM(e.amount), 0) AS amount FROM {LedgerEntry._meta.db_table} e
  WHERE e.booking = s.booking AND e.kind IN {_MONEY} AND s.booking <> '') b
CROSS JOIN LATERAL (SELECT COALESCE(SUM(e.amount), 0) AS amount FROM {LedgerEntry._meta.db_table} e
  WHERE e.booking = s.undoing AND e.kind IN {_MONEY} AND s.undoing <> '') u
WHERE (%(account)s = '' OR a.public_id = %(account)s)
  AND (b.amount <> s.amount OR u.amount <> CASE WHEN d.undone_at IS NULL THEN 0 ELSE -s.amount END)
ORDER BY s.id
"""
PARTS = ("paid", "credited", "written off", "let be")
OF_ACCOUNTS = ("credit", "owed", "given up")


def list_faults(account: str = "") -> Iterator[str]:
    """Sentences. account: only of this one, by its public id; series are of all and looked at then as well."""
    yield from _sums(account)
    yield from _credits(account)
    yield from _bank(account)
    yield from _documents(account)
    yield from _series()


def _sums(account: str) -> Iterator[str]:
    with connection.cursor() as cursor:
        cursor.execute(_SUMS, {"account": account})
        for number, *values in cursor.fetchall():
            stored, entries = values[:4], values[4:]
            for part, one, other in zip(PARTS, stored, entries, strict=True):
                if one != other:
                    yield f"{number}: {part} says {one}, its entries come to {other}"


def _credits(account: str) -> Iterator[str]:
    with connection.cursor() as cursor:
        cursor.execute(_CREDIT, {"account": account})
        for public_id, *values in cursor.fetchall():
            for part, one, other in zip(OF_ACCOUNTS, values[:3], values[3:], strict=True):
                if one != other:
                    yield f"{public_id}: the {part} says {one}, its entries come to {other}"


def _bank(account: str) -> Iterator[str]:
    with connection.cursor() as cursor:
        cursor.execute(_BANK, {"account": account})
        for line, amount, booked, undone in cursor.fetchall():
            yield f"{line}: {amount} of it are booked as {booked}, and turned round as {undone}"


def _documents(account: str) -> Iterator[str]:
    rows = Invoice.objects.filter(account__public_id=account) if account else Invoice.objects.all()
    for row in rows.order_by("pk").iterator(chunk_size=AT_ONCE):
        if row.removed_at is not None:
            yield from _removed(row)
            continue
        if digest_of(row.says) != row.digest:
            yield f"{row.number}: what it says is not what was issued"
            continue
        document = row.document
        postings = list_postings(document)
        booked = sum((one.net for one in postings), ZERO), sum((one.vat for one in postings), ZERO)
        sign = -1 if row.corrects_id else 1
        if booked != (sign * row.net, sign * row.vat):
            yield f"{row.number}: its lines come to {booked[0]} and {booked[1]} VAT, not to {row.net} and {row.vat}"
        stored = (row.number, row.issued_on, row.net, row.vat, row.gross)
        said = (document.number, document.issued_on, *_amounts(document.totals.net, document.totals.vat))
        if stored != said:
            yield f"{row.number}: stands as {stored}, and says {said}"


def _removed(row: Invoice) -> Iterator[str]:
    """What is left of it needs no words; they may have gone at the end of its retention alone."""
    assert row.removed_at is not None
    years = settings.BURSAR_DOCUMENTS_KEPT_YEARS
    if row.issued_on >= first_day_kept(seller_day(row.removed_at), years):
        yield f"{row.number}: what it says is gone, and its retention had not ended"
    if row.says or row.pdf_id or row.e_invoice_id:
        yield f"{row.number}: its retention ended, and a part of it is still there"


def _amounts(net: Decimal, vat: Decimal) -> tuple[Decimal, Decimal, Decimal]:
    return net, vat, net + vat


def _series() -> Iterator[str]:
    for series in Series.objects.order_by("kind", "year"):
        rows = list(series.invoices.order_by("place").values_list("place", "issued_on"))
        places = [place for place, _ in rows]
        if places != list(range(1, series.last + 1)):
            missing = sorted(set(range(1, series.last + 1)) - set(places))[:10]
            yield f"{series.kind} {series.year}: {series.last} numbers were given, and these are missing: {missing}"
        if any(later < earlier for (_, earlier), (_, later) in pairwise(rows)):
            yield f"{series.kind} {series.year}: a day goes back"
