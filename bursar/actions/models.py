from __future__ import annotations

from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from bursar.core.ids import PublicIdField


class IdempotencyKey(models.Model):
    """One actor's key and what came of it: the same body gets the first outcome again, another body a refusal."""

    actor_id = models.CharField(max_length=60)
    key = models.CharField(max_length=100)
    digest = models.CharField(max_length=64)
    outcome = models.JSONField(null=True)
    created_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(name="one_outcome_a_key", fields=["actor_id", "key"])]


class BulkState(models.TextChoices):
    """HALTED: it cannot go on by itself. STOPPED: by a person; what is left is left as it was."""

    RUNNING = "running", "running"
    DONE = "done", "done"
    HALTED = "halted", "halted"
    STOPPED = "stopped", "stopped"


class BulkRun(models.Model):
    """The same action on many targets: one transaction each, one group, a result per row; it goes on by itself.

    `tries`: how often it was begun since it last got further; `fault`: why it halted.
    `worked_at`: when it was begun, or got further. `undoes`: the public id of the run that it takes back, row by row.
    """

    public_id = PublicIdField(prefix="blk")
    action_key = models.CharField(max_length=80)
    actor = models.JSONField()
    target_ids = models.JSONField()
    data = models.JSONField()
    reason = models.TextField(blank=True)
    message = models.TextField(blank=True)
    message_for_billing = models.BooleanField(default=False)
    state = models.CharField(max_length=8, choices=BulkState.choices, default=BulkState.RUNNING)
    undoes = models.CharField(max_length=24, blank=True, db_default="")
    tries = models.PositiveSmallIntegerField(default=0)
    fault = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField()
    worked_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(name="bulk_runs_going_on", fields=["worked_at"], condition=models.Q(state=BulkState.RUNNING))
        ]

    def __str__(self) -> str:
        return f"bulk run {self.public_id}"


class BulkResult(models.Model):
    run = models.ForeignKey(BulkRun, on_delete=models.CASCADE, related_name="results")
    target_id = models.CharField(max_length=24)
    status = models.PositiveSmallIntegerField()
    sentence = models.TextField()

    class Meta:
        constraints = [models.UniqueConstraint(name="one_result_a_target", fields=["run", "target_id"])]


class UndoOffer(models.Model):
    """How to take one action back. `data` fills the form of `key`, on the same target; of a way back it is what was
    before, and no form is filled in. `left`: how the action left it, where the way back compares. `actor_id`, `group`:
    who did it, and what else was done with it.
    """

    line_id = models.CharField(max_length=24, unique=True)
    of_key = models.CharField(max_length=80)
    target_id = models.CharField(max_length=24, db_index=True)
    key = models.CharField(max_length=80)
    data = models.JSONField()
    left = models.JSONField(default=dict, db_default={})
    actor_id = models.CharField(max_length=60, blank=True, db_default="")
    group = models.CharField(max_length=24, blank=True, db_default="", db_index=True)
    created_at = models.DateTimeField(db_index=True)


class ApprovalState(models.TextChoices):
    """WITHDRAWN: by whoever asked."""

    WAITS = "waits", "waits"
    APPROVED = "approved", "approved"
    DENIED = "denied", "denied"
    WITHDRAWN = "withdrawn", "withdrawn"


class Approval(models.Model):
    """An action as it was sent, that a second person decides on. `amount`: what it moves, EUR, when it was asked for.

    `account_id`: the key of the account that is locked for it. `why`: why a second person. `asker`, `decider`: who, as
    kept text (`core/naming.py`); `asker_id`: the asker's public id. `note`: for the asker, why not.
    """

    public_id = PublicIdField(prefix="apv")
    action_key = models.CharField(max_length=80)
    target_id = models.CharField(max_length=24)
    account_id = models.BigIntegerField(null=True)
    data = models.JSONField(encoder=DjangoJSONEncoder)
    reason = models.TextField(blank=True)
    message = models.TextField(blank=True)
    message_for_billing = models.BooleanField(default=False)
    amount = models.DecimalField(max_digits=12, decimal_places=2)
    why = models.CharField(max_length=300)
    state = models.CharField(max_length=9, choices=ApprovalState.choices, default=ApprovalState.WAITS)
    asker_id = models.CharField(max_length=60)
    asker = models.CharField(max_length=200)
    asked_at = models.DateTimeField()
    decider = models.CharField(max_length=200, blank=True)
    decided_at = models.DateTimeField(null=True)
    note = models.TextField(blank=True)

    pen = "bursar.actions.second"
    target: Any = None
    """What it acts on, once it was looked up."""

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="one_approval_waits",
                fields=["action_key", "target_id"],
                condition=models.Q(state=ApprovalState.WAITS),
            )
        ]
        indexes = [
            models.Index(name="approval_waits", fields=["asked_at"], condition=models.Q(state=ApprovalState.WAITS)),
            models.Index(name="approval_decided", fields=["-decided_at"]),
        ]

    def __str__(self) -> str:
        return f"{self.action_key} {self.public_id}"
