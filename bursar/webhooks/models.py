from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from bursar.core.ids import PublicIdField
from bursar.outbox.models import OutboxRow


class WebhookEndpoint(models.Model):
    """Where messages go. `events` empty: all of them.

    Not active with a `switched_off_reason`: Bursar gave up on it; without: a person paused it. `failing_since`: the
    first failure after the last success. `ask_again_at`: it did not answer at all, and is left alone until then.
    """

    public_id = PublicIdField(prefix="whe")
    url = models.URLField(max_length=500)
    description = models.CharField(max_length=100)
    events = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    created_at = models.DateTimeField()
    is_active = models.BooleanField(default=True)
    switched_off_reason = models.CharField(max_length=300, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)
    last_success_at = models.DateTimeField(null=True, blank=True)
    failing_since = models.DateTimeField(null=True, blank=True)
    ask_again_at = models.DateTimeField(null=True, blank=True)
    times_away = models.PositiveSmallIntegerField(default=0)

    def __str__(self) -> str:
        return self.description


class WebhookSecret(models.Model):
    """What an endpoint's messages are signed with, encrypted. A rotated one signs along until `ends_at`."""

    endpoint = models.ForeignKey(WebhookEndpoint, on_delete=models.PROTECT, related_name="secrets")
    sealed = models.TextField()
    created_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="one_lasting_secret", fields=["endpoint"], condition=Q(ends_at=None))
        ]


class WebhookMessage(models.Model):
    """One message to one endpoint. Its body, state and tries are those of its outbox row.

    `message_id` is the `webhook-id` that the receiver sees: a replay repeats it. `subject_id`: the public id of what
    the event is about.
    """

    public_id = PublicIdField(prefix="whm")
    endpoint = models.ForeignKey(WebhookEndpoint, on_delete=models.PROTECT, related_name="messages")
    row = models.OneToOneField(OutboxRow, on_delete=models.PROTECT, related_name="webhook_message")
    message_id = models.CharField(max_length=24, db_index=True)
    type = models.CharField(max_length=60)
    subject_id = models.CharField(max_length=24, blank=True)
    is_replay = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    last_status = models.PositiveSmallIntegerField(null=True, blank=True)
    last_answer = models.TextField(blank=True)

    class Meta:
        indexes = [models.Index(name="webhook_log", fields=["endpoint", "-id"])]

    def __str__(self) -> str:
        return f"{self.type} {self.message_id}"
