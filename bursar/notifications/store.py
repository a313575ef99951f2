"""Writing notices and mail: a notice a person and line, a mail a person and decision; five at once, then a digest."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Count, Q
from procrastinate.contrib.django import app

from bursar.actions.spec import Topic
from bursar.audit.models import AuditLine
from bursar.notifications import rules
from bursar.notifications.compose import compose_digest, compose_notice
from bursar.notifications.models import Inbox, Mail, MailKind, Notification
from bursar.notifications.recipients import Recipient, find_recipient
from bursar.outbox import store as outbox
from bursar.outbox.models import OutboxRow, OutboxState


@dataclass(frozen=True)
class News:
    """One line of the book, what it is about, and whom it concerns."""

    line: AuditLine
    topic: Topic
    told: Sequence[Recipient]


@transaction.atomic
def note(news: Sequence[News], now: datetime) -> int:
    """Tells each of them all lines of one decision: each by bell, and by one mail, at once or in the digest.

    Repeated, it changes nothing. Returns how many people were meant.
    """
    people = {recipient.id: recipient for one in news for recipient in one.told}
    muted = _locked(people)
    known = Notification.objects.filter(line__in=[one.line for one in news])
    done = {(line, key) for line, *keys in known.values_list("line_id", "recipient_id", "who") for key in keys}
    sent = _count_sent(list(muted), now)
    leaving: list[tuple[Recipient, list[Notification]]] = []
    for recipient in people.values():
        made = [_notice(one, recipient) for one in news if recipient in one.told and not _is_done(done, one, recipient)]
        done |= {(notice.line_id, recipient.who) for notice in made}
        mailed = [n for n in made if recipient.email and rules.wants_mail(Topic(n.topic), muted[recipient.id])]
        is_urgent = any(Topic(notice.topic).is_urgent for notice in mailed)
        waits = rules.has_to_wait(sent.get(recipient.id, 0), is_urgent=is_urgent)
        for notice in mailed:
            notice.waits = waits
        leaving.append((recipient, [] if waits else mailed))
        Notification.objects.bulk_create(made)
    _mail(leaving, now)
    return len(people)


def _notice(one: News, recipient: Recipient) -> Notification:
    return Notification(
        recipient_id=recipient.id, who=recipient.who, line=one.line, topic=one.topic.value, at=one.line.at
    )


def _is_done(done: Collection[tuple[int, str]], one: News, recipient: Recipient) -> bool:
    return (one.line.pk, recipient.id) in done or (one.line.pk, recipient.who) in done


def _mail(leaving: Sequence[tuple[Recipient, list[Notification]]], now: datetime) -> None:
    """One mail an address: where two people share it, the first is addressed, with all that concerns both."""
    by_address: dict[str, list[tuple[Recipient, list[Notification]]]] = {}
    for recipient, notices in leaving:
        if notices:
            by_address.setdefault(recipient.email, []).append((recipient, notices))
    for address, shared in by_address.items():
        every = [notice for _, notices in shared for notice in notices]
        once = {notice.line_id: notice for notice in every}
        there = Mail.objects.filter(line=every[0].line, email=address).first()
        mail = there or queue(compose_notice(shared[0][0], list(once.values()), now), now)
        Notification.objects.filter(pk__in=[notice.pk for notice in every]).update(mail=mail)


def _locked(recipient_ids: Collection[str]) -> dict[str, list[str]]:
    """What each has muted; locked until the transaction ends, so that two workers count the first five as one."""
    Inbox.objects.bulk_create([Inbox(recipient_id=key) for key in sorted(recipient_ids)], ignore_conflicts=True)
    rows = Inbox.objects.select_for_update(no_key=True).filter(pk__in=recipient_ids).order_by("pk")
    return {row.pk: row.muted for row in rows}


def _count_sent(recipient_ids: list[str], now: datetime) -> dict[str, int]:
    """Mails sent at once within the window; urgent ones and digests do not use the five up."""
    rows = Mail.objects.filter(
        recipient_id__in=recipient_ids, kind=MailKind.NOTICE, is_urgent=False, created_at__gt=now - rules.WINDOW
    )
    return dict(rows.values_list("recipient_id").annotate(count=Count("id")))


def queue(mail: Mail, now: datetime) -> Mail:
    """Keeps it, and the outbox row that sends it, in the caller's transaction."""
    mail.delivery_id = outbox.put("mail", mail.public_id, {"mail": mail.public_id}, now).public_id
    mail.save()
    return mail


