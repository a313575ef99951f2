from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from bursar.access.keys import Key
from bursar.core.ids import PublicIdField
from bursar.files.models import File


class Scope(models.TextChoices):
    PUSH = "push", "push organisations, workspaces, people, memberships and logins"
    USAGE = "usage", "push usage"
    ENTITLEMENTS = "entitlements", "ask what a workspace may do"
    LICENCES = "licences", "ask what somebody was trained for"
    SIGN_IN = "sign_in", "make one-time sign-in links for customers"
    DOCUMENTS = "documents", "fetch issued documents, and report how their e-invoices were delivered"
    REQUESTS = "requests", "ask for upgrades and workspaces on a person's behalf, and follow what comes of it"
    SUPPORT = "support", "ask whether support may come into a workspace, and who is in"


class ApiKey(Key):
    """What the product carries. `replaced_by` is set when it was rotated; the old one then works a day more."""

    public_id = PublicIdField(prefix="key")
    scopes = ArrayField(models.CharField(max_length=20, choices=Scope.choices))
    created_by = models.CharField(max_length=60)
    replaced_by = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")


class ImportState(models.TextChoices):
    RUNNING = "running", "running"
    DONE = "done", "done"
    FAILED = "failed", "failed"


class ImportRun(models.Model):
    """A file that somebody had imported from the panel. `actor`: who, as a job acts for them.

    `left_out`: how many lines were bad; `report` names each with its reason, for that person, for a day.
    """

    public_id = PublicIdField(prefix="imp")
    file = models.ForeignKey(File, null=True, on_delete=models.SET_NULL, related_name="+")
    file_name = models.CharField(max_length=120)
    is_strict = models.BooleanField()
    actor = models.JSONField()
    state = models.CharField(max_length=8, choices=ImportState.choices, default=ImportState.RUNNING)
    lines = models.PositiveIntegerField(default=0)
    taken = models.PositiveIntegerField(default=0)
    left_out = models.PositiveIntegerField(default=0)
    problem = models.CharField(max_length=300, blank=True)
    report = models.ForeignKey(File, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.file_name
