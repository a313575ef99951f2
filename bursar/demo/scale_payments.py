"""Payments of any number for a company of any size, made inside the database: charges, Mollie's mirror, what went back.

Payment i is the j-th of account n. It falls into one of thirteen months; one in forty failed, one in five hundred was
given back in part, one in a thousand was charged back.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection, models, transaction

from bursar.core.calendar import Month
from bursar.payments.models import Charge, Chargeback, Mandate, MollieCustomer, Payment, Refund, Subscription

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
    "i % 997 = 0 AND i % 40 > 0 AS charged_back, i % 499 = 0 AND i % 40 > 0 AS refunded FROM x) "
)
_PAYERS = f"WITH z AS (SELECT {_ACCOUNT} AS n FROM generate_series(0, %(payers)s - 1) k) "
_STATUS = "CASE WHEN failed THEN 'failed' ELSE 'paid' END"
_CHARGED = {"net": "75", "vat": "15.75", "gross": "90.75", "seats": "1"}
_PLANNED = {"net": "900", "vat": "189", "gross": "1089", "seats": "1"}
_NEXT = "%(now)s::date + (n % 340 + 1)::int"
_COPIED = {"mode": "'test'", "learned_at": "%(start)s"}


def id_of(prefix: str, of: str) -> str:
    """A public id, as SQL, from a whole number that `of` says."""
    return f"'{prefix}_' || left(md5('{prefix}' || {of}), 16)"


def _opened() -> list[str]:
    """What each account that pays has at Mollie, and its next renewal."""
    made = {"created_at": "%(start)s", **_COPIED}
    ours = {"id": "n", "account_id": "n"}
    return [
        insert(MollieCustomer, _PAYERS, "z", {
            **ours, "mollie_id": "'cst_s' || n", "rules_since": "%(start)s", **_COPIED,
        }),
        insert(Mandate, _PAYERS, "z", {
            "id": "n", "customer_id": "n", "mollie_id": "'mdt_s' || n", "method": "'directdebit'", "status": "'valid'",
            **made,
        }),
        insert(Subscription, _PAYERS, "z", {
            **ours, "public_id": id_of("msub", "n"), "customer_id": "n", "mollie_id": "'sub_s' || n",
            "is_meant": "true", "mollie_mandate_id": "'mdt_s' || n", "status": "'active'", "amount": "1089",
            "wanted": "1089", "interval": "'12 months'", "cadence": "'yearly'", "start_date": "%(start)s::date",
            "next_date": _NEXT, **made,
        }),
        insert(Charge, _PAYERS, "z", {
            "id": "%(payments)s + n", "public_id": id_of("chg", "-n"), "account_id": "n", "subscription_id": "n",
            "kind": "'renewal'", "state": "'planned'", "made_at": "%(now)s", "due_on": _NEXT, "interval_from": _NEXT,
            **_PLANNED,
        }),
    ]  # fmt: skip


def _paid() -> list[str]:
    made = {"mode": "'test'", "learned_at": "at", "created_at": "at", "payment_id": "i"}
    return [
        insert(Charge, _X, "y", {
            "id": "i", "public_id": id_of("chg", "i"), "account_id": "n", "subscription_id": "n", "kind": "'seat'",
            "state": _STATUS, "made_at": "at", "due_on": "(at AT TIME ZONE %(zone)s)::date", **_CHARGED,
        }),
        insert(Payment, _X, "y", {
            "id": "i", "public_id": id_of("pmt", "i"), "mollie_id": "'tr_s' || i", "account_id": "n", "charge_id": "i",
            "subscription_id": "n", "mollie_customer_id": "'cst_s' || n", "mollie_mandate_id": "'mdt_s' || n",
            "kind": "(ARRAY['renewal', 'seat', 'retry', 'first'])[i % 4 + 1]", "amount": "90.75",
            "refunded": "CASE WHEN refunded THEN 20 ELSE 0 END", "at": "at",
            "charged_back": "CASE WHEN charged_back THEN 90.75 ELSE 0 END",
            "method": "(ARRAY['directdebit', 'directdebit', 'creditcard', 'ideal', 'paypal'])[i % 5 + 1]",
            "status": _STATUS, "reason": "CASE WHEN failed THEN 'AM04' ELSE '' END", "applied_status": _STATUS,
            "paid_at": "CASE WHEN failed THEN NULL ELSE at END", "failed_at": "CASE WHEN failed THEN at END",
            "to_apply": "false", "to_book": "false", "mode": "'test'", "learned_at": "at",
        }),
        insert(Refund, _X, "y WHERE refunded", {
            "public_id": id_of("ref", "i"), "mollie_id": "'re_s' || i", "amount": "20", "state": "'refunded'", **made,
        }),
        insert(Chargeback, _X, "y WHERE charged_back", {
            "mollie_id": "'chb_s' || i", "amount": "90.75", "reason_code": "'MD06'", **made,
        }),
    ]  # fmt: skip


def insert(model: type[models.Model], head: str, source: str, columns: dict[str, str]) -> str:
    """What is not among `columns` and may not be null has its default."""
    filled = {
        field.column: _literal(field.get_default())
        for field in model._meta.concrete_fields
        if not (field.null or field.primary_key or field.generated or field.column in columns)
    } | columns
    names = ", ".join(f'"{name}"' for name in filled)
    return f"INSERT INTO {model._meta.db_table} ({names}) {head} SELECT {', '.join(filled.values())} FROM {source}"


def _literal(value: Any) -> str:
    return f"'{json.dumps(value)}'" if isinstance(value, dict | list) else f"'{value}'"


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
            run_all(_opened() if first == 1 else [], values)
            run_all(_paid(), {**values, "first": first, "last": last})
            progress("payments", last, payments)
    with connection.cursor() as cursor:
        for table in (*TABLES, "payments_molliecustomer", "payments_mandate", "payments_subscription"):
            cursor.execute(f"SELECT setval(pg_get_serial_sequence(%s, 'id'), MAX(id)) FROM {table}", [table])
        cursor.execute("VACUUM ANALYZE payments_charge, payments_payment, payments_subscription, payments_refund")


def run_all(statements: list[str], values: dict[str, Any]) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")  # keys are right by construction
        for sql in statements:
            cursor.execute(_percents(sql), values)


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
