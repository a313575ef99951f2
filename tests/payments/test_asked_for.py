"""A new workspace that is asked for on a live subscription: made on Free, and the customer is offered the plan."""

from __future__ import annotations

from datetime import timedelta

from bursar.core import clock
from bursar.payments.models import Offer
from bursar.tenants.models import Workspace
from tests.cast import bring_all, prove
from tests.payments.buying import Buyer
from tests.payments.test_levers import buyer
from tests.requests.helpers import ask_workspace, decide

__all__ = ["buyer"]


def test_it_can_be_approved_from_end_to_end(buyer: Buyer) -> None:
    cast = buyer.cast
    line = {"kind": "organisation_member", "organisation": "samen", "person": "lotte", "role": "owner"}
    bring_all({**line, "from": clock.now() - timedelta(days=9)})
    buyer.buy("changemaker")
    clock.set_fixed(clock.now() + timedelta(days=3))
    made = ask_workspace("lotte", cast.samen.organisation, tier="changemaker")
    outcome = decide("approve", cast.noor, made)
    assert "on Changemaker as soon as that is paid" in outcome.sentence
    workspace = Workspace.objects.get(name=made.name)
    offer = Offer.objects.get()
    assert (offer.account_id, offer.tier) == (workspace.account_id, "changemaker")
    prove()
    buyer.counter.work()
    buyer.do("change_plan", {"tier": "changemaker", "cadence": "yearly"})
    prove()
    assert set(workspace.account.workspaces.values_list("base_tiers__tier", flat=True)) == {"changemaker"}
