"""The day's seal leaves the house: by mail to the leads, and into the folders that the settings name.

Whoever owns the tables can write the whole book anew; what was kept elsewhere, they cannot.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import transaction

from bursar.access.rights import Right
from bursar.audit import kept, rules, store, verify
from bursar.audit.models import AuditSeal
from bursar.audit.queries import get_last_seal
from bursar.core.days import say_day, say_instant
from bursar.core.models import InstallationFact
from bursar.notifications.recipients import list_holding
from bursar.outbox import store as outbox
from bursar.outbox.models import OutboxRow

KEPT = "audit.kept"

SUBJECT = "The seal of the book, {}"
LETTER = """The book was sealed on {at}. The seal covers every line before it:

{seal}

Keep this mail. Whether anything before it was changed since, this says:

bursar audit verify --since "{seal}"
"""
ALARM = """The book no longer holds a seal that was kept outside the database. Unless an older backup was restored,
somebody with the rights of the tables' owner has changed the past:

{faults}

"""


def keep_daily(now: datetime) -> None:
    """Once a UTC day, from the first seal on; by rows of the outbox, which are tried again and can be looked at."""
    day = now.date().isoformat()
    if not settings.BURSAR_SEALS or InstallationFact.objects.filter(name=KEPT, value=day).exists():
        return
    store.seal_all(now)
    seal = get_last_seal()
    alarm = list_alarms()
    if seal is None and not alarm:
        return
    with transaction.atomic():
        outbox.put_all([*_files(seal, now), *_letters(seal, alarm, now)])
        InstallationFact.objects.update_or_create(name=KEPT, defaults={"value": day})


def list_alarms() -> list[str]:
    """A sentence for each newest file of a folder that the book contradicts. One that is away shows as a delivery."""
    found = []
    for folder in filter(Path.is_dir, list_folders()):
        try:
            for seal in list(kept.list_kept(folder))[-1:]:
                found += [f"seal {fault.seq} {fault.sentence}" for fault in verify.compare(seal)]
        except kept.CannotKeep as error:
            found.append(str(error))
    return found


def list_folders() -> list[Path]:
    return [Path(place) for place in settings.BURSAR_SEALS if place != rules.MAIL]


def _files(seal: AuditSeal | None, now: datetime) -> Iterator[OutboxRow]:
    day = now.date().isoformat()
    if seal is None:
        return
    for place, folder in enumerate(list_folders()):
        words = {"subject": SUBJECT.format(say_day(now)), "to": str(folder)}
        payload = {"folder": str(folder), "day": day, "seal": rules.say_seal(seal.number, seal.hash), **words}
        yield outbox.make("seal", f"seal:{day}:{place}", payload, now)


def _letters(seal: AuditSeal | None, alarm: list[str], now: datetime) -> Iterator[OutboxRow]:
    """To each lead. What is wrong is mailed wherever the seals go."""
    if rules.MAIL not in settings.BURSAR_SEALS and not alarm:
        return
    subject = "The book does not hold a kept seal" if alarm else SUBJECT.format(say_day(now))
    text = ALARM.format(faults="\n".join(alarm)) if alarm else ""
    if seal:
        said = rules.say_seal(seal.number, seal.hash)
        text += LETTER.format(at=say_instant(seal.at, is_short=False), seal=said)
    for lead in list_holding(Right.MANAGE_STAFF):
        payload = {"to": lead.email, "name": lead.name, "recipient": lead.id, "subject": subject, "text": text}
        yield outbox.make("mail", f"seal:{now.date().isoformat()}:{lead.id}", payload, now)
