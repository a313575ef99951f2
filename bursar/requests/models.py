from __future__ import annotations

from django.db import models
from django.db.models import Q

from bursar.core.ids import PublicIdField
from bursar.core.sortkey import sort_key
from bursar.plans.models import Cadence, DiscountKind, Tier
from bursar.staff.models import StaffMember
from bursar.tenants.models import Organisation, Person, Visibility, Workspace
from bursar.tenants.rules import NAME_LENGTH

MESSAGE_LENGTH = 1000


class RequestKind(models.TextChoices):
    TIER_UPGRADE = "tier_upgrade", "tier upgrade"
    NEW_WORKSPACE = "new_workspace", "new workspace"


class RequestState(models.TextChoices):
    PENDING = "pending", "pending"
    APPROVED = "approved", "approved"
    DENIED = "denied", "denied"
    WITHDRAWN = "withdrawn", "withdrawn"
    OVERTAKEN = "overtaken", "overtaken"
    DONE = "done", "closed as done"


class UpgradeRequest(models.Model):
    """What a customer asked for, and what came of it. Proposal and grant both stay (DOMAIN 8).

    `workspace` is null until a new one was approved. `sort_key` is of the name that is wished for. `is_ask`: by a
    plain member, for their own billing people and for staff. `present_tier`: the base tier when it was asked.
    `granted_*` are filled by an approval only. `note` is for the requester. `closed_by` is the person who withdrew
    it; `decided_by` the colleague who decided.
    """

    public_id = PublicIdField(prefix="req")
    kind = models.CharField(max_length=16, choices=RequestKind.choices)
    state = models.CharField(max_length=10, choices=RequestState.choices, default=RequestState.PENDING)
    is_ask = models.BooleanField(default=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="requests")
    workspace = models.ForeignKey(Workspace, null=True, blank=True, on_delete=models.PROTECT, related_name="requests")
    requester = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="requests")
    requested_at = models.DateTimeField()

    present_tier = models.CharField(max_length=12, choices=Tier.choices, blank=True)
    tier = models.CharField(max_length=12, choices=Tier.choices)
    cadence = models.CharField(max_length=8, choices=Cadence.choices)
    name = models.CharField(max_length=NAME_LENGTH, blank=True)
    sort_key = models.CharField(max_length=2 * NAME_LENGTH, blank=True, editable=False, db_default="")
    visibility = models.CharField(max_length=24, choices=Visibility.choices, blank=True)
    message = models.TextField(max_length=MESSAGE_LENGTH, blank=True)

    granted_tier = models.CharField(max_length=12, choices=Tier.choices, blank=True)
    granted_cadence = models.CharField(max_length=8, choices=Cadence.choices, blank=True)
    granted_end_date = models.DateField(null=True, blank=True)
    granted_discount_kind = models.CharField(max_length=16, choices=DiscountKind.choices, blank=True)
    granted_discount_percent = models.PositiveSmallIntegerField(null=True, blank=True)
    granted_discount_end = models.DateField(null=True, blank=True)
    granted_name = models.CharField(max_length=NAME_LENGTH, blank=True)
    granted_visibility = models.CharField(max_length=24, choices=Visibility.choices, blank=True)

    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(StaffMember, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    closed_by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    note = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="one_pending_upgrade",
                fields=["workspace"],
                condition=Q(kind=RequestKind.TIER_UPGRADE, state=RequestState.PENDING),
            ),
            models.CheckConstraint(
                name="decided_when_not_pending",
                condition=Q(state=RequestState.PENDING, decided_at=None)
                | (~Q(state=RequestState.PENDING) & Q(decided_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="upgrade_has_a_workspace",
                condition=~Q(kind=RequestKind.TIER_UPGRADE) | Q(workspace__isnull=False),
            ),
        ]
        indexes = [
            models.Index(name="request_queue", fields=["state", "requested_at", "id"]),
            models.Index(name="request_newest", fields=["-requested_at", "-id"]),
        ]

    def save(self, *args: object, **kwargs: object) -> None:
        self.sort_key = sort_key(self.name)
        super().save(*args, **kwargs)  # type: ignore[arg-type]  # Django's own signature, passed on

    def __str__(self) -> str:
        if self.kind == RequestKind.NEW_WORKSPACE:
            return f"New workspace “{self.name}”"
        return f"{Tier(self.tier).label} for {self.workspace}"

    @property
    def is_pending(self) -> bool:
        return self.state == RequestState.PENDING

    @property
    def makes_workspace(self) -> bool:
        return self.kind == RequestKind.NEW_WORKSPACE
