"""A row in words: since when, why, the prepared mail. One place for page, file, API and dialog."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from urllib.parse import quote

from django.conf import settings

from bursar.attention import rules
from bursar.attention.queries import Line
from bursar.core.days import say_day, say_end
from bursar.core.fills import fill
from bursar.core.hours import cap_hours, clock_hours
from bursar.plans.models import Tier
from bursar.tenants.queries import Contact

PLAIN = "/:,?!()"  # stands as it is in a mail's address (RFC 6068)


def span(since: datetime, now: datetime) -> str:
    """ "3 days", "5 hours", "less than an hour": how long something has lasted."""
    seconds = max(0, int((now - since).total_seconds()))
    days, hours = seconds // 86400, seconds // 3600
    if days >= 1:
        return f"{days} day{'' if days == 1 else 's'}"
    return f"{hours} hour{'' if hours == 1 else 's'}" if hours else "less than an hour"


def last_login(signal: rules.LoginSignal, now: datetime) -> str:
    """ "last 6 days ago, 27 in 30 days" """
    if signal.last_day is None:
        return "no login yet"
    days = (now.date() - signal.last_day).days
    when = "today" if days <= 0 else "yesterday" if days == 1 else f"{days} days ago"
    return f"last {when}, {signal.recent} in 30 days"


def drop(line: Line, now: datetime) -> str:
    """ "from Changemaker to Free 4 days ago, by lapse" """
    if line.drop is None:
        return ""
    by = ", by lapse" if line.drop.by_lapse else ""
    return f"from {Tier(line.drop.former).label} to {line.tier_label} {span(line.drop.at, now)} ago{by}"


@dataclass(frozen=True)
class Mail:
    """As it would go out. `address` opens the person's own mail program with it."""

    to: Contact
    subject: str
    text: str

    @property
    def address(self) -> str:
        subject, body = (quote(text, safe=PLAIN) for text in (self.subject, self.text))
        return f"mailto:{quote(self.to.email, safe='@')}?subject={subject}&body={body}"


def prepare(line: Line, sender: str, contact: Contact | None = None) -> Mail | None:
    """The mail that the first reason's template makes for the contact; None without an address or a template."""
    to = contact or next((one for one in line.contacts if one.email), None)
    if to is None or line.template is None:
        return None
    values = _values(line, sender, to)
    subject = " ".join(fill(line.template.subject, values).split())
    return Mail(to, subject[:200], fill(line.template.body, values))


def _values(line: Line, sender: str, to: Contact) -> dict[str, str]:
    return {
        "contact": to.name,
        "organisation": line.account.organisation.name,
        "account": str(line.account),
        "workspace": str(line.target),
        "company": settings.BURSAR_COMPANY_NAME,
        "sender": sender,
        "tier": line.tier_label,
        "former_tier": Tier(line.drop.former).label if line.drop else "",
        "counted": clock_hours(line.row.seconds or 0),
        "cap": cap_hours(line.row.cap_seconds or 0),
        "since": say_day(line.row.since),
        "ends": say_end(line.row.ends_at),
    }


SAMPLE = {
    "contact": "Maud Jansen",
    "organisation": "Gemeente Haarlem",
    "account": "Gemeente Haarlem",
    "workspace": "Burgerberaad Klimaat",
    "tier": "Free",
    "former_tier": "Changemaker",
    "counted": "1 h 02",
    "cap": "1 h",
    "since": "12 November 2026",
    "ends": "30 November 2026",
}


def snoozed(line: Line) -> str:
    """ "back on 30 November 2026", "until a worse reason appears"; empty when it does not rest."""
    return say_snooze(line.triage.snoozed_until) if line.row.is_hidden and line.triage else ""


def snoozed_until(line: Line) -> str:
    """For files: "30 November 2026", the day on which it is back; "a worse reason"; or empty."""
    if not line.row.is_hidden or line.triage is None:
        return ""
    back_on = line.triage.snoozed_until
    return say_day(back_on) or "a worse reason"


def say_snooze(back_on: date | datetime | None) -> str:
    """How long a row rests: on that day it is back."""
    return f"back on {say_day(back_on)}" if back_on else "until a worse reason appears"