def send_digests(now: datetime) -> list[tuple[str, Exception]]:
    """A digest for everybody for whom something waited at the last 09:00 UTC. Returns whose failed, and why."""
    due_at, failed = rules.last_digest_at(now), []
    waiting = Notification.objects.filter(waits=True, at__lt=due_at)
    for recipient_id in waiting.order_by("recipient_id").values_list("recipient_id", flat=True).distinct():
        try:
            send_digest(recipient_id, due_at, now)
        except Exception as error:  # one bad recipient must not stop the others
            failed.append((recipient_id, error))
    return failed


@transaction.atomic
def send_digest(recipient_id: str, due_at: datetime, now: datetime) -> None:
    """One a recipient and 09:00; queueing and marking are one transaction. What they muted since falls out."""
    muted = _locked([recipient_id])[recipient_id]
    if Mail.objects.filter(recipient_id=recipient_id, kind=MailKind.DIGEST, created_at__gte=due_at).exists():
        return
    rows = Notification.objects.filter(recipient_id=recipient_id, waits=True, at__lt=due_at)
    waiting = list(rows.select_related("line").prefetch_related("line__name_rows").order_by("id"))
    wanted = [row for row in waiting if rules.wants_mail(Topic(row.topic), muted)]
    recipient = find_recipient(recipient_id)
    mail = None
    if wanted and recipient is not None and recipient.email:
        mail = queue(compose_digest(recipient, wanted, now), now)
        app.configure_task("outbox.deliver").defer()
        Notification.objects.filter(pk__in=[row.pk for row in wanted]).update(mail=mail)
    Notification.objects.filter(pk__in=[row.pk for row in waiting]).update(waits=False)


def mark_read(recipient_id: str, now: datetime, public_id: str = "") -> int:
    """One notice, or all of them; only the recipient's own. Returns how many were unread."""
    rows = Notification.objects.filter(recipient_id=recipient_id, read_at=None)
    if public_id:
        rows = rows.filter(public_id=public_id)
    return rows.update(read_at=now)


def blank_old(before: datetime, limit: int = 5000) -> int:
    """Takes the text out of old mail; that it was sent, to whom and about what stays."""
    old = Mail.objects.filter(~Q(text=""), created_at__lt=before).order_by("created_at").values("pk")[:limit]
    return Mail.objects.filter(pk__in=list(old.values_list("pk", flat=True))).update(text="", html="", calendar="")


def erase(recipient_ids: Collection[str], emails: Collection[str]) -> None:
    """What a person was told and sent goes, and what still waits to be sent to them.

    `emails` tell the letters that name no recipient; another person's mail at a shared address is theirs.
    """
    Notification.objects.filter(recipient_id__in=recipient_ids).delete()
    Inbox.objects.filter(pk__in=recipient_ids).delete()
    letters = OutboxRow.objects.filter(kind="mail", payload__has_key="to").exclude(state=OutboxState.DONE)
    mails = Mail.objects.filter(_is_to(recipient_ids, emails))
    OutboxRow.objects.filter(public_id__in=list(mails.values_list("delivery_id", flat=True))).delete()
    mails.delete()
    for row in letters:
        to, recipient = row.payload["to"].lower(), row.payload.get("recipient", "")
        if recipient in recipient_ids or (not recipient and to in emails):
            row.delete()
        elif row.payload.get("reply_to", "").lower() in emails:
            row.payload["reply_to"] = ""
            row.save(update_fields=["payload"])
    for email in emails:
        Mail.objects.filter(reply_to__iexact=email).update(reply_to="")


def _is_to(recipient_ids: Collection[str], emails: Collection[str]) -> Q:
    theirs = Q(recipient_id__in=recipient_ids)
    for email in emails:
        theirs |= Q(recipient_id="", email__iexact=email)
    return theirs
