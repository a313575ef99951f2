"""Payments of any number for a company of any size, made inside the database: charges, Mollie's mirror, what went back.

Payment i is the j-th of account n. It falls into one of thirteen months; one in forty failed, one in five hundred was
given back in part, one in a thousand was charged back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from bursar.core.calendar import Month

CHUNK = 100_000
MONTHS = 13
TABLES = ("payments_charge", "payments_payment")
Progress = Callable[[str, int, int], None]

# Of nine accounts seven pay: n modulo 9 is neither 6 nor 7.
_ACCOUNT = "(k / 7) * 9 + (ARRAY[1, 2, 3, 4, 5, 8, 9])[k % 7 + 1]"
_X = (
    f"WITH x AS (SELECT i, {_ACCOUNT} AS n, (i - 1) / %(payers)s AS j FROM (SELECT i, (i - 1) % %(payers)s AS k FROM "
    "generate_series(%(first)s::bigint, %(last)s::bigint) i) s), "
    "y AS (SELECT x.*, CASE WHEN j % 13 = 0 THEN %(month)s::timestamptz + (%(now)s::timestamptz - "
    "%(month)s::timestamptz) "
    "* ((i * 37) % 997) / 1000 ELSE %(month)s::timestamptz - make_interval(months => (j % 13)::int) + "
    "make_interval(days => (i * 7 % 28)::int, secs => (i * 911 % 80000)) END AS at, i % 40 = 0 AS failed, "
    "i % 997 = 0 AS charged_back, i % 499 = 0 AS refunded FROM x) "
)
_STATUS = "CASE WHEN failed THEN 'failed' ELSE 'paid' END"
_PAYERS = f"WITH z AS (SELECT n FROM (SELECT {_ACCOUNT} AS n FROM generate_series(0, %(payers)s - 1) k) s) "
_OPENED = [
    "INSERT INTO payments_molliecustomer (id, account_id, mollie_id, rules_since, dashboard, mode, raw, learned_at) "
    f"{_PAYERS} SELECT n, n, 'cst_s' || n, %(start)s, '', 'test', '{{}}', %(start)s FROM z",
    "INSERT INTO payments_mandate (id, mollie_id, customer_id, method, status, holder, account_end, card_label, "
    f"created_at, mode, raw, learned_at) {_PAYERS} SELECT n, 'mdt_s' || n, n, 'directdebit', 'valid', '', '1234', '', "
    "%(start)s, 'test', '{{}}', %(start)s FROM z",
    "INSERT INTO payments_subscription (id, public_id, account_id, customer_id, mollie_id, is_meant, "
    "mollie_mandate_id, "
    "status, amount, interval, start_date, next_date, created_at, cadence, wanted, wanted_net, wanted_lines, "
    "wanted_decision, then_tier, then_cadence, ends_at_paid_end, mode, raw, learned_at) "
    f"{_PAYERS} SELECT n, 'msub_' || left(md5('s' || n), 16), n, n, 'sub_s' || n, true, 'mdt_s' || n, 'active', 1089, "
    "'12 months', %(start)s::date, %(now)s::date + (n % 340 + 1)::int, %(start)s, 'yearly', 1089, 900, '[]', "
    "'{{}}', '', "
    "'', false, 'test', '{{}}', %(start)s FROM z",
    "INSERT INTO payments_charge (id, public_id, account_id, subscription_id, kind, state, made_at, due_on, "
    "interval_from, tier, cadence, seats, lines, net, vat, gross, decision, checkout, terms_version, tries) "
    f"{_PAYERS} SELECT %(payments)s + n, 'chg_' || left(md5('q' || n), 16), n, n, 'renewal', 'planned', %(now)s, "
    "%(now)s::date + (n % 340 + 1)::int, %(now)s::date + (n % 340 + 1)::int, '', 'yearly', 1, '[]', 900, 189, 1089, "
    "'{{}}', '', '', 0 FROM z",
]
_PAID = [
    "INSERT INTO payments_charge (id, public_id, account_id, subscription_id, kind, state, made_at, due_on, tier, "
    "cadence, seats, lines, net, vat, gross, decision, checkout, terms_version, tries) "
    f"{_X} SELECT i, 'chg_' || left(md5('c' || i), 16), n, n, 'seat', {_STATUS}, at, (at AT TIME ZONE "
    "%(zone)s)::date, '', "
    "'', 1, '[]', 75, 15.75, 90.75, '{{}}', '', '', 0 FROM y",
    "INSERT INTO payments_payment (id, public_id, mollie_id, source, account_id, charge_id, subscription_id, "
    "mollie_customer_id, mollie_mandate_id, kind, amount, refunded, charged_back, method, status, reason, description, "
    "at, paid_at, failed_at, checkout, dashboard, settlement_id, applied_status, applied_refunded, "
    "applied_charged_back, "
    f"to_apply, mode, raw, learned_at) {_X} SELECT i, 'pmt_' || left(md5('m' || i), 16), 'tr_s' || i, 'mollie', "
    "n, i, n, "
    "'cst_s' || n, 'mdt_s' || n, (ARRAY['renewal', 'seat', 'retry', 'first'])[i % 4 + 1], 90.75, "
    "CASE WHEN refunded AND NOT failed THEN 20 ELSE 0 END, CASE WHEN charged_back AND NOT failed THEN 90.75 ELSE "
    "0 END, "
    f"(ARRAY['directdebit', 'directdebit', 'creditcard', 'ideal', 'paypal'])[i % 5 + 1], {_STATUS}, "
    "CASE WHEN failed THEN 'AM04' ELSE '' END, 'Bursar', at, CASE WHEN failed THEN NULL ELSE at END, "
    f"CASE WHEN failed THEN at END, '', '', '', {_STATUS}, 0, 0, false, 'test', '{{}}', at FROM y",
    "INSERT INTO payments_refund (mollie_id, payment_id, amount, state, description, reason, then_end, accepts_twice, "
    f"created_at, note, mode, raw, learned_at) {_X} SELECT 're_s' || i, i, 20, 'refunded', '', '', 'nothing', "
    "false, at, '', "
    "'test', '{{}}', at FROM y WHERE refunded AND NOT failed",
    "INSERT INTO payments_chargeback (mollie_id, payment_id, amount, reason_code, reason, created_at, mode, raw, "
    f"learned_at) {_X} SELECT 'chb_s' || i, i, 90.75, 'MD06', '', at, 'test', '{{}}', at FROM y WHERE "
    "charged_back AND NOT failed",
]


def load_payments(now: datetime, accounts: int, payments: int, progress: Progress) -> None:
    """Into a company that `scale.load` made, which has none yet."""
    month = Month.of(now)
    values: dict[str, Any] = {
        "now": now,
        "month": month.start,
        "start": month.plus(1 - MONTHS).start,
        "payers": max(1, accounts * 7 // 9),
        "payments": payments,
        "zone": settings.BURSAR_SELLER_ZONE.key,
    }
    with _without_indexes():
        for first in range(1, payments + 1, CHUNK):
            last = min(first + CHUNK - 1, payments)
            _run(_OPENED if first == 1 else [], values)
            _run(_PAID, {**values, "first": first, "last": last})
            progress("payments", last, payments)
    with connection.cursor() as cursor:
        for table in (*TABLES, "payments_molliecustomer", "payments_mandate", "payments_subscription"):
            cursor.execute(f"SELECT setval(pg_get_serial_sequence(%s, 'id'), MAX(id)) FROM {table}", [table])
        cursor.execute("VACUUM ANALYZE payments_charge, payments_payment, payments_subscription, payments_refund")


def _run(statements: list[str], values: dict[str, Any]) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")  # keys are right by construction
        for sql in statements:
            cursor.execute(_percents(sql.replace("{{}}", "{}")), values)


def _percents(sql: str) -> str:
    """A lone modulo sign is doubled for the driver; %(name)s stays."""
    return sql.replace("%(", "\0").replace("%", "%%").replace("\0", "%(")


@contextmanager
def _without_indexes() -> Iterator[None]:
    """Indexes are built once at the end; those that hold a constraint stay."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index WHERE "
            "indrelid::regclass::text "
            "= ANY(%s) AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conindid = indexrelid)",
            [list(TABLES)],
        )
        kept = cursor.fetchall()
        for name, _ in kept:
            cursor.execute(f"DROP INDEX {name}")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SET maintenance_work_mem = '512MB'")
            for _, sql in kept:
                cursor.execute(sql)
