"""What the product is told of who runs and finds a workspace, and of partners."""

from __future__ import annotations

from bursar.actions.webhook_events import Event

ADMINS = {
    "workspace.admin_changed": Event(
        "A command: staff handed the administration of a workspace over. Set each person's role as `members` says, "
        "then push it with a `changed_at` that is not before the one here; until then Bursar takes it as waiting.",
        {
            "members": [{"person": "per-2", "role": "admin"}, {"person": "per-1", "role": "member"}],
            "changed_at": "2026-11-24T14:02:11+00:00",
        },
        (("Role", "member", "admin"), ("Role", "owner", "member")),
        of_workspace=True,
    ),
}
PARTNERS = {
    "organisation.partner_changed": Event(
        "Whether an organisation's admins may make workspaces for external clients.",
        {"is_partner": True},
        (("Partner", "not a partner", "partner"),),
        of_account=False,
    ),
}
VISIBILITY = {
    "workspace.visibility_changed": Event(
        "A command: staff changed who finds a workspace. Set it there, then push it with a `changed_at` that is not "
        "before the one here; until then Bursar takes it as waiting.",
        {
            "visibility_before": "open_to_organisation",
            "visibility": "private",
            "changed_at": "2026-11-24T14:02:11+00:00",
        },
        (("Visibility", "open to organisation", "private"),),
        of_workspace=True,
    ),
}
