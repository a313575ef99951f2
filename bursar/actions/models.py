from __future__ import annotations

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
    RUNNING = "running", "running"
    DONE = "done", "done"


class BulkRun(models.Model):
    """The same action on many targets: one transaction each, one group, a result per row; it can be resumed."""

    public_id = PublicIdField(prefix="blk")
    action_key = models.CharField(max_length=80)
    actor = models.JSONField()
    target_ids = models.JSONField()
    data = models.JSONField()
    reason = models.TextField(blank=True)
    message = models.TextField(blank=True)
    message_for_billing = models.BooleanField(default=False)
    state = models.CharField(max_length=8, choices=BulkState.choices, default=BulkState.RUNNING)
    created_at = models.DateTimeField()


class BulkResult(models.Model):
    run = models.ForeignKey(BulkRun, on_delete=models.CASCADE, related_name="results")
    target_id = models.CharField(max_length=24)
    status = models.PositiveSmallIntegerField()
    sentence = models.TextField()

    class Meta:
        constraints = [models.UniqueConstraint(name="one_result_a_target", fields=["run", "target_id"])]


class UndoOffer(models.Model):
    """How to take one action back. `data` fills the form of `key`, on the same target."""

    line_id = models.CharField(max_length=24, unique=True)
    of_key = models.CharField(max_length=80)
    target_id = models.CharField(max_length=24, db_index=True)
    key = models.CharField(max_length=80)
    data = models.JSONField()
    created_at = models.DateTimeField()
