from __future__ import annotations

from django.db import models
from django.db.models import Q

from bursar.core.ids import PublicIdField


class OutboxState(models.TextChoices):
    WAITING = "waiting", "waiting"
    SENDING = "sending", "sending"
    DONE = "done", "done"
    FAILED = "failed", "failed"
    DROPPED = "dropped", "dropped"


class OutboxRow(models.Model):
    """Something the outside world hears after commit. `key` is its idempotency key with whoever receives it.

    Rows of one kind with the same `order_key` go out one after the other, in the order in which they were written.
    Done or dropped, `due_at` is when that was; dropped, `last_error` says by whom or why.
    `cut_off`: how many tries ended with the worker.
    """

    public_id = PublicIdField(prefix="out")
    kind = models.CharField(max_length=20)
    key = models.CharField(max_length=120, unique=True)
    payload = models.JSONField()
    state = models.CharField(max_length=8, choices=OutboxState.choices, default=OutboxState.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    maybe_twice = models.BooleanField(default=False)
    cut_off = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField()
    due_at = models.DateTimeField()
    last_error = models.TextField(blank=True)
    order_key = models.CharField(max_length=60, blank=True)

    class Meta:
        indexes = [
            models.Index(
                name="outbox_order",
                fields=["kind", "order_key", "id"],
                condition=Q(state__in=[OutboxState.WAITING, OutboxState.SENDING]) & ~Q(order_key=""),
            ),
            models.Index(
                name="outbox_due",
                fields=["due_at", "id"],
                condition=Q(state__in=[OutboxState.WAITING, OutboxState.SENDING]),
            ),
            models.Index(name="outbox_by_state", fields=["state", "kind"]),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.public_id}"


class OutboxAttempt(models.Model):
    """One try at a row: what came of it, and how long it took."""

    row = models.ForeignKey(OutboxRow, on_delete=models.CASCADE, related_name="tries")
    at = models.DateTimeField()
    ms = models.PositiveIntegerField()
    is_done = models.BooleanField()
    detail = models.CharField(max_length=300, blank=True)
