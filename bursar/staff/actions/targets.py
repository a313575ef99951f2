"""What verbs of staff act on: colleagues, and tokens."""

from __future__ import annotations

from bursar.actions.registry import Target, register_target
from bursar.staff import queries
from bursar.staff.models import ApiToken, StaffMember

register_target(
    Target(
        slug="staff",
        model=StaffMember,
        label="staff member",
        fetch=queries.get_member,
        accounts=lambda member: [],
        stream=lambda member: "staff",
        touches=lambda member: [member.public_id],
    )
)
register_target(
    Target(
        slug="token",
        model=ApiToken,
        label="token",
        fetch=queries.get_token,
        accounts=lambda token: [],
        stream=lambda token: "staff",
        touches=lambda token: [token.public_id, token.member.public_id],
    )
)
