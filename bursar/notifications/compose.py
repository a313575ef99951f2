"""Mail made ready: rendered once, in one layout, as HTML and as text, with references where people are named."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.template.loader import render_to_string
from django.urls import reverse

from bursar.actions.spec import Topic
from bursar.audit.models import AuditLine
from bursar.core import naming
from bursar.core.ids import public_id
from bursar.notifications import rules
from bursar.notifications.models import Mail, MailKind, Notification
from bursar.notifications.present import Told, tell_by_reference
from bursar.notifications.recipients import PLACES, Recipient

LISTED = 100
COLLEAGUE = "stf_"
_SALT = "bursar.notifications.unsubscribe"


def sign(recipient_id: str, topics: Sequence[str]) -> str:
    """What the link to stop mail carries. It has no end, and is the same each time: so is the mail."""
    return Signer(salt=_SALT).sign_object([recipient_id, *sorted(topics)])


def read_signed(token: str) -> tuple[str, list[Topic]] | None:
    """Whose mail about what; None for anything that `sign` did not make."""
    try:
        recipient_id, *topics = Signer(salt=_SALT).unsign_object(token)
        return recipient_id, [Topic(topic) for topic in topics]
    except (BadSignature, ValueError, TypeError):
        return None


def stop_url(mail: Mail) -> str:
    """Where mail like this is stopped without signing in; empty where it cannot be: security, and letters."""
    topics = [topic for topic in mail.topics if topic != Topic.SECURITY.value]
    if not topics or not mail.recipient_id:
        return ""
    return settings.BURSAR_ADDRESS + reverse("notifications:stop", args=[sign(mail.recipient_id, topics)])


def compose_notice(recipient: Recipient, notices: Sequence[Notification], now: datetime) -> Mail:
    """Of one decision: its lines in order, the first leads. What was written to the customer stands once."""
    first, *more = [tell_by_reference(notice.line, recipient.is_staff) for notice in notices]
    topics = {Topic(notice.topic) for notice in notices}
    mail = _begin(recipient, sorted(topic.value for topic in topics), now, first.sentence)
    mail.line, mail.is_urgent = notices[0].line, any(topic.is_urgent for topic in topics)
    mail.about = _list_about(recipient, [notice.line for notice in notices])
    items = [first, *[_without_what_stands(told, first) for told in more]]
    return _fill(mail, "notice", {"told": first, "items": items, "is_staff": recipient.is_staff})


def _without_what_stands(told: Told, first: Told) -> Told:
    """The reason and the message of a decision are those of each of its lines."""
    same: Any = {name: "" for name in ("message", "reason") if getattr(told, name) == getattr(first, name)}
    return replace(told, **same)


def compose_digest(recipient: Recipient, waiting: Sequence[Notification], now: datetime) -> Mail:
    """All that waited, in one; beyond a hundred the rest is counted and stands in the bell."""
    topics = sorted({notification.topic for notification in waiting})
    count = len(waiting)
    mail = _begin(recipient, topics, now, f"{count} more {'notice' if count == 1 else 'notices'}")
    mail.kind = MailKind.DIGEST
    mail.about = _list_about(recipient, [notification.line for notification in waiting])
    told = [tell_by_reference(notification.line, recipient.is_staff) for notification in waiting[:LISTED]]
    words = {"items": told, "more": count - len(told), "count": count, "is_staff": recipient.is_staff}
    return _fill(mail, "digest", words)


def compose_letter(payload: dict[str, Any], now: datetime) -> Mail:
    """A mail that a room below wrote whole: `to`, `name`, `subject`, `text`; `recipient` and `reply_to` where known.

    `files`: public ids of those to attach. `language`: of the text, as HTML calls it. `calendar`: an iTIP message.
    `line`: the public id of the book's line that it comes from; or `about`: the ids of what it is about.
    """
    to = Recipient(payload["to"], payload.get("name", ""), payload.get("recipient", ""), "")
    mail = _begin(to, [], now, payload["subject"])
    lines = AuditLine.objects.filter(public_id=payload.get("line", ""))
    mail.about = payload.get("about") or _list_about(to, lines)
    mail.kind = MailKind.LETTER
    mail.reply_to, mail.files = payload.get("reply_to", ""), payload.get("files", [])
    mail.calendar = payload.get("calendar", "")
    return _fill(mail, "letter", {"body": payload["text"], "language": payload.get("language", "")})


def _list_about(recipient: Recipient, lines: Iterable[AuditLine]) -> list[str]:
    """What the mail is about, where it goes to a customer."""
    if recipient.is_staff or recipient.id.startswith(COLLEAGUE):
        return []
    return sorted({one for line in lines for one in line.touches if one.startswith(PLACES)})


def _begin(recipient: Recipient, topics: list[str], now: datetime, subject: str) -> Mail:
    made = public_id("mal")
    return Mail(
        public_id=made,
        message_id=f"<{made}@{settings.BURSAR_MAIL_DOMAIN}>",
        recipient_id=recipient.id,
        email=recipient.email,
        name=" ".join(recipient.name.split())[:200],
        topics=topics,
        subject=naming.cut(naming.keep(" ".join(subject.split())), 400),  # a line break would be a header of its own
        created_at=now,
    )


def _fill(mail: Mail, template: str, words: dict[str, Any]) -> Mail:
    is_staff = bool(words.get("is_staff"))
    context = {
        **words,
        "mail": mail,
        "company": settings.BURSAR_COMPANY_NAME,
        "address": settings.BURSAR_ADDRESS,
        "notices_path": reverse("notifications:staff_notices" if is_staff else "notifications:own_notices"),
        "topics": rules.name_topics(mail.topics),
        "stop_url": stop_url(mail),
    }
    mail.text = naming.keep(render_to_string(f"notifications/mail/{template}.txt", context))
    mail.html = naming.keep(render_to_string(f"notifications/mail/{template}.html", context))
    return mail
