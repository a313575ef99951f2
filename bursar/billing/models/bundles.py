"""Files of many documents in one, made by the worker for whoever asked."""

from __future__ import annotations

from django.db import models

from bursar.billing.models.details import PEN
from bursar.core.ids import PublicIdField
from bursar.files.models import File


class BundleState(models.TextChoices):
    RUNNING = "running", "running"
    DONE = "done", "done"
    FAILED = "failed", "failed"


class Bundle(models.Model):
    """`period`: by the day of issue. `actor`: who asked, as a job acts for them. `done` of `total` documents are in it;
    `left_out`: those whose files were still being made.
    """

    public_id = PublicIdField(prefix="bun")
    period = models.CharField(max_length=7)
    with_pdf = models.BooleanField()
    with_ubl = models.BooleanField()
    actor = models.JSONField()
    state = models.CharField(max_length=8, choices=BundleState.choices, default=BundleState.RUNNING)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField()
    left_out = models.PositiveIntegerField(default=0)
    problem = models.CharField(max_length=300, blank=True)
    file = models.ForeignKey(File, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    pen = PEN

    class Meta:
        indexes = [models.Index(name="bundle_newest", fields=["-created_at"])]

    def __str__(self) -> str:
        return self.period
