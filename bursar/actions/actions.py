"""The one target that is no row: the company itself."""

from __future__ import annotations

from bursar.access.actor import Actor
from bursar.actions.registry import Target, register_target
from bursar.actions.spec import Company
from bursar.core.errors import NotFound


def _fetch(actor: Actor, public_id: str) -> Company:
    if public_id != Company.public_id or not actor.all_accounts:
        raise NotFound
    return Company()


register_target(
    Target(
        slug="company",
        model=Company,
        label="company",
        fetch=_fetch,
        accounts=lambda company: [],
        stream=lambda company: "staff",
        touches=lambda company: [],
    )
)
