"""Every lever of support access pulled once, for tests that want each of its events or lines."""

from __future__ import annotations

from datetime import timedelta

from bursar.core import clock
from bursar.support import jobs
from bursar.support.models import SupportRequest, SupportSession
from tests.cast import Cast
from tests.support.helpers import WHY, ask, customer, join, pull


def pull_levers_of_support(cast: Cast) -> None:
    """Asked, denied, withdrawn, approved, let in, extended, left, ended, off; and one that nobody answers. All now."""
    lotte, ties, place, now = customer("lotte"), cast.ties, cast.panel, clock.now()
    pull("deny", lotte, place, request=ask(ties, place).public_id, answer="Not now")
    ask(ties, place)
    pull("withdraw", ties, place)
    pull("approve", lotte, place, request=ask(ties, place).public_id)
    join(ties, place)
    pull("leave", ties, place)
    pull("turn_on", lotte, place)
    first = join(ties, place)
    SupportSession.objects.filter(pk=first.pk).update(until=now + timedelta(hours=1))
    pull("extend", ties, place, note=WHY)
    pull("end_session", lotte, place, session=first.public_id)
    pull("turn_off", lotte, place)
    SupportRequest.objects.filter(pk=ask(ties, place).pk).update(answer_until=now)
    jobs.tell_what_is_over(now)
