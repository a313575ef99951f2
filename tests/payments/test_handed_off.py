"""A handoff of what a subscription paid for: it ends at Mollie, and the client is asked to pay."""

from __future__ import annotations

from datetime import timedelta

from bursar.actions.dialog import foresee
from bursar.actions.registry import ACTIONS
from bursar.actions.run import run
from bursar.actions.spec import Case
from bursar.core import clock
from bursar.core.calendar import Month
from bursar.core.money import euros
from bursar.payments.models import Offer
from bursar.plans.models import PaymentTerms
from bursar.rollup import movements
from bursar.rollup.models import AccountMonth
from bursar.tenants.models import Workspace
from tests.cast import NOW, bring_all, client_workspace, person, prove, seat
from tests.partners.test_handoff import HAND_OFF, filled
from tests.payments.buying import DETAILS, Buyer, set_details
from tests.payments.test_levers import buyer
from tests.requests.helpers import customer

__all__ = ["buyer"]
PLAN = {"tier": "changemaker", "cadence": "yearly"}
OLD = NOW - timedelta(days=100)


def test_the_subscription_ends_and_the_client_is_asked_to_pay(buyer: Buyer) -> None:
    lotte = {"kind": "organisation_member", "organisation": "bureau", "person": "lotte", "role": "owner", "from": OLD}
    bring_all(
        *client_workspace(OLD),
        *person("sam", "Sam"),
        lotte,
        seat("raad", "lotte", "admin", OLD),
        seat("raad", "sam", "observer", OLD),
    )
    raad = Workspace.objects.get(external_id="raad")
    old = buyer.counter.account = raad.account
    buyer.buy()
    paid_until = buyer.terms().paid_until
    clock.set_fixed(clock.now() + timedelta(days=2))
    outcome = run(HAND_OFF, buyer.cast.iris, raad.public_id, filled(), reason="Both agreed")
    buyer.counter.work()
    raad.refresh_from_db()
    assert "A checkout was sent." in outcome.sentence
    assert Offer.objects.get().account_id == raad.account_id
    assert buyer.meant().end_asked_at is not None and buyer.terms().status == "cancelled"
    assert buyer.counter.account == old
    terms = PaymentTerms.objects.at(clock.now()).get(account=raad.account)
    assert (terms.mode, terms.status, terms.lapses_at) == ("self_serve", "none", paid_until)
    month = AccountMonth.objects.get(account=raad.account, month=Month.of(clock.now()).first)
    assert (month.tier, month.mrr) == ("changemaker", 0)
    prove()
    buyer.counter.account = raad.account
    set_details({raad.account_id: DETAILS}, clock.now())
    run("payments.account.check_out", customer("sam"), raad.account.public_id, {**PLAN, "agrees": True})
    buyer.counter.work()
    buyer.counter.pay(buyer.newest().payments.get(), method="ideal")
    month.refresh_from_db()
    assert month.mrr > 0 and month.movement == "new"
    assert raad.account_id in movements.list_handed_off([month], Month.of(clock.now()))
    prove()


def test_a_checkout_that_was_only_begun_ends_and_the_dialog_says_so(buyer: Buyer) -> None:
    lotte = {"kind": "organisation_member", "organisation": "bureau", "person": "lotte", "role": "owner", "from": OLD}
    seats = (seat("raad", "lotte", "admin", OLD), seat("raad", "sam", "observer", OLD))
    bring_all(*client_workspace(OLD), *person("sam", "Sam"), lotte, *seats)
    raad = Workspace.objects.get(external_id="raad")
    buyer.counter.account = raad.account
    set_details({raad.account_id: DETAILS}, clock.now())
    buyer.do("check_out", {**PLAN, "agrees": True})
    will = " ".join(foresee(ACTIONS[HAND_OFF], Case(buyer.cast.iris, raad, clock.now()), filled())["will"])
    charge = buyer.newest()
    assert f"What waits to be paid ends: {euros(charge.gross)}." in will and charge.state != "ended"
    clock.set_fixed(clock.now() + timedelta(minutes=1))
    run(HAND_OFF, buyer.cast.iris, raad.public_id, filled(), reason="Both agreed")
    charge.refresh_from_db()
    assert charge.state == "ended"
    prove()
