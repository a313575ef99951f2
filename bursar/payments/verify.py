"""Whether the ledger says of each payment and refund what Mollie does: silent when it does. Read by `bursar verify`."""

from __future__ import annotations

from collections.abc import Iterator

from django.db import connection

from bursar.billing.models import LedgerEntry, NotIssued
from bursar.core.proofs import PROOFS
from bursar.payments.models import Charge, Payment, Refund
from bursar.payments.queries.invoicing import MONEY
from bursar.payments.states import ChargeKind, PaymentState, RefundState

# What waits to be looked at, or fails a rule, lags behind; a refund of a correction is booked with its documents.
MOVED = f"""
WITH booked AS (
  SELECT e.cause, SUM(e.amount) AS amount FROM {LedgerEntry._meta.db_table} e
  WHERE e.cause <> '' AND e.kind = ANY(%(money)s) GROUP BY e.cause
), waiting AS (
  SELECT p.charge_id AS id FROM {Payment._meta.db_table} p WHERE p.charge_id IS NOT NULL AND (p.to_book OR p.to_apply)
  UNION SELECT c.id FROM {NotIssued._meta.db_table} n JOIN {Charge._meta.db_table} c ON c.public_id = n.made_for
  UNION SELECT p.charge_id FROM {NotIssued._meta.db_table} n JOIN {Refund._meta.db_table} r ON r.public_id = n.made_for
    JOIN {Payment._meta.db_table} p ON p.id = r.payment_id WHERE p.charge_id IS NOT NULL
), charges AS (
  SELECT c.id FROM {Charge._meta.db_table} c JOIN tenants_billingaccount a ON a.id = c.account_id
  WHERE (%(account)s = '' OR a.public_id = %(account)s) AND (c.invoice_id IS NOT NULL OR c.kind = '{ChargeKind.LINK}')
    AND NOT EXISTS (SELECT 1 FROM waiting w WHERE w.id = c.id)
), moved AS (
  SELECT p.public_id, CASE WHEN p.status = '{PaymentState.PAID}' THEN p.amount - p.charged_back ELSE 0 END AS amount
  FROM {Payment._meta.db_table} p WHERE p.charge_id IN (SELECT id FROM charges)
  UNION ALL
  SELECT r.public_id, CASE WHEN r.state = '{RefundState.REFUNDED}' THEN -r.amount ELSE 0 END
  FROM {Refund._meta.db_table} r JOIN {Payment._meta.db_table} p ON p.id = r.payment_id
  WHERE p.charge_id IN (SELECT id FROM charges) AND r.corrects_id IS NULL
)
SELECT m.public_id, m.amount, COALESCE(b.amount, 0) FROM moved m LEFT JOIN booked b ON b.cause = m.public_id
WHERE m.amount <> COALESCE(b.amount, 0) ORDER BY m.public_id
"""


def list_faults(account: str = "") -> Iterator[str]:
    """account: only of this one, by its public id."""
    with connection.cursor() as cursor:
        cursor.execute(MOVED, {"account": account, "money": list(MONEY)})
        for public_id, amount, booked in cursor.fetchall():
            yield f"{public_id}: {amount} of it came and stayed, the ledger has {booked}"


PROOFS.add("payments", list_faults)
