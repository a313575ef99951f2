"""What customers and staff pull, through the door and against a simulator of Mollie; what is refused changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from bursar.actions.registry import ACTIONS
from bursar.actions.run import run
from bursar.actions.spec import Case
from bursar.audit.models import AuditLine
from bursar.core import clock
from bursar.core.errors import Forbidden
from bursar.core.ticks import TICKS
from bursar.outbox.models import OutboxRow
from bursar.payments.models import Call, Charge, Mandate, Offer, Payment, Refund, Subscription
from bursar.payments.queries.drift import list_drift
from bursar.plans.models import PaymentTerms
from bursar.tenants.models import Workspace
from bursar.webhooks.events import EVENTS
from tests.cast import Cast, bring_all, fact, person, refusal_of, seat, sign_in, workspace
from tests.dashboard.test_levers import list_dead
from tests.payments.buying import DETAILS, Buyer, set_details
from tests.payments.counter import Counter
from tests.payments.till import HTTP
from tests.requests.helpers import customer
from tests.webhooks.test_events import OF_PAYING

YEAR = {"tier": "changemaker", "cadence": "yearly"}


@pytest.fixture
def buyer(cast: Cast, counter: Counter, settings: Any) -> Iterator[Buyer]:
    """Whatever a test does: each event carries the details that its example shows."""
    settings.BURSAR_TERMS_VERSION = "2026-11"
    yield Buyer(cast, counter)
    for row in OutboxRow.objects.filter(kind="webhook"):
        event, data = row.payload["event"], row.payload["data"]
        assert set(EVENTS[event].details) <= set(data), event


def test_a_plan_is_bought(buyer: Buyer) -> None:
    assert "billing details first" in buyer.refused("check_out", {**YEAR, "agrees": True})
    set_details({buyer.account.pk: DETAILS}, clock.now())
    assert "agrees" in buyer.refused("check_out", YEAR)
    assert "cannot be bought here" in buyer.refused("check_out", {**YEAR, "tier": "guardian", "agrees": True})
    words = buyer.foresee("check_out", {**YEAR, "agrees": True})
    assert "1 seat, € 75.00 a month each: € 900.00 a year, without VAT" in words
    assert "VAT, 21 %: € 189.00." in words and "Together € 1,089.00 with VAT." in words
    assert "next charge would be on 24 November 2027" in words
    outcome = buyer.do("check_out", {**YEAR, "agrees": True})
    charge = buyer.newest()
    assert outcome.next == f"/pay/{charge.public_id}?go=1" and outcome.data["gross_eur"] == "1089.00"
    assert (charge.kind, charge.state, charge.gross, charge.seats) == ("first", "open", Decimal("1089.00"), 1)
    assert (charge.terms_version, charge.agreed_at is not None, bool(charge.checkout)) == ("2026-11", True, True)
    assert buyer.tier() == "free"
    buyer.counter.pay(charge.payments.get())
    charge.refresh_from_db()
    assert (charge.state, buyer.tier(), buyer.terms().status) == ("paid", "changemaker", "active")
    assert fact(buyer.account).mrr == 75
    assert buyer.meant().mollie_id and buyer.meant().next_date is not None
    assert "runs already" in buyer.refused("check_out", {**YEAR, "agrees": True})


def test_only_those_with_billing_rights_pay(buyer: Buyer) -> None:
    old = clock.now() - timedelta(days=40)
    bring_all(*person("mem", "Mem"), seat("panel", "mem", "member", old))
    before = Charge.objects.count()
    refusal = refusal_of(buyer.key("check_out"), customer("mem"), buyer.account.public_id, {**YEAR, "agrees": True})
    assert isinstance(refusal, Forbidden) and "owner, admin or billing person" in refusal.sentence
    staff = refusal_of(buyer.key("check_out"), buyer.cast.iris, buyer.account.public_id, {**YEAR, "agrees": True})
    assert isinstance(staff, Forbidden) and "customer's hat" in staff.sentence
    assert Charge.objects.count() == before


def test_an_open_checkout_is_gone_on_with_while_it_still_fits(buyer: Buyer) -> None:
    set_details({buyer.account.pk: DETAILS}, clock.now())
    buyer.do("check_out", {**YEAR, "agrees": True})
    first = buyer.newest()
    again = buyer.do("check_out", {**YEAR, "agrees": True})
    assert again.data["charge"] == first.public_id and Charge.objects.count() == 1
    buyer.do("check_out", {"tier": "changemaker", "cadence": "monthly", "agrees": True})
    first.refresh_from_db()
    second = buyer.newest()
    assert (first.state, second.replaces_id, second.gross) == ("ended", first.pk, Decimal("104.06"))
    call = Call.objects.get(op="payment.cancel")
    assert (call.body, call.state) == ({"payment": first.payments.get().mollie_id}, "done")
    bring_all(*person("two", "Two"), seat("panel", "two", "member", clock.now()))
    clock.set_fixed(clock.now() + timedelta(minutes=1))
    buyer.do("check_out", {"tier": "changemaker", "cadence": "monthly", "agrees": True})
    assert buyer.newest().seats == 2 and buyer.newest().gross == Decimal("208.12")
    assert Charge.objects.filter(state="open").count() == 1


def test_nothing_is_asked_without_a_key(buyer: Buyer, settings: Any) -> None:
    set_details({buyer.account.pk: DETAILS}, clock.now())
    settings.BURSAR_MOLLIE_KEY = ""
    assert "not set up" in buyer.refused("check_out", {**YEAR, "agrees": True})
    assert "not set up" in buyer.refused("refresh", who=buyer.cast.ties)


def test_what_runs_cannot_be_ended_without_a_key(buyer: Buyer, settings: Any) -> None:
    """Off with its reason, for customer and staff; and what stands on the page can be done."""
    buyer.buy(method="creditcard")
    address = f"/billing/{buyer.account.public_id}"
    settings.BURSAR_MOLLIE_KEY = ""
    for verb, who in (("cancel_plan", None), ("cancel_subscription", buyer.cast.ties), ("change_plan", None)):
        assert "not set up" in buyer.refused(verb, who=who)
    Subscription.objects.update(then_tier="guardian")
    assert "not set up" in buyer.refused("withdraw_change")
    count, dead = list_dead(sign_in("lotte@client.example"))
    assert count and dead == []
    page = sign_in("lotte@client.example").get(address).content.decode()
    assert "Cancel plan" not in page and "nothing can be changed or cancelled on this page" in page


def test_cancel_and_resume(buyer: Buyer) -> None:
    buyer.buy(method="creditcard")
    until, old = buyer.terms().paid_until, buyer.meant()
    assert "then Free" in str(buyer.look("cancel_plan").changes[1].after)
    assert "Free" in buyer.foresee("cancel_plan") and "resumed" in buyer.foresee("cancel_plan")
    assert "Only a cancelled plan" in buyer.refused("resume_plan")
    buyer.do("cancel_plan")
    old.refresh_from_db()
    assert (old.status, old.end_asked_at is not None, buyer.tier()) == ("canceled", True, "changemaker")
    assert (buyer.terms().status, buyer.terms().lapses_at, buyer.terms().paid_until) == ("cancelled", until, until)
    assert "cancelled already" in buyer.refused("cancel_plan")
    assert "resume the subscription" in buyer.refused("check_out", {**YEAR, "agrees": True})
    assert not Charge.objects.filter(state="planned").exists()
    charges = Charge.objects.count()
    buyer.do("resume_plan")
    new = buyer.meant()
    assert new.pk != old.pk and new.status in ("active", "pending")
    assert until is not None and new.start_date == until.date()
    assert (buyer.terms().status, buyer.terms().lapses_at) == ("active", None)
    planned = Charge.objects.get(state="planned")
    assert planned.due_on == until.date() and Charge.objects.count() == charges + 1
    assert not Payment.objects.filter(charge=planned).exists()


def test_resume_needs_a_mandate_that_holds(buyer: Buyer) -> None:
    buyer.buy(method="creditcard")
    buyer.do("cancel_plan")
    Mandate.objects.update(status="invalid")
    assert "no valid way of paying" in buyer.refused("resume_plan")


def test_a_dearer_plan_costs_the_difference_and_holds_when_it_is_paid(buyer: Buyer) -> None:
    buyer.buy(method="creditcard")
    buyer.counter.wait(days=65)
    assert "cannot be bought here" in buyer.refused("change_plan", {"tier": "guardian", "cadence": "yearly"})
    buyer.do("send_checkout", {"tier": "guardian", "cadence": "yearly"}, who=buyer.cast.noor)
    words = buyer.foresee("change_plan", {"tier": "guardian", "cadence": "yearly"})
    assert "€ 739.73 for 300 of 365 days" in words and "The next charge: € 2,178.00 with VAT on" in words
    outcome = buyer.do("change_plan", {"tier": "guardian", "cadence": "yearly"})
    charge = buyer.newest(kind="upgrade")
    assert charge.net == Decimal("739.73") and outcome.data["holds"] == "when_paid"
    assert Call.objects.filter(op="payment.create").latest("id").body["sequence"] == "recurring"
    buyer.counter.wait(minutes=5)
    charge.refresh_from_db()
    assert (charge.state, buyer.tier()) == ("paid", "guardian")
    assert not Offer.objects.filter(ended_at=None).exists()
    buyer.counter.wait(days=1)
    TICKS["payments.follow"](clock.now())
    buyer.counter.work()
    assert buyer.meant().amount == Decimal("2178.00")
    assert "present plan already" in buyer.refused("change_plan", {"tier": "guardian", "cadence": "yearly"})


def test_a_dearer_plan_pays_seats_that_came_meanwhile_too(buyer: Buyer) -> None:
    dearer = {"tier": "guardian", "cadence": "yearly"}
    buyer.buy(method="creditcard")
    buyer.counter.wait(days=65)
    bring_all(*person("two", "Two"), seat("panel", "two", "member", clock.now()))
    buyer.do("send_checkout", dearer, who=buyer.cast.noor)
    assert "€ 2,219.18 for 300 of 365 days" in buyer.foresee("change_plan", dearer)  # 2 × 150 less 1 × 75 that is paid
    buyer.do("change_plan", dearer)
    buyer.counter.wait(days=1)
    TICKS["payments.seats"](clock.now())
    buyer.counter.work()
    assert buyer.tier() == "guardian" and not Charge.objects.filter(kind="seat").exists()
    charge = buyer.newest(kind="upgrade")
    assert (charge.state, charge.seats, charge.net) == ("paid", 1, Decimal("2219.18"))


def test_a_dearer_plan_that_costs_next_to_nothing_now_holds_at_once(buyer: Buyer) -> None:
    buyer.buy(method="creditcard")
    buyer.counter.wait(days=30)
    bring_all(*workspace("side", "samen", "Side", clock.now()))
    words = buyer.foresee("change_plan", YEAR)
    assert "Nothing is charged now" in words and "The next charge: € 1,089.00 with VAT" in words
    charges = Charge.objects.count()
    outcome = buyer.do("change_plan", YEAR)
    assert (outcome.data["holds"], outcome.data["charge"], Charge.objects.count()) == ("now", None, charges)
    assert "present plan already" in buyer.refused("change_plan", YEAR)


def test_a_cheaper_plan_and_another_cadence_wait_for_the_interval(buyer: Buyer) -> None:
    buyer.buy(method="creditcard")
    monthly = {"tier": "changemaker", "cadence": "monthly"}
    words = buyer.foresee("change_plan", monthly)
    assert "nothing is charged now" in words and "The next charge: € 104.06 with VAT on 24 November 2027" in words
    assert "No change is planned" in buyer.refused("withdraw_change")
    outcome = buyer.do("change_plan", monthly)
    assert outcome.data["holds"] == "next_interval" and buyer.meant().then_cadence == "monthly"
    assert buyer.meant().amount == Decimal("104.06") and buyer.terms().cadence == "yearly"
    assert not list_drift(clock.now()), "what was agreed is meant"
    assert "already" in buyer.refused("change_plan", monthly)
    assert "Withdraw the planned change" in buyer.refused("change_plan", YEAR)
    buyer.do("withdraw_change")
    assert (buyer.meant().then_cadence, buyer.meant().amount) == ("", Decimal("1089.00"))
    assert Charge.objects.filter(account=buyer.account, state="planned").get().gross == Decimal("1089.00")


def test_a_new_method_is_proved_taken_and_the_proof_goes_back(buyer: Buyer) -> None:
    assert "no plan to pay for" in buyer.refused("change_method")
    buyer.buy(method="creditcard")
    old = Mandate.objects.get()
    buyer.do("change_method")
    charge = buyer.newest(kind="method")
    assert (charge.vat, charge.gross) == (0, Decimal("1.00"))  # the largest of the methods' smallest amounts
    assert buyer.do("change_method").data["charge"] == charge.public_id
    buyer.counter.pay(charge.payments.get(), method="ideal")
    old.refresh_from_db()
    new = Mandate.objects.exclude(pk=old.pk).get()
    assert (buyer.meant().mollie_mandate_id, old.status) == (new.mollie_id, "invalid")
    assert AuditLine.objects.filter(key="payments.account.take_method").count() == 1
    back = Refund.objects.get()
    assert (back.amount, back.payment.charge_id, back.asked_by) == (charge.gross, charge.pk, None)
    assert back.mollie_id and buyer.meant().status in ("active", "pending")


def fail_renewal(buyer: Buyer, reason: str = "insufficient_funds") -> Charge:
    """A month later the renewal has failed."""
    buyer.buy(cadence="monthly", method="creditcard")
    mandate = Mandate.objects.get(customer__account=buyer.account)
    next_ones = {"next": [f"failed:{reason}"]}
    HTTP.post(f"{buyer.counter.simulator.base}/control/mandates/{mandate.mollie_id}", json=next_ones)
    buyer.counter.wait(days=31)
    return buyer.newest(kind="renewal", state="failed")


def test_pay_now_and_retry(buyer: Buyer) -> None:
    assert "nothing to pay now" in buyer.refused("pay_now")
    charge = fail_renewal(buyer)
    assert buyer.terms().status == "past_due"
    assert "pay that first" in buyer.refused("check_out", {**YEAR, "agrees": True})
    assert "pay that first" in buyer.refused("change_plan", YEAR)
    Charge.objects.filter(pk=charge.pk).update(tries=4)
    assert "tried 4 times" in buyer.refused("retry_charge", who=buyer.cast.ties)
    buyer.do("pay_now", {"how": "checkout"})
    charge.refresh_from_db()
    assert charge.state == "open" and Call.objects.filter(op="payment.create").latest("id").body["sequence"] == "oneoff"
    buyer.counter.pay(charge.payments.latest("id"))
    charge.refresh_from_db()
    assert (charge.state, buyer.terms().status) == ("paid", "active")


def test_staff_try_a_failed_charge_again(buyer: Buyer) -> None:
    charge = fail_renewal(buyer)
    assert "counts as one of 4 tries" in " ".join(preview_of(buyer, "retry_charge"))
    buyer.do("retry_charge", who=buyer.cast.ties)
    buyer.counter.wait(minutes=5)
    charge.refresh_from_db()
    assert (charge.state, buyer.terms().status) == ("paid", "active")
    assert charge.payments.latest("id").kind == "retry" and charge.tries == 1
    assert "nothing to pay now" in buyer.refused("retry_charge", who=buyer.cast.ties)


def test_after_four_tries_staff_try_no_more(buyer: Buyer) -> None:
    """Nor does the clock: a try by hand took the place of each that it had planned."""
    charge = fail_renewal(buyer)
    mandate = buyer.counter.simulator.world.mandates[buyer.meant().mollie_mandate_id]
    mandate.next = ["failed:insufficient_funds"] * 9
    for number in range(1, 5):
        buyer.do("retry_charge", who=buyer.cast.ties)
        buyer.counter.wait(minutes=5)
        charge.refresh_from_db()
        assert (charge.state, charge.tries) == ("failed", number)
    assert charge.next_try_at is None
    assert "tried 4 times" in buyer.refused("retry_charge", who=buyer.cast.ties)


def preview_of(buyer: Buyer, verb: str) -> list[str]:
    from bursar.actions.registry import ACTIONS
    from bursar.actions.spec import Case

    made = ACTIONS[buyer.key(verb)]
    assert made.preview is not None
    return made.preview(Case(buyer.cast.ties, buyer.account, clock.now()), {})


def test_a_new_method_pays_what_is_open(buyer: Buyer) -> None:
    charge = fail_renewal(buyer)
    buyer.do("change_method")
    charge.refresh_from_db()
    assert charge.state == "open" and not Charge.objects.filter(kind="method").exists()
    buyer.counter.pay(charge.payments.latest("id"), method="ideal")
    charge.refresh_from_db()
    newest = Mandate.objects.latest("created_at")
    assert charge.state == "paid" and buyer.terms().status == "active"
    assert buyer.meant().mollie_mandate_id == newest.mollie_id
    assert not Refund.objects.exists()


def test_staff_cancel_and_refresh(buyer: Buyer) -> None:
    assert "no payment of this account" in buyer.refused("refresh", who=buyer.cast.ties)
    buyer.buy(method="creditcard")
    assert buyer.do("refresh", who=buyer.cast.ties).data == {"payments": 1}
    buyer.do("cancel_subscription", who=buyer.cast.ties)
    assert (buyer.terms().status, buyer.tier(), buyer.meant().status) == ("cancelled", "changemaker", "canceled")
    line = AuditLine.objects.get(key="payments.account.cancel_subscription")
    assert line.customer_visible and line.concerns_money


def test_the_end_of_what_nobody_uses_speaks_of_no_plan(buyer: Buyer) -> None:
    """Its workspaces are gone, or were handed off."""
    buyer.buy(method="creditcard")
    Workspace.objects.filter(account=buyer.account).update(deleted_at=clock.now())
    ended = buyer.do("cancel_subscription", who=buyer.cast.ties)
    assert ended.sentence == "Nothing is charged any more."
    assert [change.label for change in ended.changes] == ["Payment"]


def test_terms_without_a_version_name_none(buyer: Buyer, settings: Any) -> None:
    settings.BURSAR_TERMS_VERSION = ""
    form = ACTIONS["payments.account.check_out"].form_for(Case(buyer.lotte, buyer.account, clock.now()))
    assert "Terms of Agora Voices. The plan renews" in form.fields["agrees"].help_text


def test_a_refund_may_end_the_plan(buyer: Buyer) -> None:
    charge = buyer.buy(method="creditcard")
    refund = {"payment": charge.payments.get().public_id, "amount": "100.00", "then_end": "now"}
    buyer.do("refund", refund, who=buyer.cast.iris)
    assert AuditLine.objects.filter(key="payments.account.end_at_once").count() == 1
    assert (buyer.tier(), buyer.terms().status, buyer.terms().paid_until) == ("free", "cancelled", None)
    assert fact(buyer.account).mrr == 0 and buyer.meant().status == "canceled"
    made = Refund.objects.get()
    assert (made.amount, bool(made.mollie_id)) == (Decimal(100), True)
    assert "There is no subscription" not in buyer.refused("refund", {**refund, "then_end": "at_paid_end"},
                                                           who=buyer.cast.iris)  # fmt: skip


def test_an_offer_is_mailed_stands_and_is_taken(buyer: Buyer) -> None:
    send = {"tier": "guardian", "cadence": "yearly"}
    assert "set tier" in buyer.refused("send_checkout", send, who=buyer.cast.ties)
    buyer.do("send_checkout", send, who=buyer.cast.noor)
    offer = Offer.objects.get()
    assert (offer.tier, offer.ended_at, offer.until - offer.made_at) == ("guardian", None, timedelta(days=30))
    assert OutboxRow.objects.filter(kind="notice", payload__notices=["workspace_admins", "billing"]).exists()
    assert not Charge.objects.exists() and buyer.tier() == "free"
    charge = buyer.buy(tier="guardian", method="creditcard")
    assert charge.state == "paid" and buyer.tier() == "guardian"
    offer.refresh_from_db()
    assert offer.ended_at is not None, "what is bought is offered no more"
    clock.set_fixed(clock.now() + timedelta(days=40))
    buyer.do("send_checkout", {"tier": "innovator", "cadence": "yearly"}, who=buyer.cast.noor)
    assert Offer.objects.get(ended_at=None).tier == "innovator"


def test_managed_billing_ends_the_subscription_first(buyer: Buyer) -> None:
    buyer.buy(method="creditcard")
    until = buyer.terms().paid_until
    target, who = buyer.account.public_id, buyer.cast.ties
    before = Call.objects.count()
    refusal = refusal_of("plans.account.set_managed", who, target, {"cadence": "yearly"}, reason="x")
    assert "tick that it ends" in refusal.sentence and Call.objects.count() == before
    run("plans.account.set_managed", who, target, {"cadence": "yearly", "cancel": True}, reason="x")
    buyer.counter.work()
    terms = buyer.terms()
    assert (terms.mode, terms.status, terms.paid_until, terms.lapses_at) == ("managed", "none", until, None)
    assert (buyer.tier(), buyer.meant().status) == ("changemaker", "canceled")
    assert fact(buyer.account).mrr == 75


def test_approving_an_upgrade_sends_an_offer_and_charges_nothing(buyer: Buyer) -> None:
    from tests.requests.helpers import ask, decide

    buyer.buy(method="creditcard")
    made = ask("lotte", buyer.cast.panel, tier="guardian", cadence="monthly")
    charges = Charge.objects.count()
    decide("approve", buyer.cast.noor, made)
    made.refresh_from_db()
    assert (made.state, made.granted_tier, made.granted_cadence) == ("approved", "guardian", "yearly")
    assert Charge.objects.count() == charges and buyer.tier() == "changemaker"
    assert Offer.objects.get().tier == "guardian"
    buyer.do("change_plan", {"tier": "guardian", "cadence": "yearly"})
    buyer.counter.wait(minutes=5)
    assert buyer.tier() == "guardian"
    plain = refusal_of("plans.workspace.change_tier", buyer.cast.noor, buyer.cast.panel.public_id,
                       {"tier": "free"}, reason="x")  # fmt: skip
    assert "A Mollie subscription is live" in plain.sentence


def test_an_account_that_pays_elsewhere_has_no_levers_here(buyer: Buyer) -> None:
    """Haarlem's subscription is told by import."""
    haarlem, maud = buyer.cast.haarlem, customer("maud")
    terms = list(PaymentTerms.objects.order_by("pk").values_list())
    for verb in ("cancel_plan", "change_plan"):
        data = YEAR if verb == "change_plan" else {}
        assert "told from elsewhere" in refusal_of(buyer.key(verb), maud, haarlem.public_id, data).sentence
    assert list(PaymentTerms.objects.order_by("pk").values_list()) == terms and not Subscription.objects.exists()


def test_every_lever_tells_programs(buyer: Buyer) -> None:
    """That the details are those of the examples, the fixture looks at after every test."""
    buyer.buy(method="creditcard")
    buyer.do("send_checkout", {"tier": "guardian", "cadence": "yearly"}, who=buyer.cast.noor)
    buyer.do("change_plan", {"tier": "changemaker", "cadence": "monthly"})
    for verb in ("withdraw_change", "change_method", "cancel_plan", "resume_plan"):
        buyer.do(verb)
    Charge.objects.filter(kind="first").update(state="failed")
    buyer.do("pay_now", {"how": "checkout"})
    assert set(OutboxRow.objects.filter(kind="webhook").values_list("payload__event", flat=True)) >= OF_PAYING
