from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from bursar.billing.models import Invoice
from bursar.core.dated import Dated, no_overlap, span_is_positive
from bursar.core.ids import PublicIdField
from bursar.core.sortkey import sort_key
from bursar.staff.models import StaffMember
from bursar.tenants.models import Organisation, Person, Workspace

PEN = "bursar.training.store"
TITLE_LENGTH = 120
PLACE_LENGTH = 300
NOTE_LENGTH = 1000


class Mode(models.TextChoices):
    ONLINE = "online", "online"
    IN_PERSON = "in_person", "in person"
    FLEX = "flex", "flex"


class SessionState(models.TextChoices):
    REQUESTED = "requested", "requested"
    SCHEDULED = "scheduled", "scheduled"
    COMPLETED = "completed", "completed"
    CANCELLED = "cancelled", "cancelled"


class Training(models.Model):
    """Something of the catalogue. Retired, it is offered no more; its sessions and licences stay."""

    public_id = PublicIdField(prefix="trn")
    title = models.CharField(max_length=TITLE_LENGTH)
    sort_key = models.CharField(max_length=2 * TITLE_LENGTH, editable=False, db_index=True)
    mode = models.CharField(max_length=10, choices=Mode.choices)
    grants_licence = models.BooleanField(default=True)
    created_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True, blank=True)

    pen = PEN

    def __str__(self) -> str:
        return self.title

    def save(self, *args: object, **kwargs: object) -> None:
        self.sort_key = sort_key(self.title)
        super().save(*args, **kwargs)  # type: ignore[arg-type]  # Django's own signature, passed on


class TrainingPrice(Dated):
    """What a session of it costs that is asked for while the row holds. EUR, net.

    `price` covers `included` participants; each one more costs `extra`.
    """

    training = models.ForeignKey(Training, on_delete=models.PROTECT, related_name="prices")
    price = models.DecimalField(max_digits=10, decimal_places=2)
    included = models.PositiveSmallIntegerField()
    extra = models.DecimalField(max_digits=10, decimal_places=2)

    pen = PEN

    class Meta:
        constraints = [
            no_overlap("one_price_of_a_training", "training_id"),
            span_is_positive("training_price_span"),
            models.CheckConstraint(
                name="training_price_is_sane", condition=Q(price__gte=0, extra__gte=0, included__gte=1)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.training}: {self.price}"


class TrainingSession(models.Model):
    """A training of one organisation: asked for, planned, held.

    `price` is the one that held when it was asked for, and stays. `participants`: how many were announced, for the
    estimate until there is a roster. `starts_at` with `minutes` once planned; `held_on` is the seller's day of it once
    it is completed. `place` is words, `link` an address; either may be empty. `revision` counts what attendees were
    mailed, for their calendars. `invoice`: what it was invoiced by; none for one that is free or not invoiced yet.
    """

    public_id = PublicIdField(prefix="ses")
    external_id = models.CharField(max_length=100, unique=True, null=True, blank=True)
    training = models.ForeignKey(Training, on_delete=models.PROTECT, related_name="sessions")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="trainings")
    price = models.ForeignKey(TrainingPrice, on_delete=models.PROTECT, related_name="+")
    mode = models.CharField(max_length=10, choices=Mode.choices)
    state = models.CharField(max_length=10, choices=SessionState.choices, default=SessionState.REQUESTED)
    participants = models.PositiveSmallIntegerField(null=True, blank=True)
    message = models.TextField(max_length=NOTE_LENGTH, blank=True)
    requested_at = models.DateTimeField()
    requested_by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    starts_at = models.DateTimeField(null=True, blank=True)
    minutes = models.PositiveSmallIntegerField(null=True, blank=True)
    trainer = models.ForeignKey(StaffMember, null=True, blank=True, on_delete=models.SET_NULL, related_name="trainings")
    place = models.CharField(max_length=PLACE_LENGTH, blank=True)
    link = models.URLField(max_length=PLACE_LENGTH, blank=True)
    revision = models.PositiveIntegerField(default=0)
    held_on = models.DateField(null=True, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    invoice = models.ForeignKey(Invoice, null=True, blank=True, on_delete=models.PROTECT, related_name="trainings")

    pen = PEN

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="session_planned_has_a_time",
                condition=~Q(state=SessionState.SCHEDULED) | Q(starts_at__isnull=False, minutes__isnull=False),
            ),
            models.CheckConstraint(
                name="session_completed_has_a_day",
                condition=Q(state=SessionState.COMPLETED, held_on__isnull=False, completed_at__isnull=False)
                | (~Q(state=SessionState.COMPLETED) & Q(held_on=None, completed_at=None)),
            ),
            models.CheckConstraint(
                name="session_cancelled_has_an_instant",
                condition=Q(state=SessionState.CANCELLED, cancelled_at__isnull=False)
                | (~Q(state=SessionState.CANCELLED) & Q(cancelled_at=None)),
            ),
        ]
        indexes = [
            models.Index(name="session_queue", fields=["state", "requested_at", "id"]),
            models.Index(name="session_calendar", fields=["starts_at", "id"]),
            models.Index(name="session_of_organisation", fields=["organisation", "-requested_at"]),
        ]

    def __str__(self) -> str:
        return f"{self.training} for {self.organisation}"


