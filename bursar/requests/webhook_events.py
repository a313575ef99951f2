"""What the product is told of requests, and of the workspaces that approving makes."""

from __future__ import annotations

from bursar.actions.webhook_events import Event

_REQUEST = {
    "request": "req_4m7p2t9v1x5z8b3d",
    "person": "per-1",
    "organisation": "org-1",
    "workspace": "ws-1",
    "bursar_id": "wsp_0k3j9x7h2m5n8p4q",
    "kind": "tier_upgrade",
    "is_ask": False,
    "state": "pending",
    "requested_at": "2026-11-24T13:40:00+00:00",
    "proposal": {"tier": "changemaker", "cadence": "yearly", "name": "", "visibility": ""},
}
EVENTS = {
    "request.created": Event(
        "Somebody asks for a higher tier or for a new workspace. `is_ask`: a plain member, who may not request.",
        _REQUEST,
    ),
    "request.decided": Event(
        "A request was approved, denied, withdrawn or closed as done, as `state` says; `note` is for the requester.",
        {
            **_REQUEST,
            "state": "approved",
            "decided_at": "2026-11-24T14:02:11+00:00",
            "note": "Welcome.",
            "grant": {"tier": "changemaker", "cadence": "yearly", "end_date": None},
        },
        (("Request", "pending", "approved"),),
    ),
    "workspace.created_here": Event(
        "A command: a workspace was made by approving a request. Make it, then push it with its `bursar_id`.",
        {
            "bursar_id": "wsp_0k3j9x7h2m5n8p4q",
            "organisation": "org-1",
            "name": "Klimaatpanel",
            "type": "internal",
            "visibility": "open_to_organisation",
            "owner": "per-1",
        },
        (("Workspace", "", "Klimaatpanel"),),
    ),
}
