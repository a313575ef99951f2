from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from bursar.core.ids import PublicIdField
from bursar.staff.models import StaffMember
from bursar.tenants.models import Organisation, Person, Workspace

NOTE_LENGTH = 1000
PEN = "bursar.support.store"


class RequestState(models.TextChoices):
    """`approved` is good for going in once; `used` once that was done. `unanswered`: the time to answer ran out."""

    PENDING = "pending", "waiting for an answer"
    APPROVED = "approved", "approved"
    USED = "used", "approved and used"
    DENIED = "denied", "denied"
    WITHDRAWN = "withdrawn", "withdrawn"
    UNANSWERED = "unanswered", "not answered in time"
    TAKEN_BACK = "taken_back", "approved and taken back"


class SessionEnd(models.TextChoices):
    LEFT = "left", "left"
    ENDED = "ended", "ended by the customer"
    OVER = "over", "over"


class SupportSwitch(models.Model):
    """A span in which support may come in without asking: until `until` (null: without an end), or `off_at` before it.

    True by the clock: no job has to run for `until` to be real. `off_by` null: the clock turned it off. `organisation`,
    here and below: whose leave it is; once the workspace is another's, it lets nobody in.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="support_switches")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    turned_on_at = models.DateTimeField()
    turned_on_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    until = models.DateTimeField(null=True, blank=True)
    off_at = models.DateTimeField(null=True, blank=True)
    off_by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    reminded_at = models.DateTimeField(null=True, blank=True)

    pen = PEN

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="one_support_switch", fields=["workspace", "organisation"], condition=Q(off_at=None)
            ),
            models.CheckConstraint(
                name="support_switch_span",
                condition=(Q(until=None) | Q(until__gt=F("turned_on_at")))
                & (Q(off_at=None) | Q(off_at__gte=F("turned_on_at"))),
            ),
        ]
        indexes = [models.Index(name="support_switch_due", fields=["until"], condition=Q(off_at=None))]

    def __str__(self) -> str:
        return f"Support access of {self.workspace}"


class SupportRequest(models.Model):
    """A colleague asks to be let in once. `note`: why, for the customer. `answer`: what the customer said to a denial.

    `answer_until`: afterwards nobody can approve it. `use_until`: how long an approval waits to be used.
    """

    public_id = PublicIdField(prefix="srq")
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="support_requests")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    staff = models.ForeignKey(StaffMember, on_delete=models.PROTECT, related_name="+")
    note = models.TextField(max_length=NOTE_LENGTH)
    requested_at = models.DateTimeField()
    answer_until = models.DateTimeField()
    state = models.CharField(max_length=10, choices=RequestState.choices, default=RequestState.PENDING)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    answer = models.TextField(max_length=NOTE_LENGTH, blank=True)
    use_until = models.DateTimeField(null=True, blank=True)
    reminded_at = models.DateTimeField(null=True, blank=True)

    pen = PEN

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="one_pending_support_request",
                fields=["workspace", "staff", "organisation"],
                condition=Q(state=RequestState.PENDING),
            ),
            models.CheckConstraint(
                name="support_request_is_decided_once",
                condition=Q(state=RequestState.PENDING, decided_at=None)
                | (~Q(state=RequestState.PENDING) & Q(decided_at__isnull=False)),
            ),
        ]
        indexes = [
            models.Index(name="support_request_due", fields=["answer_until"], condition=Q(state=RequestState.PENDING))
        ]

    def __str__(self) -> str:
        return f"Support request for {self.workspace}"


class SupportSession(models.Model):
    """A colleague is in a workspace as its admin: from `joined_at` until `until`, or until `ended_at` before it.

    It grants nothing from `until` on, whether or not a job has written `ended_at` yet. `request`: the approval that it
    came by; null where the switch was on. It is no membership: never a seat, a contact or a recipient of notices.
    """

    public_id = PublicIdField(prefix="ssn")
    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="support_sessions")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    staff = models.ForeignKey(StaffMember, on_delete=models.PROTECT, related_name="+")
    request = models.ForeignKey(
        SupportRequest, null=True, blank=True, on_delete=models.PROTECT, related_name="sessions"
    )
    why = models.TextField(max_length=NOTE_LENGTH)
    joined_at = models.DateTimeField()
    until = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    end = models.CharField(max_length=5, choices=SessionEnd.choices, blank=True)
    reminded_at = models.DateTimeField(null=True, blank=True)

    pen = PEN

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="one_support_session", fields=["workspace", "staff", "organisation"], condition=Q(ended_at=None)
            ),
            models.CheckConstraint(
                name="support_session_span",
                condition=Q(until__gt=F("joined_at")) & (Q(ended_at=None) | Q(ended_at__gte=F("joined_at"))),
            ),
            models.CheckConstraint(
                name="support_session_end_is_said",
                condition=Q(ended_at=None, end="") | (Q(ended_at__isnull=False) & ~Q(end="")),
            ),
        ]
        indexes = [models.Index(name="support_session_due", fields=["until"], condition=Q(ended_at=None))]

    def __str__(self) -> str:
        return f"Support session in {self.workspace}"