class Attendee(models.Model):
    """Somebody on the roster; present unless marked absent.

    `person` is null while the product has not named whoever has that address. `email` is in lower case. Erased, the
    name and the address are empty.
    """

    public_id = PublicIdField(prefix="att")
    session = models.ForeignKey(TrainingSession, on_delete=models.PROTECT, related_name="roster")
    person = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=200, blank=True)
    email = models.EmailField(blank=True)
    is_absent = models.BooleanField(default=False)
    added_at = models.DateTimeField()

    pen = PEN

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="once_on_a_roster", fields=["session", "person"], condition=Q(person__isnull=False)
            ),
            models.UniqueConstraint(
                name="address_once_on_a_roster", fields=["session", "email"], condition=~Q(email="")
            ),
        ]
        indexes = [models.Index(name="attendee_pending", fields=["email"], condition=Q(person=None) & ~Q(email=""))]

    def __str__(self) -> str:
        """For the book, which keeps it: whose it is may be erased."""
        return f"an attendee of {self.session}"

    @property
    def shown_name(self) -> str:
        """As the product knows them by now; empty once erased."""
        return (self.person.name if self.person else self.name) or self.email


class Licence(models.Model):
    """One person may work by one training, from `valid_from` through `last_day` (days of the seller; both count).

    `name` is what the certificate says; erased, it is empty. `token` is the unguessable end of the certificate's
    public address. `attendee`: none for one that was imported. `person`: null while the product has not named them;
    then `email` leads to them. `told_ending_at`: when its end was announced.
    """

    public_id = PublicIdField(prefix="lic")
    external_id = models.CharField(max_length=100, unique=True, null=True, blank=True)
    token = models.CharField(max_length=40, unique=True, editable=False)
    training = models.ForeignKey(Training, on_delete=models.PROTECT, related_name="licences")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="licences")
    attendee = models.OneToOneField(Attendee, null=True, blank=True, on_delete=models.PROTECT, related_name="licence")
    person = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="licences")
    name = models.CharField(max_length=200, blank=True)
    sort_key = models.CharField(max_length=320, editable=False)
    email = models.EmailField(blank=True)
    valid_from = models.DateField()
    last_day = models.DateField()
    granted_at = models.DateTimeField()
    granted_by = models.ForeignKey(StaffMember, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    revoked_at = models.DateTimeField(null=True, blank=True)
    told_ending_at = models.DateTimeField(null=True, blank=True)

    pen = PEN

    class Meta:
        constraints = [
            models.CheckConstraint(name="licence_span", condition=Q(last_day__gte=F("valid_from"))),
        ]
        indexes = [
            models.Index(name="licence_ends", fields=["last_day", "id"], include=["revoked_at"]),
            models.Index(
                name="licence_to_announce", fields=["last_day"], condition=Q(revoked_at=None, told_ending_at=None)
            ),
            models.Index(name="licence_of_organisation", fields=["organisation", "last_day"]),
            models.Index(name="licence_of_person", fields=["person", "last_day"]),
            models.Index(name="licence_pending", fields=["email"], condition=Q(person=None) & ~Q(email="")),
        ]

    def __str__(self) -> str:
        """For the book, which keeps it: whose it is may be erased."""
        return f"a licence of {self.training}"

    def save(self, *args: object, **kwargs: object) -> None:
        self.sort_key = sort_key(self.name)
        super().save(*args, **kwargs)  # type: ignore[arg-type]  # Django's own signature, passed on

    @property
    def whose(self) -> str:
        """What to call its holder; empty once they are erased."""
        return self.name or self.email

    @property
    def named_by(self) -> str:
        """The public id under which the book names its holder, so that the name can be erased."""
        if self.person is not None:
            return self.person.public_id
        return self.attendee.public_id if self.attendee is not None else self.public_id


class TrainingNeed(models.Model):
    """The product said that somebody in this workspace must be trained. It blocks nothing."""

    workspace = models.OneToOneField(Workspace, on_delete=models.CASCADE, related_name="training_need")
    since = models.DateTimeField()

    pen = PEN

    def __str__(self) -> str:
        return f"training needed in {self.workspace}"
