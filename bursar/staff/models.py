from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from bursar.access.keys import Key
from bursar.access.models import User
from bursar.access.rights import Right
from bursar.core import clock
from bursar.core.ids import PublicIdField


class Role(models.Model):
    """A named set of rights. The shipped ones come with a migration; `rank` orders them, the strongest last."""

    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=60)
    rights = ArrayField(models.CharField(max_length=20, choices=Right.choices))
    rank = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["rank"]

    def __str__(self) -> str:
        return self.name


class StaffMember(models.Model):
    """A user who may enter the panel, with the roles that say how far."""

    public_id = PublicIdField(prefix="stf")
    user = models.OneToOneField(User, on_delete=models.PROTECT, related_name="staff")
    roles = models.ManyToManyField(Role, related_name="members")
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=clock.now)
    last_seen_at = models.DateTimeField(null=True, blank=True)

    pen = "bursar.staff.store"

    def __str__(self) -> str:
        return self.user.name or self.user.email


class SignInLink(models.Model):
    """A link that signs one person in once. Only the token's digest is kept."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    digest = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)


class ApiToken(Key):
    """A staff person's own token for the API, with a subset of their rights: never more than they hold now."""

    public_id = PublicIdField(prefix="tok")
    member = models.ForeignKey(StaffMember, on_delete=models.CASCADE, related_name="tokens")
    rights = ArrayField(models.CharField(max_length=20, choices=Right.choices))
