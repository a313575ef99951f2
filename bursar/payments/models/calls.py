"""What we tell Mollie, and what Mollie tells us to look at."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import F, Q

from bursar.core.ids import PublicIdField
from bursar.payments.models.shared import MODES, MOLLIE_ID_LENGTH, PEN, state_field
from bursar.payments.states import CallState
from bursar.tenants.models import BillingAccount


class Call(models.Model):
    """One call that changes something at Mollie, written with the change that wants it and carried out after commit.

    `op`: one of `CallOp`; `body`: what that needs, ids of ours and of Mollie's. `key`: the idempotency key, the same on
    every try, and `sent`: what left under it, which Mollie holds every repeat against; `first_tried_at`: Mollie
    remembers the key for an hour from then.
    `answer_id`: Mollie's id of what it made. `problem`: the sentence of the last refusal. `is_awaited`: a person waits.
    """

    public_id = PublicIdField(prefix="call")
    account = models.ForeignKey(
        BillingAccount, null=True, blank=True, on_delete=models.PROTECT, related_name="mollie_calls"
    )
    op = models.CharField(max_length=30)
    body = models.JSONField(default=dict)
    sent = models.JSONField(default=dict)
    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    mode = models.CharField(max_length=4, choices=MODES)
    state = state_field(CallState, default=CallState.WAITING.value)
    is_awaited = models.BooleanField(default=False)
    made_at = models.DateTimeField()
    first_tried_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    answer_id = models.CharField(max_length=MOLLIE_ID_LENGTH, blank=True)
    problem = models.TextField(blank=True)

    pen = PEN

    class Meta:
        indexes = [
            models.Index(name="call_of_account", fields=["account", "-made_at"]),
            models.Index(
                name="call_waiting",
                fields=["made_at"],
                condition=Q(state__in=[CallState.WAITING.value, CallState.LOOKING.value]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.op} {self.public_id}"


class Hint(models.Model):
    """Somebody said that a payment changed: a webhook, the redirect page, the sync. Of that only the id is taken.

    A row under an event's id says that this event was heard, and never waits.

    `told_at`: the newest; `looked_at`: up to which one it was looked up. Many hints of a payment are one look.
    """

    mollie_id = models.CharField(max_length=MOLLIE_ID_LENGTH, primary_key=True)
    told_at = models.DateTimeField()
    looked_at = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField()

    pen = PEN

    class Meta:
        indexes = [
            models.Index(
                name="hint_waiting",
                fields=["due_at"],
                condition=Q(looked_at__isnull=True) | Q(looked_at__lt=F("told_at")),
            )
        ]


class SyncMark(models.Model):
    """How far the mirror's walk through one of Mollie's lists got. `next_id`: where it goes on; empty: from the newest.

    `until`: it stops at what is older, as told by the last whole walk, which began at `walked_at`.
    """

    name = models.CharField(max_length=40)
    mode = models.CharField(max_length=4, choices=MODES)
    next_id = models.CharField(max_length=MOLLIE_ID_LENGTH, blank=True)
    until = models.DateTimeField(null=True, blank=True)
    begun_at = models.DateTimeField(null=True, blank=True)
    walked_at = models.DateTimeField(null=True, blank=True)
    seen = models.PositiveIntegerField(default=0)

    pen = PEN

    class Meta:
        constraints = [models.UniqueConstraint(name="one_mark", fields=["name", "mode"])]
