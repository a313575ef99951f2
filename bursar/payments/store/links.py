"""The pen of payment links: ours before Mollie is told, and then what Mollie says of them."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from bursar.payments import objects
from bursar.payments.gateway import get_mode
from bursar.payments.models import PaymentLink
from bursar.payments.rules.links import LIVE
from bursar.payments.states import CallOp, LinkState
from bursar.payments.store import calls
from bursar.payments.store.mirror import Asked, Older
from bursar.tenants.models import BillingAccount

AGAIN = timedelta(days=1)
LINGERS = timedelta(days=14)
"""A transfer that was begun before a link expired may arrive so much later."""


def make(account: BillingAccount, now: datetime, **fields: Any) -> PaymentLink:
    """With the call that tells Mollie. `fields`: those of the model."""
    mode = get_mode()
    row = PaymentLink.objects.create(
        account=account, token=secrets.token_urlsafe(32), mode=mode.value if mode else "", made_at=now, learned_at=now,
        **fields,
    )  # fmt: skip
    calls.put(CallOp.LINK_CREATE, account, {"link": row.public_id}, now, is_awaited=True)
    return row


@transaction.atomic
def keep(found: objects.PaymentLink, ours: PaymentLink, asked: Asked) -> PaymentLink:
    """What Mollie answered. Raises Older."""
    row = PaymentLink.objects.select_for_update(no_key=True, of=("self",)).get(pk=ours.pk)
    if row.answered_at is not None and asked.at < row.answered_at:
        raise Older
    row.mollie_id, row.url, row.raw = found.id, found.url, found.raw
    row.asked_at, row.answered_at = asked.at, asked.until
    if row.state == LinkState.MAKING:
        row.state = LinkState.OPEN.value
    if found.is_archived and row.state == LinkState.OPEN:
        row.state, row.ended_at, row.why_ended = LinkState.ENDED.value, asked.until, "at Mollie itself."
    is_over = row.expires_at + LINGERS < asked.until
    row.look_at = None if is_over or row.state != LinkState.OPEN else asked.until + AGAIN
    row.save()
    return row


def list_live(rows: QuerySet[PaymentLink]) -> QuerySet[PaymentLink]:
    """Such as can be paid, or will be; an expired one is among them until it is archived."""
    return rows.filter(state__in=[state.value for state in LIVE])


def archive(rows: Iterable[PaymentLink], why: str, now: datetime) -> None:
    """Their accounts are locked. Mollie is told after commit; one that it is still to make is archived after that."""
    for row in rows:
        row.state, row.ended_at, row.why_ended = LinkState.ENDED.value, now, why
        row.save(update_fields=["state", "ended_at", "why_ended"])
        calls.put(CallOp.LINK_ARCHIVE, row.account, {"link": row.public_id}, now)


def note_paid(row: PaymentLink) -> None:
    PaymentLink.objects.filter(pk=row.pk).update(state=LinkState.PAID.value, look_at=None)


def note_refused(row: PaymentLink, now: datetime) -> None:
    row.state, row.ended_at = LinkState.REFUSED.value, now
    row.save(update_fields=["state", "ended_at"])


def note_told(token: str, now: datetime) -> None:
    """Mollie told of a payment under this address: its payments are asked for, whatever they say themselves."""
    PaymentLink.objects.filter(token=token).update(look_at=now)


def put_off(row: PaymentLink, now: datetime) -> None:
    PaymentLink.objects.filter(pk=row.pk).update(look_at=now + timedelta(minutes=10))


def reword(pk: int, **words: str) -> None:
    """Another description, for a person who was erased."""
    PaymentLink.objects.filter(pk=pk).update(**words)
