"""An account that becomes managed, or self-serve again: what Mollie has of it ends, and what invoices ask for stays."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from bursar.actions.run import run
from bursar.billing.models import Invoice
from bursar.core import clock
from bursar.payments.models import Call, Charge, Offer, PaymentLink
from bursar.payments.queries.drift import count_drift
from bursar.plans.models import PaidPeriod, PaymentTerms
from tests.billing.test_proposing import seller
from tests.billing.test_settling import PAID
from tests.cast import Cast, prove, refusal_of
from tests.payments import mirrored
from tests.payments.buying import DETAILS, Buyer, set_details
from tests.payments.test_levers import buyer
from tests.payments.test_links import LINK, OF_ACCOUNT, issued

__all__ = ["buyer", "issued", "seller"]
MANAGED, BACK = "plans.account.set_managed", "plans.account.set_self_serve"
YEARLY = {"cadence": "yearly"}


def turn(buyer: Buyer, key: str, data: dict[str, Any]) -> None:
    clock.set_fixed(clock.now() + timedelta(seconds=1))
    run(key, buyer.cast.ties, buyer.account.public_id, data, reason="agreed")
    buyer.counter.work()


def test_an_open_checkout_an_offer_and_a_loose_link_end(buyer: Buyer) -> None:
    target = buyer.account.public_id
    set_details({buyer.account.pk: DETAILS}, clock.now())
    buyer.do("check_out", {"tier": "changemaker", "cadence": "yearly", "agrees": True})
    buyer.do("send_checkout", {"tier": "guardian", "cadence": "yearly"}, who=buyer.cast.noor)
    run(OF_ACCOUNT, buyer.cast.ties, target, {"amount": "50.00", "invoice": ""})
    buyer.counter.work()
    will = preview_of(buyer, MANAGED, YEARLY)
    charge = Charge.objects.get()
    assert f"What waits to be paid ends: € {charge.gross:,.2f}" in will
    assert "The offer of Guardian, billed yearly, ends" in will and "A payment link is archived" in will
    turn(buyer, MANAGED, YEARLY)
    charge.refresh_from_db()
    assert charge.state == "ended" and Offer.objects.get().ended_at and buyer.terms().mode == "managed"
    link = PaymentLink.objects.get()
    assert link.state == "ended" and buyer.counter.simulator.world.links[link.mollie_id].is_archived
    assert Call.objects.filter(op="payment.cancel").count() == 1
    prove()


def preview_of(buyer: Buyer, key: str, data: dict[str, Any]) -> str:
    """What the dialog says."""
    from bursar.actions.dialog import foresee
    from bursar.actions.registry import ACTIONS
    from bursar.actions.spec import Case

    before = list(PaymentTerms.objects.values())
    case = Case(buyer.cast.ties, buyer.account, clock.now())
    will = " ".join(foresee(ACTIONS[key], case, data)["will"])
    assert list(PaymentTerms.objects.values()) == before
    return will


def test_a_first_payment_with_the_bank_does_not_stand_in_the_way(cast: Cast, settings: Any) -> None:
    """It needs the tick; paid all the same, the money stands in Drift and starts nothing."""
    settings.BURSAR_MOLLIE_KEY = "test_key"
    charge = mirrored.check_out(cast.samen)
    row = mirrored.payment(charge)
    mirrored.tell(row, "pending")
    assert mirrored.terms(cast.samen).status == "pending"
    clock.set_fixed(clock.now() + timedelta(seconds=1))
    assert "tick" in refusal_of(MANAGED, cast.ties, cast.samen.public_id, YEARLY, reason="x").sentence
    run(MANAGED, cast.ties, cast.samen.public_id, {**YEARLY, "cancel": True}, reason="agreed")
    terms = mirrored.terms(cast.samen)
    charge.refresh_from_db()
    assert (terms.mode, terms.status, charge.state) == ("managed", "none", "ended")
    assert Call.objects.get().op == "payment.cancel"
    clock.set_fixed(clock.now() + timedelta(seconds=1))
    mirrored.tell(row, "paid")
    assert mirrored.terms(cast.samen).mode == "managed" and count_drift(clock.now()) == 1
    prove()


def test_a_paid_tier_without_a_way_of_paying_makes_managed_by_the_same_end(buyer: Buyer) -> None:
    buyer.do("send_checkout", {"tier": "changemaker", "cadence": "yearly"}, who=buyer.cast.noor)
    clock.set_fixed(clock.now() + timedelta(seconds=1))
    run("plans.workspace.change_tier", buyer.cast.noor, buyer.cast.panel.public_id, {"tier": "guardian"}, reason="x")
    assert buyer.terms().mode == "managed" and Offer.objects.get().ended_at is not None


def test_back_to_self_serve_invoices_and_links_stay_and_are_said(buyer: Buyer, issued: Invoice) -> None:
    buyer.counter.account = buyer.cast.oost
    run(LINK, buyer.cast.ties, issued.public_id, {})
    buyer.counter.work()
    will = preview_of(buyer, BACK, {"keep_until": ""})
    assert f"{issued.number} stays open: € {issued.gross:,.2f}." in will and "A payment link stays open" in will
    turn(buyer, BACK, {"keep_until": ""})
    issued.refresh_from_db()
    assert issued.open == issued.gross and PaymentLink.objects.get().state == "open"
    assert buyer.terms().mode == "self_serve"
    prove()


def test_the_last_day_that_an_invoice_paid_for_is_offered(buyer: Buyer, issued: Invoice) -> None:
    from bursar.actions.registry import ACTIONS
    from bursar.actions.spec import Case

    on = clock.now().date().isoformat()
    clock.set_fixed(clock.now() + timedelta(seconds=1))
    run(PAID, buyer.cast.iris, issued.public_id, {"amount": str(issued.gross), "on": on}, reason="x")
    clock.set_fixed(clock.now() + timedelta(seconds=1))
    period = PaidPeriod.objects.get(account=buyer.cast.oost)
    form = ACTIONS[BACK].form_for(Case(buyer.cast.ties, buyer.cast.oost, clock.now()))
    assert form.fields["keep_until"].initial == issued.service_until
    assert period.service_until.date() == issued.service_until + timedelta(days=1)
