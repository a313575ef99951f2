"""Every lever of partners that sends an event pulled once, for tests that want each of their events."""

from __future__ import annotations

from datetime import timedelta

from bursar.actions.run import run
from tests.cast import NOW, Cast, bring_all, person, workspace
from tests.partners.helpers import bureau
from tests.requests.helpers import customer


def pull_levers_of_partners(cast: Cast) -> None:
    partner, since = bureau(), NOW - timedelta(days=5)
    member = {"kind": "organisation_member", "organisation": "bureau", "person": "pim", "role": "owner", "from": since}
    bring_all(*person("pim", "Pim"), member, *workspace("eigen", "bureau", "Eigen werk", since))
    own = partner.workspaces.get(external_id="eigen")
    client = {"data_owner": "oost", "data_owner_email": "data@oost.example"}
    made = {**client, "name": "Raad van Oost", "visibility": "private", "agreement": True}
    run("partners.organisation.create_client_workspace", customer("pim"), partner.public_id, made)
    turned = {**client, "accepted_on": NOW.date().isoformat()}
    run("partners.workspace.make_external", cast.iris, own.public_id, turned, reason="Agreed with them")
