"""Payment links at Mollie: made once, and archived."""

from __future__ import annotations

from contextlib import suppress

from django.conf import settings
from django.urls import reverse

from bursar.core import clock
from bursar.payments import look, objects
from bursar.payments.carry.making import birth_of, make_once
from bursar.payments.carry.ops import op
from bursar.payments.errors import NotThere
from bursar.payments.gateway import Gateway
from bursar.payments.gateway.links import NewLink
from bursar.payments.models import Call, PaymentLink
from bursar.payments.objects import Amount
from bursar.payments.states import CallOp, LinkState
from bursar.payments.store import links
from bursar.payments.store.mirror import CURRENCY, Asked, Older


def _link_of(call: Call) -> PaymentLink:
    return PaymentLink.objects.get(public_id=call.body["link"])


@op(CallOp.LINK_CREATE)
def create_link(gateway: Gateway, call: Call) -> str:
    """Needs link, an id of ours. One that was archived before Mollie was told is not made at all."""
    ours = _link_of(call)
    if ours.state == LinkState.ENDED and call.first_tried_at is None:
        return ""

    def is_ours(found: objects.PaymentLink, call: Call) -> bool:
        return found.webhook_url == look.get_hook(ours.token)

    made = make_once(call, lambda: _new(ours).body, gateway.links.create, gateway.links.list, is_ours)
    with suppress(Older):
        links.keep(made, ours, birth_of(call))
    return made.id


def _new(ours: PaymentLink) -> NewLink:
    """With an address to come back to: without one Mollie has been seen to take another webhook than ours."""
    return NewLink(
        amount=Amount(ours.amount, CURRENCY),
        description=ours.description,
        webhook_url=look.get_hook(ours.token),
        redirect_url=settings.BURSAR_ADDRESS + reverse("pay:thanks"),
        expires_at=ours.expires_at,
    )


@op(CallOp.LINK_ARCHIVE)
def archive_link(gateway: Gateway, call: Call) -> str:
    """Needs link, an id of ours. One that Mollie never made, or knows no more, is archived enough."""
    ours = _link_of(call)
    if not ours.mollie_id:
        return ""
    at = clock.now()
    with suppress(NotThere, Older):
        links.keep(gateway.links.archive(ours.mollie_id), ours, Asked(at, clock.now()))
    return ours.mollie_id
