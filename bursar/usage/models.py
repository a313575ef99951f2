from __future__ import annotations

from django.db import models

from bursar.core.ids import PublicIdField
from bursar.plans.models import Tier
from bursar.tenants.models import Person, Workspace


class UsageEvent(models.Model):
    """Seconds recorded, append-only. `tier` is the tier in force at `at`, found when the event was counted.

    `person`: who recorded, where the product says so. They are read by workspace and time, so it has no index.
    """

    source = models.CharField(max_length=100)
    event_id = models.CharField(max_length=200)
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="usage_events")
    at = models.DateTimeField()
    seconds = models.PositiveIntegerField()
    person = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    tier = models.CharField(max_length=12, choices=Tier.choices)

    pen = "bursar.usage.ingest"

    class Meta:
        constraints = [models.UniqueConstraint(name="usage_event_once", fields=["source", "event_id"])]
        indexes = [models.Index(fields=["workspace", "at"], name="usage_by_time")]


class UsageMonth(models.Model):
    """Recorded seconds of a workspace in a UTC month: every event of that month, whenever it arrived."""

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="usage_months")
    month = models.DateField()
    seconds = models.BigIntegerField()

    pen = "bursar.usage.ingest"

    class Meta:
        constraints = [models.UniqueConstraint(name="one_usage_month", fields=["workspace", "month"])]
        indexes = [models.Index(name="usage_month_by_month", fields=["month", "workspace"])]  # who is in a new one


class Meter(models.Model):
    """Counted seconds by tier: events on that tier after the last reset. The present tier's row gates the customer.

    `full_since`: the instant of the event with which counting reached the tier's cap. `is_near`: at least two thirds
    of the cap are counted; nobody below that can be approaching it. Neither moves with an ordinary batch, so their
    indexes cost the meters nothing.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="meters")
    tier = models.CharField(max_length=12, choices=Tier.choices)
    seconds = models.BigIntegerField()
    full_since = models.DateTimeField(null=True)
    is_near = models.BooleanField(db_default=False)

    pen = "bursar.usage.ingest"

    class Meta:
        constraints = [models.UniqueConstraint(name="one_meter_a_tier", fields=["workspace", "tier"])]
        indexes = [
            models.Index(name="meter_full", fields=["full_since"], condition=models.Q(full_since__isnull=False)),
            models.Index(
                name="meter_near", fields=["workspace"], condition=models.Q(is_near=True, full_since__isnull=True)
            ),
        ]


class UsageReset(models.Model):
    """Counting starts anew at `at`. `by_ref`: the public id of whoever did it; empty for one from a file."""

    public_id = PublicIdField(prefix="rst")
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="resets")
    at = models.DateTimeField()
    by_name = models.CharField(max_length=200)
    by_ref = models.CharField(max_length=60, blank=True, default="", db_default="")
    reason = models.TextField()

    pen = "bursar.usage.store"

    class Meta:
        constraints = [models.UniqueConstraint(name="one_reset_an_instant", fields=["workspace", "at"])]
