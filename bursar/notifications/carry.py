"""The carriers of notices and mail: a notice becomes one mail a person, a mail goes out at least once."""

from __future__ import annotations

from email.utils import formataddr

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.template.loader import render_to_string

from bursar.actions.spec import Notice
from bursar.audit.models import AuditLine
from bursar.audit.pages import describe
from bursar.audit.queries import lines
from bursar.notifications.queries import list_recipients
from bursar.outbox import store
from bursar.outbox.carriers import carrier
from bursar.outbox.models import OutboxRow


@carrier("notice")
def expand(row: OutboxRow) -> None:
    """One mail for each person; whoever hears of a line as admin does not hear of it again as billing person."""
    line = lines().get(public_id=row.payload["line"])
    with transaction.atomic():
        for person in list_recipients(Notice(row.payload["notice"]), row.payload["target"], line.at):
            payload = {"line": line.public_id, "to": person.email, "name": person.name, "staff": person.is_staff}
            store.put_once("mail", f"{line.public_id}:{person.email}", payload, row.due_at)


@carrier("mail")
def send(row: OutboxRow) -> None:
    """The Message-ID is the row's own: a mail that is repeated after a crash can be told by it."""
    line = lines().get(public_id=row.payload["line"])
    words = _words(line, row)
    EmailMessage(
        subject=f"{line.label}: {words['target']}",
        body=render_to_string("notifications/mail.txt", words),
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[formataddr((row.payload["name"], row.payload["to"]))],
        headers={"Message-ID": f"<{row.public_id}@{settings.BURSAR_MAIL_DOMAIN}>", "Auto-Submitted": "auto-generated"},
    ).send()


def _words(line: AuditLine, row: OutboxRow) -> dict[str, object]:
    """What the customer's history says, and no more: no reason, no staff member, no private change."""
    told = describe(line)
    return {
        "name": row.payload["name"],
        "label": line.label,
        "target": told["target"],
        "changes": [change for change in told["changes"] if not change["private"]],
        "message": line.message,
        "company": settings.BURSAR_COMPANY_NAME,
        "address": settings.BURSAR_ADDRESS,
        "is_staff": row.payload["staff"],
    }
