"""What news of payments mean for accounts: by the door, from rows of the mirror."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from bursar.access.actor import system
from bursar.actions.registry import ACTIONS
from bursar.actions.run import Act, run
from bursar.actions.spec import Cleaned, Outcome
from bursar.audit.models import AuditLine
from bursar.billing.models import BillingDetails
from bursar.core import clock
from bursar.notifications.models import Mail
from bursar.outbox import store as outbox
from bursar.payments import timed
from bursar.payments.actions.apply import apply_subscription
from bursar.payments.actions.ending import end_subscription
from bursar.payments.actions.following import quote_next
from bursar.payments.models import Call, Charge, Payment, Subscription
from bursar.payments.queries import get_meant, get_planned
from bursar.plans.models import PaidPeriod, PinnedPrice
from bursar.plans.queries import load_account
from bursar.plans.rules import effective_tier
from bursar.tenants.models import BillingAccount
from tests.cast import NOW, Cast, bring_all, fact, prove, refusal_of, seat
from tests.payments import mirrored


@pytest.fixture(autouse=True)
def key(settings: Any) -> None:
    settings.BURSAR_MOLLIE_KEY = "test_key"


def tier_of(cast: Cast) -> str:
    state = load_account(cast.samen.pk)
    return effective_tier(state.workspaces[0], mirrored.terms(cast.samen), clock.now()).tier


def keys(of: object = None) -> list[str]:
    lines = AuditLine.objects.filter(key__startswith="payments.").order_by("id")
    return [line.key.rpartition(".")[2] for line in lines]


def test_a_first_payment_buys_the_tier_and_plans_its_renewal(cast: Cast) -> None:
    charge = mirrored.check_out(cast.samen)
    held = mirrored.mandate(cast.samen)
    row = mirrored.payment(charge)
    mirrored.apply(row)
    assert mirrored.terms(cast.samen).status == "none" and tier_of(cast) == "free"
    mirrored.tell(row, "pending")
    assert mirrored.terms(cast.samen).status == "pending" and tier_of(cast) == "free"
    mirrored.tell(row, "paid", mollie_mandate_id=held.mollie_id)
    terms, until = mirrored.terms(cast.samen), datetime(2026, 12, 24, tzinfo=UTC)
    assert (terms.status, terms.cadence, terms.paid_until, tier_of(cast)) == ("active", "monthly", until, "changemaker")
    charge.refresh_from_db()
    assert (charge.state, charge.gross, charge.due_on) == ("paid", Decimal("104.06"), date(2026, 11, 24))
    period = PaidPeriod.objects.get(external_id=charge.public_id)
    assert (period.service_until, period.net, period.source) == (until, Decimal("86.00"), "mollie")
    pin = PinnedPrice.objects.get(account=cast.samen)
    assert (pin.tier, pin.rate, pin.valid_until) == ("changemaker", Decimal("86.00"), until)
    planned = mirrored.planned(cast.samen)
    assert (planned.due_on, planned.interval_from, planned.gross) == (until.date(), until, Decimal("104.06"))
    call = Call.objects.get(op="subscription.create")
    meant = get_meant(cast.samen.pk)
    assert meant and call.body == {"subscription": meant.public_id} and meant.start_date == until.date()
    assert meant.mollie_mandate_id == held.mollie_id
    assert (fact(cast.samen).klass, fact(cast.samen).mrr) == ("paying", Decimal("86.00"))
    assert keys() == ["note_under_way", "await_first", "start_paying"]
    prove()


def at(day: str, hour: int = 9) -> datetime:
    return datetime.fromisoformat(f"{day}T{hour:02}:00:00+00:00")


def test_an_attempt_that_ended_is_over_and_an_old_one_harms_no_newer_one(cast: Cast) -> None:
    first = mirrored.payment(mirrored.check_out(cast.samen))
    mirrored.tell(first, "pending")
    mirrored.tell(first, "failed")
    assert mirrored.terms(cast.samen).status == "none"
    assert [charge.state for charge in Charge.objects.all()] == ["ended"]
    second = mirrored.payment(mirrored.check_out(cast.samen))
    mirrored.tell(second, "pending")
    assert mirrored.terms(cast.samen).status == "pending"
    mirrored.tell(first, "expired")
    assert mirrored.terms(cast.samen).status == "pending" and Charge.objects.get(state="under_way")
    assert keys() == [
        "note_under_way", "await_first", "end_checkout", "note_under_way", "await_first",
    ] or keys() == ["await_first", "end_checkout", "await_first"]  # fmt: skip


def test_a_checkout_that_was_replaced_and_paid_after_all_starts_nothing(cast: Cast) -> None:
    old = mirrored.check_out(cast.samen)
    Charge.objects.filter(pk=old.pk).update(state="ended")
    row = mirrored.payment(old, "paid")
    mirrored.apply(row)
    assert mirrored.terms(cast.samen).status == "none" and tier_of(cast) == "free"
    assert keys() == ["note_unexpected"]


def test_a_renewal_under_way_keeps_the_account_active_and_paid_moves_the_interval_on(cast: Cast) -> None:
    meant = mirrored.begin(cast.samen)
    with clock.frozen(at("2026-12-24", 7)):
        row = mirrored.charge_of(meant, date(2027, 1, 24))
        charge = Charge.objects.get(kind="renewal", state="under_way")
        assert row.charge == charge and charge.due_on == date(2026, 12, 24)
        assert mirrored.planned(cast.samen).due_on == date(2027, 1, 24)
    with clock.frozen(at("2026-12-27")):
        assert mirrored.terms(cast.samen).status == "active" and fact(cast.samen).mrr == 86
        mirrored.tell(row, "paid")
        charge.refresh_from_db()
        assert charge.state == "paid" and mirrored.terms(cast.samen).paid_until == datetime(2027, 1, 24, tzinfo=UTC)
        assert PaidPeriod.objects.filter(account=cast.samen).count() == 2
        mirrored.apply(row)
        assert keys()[-2:] == ["note_under_way", "renew"]
        prove()


def test_what_mollie_says_of_month_ends_becomes_what_is_paid(cast: Cast) -> None:
    with clock.frozen(at("2026-11-30")):
        meant = mirrored.begin(cast.samen)
        assert mirrored.terms(cast.samen).paid_until == datetime(2026, 12, 30, tzinfo=UTC)
        mirrored.say(meant, next_date=date(2026, 12, 31))
        assert keys()[-1] == "note_next_charge"
        assert mirrored.terms(cast.samen).paid_until == datetime(2026, 12, 31, tzinfo=UTC)
        assert mirrored.planned(cast.samen).interval_from == datetime(2026, 12, 31, tzinfo=UTC)
        lines = AuditLine.objects.count()
        mirrored.say(meant, next_date=date(2026, 12, 31))
        assert AuditLine.objects.count() == lines


def test_a_failed_renewal_is_past_due_told_once_and_tried_again(cast: Cast) -> None:
    meant = mirrored.begin(cast.samen)
    with clock.frozen(at("2026-12-24")):
        row = mirrored.charge_of(meant, date(2027, 1, 24))
    with clock.frozen(at("2026-12-26")) as failed_at:
        mirrored.tell(row, "failed", reason="AM04")
        terms = mirrored.terms(cast.samen)
        assert (terms.status, terms.past_due_since, tier_of(cast)) == ("past_due", failed_at, "changemaker")
        charge = Charge.objects.get(state="failed")
        assert charge.next_try_at == failed_at + timedelta(days=3) and charge.failing_told_at == failed_at
        assert fact(cast.samen).status == "past_due" and fact(cast.samen).mrr == 86
    for day, tries in (("2026-12-29", 1), ("2027-01-02", 2), ("2027-01-09", 3)):
        with clock.frozen(at(day, 10)) as now:
            assert not _tried(at(day, 8)), "its day has not come"
            assert _tried(now)
            charge.refresh_from_db()
            assert (charge.state, charge.tries, charge.next_try_at) == ("asked", tries, None)
            again = mirrored.payment(charge, "pending")
            mirrored.apply(again)
            assert not _tried(now), "one is under way"
            mirrored.tell(again, "failed", reason="AM04")
    charge.refresh_from_db()
    assert charge.next_try_at is None and charge.method_asked_at is not None
    assert keys().count("fall_behind") == 1 and keys().count("ask_for_method") == 1
    with clock.frozen(at("2027-01-12")):
        paid = mirrored.payment(charge, "paid")
        mirrored.apply(paid)
        terms = mirrored.terms(cast.samen)
        assert (terms.status, terms.paid_until) == ("active", datetime(2027, 1, 24, tzinfo=UTC))
        assert paid.amount == charge.gross
        prove()


def _tried(now: datetime) -> bool:
    before = Call.objects.filter(op="payment.create").count()
    with clock.frozen(now):
        timed.try_again(now)
    return Call.objects.filter(op="payment.create").count() > before


def test_a_charge_back_of_the_running_interval_is_past_due_and_its_reversal_brings_it_back(cast: Cast) -> None:
    mirrored.begin(cast.samen)
    first = Payment.objects.get()
    with clock.frozen(at("2026-12-02")) as now:
        mirrored.tell(first, charged_back=first.amount)
        terms = mirrored.terms(cast.samen)
        assert (terms.status, terms.past_due_since, tier_of(cast)) == ("past_due", now, "changemaker")
        charge = Charge.objects.get(kind="first")
        assert (charge.state, charge.next_try_at) == ("failed", None) and charge.method_asked_at
        assert terms.paid_until == datetime(2026, 12, 24, tzinfo=UTC)
    with clock.frozen(at("2026-12-05")):
        mirrored.tell(first, charged_back=Decimal(0))
        assert mirrored.terms(cast.samen).status == "active"
        charge.refresh_from_db()
        assert charge.state == "paid" and charge.failed_at is None
        assert keys()[-2:] == ["lose_payment", "note_given_back"]
        prove()


def test_a_charge_back_of_an_earlier_interval_moves_money_alone(cast: Cast) -> None:
    meant = mirrored.begin(cast.samen)
    first = Payment.objects.get()
    with clock.frozen(at("2026-12-24")):
        mirrored.charge_of(meant, date(2027, 1, 24), "paid")
        mirrored.tell(first, charged_back=first.amount)
        assert mirrored.terms(cast.samen).status == "active"
        assert Charge.objects.get(kind="first").state == "failed"
        assert keys()[-1] == "note_taken_back"


def test_a_debit_that_fails_after_it_was_paid_is_a_failed_renewal(cast: Cast) -> None:
    meant = mirrored.begin(cast.samen)
    with clock.frozen(at("2026-12-24")):
        row = mirrored.charge_of(meant, date(2027, 1, 24), "paid")
        assert mirrored.terms(cast.samen).status == "active"
    with clock.frozen(at("2026-12-28")):
        mirrored.tell(row, "failed", reason="AM04")
        assert mirrored.terms(cast.samen).status == "past_due"
        assert Charge.objects.get(kind="renewal", state="failed").next_try_at == at("2026-12-31")
        assert keys()[-1] == "fall_behind"


def test_two_that_pay_one_interval_extend_it_once(cast: Cast) -> None:
    meant = mirrored.begin(cast.samen)
    with clock.frozen(at("2026-12-24")):
        row = mirrored.charge_of(meant, date(2027, 1, 24), "failed", reason="AM04")
        assert row.charge is not None
        for _ in range(2):
            mirrored.apply(mirrored.payment(row.charge, "paid"))
        assert mirrored.terms(cast.samen).paid_until == datetime(2027, 1, 24, tzinfo=UTC)
        assert keys()[-2:] == ["renew", "note_unexpected"]


def test_a_refund_is_money_only(cast: Cast) -> None:
    mirrored.begin(cast.samen)
    first, before = Payment.objects.get(), mirrored.terms(cast.samen)
    mirrored.tell(first, refunded=Decimal("20.00"))
    mirrored.tell(first, refunded=first.amount)
    assert mirrored.terms(cast.samen) == before and fact(cast.samen).mrr == 86
    assert Charge.objects.get(kind="first").state == "paid" and first.applied_refunded == first.amount
    assert PaidPeriod.objects.get(account=cast.samen).credited_at is None
    assert keys()[-2:] == ["note_refund", "note_refund"]
    prove()


def test_news_in_another_order_come_to_the_same(cast: Cast) -> None:
    """Two renewals, and nobody told of the first until the second had arrived."""
    meant = mirrored.begin(cast.samen)
    with clock.frozen(at("2026-12-24")):
        first = mirrored.payment(meant, "paid")
    with clock.frozen(at("2027-01-24")):
        mirrored.charge_of(meant, date(2027, 2, 24), "paid")
        assert mirrored.terms(cast.samen).paid_until == datetime(2027, 2, 24, tzinfo=UTC)
        mirrored.apply(first)
        assert mirrored.terms(cast.samen).paid_until == datetime(2027, 2, 24, tzinfo=UTC)
        renewals = Charge.objects.filter(kind="renewal").order_by("due_on")
        assert [(one.due_on, one.state) for one in renewals] == [
            (date(2026, 12, 24), "paid"), (date(2027, 1, 24), "paid"), (date(2027, 2, 24), "planned"),
        ]  # fmt: skip
        assert renewals[0].interval_until == datetime(2027, 1, 24, tzinfo=UTC)
        prove()


def test_mollie_ends_a_subscription_and_the_account_is_past_due_when_what_is_paid_ends(cast: Cast) -> None:
    meant, until = mirrored.begin(cast.samen), datetime(2026, 12, 24, tzinfo=UTC)
    with clock.frozen(at("2026-12-02")):
        mirrored.say(meant, status="suspended", next_date=None)
        assert mirrored.terms(cast.samen).status == "active" and keys()[-1] == "note_ended_by_mollie"
        lines = AuditLine.objects.count()
        mirrored.say(meant, status="canceled")
        assert AuditLine.objects.count() == lines
    with clock.frozen(until):  # by the clock alone: no job has run
        terms = mirrored.terms(cast.samen)
        assert (terms.status, terms.past_due_since, tier_of(cast)) == ("past_due", until, "changemaker")
        assert fact(cast.samen).status == "past_due" and fact(cast.samen).mrr == 86
    with clock.frozen(at("2026-12-24", 3)):
        timed.arrive(clock.now())
        charge = Charge.objects.get(kind="renewal")
        assert (charge.state, charge.next_try_at) == ("failed", None) and keys()[-1] == "miss_renewal"
        held = mirrored.mandate(cast.samen, "creditcard")
        paid = mirrored.payment(charge, "paid", mollie_mandate_id=held.mollie_id, raw={"sequenceType": "first"})
        mirrored.apply(paid)
        terms = mirrored.terms(cast.samen)
        assert (terms.status, terms.paid_until) == ("active", datetime(2027, 1, 24, tzinfo=UTC))
        newer = get_meant(cast.samen.pk)
        assert newer and newer != meant and newer.start_date == date(2027, 1, 24)
        assert newer.mollie_mandate_id == held.mollie_id and mirrored.planned(cast.samen).subscription == newer
        assert mirrored.terms(cast.samen, at("2027-02-01")).status == "active", "nothing is foreseen any more"
        prove()


def test_a_new_method_moves_the_subscription_and_revokes_the_old_one_after(cast: Cast) -> None:
    meant = mirrored.begin(cast.samen)
    old = meant.mollie_mandate_id
    held = mirrored.mandate(cast.samen, "creditcard")
    quote = mirrored.check_out(cast.samen)
    Charge.objects.filter(pk=quote.pk).update(kind="method")
    quote.refresh_from_db()
    mirrored.apply(mirrored.payment(quote, "paid", mollie_mandate_id=held.mollie_id))
    assert mirrored.terms(cast.samen).status == "active" and keys()[-1] == "take_method"
    calls = list(Call.objects.order_by("id").values_list("op", "body"))[-2:]
    assert calls == [
        ("subscription.update", {"subscription": meant.public_id, "mandate": held.mollie_id}),
        ("mandate.revoke", {"mandate": old, "after": held.mollie_id}),
    ]


def end(monkeypatch: pytest.MonkeyPatch, account: BillingAccount, **how: bool) -> None:
    """What *Cancel* does, by the door."""
    key = "payments.account.ask_for_method"

    def verb(act: Act, target: BillingAccount, data: Cleaned) -> Outcome:
        end_subscription(act, target, **how)
        return Outcome("Ended.", touched={target.pk: None})

    with monkeypatch.context() as patched:
        patched.setitem(ACTIONS.things, key, replace(ACTIONS[key], verb=verb, tell=(), event=""))
        run(key, system("test"), account.public_id, {"charge": "x"})


def test_cancelled_keeps_what_is_paid_and_nothing_that_comes_later_revives_it(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    meant, until = mirrored.begin(cast.samen), datetime(2026, 12, 24, tzinfo=UTC)
    end(monkeypatch, cast.samen)
    terms = mirrored.terms(cast.samen)
    assert (terms.status, terms.lapses_at, tier_of(cast)) == ("cancelled", until, "changemaker")
    assert fact(cast.samen).reason["code"] == "cancelled" and fact(cast.samen).mrr == 86
    assert Call.objects.filter(op="subscription.cancel").count() == 1 and get_planned(cast.samen.pk) is None
    mirrored.say(meant, status="canceled", next_date=None)
    with clock.frozen(at("2026-12-24")):
        late = mirrored.payment(meant, "paid")
        mirrored.apply(late)
        assert mirrored.terms(cast.samen).status == "cancelled" and tier_of(cast) == "free"
        assert keys()[-1] == "note_unexpected" and fact(cast.samen).mrr == 0
        assert late.charge and late.charge.state == "ended"
        prove()


def test_cancelled_while_past_due_stays_past_due_until_what_is_paid_ends(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirrored.begin(cast.samen, cadence="yearly")
    first = Payment.objects.get()
    with clock.frozen(at("2026-12-02")):
        mirrored.tell(first, charged_back=first.amount)
        end(monkeypatch, cast.samen)
        terms = mirrored.terms(cast.samen)
        assert terms.status == "cancelled" and terms.lapses_at == terms.paid_until and tier_of(cast) == "changemaker"
        row = fact(cast.samen)
        assert (row.status, row.mrr, row.reason["code"]) == ("past_due", 75, "cancelled_owing")
        prove()
    with clock.frozen(at("2027-02-15")):
        assert fact(cast.samen).mrr == 0 and tier_of(cast) == "changemaker"
        assert not _tried(clock.now())


def test_a_charge_back_after_the_cancelling_counts_as_past_due(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    mirrored.begin(cast.samen, cadence="yearly")
    first = Payment.objects.get()
    end(monkeypatch, cast.samen)
    with clock.frozen(at("2026-12-02")):
        mirrored.tell(first, charged_back=first.amount)
        assert mirrored.terms(cast.samen).status == "cancelled" and fact(cast.samen).status == "past_due"
        charge = Charge.objects.get(kind="first")
        assert charge.state == "failed" and charge.next_try_at is None
        mirrored.apply(mirrored.payment(charge, "paid"))
        assert mirrored.terms(cast.samen).past_due_since is None and fact(cast.samen).status == "cancelled"
        prove()


def test_cancelled_when_nothing_is_paid_ahead_goes_at_once(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    meant = mirrored.begin(cast.samen)
    with clock.frozen(at("2026-12-24")):
        mirrored.charge_of(meant, date(2027, 1, 24), "failed", reason="AM04")
    with clock.frozen(at("2026-12-25")):
        end(monkeypatch, cast.samen)
        assert mirrored.terms(cast.samen).status == "cancelled" and tier_of(cast) == "free"
        assert fact(cast.samen).mrr == 0
        assert not Charge.objects.filter(state__in=["planned", "failed"]).exists()
        prove()


def test_seats_that_came_are_charged_once_a_day_for_the_rest_of_the_interval(cast: Cast) -> None:
    mirrored.begin(cast.samen)
    with clock.frozen(at("2026-12-04", 12)):
        bring_all(seat("panel", "ali", "member", clock.now()))
    with clock.frozen(at("2026-12-14", 1)):
        timed.charge_seats(clock.now())
        assert not Charge.objects.filter(kind="seat").exists(), "at 02:00"
    with clock.frozen(at("2026-12-14", 2)):
        timed.charge_seats(clock.now())
        charge = Charge.objects.get(kind="seat")
        assert (charge.net, charge.seats, charge.state) == (Decimal("28.67"), 1, "asked")  # 86 × 10 / 30
        assert charge.due_on == date(2026, 12, 14)
        timed.charge_seats(clock.now())
    with clock.frozen(at("2026-12-15", 2)):
        timed.charge_seats(clock.now())
        assert Charge.objects.filter(kind="seat").count() == 1
        mirrored.apply(mirrored.payment(charge, "paid"))
        charge.refresh_from_db()
        assert charge.state == "paid" and keys()[-2:] == ["charge_seats", "settle"]
        prove()


def test_no_seat_is_charged_while_past_due_or_cancelled(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    mirrored.begin(cast.samen)
    first = Payment.objects.get()
    with clock.frozen(at("2026-12-04")):
        bring_all(seat("panel", "ali", "member", clock.now()))
        mirrored.tell(first, charged_back=first.amount)
        timed.charge_seats(clock.now())
        mirrored.tell(first, charged_back=Decimal(0))
        end(monkeypatch, cast.samen)
    with clock.frozen(at("2026-12-05")):
        timed.charge_seats(clock.now())
    assert not Charge.objects.filter(kind="seat").exists()


def test_the_amount_follows_seats_and_what_was_announced_is_told_anew(cast: Cast) -> None:
    meant = mirrored.begin(cast.samen)
    timed.follow(clock.now())
    assert keys()[-1] != "follow_amount", "nothing changed"
    with clock.frozen(at("2026-12-04")):
        bring_all(seat("panel", "ali", "member", clock.now()))
        timed.follow(clock.now())
        meant.refresh_from_db()
        assert (meant.wanted, meant.wanted_net) == (Decimal("208.12"), Decimal("172.00"))
        assert keys()[-1] == "follow_amount" and Call.objects.filter(op="subscription.update").count() == 1
        timed.follow(clock.now())
        assert Call.objects.filter(op="subscription.update").count() == 1
        assert mirrored.planned(cast.samen).gross == Decimal("104.06"), "Mollie has not answered yet"
        mirrored.say(meant, amount=meant.wanted)
        assert mirrored.planned(cast.samen).gross == Decimal("208.12")
    with clock.frozen(at("2026-12-21")):
        timed.announce(clock.now())
        line = AuditLine.objects.latest("id")
        assert line.key.endswith("announce_renewal") and mirrored.planned(cast.samen).notice_sent_at
        timed.announce(clock.now())
        assert keys().count("announce_renewal") == 1
        bring_all(seat("panel", "maud", "member", clock.now()))
        timed.follow(clock.now())
        assert keys()[-1] == "tell_new_amount"


def test_vat_that_changes_the_amount_is_told_before_the_charge(cast: Cast) -> None:
    meant = mirrored.begin(cast.samen)
    BillingDetails.objects.create(
        account=cast.samen, name="Samen", street="Weg 1", city="Bonn", country="DE", vat_id="DE136695976",
        vat_status="valid", changed_at=NOW,
    )  # fmt: skip
    with clock.frozen(at("2026-11-25")):
        timed.follow(clock.now())
        meant.refresh_from_db()
        assert meant.wanted == Decimal("86.00") and meant.wanted_decision["treatment"] == "reverse_charge"
        assert keys()[-1] == "tell_new_amount"


def test_a_price_of_zero_ends_the_subscription_with_what_is_paid_and_tiers_stay(cast: Cast) -> None:
    meant, until = mirrored.begin(cast.samen), datetime(2026, 12, 24, tzinfo=UTC)
    free = {"kind": "scholarship", "percent": "100", "end_date": "2027-02-28"}
    with clock.frozen(at("2026-12-02")):
        run("plans.account.set_discount", cast.ties, cast.samen.public_id, free, reason="x")
        timed.follow(clock.now())
        assert Call.objects.filter(op="subscription.cancel").count() == 1 and get_planned(cast.samen.pk) is None
        mirrored.say(meant, status="canceled", next_date=None)
        assert mirrored.terms(cast.samen).status == "active" and fact(cast.samen).mrr == 86
        assert keys()[-1] == "follow_amount"
    with clock.frozen(until):
        assert mirrored.terms(cast.samen).status == "none" and tier_of(cast) == "changemaker"
        assert fact(cast.samen).klass == "comped"
        timed.arrive(clock.now())
        assert get_meant(cast.samen.pk) is None and keys()[-1] == "end_with_interval"
        timed.ask_again(clock.now())
        assert keys()[-1] == "end_with_interval"
    with clock.frozen(at("2027-03-01")):
        timed.ask_again(clock.now())
        timed.ask_again(clock.now())
        assert keys()[-1] == "ask_to_check_out" and keys().count("ask_to_check_out") == 1
        prove()


def test_a_new_method_saves_no_subscription_whose_next_interval_costs_nothing(cast: Cast) -> None:
    mirrored.begin(cast.samen)
    free = {"kind": "scholarship", "percent": "100", "end_date": ""}
    with clock.frozen(at("2026-11-25")):
        run("plans.account.set_discount", cast.ties, cast.samen.public_id, free, reason="x")
        timed.follow(clock.now())
        held, charge = mirrored.mandate(cast.samen, "creditcard"), mirrored.check_out(cast.samen)
        Charge.objects.filter(pk=charge.pk).update(kind="method", net=1, vat=0, gross=1)
        charge.refresh_from_db()
        mirrored.apply(mirrored.payment(charge, "paid", mollie_mandate_id=held.mollie_id))
        assert mirrored.terms(cast.samen).status == "active"
        assert mirrored.terms(cast.samen, at("2026-12-25")).status == "none"


def test_a_price_above_zero_again_goes_on_with_a_new_subscription(cast: Cast) -> None:
    meant = mirrored.begin(cast.samen)
    free = {"kind": "scholarship", "percent": "100", "end_date": ""}
    with clock.frozen(at("2026-11-25")):
        run("plans.account.set_discount", cast.ties, cast.samen.public_id, free, reason="x")
        timed.follow(clock.now())
        assert mirrored.terms(cast.samen, at("2026-12-25")).status == "none"
    with clock.frozen(at("2026-12-02")):
        run("plans.account.remove_discount", cast.ties, cast.samen.public_id, reason="x")
        timed.follow(clock.now())
        newer = get_meant(cast.samen.pk)
        assert newer and newer != meant and newer.start_date == date(2026, 12, 24)
        assert mirrored.terms(cast.samen, at("2026-12-25")).status == "active"


def test_what_was_agreed_for_the_end_of_the_interval_arrives_then(cast: Cast) -> None:
    meant = mirrored.begin(cast.samen, "guardian")
    Subscription.objects.filter(pk=meant.pk).update(then_tier="changemaker", then_cadence="yearly", followed_at=None)
    timed.follow(clock.now())
    meant.refresh_from_db()
    assert meant.wanted_net == Decimal("900.00") and tier_of(cast) == "guardian"
    mirrored.say(meant, amount=meant.wanted)
    with clock.frozen(at("2026-12-23")):
        timed.arrive(clock.now())
        assert tier_of(cast) == "guardian" and fact(cast.samen).mrr == 172
    with clock.frozen(datetime(2026, 12, 24, tzinfo=UTC)):
        timed.arrive(clock.now())
        assert tier_of(cast) == "changemaker" and mirrored.terms(cast.samen).cadence == "yearly"
        assert fact(cast.samen).mrr == 75 and keys()[-1] == "arrive_at_plan"
    with clock.frozen(at("2026-12-24")):
        meant.refresh_from_db()
        mirrored.charge_of(meant, date(2027, 12, 24), "paid")
        assert mirrored.terms(cast.samen).paid_until == datetime(2027, 12, 24, tzinfo=UTC)
        prove()


def test_what_arrives_with_its_payment_arrives_all_the_same(cast: Cast) -> None:
    meant = mirrored.begin(cast.samen, "guardian")
    Subscription.objects.filter(pk=meant.pk).update(then_tier="changemaker")
    meant.refresh_from_db()
    with clock.frozen(at("2026-12-24")):
        mirrored.charge_of(meant, date(2027, 1, 24), "paid")
        assert tier_of(cast) == "changemaker" and keys()[-2:] == ["arrive_at_plan", "renew"]


def test_an_upgrade_holds_when_it_is_paid(cast: Cast) -> None:
    meant = mirrored.begin(cast.samen)
    with clock.frozen(at("2026-11-25")):
        upgrade = mirrored.check_out(cast.samen, "guardian")
        Charge.objects.filter(pk=upgrade.pk).update(kind="upgrade")
        upgrade.refresh_from_db()
        row = mirrored.payment(upgrade, "pending")
        mirrored.apply(row)
        assert tier_of(cast) == "changemaker"
        mirrored.tell(row, "paid")
        assert tier_of(cast) == "guardian" and fact(cast.samen).mrr == 172
        timed.follow(clock.now())
        meant.refresh_from_db()
        assert meant.wanted_net == 172 and mirrored.terms(cast.samen).status == "active"
        prove()


def test_what_mollie_refuses_is_undone(cast: Cast) -> None:
    meant = mirrored.begin(cast.samen)
    refused = Call.objects.create(
        account=cast.samen, op="payment.create", body={"charge": "chg_x"}, mode="test", made_at=NOW, problem="No."
    )
    checkout = mirrored.check_out(cast.samen)
    for charge, state in ((checkout, "ended"), (None, "")):
        refused.body = {"charge": charge.public_id if charge else "chg_x"}
        refused.save()
        run("payments.account.note_refused_call", system("payments"), cast.samen.public_id, {"call": refused.public_id})
        if charge:
            charge.refresh_from_db()
            assert charge.state == state
    with clock.frozen(at("2026-12-24")):
        row = mirrored.charge_of(meant, date(2027, 1, 24), "failed", reason="AM04")
        assert row.charge is not None
    with clock.frozen(at("2026-12-27", 12)):
        assert _tried(clock.now())
        call = Call.objects.latest("id")
        run("payments.account.note_refused_call", system("payments"), cast.samen.public_id, {"call": call.public_id})
        row.charge.refresh_from_db()
        assert row.charge.state == "failed" and keys()[-2:] == ["ask_for_method", "note_refused_call"]


def test_a_subscription_that_mollie_refuses_is_missed_when_its_day_comes(cast: Cast) -> None:
    held = mirrored.mandate(cast.samen)
    mirrored.apply(mirrored.payment(mirrored.check_out(cast.samen), "paid", mollie_mandate_id=held.mollie_id))
    call = Call.objects.get(op="subscription.create")
    run("payments.account.note_refused_call", system("payments"), cast.samen.public_id, {"call": call.public_id})
    assert mirrored.terms(cast.samen).status == "active"
    with clock.frozen(at("2026-12-24")):
        assert mirrored.terms(cast.samen).status == "past_due"
        timed.arrive(clock.now())
        assert keys()[-1] == "miss_renewal" and Charge.objects.get(kind="renewal").state == "failed"


def test_a_new_method_while_an_interval_is_owed_begins_after_it(cast: Cast) -> None:
    """Mollie gave up, the interval that failed is owed still: nobody is charged for it by the new subscription too."""
    meant = mirrored.begin(cast.samen)
    with clock.frozen(at("2026-12-24")):
        mirrored.charge_of(meant, date(2027, 1, 24), "failed", reason="MS02")
        mirrored.say(meant, status="canceled", next_date=None)
        held, charge = mirrored.mandate(cast.samen, "creditcard"), mirrored.check_out(cast.samen)
        Charge.objects.filter(pk=charge.pk).update(kind="method")
        charge.refresh_from_db()
        mirrored.apply(mirrored.payment(charge, "paid", mollie_mandate_id=held.mollie_id))
        newer = get_meant(cast.samen.pk)
        assert newer and newer != meant and newer.start_date == date(2027, 1, 24)
        assert mirrored.terms(cast.samen).status == "past_due"


def test_where_every_workspace_is_gone_nothing_ends_by_itself(cast: Cast) -> None:
    meant = mirrored.begin(cast.samen)
    with clock.frozen(at("2026-12-02")):
        gone = {"kind": "workspace", "external_id": "panel", "organisation": "samen", "name": "Jeugdpanel"}
        made = load_account(cast.samen.pk).workspaces[0].created_at
        bring_all({**gone, "created_at": made, "deleted_at": clock.now()})
        timed.follow(clock.now())
        meant.refresh_from_db()
        assert meant.wanted == Decimal("104.06") and not Call.objects.filter(op="subscription.cancel").exists()


@pytest.mark.parametrize("verb", ["renew", "start_paying", "fall_behind"])
def test_nobody_else_does_what_the_system_does(cast: Cast, verb: str) -> None:
    mirrored.begin(cast.samen)
    before, lines = mirrored.terms(cast.samen), AuditLine.objects.count()
    data = {"payment": Payment.objects.get().public_id}
    refusal = refusal_of(f"payments.account.{verb}", cast.iris, cast.samen.public_id, data)
    assert refusal.status == 403 and mirrored.terms(cast.samen) == before
    late = refusal_of(f"payments.account.{verb}", system("payments"), cast.samen.public_id, data)
    assert "newer" in late.sentence and AuditLine.objects.count() == lines


def test_one_bad_account_stops_no_other(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    meant = mirrored.begin(cast.samen)
    with clock.frozen(at("2026-12-04")):
        bring_all(seat("panel", "ali", "member", clock.now()))
        monkeypatch.setattr(timed, "quote_next", _fail_once(quote_next))
        timed.follow(clock.now())
        timed.follow(clock.now())
    meant.refresh_from_db()
    assert meant.wanted == Decimal("208.12")


def _fail_once(real: Any) -> Any:
    calls: list[int] = []

    def maybe(*args: Any) -> Any:
        calls.append(1)
        if len(calls) == 1:
            raise ValueError("a bad account")
        return real(*args)

    return maybe


def test_the_next_charge_is_what_its_own_day_makes_it(cast: Cast) -> None:
    """A discount whose last day lies before it is not in it; one that lasts is."""
    meant = mirrored.begin(cast.samen)
    half = {"kind": "scholarship", "percent": "50", "end_date": "2026-12-23"}
    with clock.frozen(at("2026-11-25")):
        run("plans.account.set_discount", cast.ties, cast.samen.public_id, half, reason="x")
        timed.follow(clock.now())
        meant.refresh_from_db()
        assert fact(cast.samen).mrr == 43 and meant.wanted_net == 86
    with clock.frozen(at("2026-11-26")):
        half["end_date"] = "2026-12-24"
        run("plans.account.set_discount", cast.ties, cast.samen.public_id, half, reason="x")
        timed.follow(clock.now())
        meant.refresh_from_db()
        assert meant.wanted_net == 43


def test_tiers_above_stay_and_a_trial_ends_when_it_is_paid(cast: Cast) -> None:
    run("plans.account.grant_trial", cast.ties, cast.samen.public_id, reason="Try it")
    with clock.frozen(at("2026-11-25")):
        mirrored.begin(cast.samen, "innovator")
        state = load_account(cast.samen.pk)
        grants = [grant for workspace in state.workspaces for grant in workspace.grants]
        assert tier_of(cast) == "innovator" and all(grant.end == clock.now() for grant in grants)
        prove()


def test_the_customer_reads_what_failed_and_when_it_is_tried_again(cast: Cast) -> None:
    meant = mirrored.begin(cast.samen)
    with clock.frozen(at("2026-12-24")):
        mirrored.charge_of(meant, date(2027, 1, 24), "failed", reason="AM04")
        outbox.deliver_due(clock.now() + timedelta(minutes=1))
    mail = Mail.objects.filter(email="lotte@client.example").latest("id")
    text = " ".join(mail.text.split())
    assert "€ 104.06 of Stichting Samen could not be collected: not enough money in the account." in text
    assert "It is tried again on 27 December 2026." in text


def test_a_subscription_taken_over_from_mollie_is_planned_by_the_vat_of_its_start(cast: Cast) -> None:
    meant = mirrored.begin(cast.samen)
    decision = meant.wanted_decision
    Charge.objects.filter(subscription=meant, state="planned").delete()
    Subscription.objects.update(wanted_decision={}, wanted_lines=[])
    apply_subscription(meant.pk, clock.now())
    assert mirrored.planned(cast.samen).decision["rate"] == decision["rate"]
