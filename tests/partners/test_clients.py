"""Workspaces for external clients: by a partner for its client, and by staff of one that stands."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bursar.access.actor import Actor
from bursar.actions.run import run
from bursar.core import clock
from bursar.tenants.models import Invitation, Person, Workspace, WorkspaceMembership
from tests.cast import NOW, Cast, bring_all, person, prove, refusal_of, workspace
from tests.partners.helpers import bureau
from tests.requests.helpers import Product, customer

CREATE, EXTERNAL = "partners.organisation.create_client_workspace", "partners.workspace.make_external"
ASKED: dict[str, Any] = {
    "name": "Raad van Oost", "visibility": "private", "data_owner": "oost", "data_owner_email": "Data@Oost.example",
    "agreement": True,
}  # fmt: skip
MADE_EXTERNAL = {"data_owner": "oost", "data_owner_email": "data@oost.example", "accepted_on": "2026-11-02"}


@pytest.fixture
def pim(cast: Cast) -> Actor:
    """Administers the partner."""
    partner = bureau()
    line = {"kind": "organisation_member", "organisation": "bureau", "person": "pim", "role": "admin"}
    bring_all(*person("pim", "Pim"), {**line, "from": NOW - timedelta(days=40)})
    assert partner.is_partner
    return customer("pim")


def test_a_partner_makes_a_workspace_for_its_client(cast: Cast, pim: Actor) -> None:
    made = run(CREATE, pim, bureau().public_id, ASKED)
    found = Workspace.objects.get(name="Raad van Oost")
    assert (found.kind, found.data_owner, found.data_owner_email) == (
        "external_client", cast.oost.organisation, "data@oost.example",
    )  # fmt: skip
    assert (found.agreement_accepted_at, found.account.scope, found.account.organisation) == (
        NOW,
        "workspace",
        bureau(),
    )
    seat = WorkspaceMembership.objects.get(workspace=found)
    assert (seat.person, seat.role) == (Person.objects.get(external_id="pim"), "owner")
    invited = Invitation.objects.get(workspace=found)
    assert (invited.email, invited.role, invited.external_id) == (
        "data@oost.example", "observer", made.data["invitation"],
    )  # fmt: skip
    prove()


def test_the_product_asks_whom_to_invite(cast: Cast, pim: Actor) -> None:
    made = run(CREATE, pim, bureau().public_id, ASKED)
    product = Product("push")
    told = product.get(f"invitations/{made.data['invitation']}").json()
    assert (told["email"], told["role"], told["workspace"]) == (
        "data@oost.example", "observer", made.data["bursar_id"],
    )  # fmt: skip
    assert product.get("invitations/nobody").status_code == 404


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"data_owner": "bureau"}, "The data of a workspace for an external client belongs to another organisation than its own."),
        ({"data_owner": "nobody"}, "Some fields need another look."),
        ({"agreement": ""}, "Some fields need another look."),
    ],
)  # fmt: skip
def test_what_a_partner_cannot_make(cast: Cast, pim: Actor, change: dict[str, Any], sentence: str) -> None:
    before = Workspace.objects.count()
    assert refusal_of(CREATE, pim, bureau().public_id, {**ASKED, **change}).sentence == sentence
    assert (Workspace.objects.count(), Invitation.objects.count()) == (before, 0)


def test_who_is_no_partner_makes_none(cast: Cast, pim: Actor) -> None:
    run("tenants.organisation.set_partner", cast.iris, bureau().public_id, {"partner": "no"}, reason="It ended")
    before = Workspace.objects.count()
    refused = refusal_of(CREATE, pim, bureau().public_id, ASKED)
    assert refused.sentence == "Only a partner makes workspaces for external clients."
    assert Workspace.objects.count() == before


def test_an_internal_workspace_becomes_one_for_a_client(cast: Cast, pim: Actor) -> None:
    bring_all(*workspace("eigen", "bureau", "Eigen werk", NOW - timedelta(days=30)))
    own = Workspace.objects.get(external_id="eigen")
    shared = own.account
    with clock.frozen(NOW + timedelta(minutes=1)):
        run(EXTERNAL, cast.iris, own.public_id, MADE_EXTERNAL, reason="Agreement of November")
        own.refresh_from_db()
        assert (own.kind, own.account.scope, own.data_owner) == (
            "external_client", "workspace", cast.oost.organisation,
        )  # fmt: skip
        assert own.account != shared and Invitation.objects.get(workspace=own).role == "observer"
        refused = refusal_of(EXTERNAL, cast.iris, own.public_id, MADE_EXTERNAL, reason="Again")
        assert refused.sentence == "It is a workspace for an external client already."
        prove()


def test_not_while_its_account_pays_and_not_outside_a_partner(cast: Cast) -> None:
    refused = refusal_of(EXTERNAL, cast.iris, cast.klimaat.public_id, MADE_EXTERNAL, reason="x")
    assert refused.sentence.endswith("Gemeente Haarlem is none.")
    run(
        "tenants.organisation.set_partner",
        cast.iris,
        cast.haarlem.organisation.public_id,
        {"partner": "yes"},
        reason="x",
    )
    refused = refusal_of(EXTERNAL, cast.iris, cast.klimaat.public_id, MADE_EXTERNAL, reason="x")
    assert refused.sentence.startswith("Its account pays, or is managed")
    cast.klimaat.refresh_from_db()
    assert cast.klimaat.kind == "internal"
