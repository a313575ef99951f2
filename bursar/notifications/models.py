from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q

from bursar.actions.spec import Topic
from bursar.audit.models import AuditLine
from bursar.core.ids import PublicIdField

TOPICS = [(topic.value, topic.value) for topic in Topic]


class Inbox(models.Model):
    """What one recipient hears of by mail. Without a row: everything. Also what is locked while their mail is made.

    `recipient_id` is a staff member's or a person's public id; `muted` holds topics that stay in the bell.
    """

    recipient_id = models.CharField(max_length=24, primary_key=True)
    muted = ArrayField(models.CharField(max_length=12, choices=TOPICS), default=list)

    def __str__(self) -> str:
        return "by mail"

    @property
    def public_id(self) -> str:
        return self.recipient_id


class MailKind(models.TextChoices):
    NOTICE = "notice", "notice"
    DIGEST = "digest", "digest"
    LETTER = "letter", "letter"


class Mail(models.Model):
    """One mail, rendered once when it is made: what is repeated after a crash is the same mail.

    `delivery_id` is the public id of the outbox row that carries it. Subject, `text` and `html` hold references where
    the book names people, and are read and sent by `naming.read`. `text` and `html` are blanked when they are old;
    without `html` the mail is plain text. Mail to a person who is erased goes with them. `files`: public ids of those
    that are attached; they are read when it is sent. `calendar`: an iTIP message that goes with it (RFC 5546), blanked
    with the text. `about`: public ids of the accounts, workspaces and organisations that the lines touch which it tells
    or comes from; empty for colleagues' mail.
    """

    public_id = PublicIdField(prefix="mal")
    message_id = models.CharField(max_length=255, unique=True)
    kind = models.CharField(max_length=8, choices=MailKind.choices, default=MailKind.NOTICE)
    recipient_id = models.CharField(max_length=24, blank=True)
    email = models.CharField(max_length=320, blank=True)
    name = models.CharField(max_length=200, blank=True)
    topics = ArrayField(models.CharField(max_length=12, choices=TOPICS), default=list)
    is_urgent = models.BooleanField(default=False)
    reply_to = models.CharField(max_length=320, blank=True)
    line = models.ForeignKey(AuditLine, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    delivery_id = models.CharField(max_length=24, blank=True)
    subject = models.CharField(max_length=400)
    text = models.TextField(blank=True)
    html = models.TextField(blank=True)
    files = ArrayField(models.CharField(max_length=24), default=list, db_default=[])
    calendar = models.TextField(blank=True, default="", db_default="")
    about = ArrayField(models.CharField(max_length=24), default=list, db_default=[])
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="one_mail_a_line", fields=["line", "email"], condition=~Q(email="")),
        ]
        indexes = [
            models.Index(name="mail_of_recipient", fields=["recipient_id", "created_at"]),
            GinIndex(name="mail_about", fields=["about"]),
            models.Index(name="mail_with_text", fields=["created_at"], condition=~Q(text="")),
        ]

    def __str__(self) -> str:
        return self.subject


class Notification(models.Model):
    """One line of the book, told to one person. What it says is derived from the line when it is shown.

    `who` is the user behind the recipient, so that one person under two hats is told once. `waits`: for the digest.
    """

    public_id = PublicIdField(prefix="ntc")
    recipient_id = models.CharField(max_length=24)
    who = models.CharField(max_length=24)
    line = models.ForeignKey(AuditLine, on_delete=models.PROTECT, related_name="+")
    topic = models.CharField(max_length=12, choices=TOPICS)
    at = models.DateTimeField()
    read_at = models.DateTimeField(null=True, blank=True)
    waits = models.BooleanField(default=False)
    mail = models.ForeignKey(Mail, null=True, blank=True, on_delete=models.SET_NULL, related_name="notifications")

    class Meta:
        constraints = [
            models.UniqueConstraint(name="one_notice_a_line", fields=["recipient_id", "line"]),
            models.UniqueConstraint(name="one_hat_a_line", fields=["line", "who"]),
        ]
        indexes = [
            models.Index(name="notices_newest", fields=["recipient_id", "-id"]),
            models.Index(name="notices_unread", fields=["recipient_id"], condition=Q(read_at=None)),
            models.Index(name="notices_waiting", fields=["at", "recipient_id"], condition=Q(waits=True)),
        ]
