"""The carriers of notices and mail: a notice is told to each person, a mail goes out at least once."""

from __future__ import annotations

import smtplib
from email.utils import format_datetime, formataddr
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction

from bursar.actions.spec import Notice, Topic
from bursar.audit.queries import lines
from bursar.core import clock, naming
from bursar.core.money import hold_together
from bursar.files import queries as files
from bursar.files.models import File
from bursar.notifications import store
from bursar.notifications.compose import compose_letter, stop_url
from bursar.notifications.models import Mail
from bursar.notifications.recipients import list_told
from bursar.outbox.carriers import NotDelivered, Refused, carrier
from bursar.outbox.models import OutboxRow


@carrier("notice", "notice")
def expand(row: OutboxRow) -> str:
    news = [_news(payload) for payload in (row.payload, *row.payload.get("also", ()))]
    return f"told {store.note(news, row.due_at)}"


def _news(payload: dict[str, Any]) -> store.News:
    line = lines().get(public_id=payload["line"])
    told = list_told(line, [Notice(name) for name in payload["notices"]], payload["data"])
    return store.News(line, Topic(payload["topic"]), told)


@carrier("mail", "mail")
def send(row: OutboxRow) -> str:
    """Server's words in every refusal: a refused recipient or text fails at once, anything else is tried again."""
    mail = _mail_of(row)
    if not mail.email or not mail.text:
        raise Refused("Its address or text is blanked. Nothing was sent.")
    try:
        _message(mail).send()
    except smtplib.SMTPRecipientsRefused as refusal:
        code, words = next(iter(refusal.recipients.values()))
        raise _refusal(code, words) from refusal
    except smtplib.SMTPDataError as refusal:
        raise _refusal(refusal.smtp_code, refusal.smtp_error) from refusal
    except smtplib.SMTPResponseException as refusal:  # the sender, the sign-in: an operator can mend these
        raise NotDelivered(_words(refusal.smtp_code, refusal.smtp_error)) from refusal
    except (smtplib.SMTPException, OSError) as error:
        raise NotDelivered(f"The mail server does not answer: {error}") from error
    except ValueError as error:
        raise Refused(f"This cannot be sent as mail: {error}") from error
    Mail.objects.filter(pk=mail.pk).update(sent_at=clock.now())
    return "handed over to the mail server"


def _mail_of(row: OutboxRow) -> Mail:
    """The mail that a row points to. A room below may leave a whole letter instead: it becomes a mail here."""
    if "mail" not in row.payload:
        with transaction.atomic():
            mail = compose_letter(row.payload, row.created_at)
            mail.delivery_id = row.public_id
            mail.save()
            row.payload = {"mail": mail.public_id}
            row.save(update_fields=["payload"])
    return Mail.objects.get(public_id=row.payload["mail"])


def _message(mail: Mail) -> EmailMultiAlternatives:
    """Date and Message-ID are the mail's own: one that is repeated after a crash can be told by them."""
    headers = {
        "Message-ID": mail.message_id,
        "Date": format_datetime(mail.created_at),
        "Auto-Submitted": "auto-generated",
    }
    if stop := stop_url(mail):  # RFC 8058
        headers |= {"List-Unsubscribe": f"<{stop}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    subject, text = naming.read([mail.subject, mail.text])
    message = EmailMultiAlternatives(
        subject=" ".join(subject.split()),
        body=text,
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[formataddr((mail.name, mail.email))],
        reply_to=[mail.reply_to] if mail.reply_to else None,
        headers=headers,
    )
    if mail.html:
        html = naming.read(mail.html, as_html=True)
        message.attach_alternative(hold_together(html.encode()).decode(), "text/html")
    if mail.calendar:
        message.attach("session.ics", mail.calendar, f"text/calendar; method={_method_of(mail.calendar)}")
    for file in _files_of(mail):
        message.attach(file.name, b"".join(files.read(file)), file.media_type)
    return message


def _method_of(calendar: str) -> str:
    """Mail programs go by it whether they add a meeting, move it or take it away (RFC 6047)."""
    return next(line.partition(":")[2] for line in calendar.splitlines() if line.startswith("METHOD:"))


def _files_of(mail: Mail) -> list[File]:
    """In the order in which they are named. Raises Refused when one is gone: a letter that promises it would lie."""
    found = {file.public_id: file for file in File.objects.filter(public_id__in=mail.files, finished_at__isnull=False)}
    if len(found) < len(mail.files):
        raise Refused("A file that belongs to it is gone. Nothing was sent.")
    return [found[one] for one in mail.files]


def _refusal(code: int, words: bytes | str) -> NotDelivered:
    """RFC 5321: 5xx is for good, 4xx for now."""
    return (Refused if 500 <= code < 600 else NotDelivered)(_words(code, words))


def _words(code: int, words: bytes | str) -> str:
    return f"{code} {words.decode(errors='replace') if isinstance(words, bytes) else words}"
