"""News of payments: a webhook heard, an answer copied, a renewal that moves its account; used by `bench.measure`.

Mollie's answers are made by hand, so that nothing of Mollie's own time is in it. The floor of a webhook is a plain
INSERT, that of a look the same writes again, on accounts of their own, with nothing asked and nothing decided.
"""

from __future__ import annotations

import re
import statistics
import time
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bench.measure import Bench
    from bursar.payments.models import Charge, Payment

HOOKS, LOOKS = 300, 60
_WRITE = re.compile(
    r"\s*(?:WITH\b.*?\b)?(?:INSERT|UPDATE|DELETE)\b", re.DOTALL
)  # with what a WITH writes, as the book's
_HINT = (
    "INSERT INTO payments_hint (mollie_id, told_at, due_at, tries) VALUES (%s, now(), now(), 0) "
    "ON CONFLICT (mollie_id) DO UPDATE SET told_at = EXCLUDED.told_at"
)
Write = tuple[Any, Any]


def measure(bench: Bench) -> None:
    from django.conf import settings

    settings.BURSAR_MOLLIE_KEY = settings.BURSAR_MOLLIE_KEY or "test_bench"
    _measure_hooks(bench)
    _measure_copies(bench)
    _measure_renewals(bench)


def _measure_hooks(bench: Bench) -> None:
    from django.db import connection
    from django.test import Client

    from bursar.payments.models import Hint

    client = Client()

    def post(number: int) -> None:
        answer = client.post("/mollie/hook", f"id=tr_bench{number}", "application/x-www-form-urlencoded")
        assert answer.status_code == 200

    def insert(number: int) -> None:
        with connection.cursor() as cursor:
            cursor.execute(_HINT, [f"tr_floor{number}"])

    _say(bench, "webhooks heard", _each(post, range(HOOKS)), _each(insert, range(HOOKS)), "≥ 200/s")
    Hint.objects.filter(mollie_id__regex="^tr_(bench|floor)").delete()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs WHERE task_name = 'payments.look'")


def _measure_copies(bench: Bench) -> None:
    """A payment is settled, and later in another settlement: the copy changes, and nothing follows for its account.

    The first look is not measured: it also gives the next renewal what the generator left out.
    """
    from bursar.payments.models import Payment

    paid = Payment.objects.filter(status="paid", charged_back=0, refunded=0, account__isnull=False)
    rows = list(paid.select_related("subscription").order_by("-id")[: 2 * LOOKS])

    def look(row: Payment, settlement: str = "stl_later") -> None:
        said = _payment(row.mollie_id, row.subscription, row.amount, row.at, settlementId=settlement)
        _take(_whole(said), datetime.now(row.at.tzinfo))

    for row in rows:
        look(row, "stl_first")
    written = {row.pk: _rehearse(look, row) for row in rows[LOOKS:]}
    mine, base = _each(look, rows[:LOOKS]), _each(_write_again, written.values())
    _say(bench, "looks that change the copy alone", mine, base, "≥ 100/s")


def _measure_renewals(bench: Bench) -> None:
    """A renewal is paid, and Mollie's next day is a year later."""
    from bursar.payments.models import Charge
    from bursar.plans.models import PaymentTerms

    active = PaymentTerms.objects.at(bench.now).filter(status="active").values("account_id")
    soon = {"due_on__gt": bench.now.date(), "due_on__lt": bench.now.date() + timedelta(days=150)}
    planned = Charge.objects.filter(state="planned", account__in=active, subscription__is_meant=True, **soon)
    rows = list(planned.select_related("subscription").order_by("-id")[: 2 * LOOKS])

    def look(charge: Charge) -> None:
        now = datetime.now(charge.made_at.tzinfo)
        assert charge.subscription is not None and charge.due_on is not None
        said = _payment(f"tr_bench{charge.pk}", charge.subscription, charge.gross, now)
        found = _take(_whole(said), now, charge.due_on.replace(year=charge.due_on.year + 1).isoformat())
        found.refresh_from_db()
        assert not found.to_apply and found.charge_id == charge.pk

    written = {row.pk: _rehearse(look, row) for row in rows[LOOKS:]}
    mine, base = _each(look, rows[:LOOKS]), _each(_write_again, written.values())
    _say(bench, "renewals looked at and applied", mine, base, "≥ 20/s")


