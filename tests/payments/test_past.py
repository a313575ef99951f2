"""How accounts paid before Bursar was there: worked out from Mollie's lists, it is what Bursar itself would have written."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from io import StringIO
from typing import Any, NamedTuple

import pytest
from django.core.management import call_command

from bursar.actions.run import run
from bursar.audit.models import AuditLine
from bursar.core import clock
from bursar.core.calendar import Month, midnight
from bursar.payments.models import (
    Call,
    Charge,
    Chargeback,
    Hint,
    Mandate,
    MollieCustomer,
    Payment,
    Refund,
    Subscription,
    SyncMark,
)
from bursar.payments.queries.standing import find_open_checkout
from bursar.payments.rules.past import Course, Tried, choose, list_spans, tell_terms
from bursar.plans.models import PaidPeriod, PaymentTerms, PinnedPrice
from bursar.rollup.models import AccountMonth
from bursar.rollup.project import project
from bursar.rollup.refresh import refresh
from tests.cast import Cast, bring_all
from tests.payments.counter import Counter
from tests.payments.test_years import Shop
from tests.payments.till import HTTP


@pytest.fixture
def shop(counter: Counter) -> Shop:
    return Shop(counter)


def months(shop: Shop) -> list[tuple[Any, ...]]:
    refresh(clock.now())
    rows = AccountMonth.objects.filter(account=shop.account).order_by("month")
    return list(rows.values_list("month", "klass", "status", "mrr", "movement"))


def forget(shop: Shop) -> None:
    """As if Bursar came only now: Mollie, the workspaces and their tiers are as they are."""
    for model in (Call, Hint, SyncMark, Refund, Chargeback, Payment, Charge, Subscription, Mandate, MollieCustomer):
        model.objects.all().delete()  # type: ignore[attr-defined]  # every model has one
    for dated in (PaidPeriod, PaymentTerms, PinnedPrice):
        dated.objects.filter(account=shop.account).delete()  # type: ignore[attr-defined]  # every model has one
    first = AccountMonth.objects.filter(account=shop.account).order_by("month").values_list("month", flat=True)[0]
    project({shop.account.pk: Month.of(first)}, clock.now())


def days_ago(days: int) -> datetime:
    return clock.now() - timedelta(days=days)


def take_in(since: str = "2026-01-01") -> str:
    out = StringIO()
    call_command("payments", "sync", "--from", since, stdout=out)
    return out.getvalue()


def live(shop: Shop, cast: Cast, story: str) -> None:
    shop.buy()
    if story == "failed once":
        shop.next_outcomes("failed:AC04")
    shop.go_on(days=40, hours=(0, 3))
    if story == "failed once":
        assert status(shop) == "past_due"
    if story == "cancelled":
        run("payments.account.cancel_plan", cast.lotte, shop.account.public_id, {})
    shop.go_on(days=31, hours=(0, 3))


def status(shop: Shop) -> str:
    return PaymentTerms.objects.at(clock.now()).get(account=shop.account).status


@pytest.mark.parametrize("story", ["paid", "failed once", "cancelled"])
def test_a_past_that_is_taken_in_is_the_past_that_was(shop: Shop, cast: Cast, story: str) -> None:
    live(shop, cast, story)
    before, kinds = months(shop), charges(shop)
    forget(shop)
    assert months(shop) != before
    said = take_in()
    assert "How 1 accounts paid before was worked out; of 0 it was known." in said
    assert months(shop) == before
    assert charges(shop) == kinds
    assert AuditLine.objects.filter(key="payments.company.take_past").count() == 1
    assert "How 0 accounts" in take_in() and months(shop) == before
    shop.minute()
    shop.check()
    shop.go_on(days=31, hours=(0, 3))
    shop.check()
    assert status(shop) == ("cancelled" if story == "cancelled" else "active")


def charges(shop: Shop) -> list[tuple[Any, ...]]:
    """An earlier one that failed is owed to Bursar alone: what became of it at Mollie is not known."""
    rows = Charge.objects.filter(account=shop.account, state="paid").order_by("due_on")
    return list(rows.values_list("kind", "due_on", "gross", "net", "interval_from__date", "interval_until"))


def test_what_failed_last_is_owed_and_can_be_paid(shop: Shop) -> None:
    shop.buy()
    shop.next_outcomes("failed:AC04")
    shop.go_on(days=33, hours=(0, 3))
    forget(shop)
    take_in()
    (owed,) = Charge.objects.filter(account=shop.account, state="failed")
    assert (owed.kind, owed.next_try_at, status(shop)) == ("renewal", None, "past_due")
    shop.minute()
    assert not Charge.objects.filter(account=shop.account, next_try_at__isnull=False).exists()


def test_a_first_interval_that_was_taken_back_is_owed_and_no_checkout(shop: Shop) -> None:
    shop.buy()
    shop.go_on(days=3, hours=(0, 3))
    (paid_,) = Payment.objects.filter(kind="first")
    HTTP.post(f"{shop.counter.simulator.base}/control/payments/{paid_.mollie_id}/chargeback", json={})
    shop.counter.tell()
    forget(shop)
    take_in()
    owed = Charge.objects.get(account=shop.account, kind="first")
    assert (owed.state, status(shop)) == ("failed", "past_due") and owed.settled_at is not None
    assert find_open_checkout(shop.account.pk) is None


def test_what_came_after_is_not_worked_out_again(shop: Shop, cast: Cast) -> None:
    shop.buy()
    shop.go_on(days=63, hours=(0, 3))
    forget(shop)
    take_in(days_ago(40).date().isoformat())
    shop.minute()
    shop.go_on(days=31, hours=(0, 3))
    run(
        "plans.account.set_managed",
        cast.iris,
        shop.account.public_id,
        {"cadence": "yearly", "cancel": True},
        reason="x",
    )
    before = months(shop)[-1], PaymentTerms.objects.filter(account=shop.account).latest("valid_from").pk
    take_in()
    assert before == (months(shop)[-1], PaymentTerms.objects.filter(account=shop.account).latest("valid_from").pk)
    assert PaymentTerms.objects.at(clock.now()).get(account=shop.account).mode == "managed"


def test_where_a_file_told_the_terms_they_stay(shop: Shop) -> None:
    shop.buy()
    shop.go_on(days=31, hours=(0, 3))
    forget(shop)
    bring_all(
        {
            "kind": "payment",
            "account": {"organisation": "samen"},
            "mode": "managed",
            "from": clock.now() - timedelta(days=9),
        }
    )
    before = months(shop), list(PaymentTerms.objects.values())
    assert "How 0 accounts paid before was worked out; of 1 it was known." in take_in()
    assert (months(shop), list(PaymentTerms.objects.values())) == before and not PaidPeriod.objects.filter(
        account=shop.account
    ).exists()


def test_a_longer_reach_adds_what_was_before(shop: Shop) -> None:
    shop.buy()
    shop.go_on(days=63, hours=(0, 3))
    before = months(shop)
    forget(shop)
    take_in(days_ago(40).date().isoformat())
    part = months(shop)
    assert part != before and part[-1][:4] == before[-1][:4]
    take_in()
    assert months(shop) == before


DAY = date(2026, 1, 31)


def at(day: date, hour: int = 3) -> datetime:
    return midnight(day) + timedelta(hours=hour)


def paid(key: int, day: date, **more: Any) -> Tried:
    return Tried(key, day, paid_at=at(day), **more)


def course(*tries: Tried, begins: date = DAY, **more: Any) -> Course:
    return Course("monthly", begins, more.pop("first", None), tries, **more)


def test_an_interval_lasts_until_the_next_charge() -> None:
    spans = list_spans(course(paid(1, DAY), paid(2, date(2026, 3, 3)), paid(3, date(2026, 5, 20))))
    days = [(one.start.date(), one.until.date()) for one in spans]
    assert days == [
        (DAY, date(2026, 3, 3)),  # Mollie charged three days late
        (date(2026, 3, 3), date(2026, 4, 3)),  # the next one never came
        (date(2026, 5, 20), date(2026, 6, 20)),
    ]
    told = [(at.date(), terms["status"]) for at, terms in tell_terms(course(), spans)]
    assert told[:4] == [
        (DAY, "active"), (date(2026, 3, 3), "active"), (date(2026, 4, 3), "past_due"), (date(2026, 5, 20), "active"),
    ]  # fmt: skip


def test_a_first_payment_that_only_proved_a_mandate_is_no_interval() -> None:
    begins = date(2026, 3, 1)
    proof, first = paid(1, date(2026, 2, 27)), paid(2, date(2026, 2, 1))
    assert [one.tried.key for one in list_spans(course(paid(3, begins), begins=begins, first=proof))] == [3]
    spans = list_spans(course(paid(3, begins), begins=begins, first=first))
    assert [one.tried.key for one in spans] == [2, 3] and spans[0].until == midnight(begins)


def test_what_was_taken_back_while_it_ran_is_past_due() -> None:
    lost = course(paid(1, DAY, gone_at=at(date(2026, 2, 10))))
    assert [terms["status"] for _, terms in tell_terms(lost, list_spans(lost))] == ["active", "past_due"]
    late = course(paid(1, DAY, gone_at=at(date(2026, 4, 10))))
    assert [terms["status"] for _, terms in tell_terms(late, list_spans(late))] == ["active"]


def test_an_end_lapses_with_what_was_paid_and_money_after_it_buys_nothing() -> None:
    over = course(paid(1, DAY), paid(2, date(2026, 2, 28)), begins=DAY, is_over=True, ended_at=at(date(2026, 2, 10)))
    told = tell_terms(over, list_spans(over))
    assert [terms["status"] for _, terms in told] == ["active", "cancelled"]
    assert told[-1][1]["lapses_at"] == datetime(2026, 2, 28, tzinfo=UTC)
    by_itself = course(paid(1, DAY), is_over=True)
    assert [(when.date(), terms["status"]) for when, terms in tell_terms(by_itself, list_spans(by_itself))] == [
        (DAY, "active"), (date(2026, 2, 28), "cancelled"),
    ]  # fmt: skip


class Known(NamedTuple):
    course: Course


def test_one_subscription_at_a_time_rules() -> None:
    now, old = Known(course(paid(1, DAY))), Known(course(paid(3, date(2025, 12, 20)), begins=date(2025, 12, 20)))
    beside = Known(course(paid(2, date(2026, 2, 10)), begins=date(2026, 2, 10)))
    assert [past for past, _ in choose([now, beside, old])] == [old, now]
