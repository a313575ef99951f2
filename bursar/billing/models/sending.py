"""What happened to an issued document: to whom it was sent, how often it was reminded of, and what holds it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from bursar.billing.models.details import PEN
from bursar.billing.models.documents import Invoice, money_field
from bursar.core.ids import LENGTH, PublicIdField


class ReminderWay(models.TextChoices):
    MAIL = "mail", "by mail"
    PHONE = "phone", "by phone"
    LETTER = "letter", "by letter"
    TALK = "talk", "in person"


class Reminder(models.Model):
    """Somebody asked for an invoice that was overdue. `level`: none once all levels had gone. `open`: EUR, then.

    `note`: what came of it, where somebody wrote that down; goes with the document's words.
    """

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="reminders")
    level = models.PositiveSmallIntegerField(null=True)
    way = models.CharField(max_length=8, choices=ReminderWay.choices)
    on = models.DateField()
    at = models.DateTimeField()
    open = money_field()
    note = models.CharField(max_length=200, blank=True)

    pen = PEN

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="one_reminder_a_level", fields=["invoice", "level"], condition=Q(level__isnull=False)
            )
        ]


class SendingKind(models.TextChoices):
    ISSUED = "issued", "when it was issued"
    AGAIN = "again", "sent again"
    REMINDER = "reminder", "reminder"


class SendingState(models.TextChoices):
    """UNDER_WAY: the delivery says how it stands. ERASED: taken back, because whom it went to was erased."""

    UNDER_WAY = "", "under way"
    SENT = "sent", "sent"
    DROPPED = "dropped", "dropped"
    ERASED = "erased", "taken back"


class Sending(models.Model):
    """One mail of a document to one address. `delivery_id`: the outbox row that carries it, kept for a while only; so
    what came of it is noted here once it is done, with `ended_at`. `email` is empty once that person was erased.
    """

    public_id = PublicIdField(prefix="snd")
    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="sendings")
    kind = models.CharField(max_length=8, choices=SendingKind.choices)
    reminder = models.ForeignKey(Reminder, null=True, on_delete=models.PROTECT, related_name="sendings")
    email = models.CharField(max_length=254, blank=True)
    delivery_id = models.CharField(max_length=LENGTH)
    at = models.DateTimeField()
    state = models.CharField(max_length=8, choices=SendingState.choices, blank=True, default=SendingState.UNDER_WAY)
    ended_at = models.DateTimeField(null=True)

    pen = PEN

    class Meta:
        indexes = [
            models.Index(name="sending_under_way", fields=["delivery_id"], condition=Q(state="")),
            models.Index(name="sending_to", fields=["email"], condition=~Q(email="")),
        ]


class Hold(models.Model):
    """Nobody is reminded of this invoice through `last_day`, the seller's; after it the row says nothing."""

    invoice = models.OneToOneField(Invoice, primary_key=True, on_delete=models.PROTECT, related_name="hold")
    note = models.CharField(max_length=200)
    last_day = models.DateField()
    at = models.DateTimeField()

    pen = PEN


class HandoverState(models.TextChoices):
    TO_HAND_IN = "to_hand_in", "to hand in"
    HANDED_IN = "handed_in", "handed in"
    REFUSED = "refused", "refused"


class Handover(models.Model):
    """How an e-invoice stands with the network, as its access point reported or somebody noted. `why`: of a refusal."""

    invoice = models.OneToOneField(Invoice, primary_key=True, on_delete=models.PROTECT, related_name="handover")
    state = models.CharField(max_length=10, choices=HandoverState.choices, default=HandoverState.TO_HAND_IN)
    why = models.CharField(max_length=500, blank=True)
    at = models.DateTimeField()

    pen = PEN

    class Meta:
        indexes = [models.Index(name="handover_by_state", fields=["state"], condition=~Q(state="handed_in"))]