def _say(bench: Bench, what: str, mine: float, base: float, target: str) -> None:
    """From milliseconds each to how many a second, on one process."""
    bench.row(f"{what}, a second", f"{1000 / mine:,.0f}", f"{1000 / base:,.0f}", base / mine, target)


def _each(run: Callable[[Any], None], items: Iterable[Any]) -> float:
    """Milliseconds, the median."""
    spent = []
    for item in items:
        started = time.perf_counter()
        run(item)
        spent.append((time.perf_counter() - started) * 1000)
    return statistics.median(spent)


def _rehearse(look: Callable[[Any], None], row: Any) -> list[Write]:
    """What it writes, rolled back."""
    from django.db import connection, transaction

    written: list[Write] = []

    def note(execute: Any, sql: Any, params: Any, many: bool, context: Any) -> Any:
        if isinstance(sql, str) and _WRITE.match(sql):
            written.append((sql, params))
        return execute(sql, params, many, context)

    with transaction.atomic(), connection.execute_wrapper(note):
        look(row)
        transaction.set_rollback(True)
    return written


def _write_again(written: list[Write]) -> None:
    from django.db import connection, transaction

    with transaction.atomic(), connection.cursor() as cursor:
        for sql, params in written:
            cursor.execute(sql, params)


def _take(whole: Any, at: datetime, next_day: str = "") -> Payment:
    from typing import cast

    from bursar.core import clock
    from bursar.payments import look
    from bursar.payments.gateway import Gateway
    from bursar.payments.store.mirror import Asked

    return look.take(cast(Gateway, _Answers(next_day)), whole, Asked(at, clock.now()))


def _whole(said: dict[str, Any]) -> Any:
    from bursar.payments.gateway.payments import Whole
    from bursar.payments.reading import read_payment

    return Whole(read_payment(said), (), ())


def _payment(mollie_id: str, of: Any, gross: Any, at: datetime, **more: str) -> dict[str, Any]:
    return {
        "id": mollie_id, "mode": "test", "status": "paid", "sequenceType": "recurring", "method": "directdebit",
        "amount": {"currency": "EUR", "value": f"{gross:.2f}"}, "description": "Renewal",
        "customerId": f"cst_s{of.account_id}", "mandateId": of.mollie_mandate_id, "subscriptionId": of.mollie_id,
        "createdAt": at.isoformat(), "paidAt": at.isoformat(), **more,
    }  # fmt: skip


class _Answers:
    """What Mollie says of a subscription and of its mandate, at once."""

    def __init__(self, next_day: str) -> None:
        self.next_day = next_day
        self.subscriptions = self.mandates = self

    def get(self, customer_id: str, of: str) -> Any:
        from bursar.payments.models import Mandate, Subscription
        from bursar.payments.reading import read_mandate, read_subscription

        common = {"id": of, "mode": "test", "customerId": customer_id}
        if of.startswith("mdt_"):
            held = Mandate.objects.get(mollie_id=of)
            said = {"method": held.method, "status": "valid", "createdAt": held.created_at.isoformat()}
            return read_mandate({**common, **said})
        ours = Subscription.objects.get(mollie_id=of)
        assert ours.created_at is not None
        said = {"status": "active", "interval": ours.interval, "startDate": ours.start_date.isoformat()}
        said |= {"nextPaymentDate": self.next_day, "createdAt": ours.created_at.isoformat()}
        amount = {"currency": "EUR", "value": f"{ours.amount:.2f}"}
        return read_subscription({**common, **said, "amount": amount, "mandateId": ours.mollie_mandate_id})
