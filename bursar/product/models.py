from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from bursar.access.keys import Key
from bursar.core.ids import PublicIdField


class Scope(models.TextChoices):
    PUSH = "push", "push organisations, workspaces, people, memberships and logins"
    USAGE = "usage", "push usage"
    ENTITLEMENTS = "entitlements", "ask what a workspace may do"
    SIGN_IN = "sign_in", "make one-time sign-in links for customers"
    REQUESTS = "requests", "ask for upgrades and workspaces on a person's behalf, and follow what comes of it"


class ApiKey(Key):
    """What the product carries. `replaced_by` is set when it was rotated; the old one then works a day more."""

    public_id = PublicIdField(prefix="key")
    scopes = ArrayField(models.CharField(max_length=20, choices=Scope.choices))
    created_by = models.CharField(max_length=60)
    replaced_by = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
