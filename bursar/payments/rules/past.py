"""What a history at Mollie says of how an account paid before Bursar was there. Pure. DOMAIN 6."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise
from operator import itemgetter
from typing import Any, NamedTuple, Protocol, TypeVar

from bursar.core.calendar import midnight
from bursar.payments.rules.intervals import start_of_next
from bursar.payments.rules.table import Stand, status_of
from bursar.plans.states import Mode

NEAR = timedelta(days=6)
"""How far from the day that the calendar says Mollie may charge: month ends, and a day that was moved by hand."""
Terms = dict[str, Any]


class Tried(NamedTuple):
    """One payment for an interval. `day`: the charge's, the seller's. `gone_at`: when the bank took it back."""

    key: int
    day: date
    paid_at: datetime | None = None
    failed_at: datetime | None = None
    gone_at: datetime | None = None


class Course(NamedTuple):
    """One subscription. `first`: the payment that made its mandate. `begins`: the day of its own first charge.

    `next_day`: of its next one, while it lives. `is_over`: it lives no more; `ended_at`: when it was cancelled, None
    where it ended by itself, which is with what was paid.
    """

    cadence: str
    begins: date
    first: Tried | None
    tries: Sequence[Tried]
    next_day: date | None = None
    is_over: bool = False
    ended_at: datetime | None = None


class Span(NamedTuple):
    """The interval that a payment was for."""

    tried: Tried
    start: datetime
    until: datetime


def list_spans(course: Course) -> list[Span]:
    """Each lasts until the next charge, where that comes when the calendar says; else one interval.

    A first payment counts where the subscription begins one interval after it: otherwise it proved a mandate alone.
    """
    tries = sorted(course.tries, key=lambda one: one.day)
    if course.first and _follows(course.first.day, course.begins, course.cadence):
        tries.insert(0, course.first)
    days = [one.day for one in tries]
    nexts = [*days[1:], course.next_day]
    if days and days[0] < course.begins:
        nexts[0] = course.begins
    return [
        Span(one, midnight(one.day), midnight(_end(one.day, following, course.cadence)))
        for one, following in zip(tries, nexts, strict=True)
    ]


def _end(day: date, following: date | None, cadence: str) -> date:
    return following if following and _follows(day, following, cadence) else start_of_next(day, cadence)


def _follows(day: date, following: date, cadence: str) -> bool:
    return abs(following - start_of_next(day, cadence)) <= NEAR


def tell_terms(course: Course, spans: Sequence[Span]) -> list[tuple[datetime, Terms]]:
    """The terms from each instant on, in order: paid, past due since a try failed, was taken back or never came, and
    cancelled with what was paid. What comes after the end buys nothing: it stands in drift.
    """
    told, terms = [], _begin(course.cadence)
    for at, what, span in sorted(_list_events(course, spans), key=itemgetter(0)):
        if terms["status"] == status_of(Stand.CANCELLED):
            break
        changed = what(terms, at, span)
        if changed != terms:
            terms = changed
            told.append((at, terms))
    return told


def _begin(cadence: str) -> Terms:
    nothing = dict.fromkeys(("status", "paid_until", "past_due_since", "lapses_at"))
    return {"mode": Mode.SELF_SERVE.value, "cadence": cadence, **nothing}


def _list_events(course: Course, spans: Sequence[Span]) -> Iterator[tuple[datetime, Any, Span | None]]:
    for span in spans:
        one = span.tried
        if one.paid_at:
            yield one.paid_at, _pay, span
        if one.failed_at:
            yield one.failed_at, _fail, span
        if one.gone_at and one.gone_at < span.until:
            yield one.gone_at, _fail, span
    for before, after in pairwise(spans):
        if after.start > before.until:
            yield before.until, _fail, before
    if course.is_over and spans:
        yield course.ended_at or spans[-1].until, _cancel, None


def _pay(terms: Terms, at: datetime, span: Span) -> Terms:
    until = max(span.until, terms["paid_until"] or span.until)
    return {**terms, "status": status_of(Stand.ACTIVE), "paid_until": until, "past_due_since": None}


def _fail(terms: Terms, at: datetime, span: Span) -> Terms:
    """Before anything was paid there is nothing to be behind with."""
    if terms["status"] != status_of(Stand.ACTIVE):
        return terms
    return {**terms, "status": status_of(Stand.PAST_DUE), "past_due_since": at}


def _cancel(terms: Terms, at: datetime, span: Span | None) -> Terms:
    if terms["status"] is None:
        return terms
    lapses_at = max(terms["paid_until"] or at, at)
    return {**terms, "status": status_of(Stand.CANCELLED), "lapses_at": lapses_at}


class HasCourse(Protocol):
    @property
    def course(self) -> Course: ...


C = TypeVar("C", bound=HasCourse)


def choose(pasts: Iterable[C]) -> list[tuple[C, list[Span]]]:
    """Those that rule, in order: the best comes first and is taken, then those that do not run beside one that was."""
    chosen: list[tuple[C, list[Span]]] = []
    for past in pasts:
        spans = list_spans(past.course)
        if spans and all(_are_apart(spans, others) for _, others in chosen):
            chosen.append((past, spans))
    return sorted(chosen, key=lambda one: one[1][0].start)


def _are_apart(one: Sequence[Span], other: Sequence[Span]) -> bool:
    return one[-1].until <= other[0].start or other[-1].until <= one[0].start
