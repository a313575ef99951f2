"""What the product is told of workspaces that a partner has for its clients."""

from __future__ import annotations

from bursar.actions.webhook_events import Event

_CLIENT_SPACE = {
    "bursar_id": "wsp_0k3j9x7h2m5n8p4q",
    "organisation": "org-2",
    "name": "Klimaatpanel",
    "type": "external_client",
    "visibility": "private",
    "data_owner": "org-1",
    "invitation": "ivt_4m7p2t9v1x5z8b3d",
}
EVENTS = {
    "workspace.client_created_here": Event(
        "A command: a partner made a workspace for its client here. Make it, then push it with its `bursar_id`. "
        "`invitation` is of the client's own person as observer: whom to invite, `GET /invitations/…` says by this "
        "id, under which it is pushed from then on.",
        {**_CLIENT_SPACE, "owner": "per-1"},
        (("Workspace", "", "Klimaatpanel"), ("For", "", "Gemeente Haarlem")),
    ),
    "workspace.made_external": Event(
        "A command: an internal workspace of a partner is one for an external client from now on. Push it as such; "
        "`invitation` as in `workspace.client_created_here`.",
        _CLIENT_SPACE,
        (("Kind", "internal", "external client"),),
        of_workspace=True,
    ),
    "workspace.handed_off": Event(
        "A command: the workspace belongs to its client's organisation now, on an account of its own. An "
        "organisation that was made here has an `organisation_bursar_id`: make it, then push it with that id as its "
        "`bursar_id`.",
        {
            "former_organisation": "org-1",
            "organisation": "org-2",
            "organisation_bursar_id": None,
            "organisation_name": "Waterschap",
            "type": "internal",
            "admin": "per-7",
            "former_people": ["per-1"],
            "former_people_role": None,
            "withdrawn_invitations": ["inv-3"],
            "changed_at": "2026-11-24T14:02:11+00:00",
        },
        (("Organisation", "Bureau", "Waterschap"),),
        of_workspace=True,
    ),
}
