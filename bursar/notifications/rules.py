"""Which mail goes when, and what topics are called. Pure."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, time, timedelta

from bursar.actions.spec import Topic

AT_ONCE = 5
WINDOW = timedelta(hours=24)
DIGEST_TIME = time(9, tzinfo=UTC)

LABELS = {
    Topic.PLAN: "Plan: tier, discount, trial",
    Topic.USAGE: "Usage and caps",
    Topic.PEOPLE: "People and their roles",
    Topic.REQUESTS: "Requests",
    Topic.DECISIONS: "Decisions on requests",
    Topic.MONEY: "Billing and payments",
    Topic.SECURITY: "Security",
}
MUTABLE = tuple(topic for topic in Topic if topic is not Topic.SECURITY)


def last_digest_at(now: datetime) -> datetime:
    """The latest 09:00 UTC that is not after `now`: what waited before it is due, however late it is."""
    today = datetime.combine(now.astimezone(UTC).date(), DIGEST_TIME)
    return today if today <= now else today - timedelta(days=1)


def has_to_wait(sent_in_window: int, *, is_urgent: bool) -> bool:
    """Urgent ones never wait; of the others the first five in any 24 hours go at once (DOMAIN 8)."""
    return not is_urgent and sent_in_window >= AT_ONCE


def wants_mail(topic: Topic, muted: Collection[str]) -> bool:
    return topic is Topic.SECURITY or topic.value not in muted


def name_topics(topics: Collection[str]) -> str:
    """ "Requests; Usage and caps", in the order in which they are offered."""
    return "; ".join(LABELS[topic] for topic in Topic if topic.value in topics)
