from __future__ import annotations

from django.db import models
from django.db.models import Q

from bursar.attention.reasons import REASONS
from bursar.core.ids import PublicIdField
from bursar.staff.models import StaffMember
from bursar.tenants.models import BillingAccount, Organisation, Workspace


class NoteOutcome(models.TextChoices):
    REACHED = "reached", "reached"
    NO_ANSWER = "no_answer", "no answer"
    UPGRADED = "upgraded", "upgraded"
    CHURNED = "churned", "churned"
    STARTED = "started", "conversation started"
    OTHER = "other", "other"


class Triage(models.Model):
    """What colleagues have settled about one workspace, account or organisation that needs a human.

    A snooze holds until `snoozed_until` (null: without a date), and never for a reason that is worse than
    `snoozed_reason` or that began after `snoozed_at`. `outreach_*`: the last mail that was written or sent.
    """

    workspace = models.OneToOneField(Workspace, null=True, on_delete=models.CASCADE, related_name="triage")
    account = models.OneToOneField(BillingAccount, null=True, on_delete=models.CASCADE, related_name="triage")
    organisation = models.OneToOneField(Organisation, null=True, on_delete=models.CASCADE, related_name="triage")
    owner = models.ForeignKey(StaffMember, null=True, on_delete=models.SET_NULL, related_name="+")
    taken_at = models.DateTimeField(null=True)
    snoozed_at = models.DateTimeField(null=True)
    snoozed_until = models.DateTimeField(null=True)
    snoozed_reason = models.CharField(max_length=20, blank=True, default="", db_default="")
    outcome = models.CharField(max_length=10, choices=NoteOutcome.choices, blank=True)
    noted_at = models.DateTimeField(null=True)
    outreach_at = models.DateTimeField(null=True)
    outreach_subject = models.CharField(max_length=200, blank=True)
    outreach_by = models.ForeignKey(StaffMember, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="triage_of_one_thing",
                condition=Q(account=None, organisation=None, workspace__isnull=False)
                | Q(account__isnull=False, organisation=None, workspace=None)
                | Q(account=None, organisation__isnull=False, workspace=None),
            )
        ]


class OutreachTemplate(models.Model):
    """The prepared mail of one reason; its placeholders are checked by `rules.why_not_text`."""

    public_id = PublicIdField(prefix="tpl")
    reason = models.CharField(max_length=20, unique=True)
    subject = models.CharField(max_length=200)
    body = models.TextField(max_length=4000)

    def __str__(self) -> str:
        return f"mail for “{REASONS[self.reason].label}”"
