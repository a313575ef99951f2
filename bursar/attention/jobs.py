"""Carries outreach mails out after commit, at least once."""

from __future__ import annotations

from email.utils import formataddr

from django.conf import settings
from django.core.mail import EmailMessage

from bursar.outbox.carriers import carrier
from bursar.outbox.models import OutboxRow


@carrier("outreach")
def send(row: OutboxRow) -> str:
    """The Message-ID is the row's own: a mail that is repeated after a crash can be told by it."""
    told = row.payload
    EmailMessage(
        subject=told["subject"],
        body=told["text"],
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[formataddr((told["name"], told["to"]))],
        reply_to=[told["reply_to"]] if told["reply_to"] else None,
        headers={"Message-ID": f"<{row.public_id}@{settings.BURSAR_MAIL_DOMAIN}>"},
    ).send()
    return "handed to the mail server"
