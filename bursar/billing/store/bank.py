"""Bank statements: files, statements and lines, what is suggested for a line, and what was decided about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import F

from bursar.billing.bank import Entry, Statement
from bursar.billing.models import (
    BankDecision,
    BankFile,
    BankLine,
    BankShare,
    BankStatement,
    BankSuggestion,
)
from bursar.billing.models.bank import SAME
from bursar.billing.queries.bank import Part
from bursar.billing.rules.bank_lines import DecisionKind, FileState, LineState, begin_state
from bursar.core import locks
from bursar.files.models import File

AT_ONCE = 2_000
SHOWN = 500  # signs of a sentence about a file
_NOTE = f"""
UPDATE {BankLine._meta.db_table} l SET reason = v.reason, state = v.state, settlement = v.settlement, looked_at = %s
FROM UNNEST(%s::bigint[], %s::text[], %s::text[], %s::text[]) AS v (id, reason, state, settlement) WHERE l.id = v.id
"""
_NOTE_BOOKING = f"""
UPDATE {BankShare._meta.db_table} s SET {{name}} = v.booking
FROM UNNEST(%s::bigint[], %s::text[]) AS v (id, booking) WHERE s.id = v.id
"""


@dataclass(frozen=True)
class Added:
    """Of one file. `lines`: all that it holds; `fresh`: those that nobody had uploaded before."""

    statements: int = 0
    lines: int = 0
    fresh: int = 0


def hold() -> None:
    """Lines are added, and files begun, by one at a time; until the transaction ends."""
    locks.hold("billing.bank")


def begin(upload: File, actor: Mapping[str, Any], now: datetime) -> BankFile:
    return BankFile.objects.create(
        name=upload.name, sha256=upload.sha256, upload=upload, actor=dict(actor), created_at=now
    )


def refuse(file_id: int, sentence: str, now: datetime) -> None:
    BankFile.objects.filter(pk=file_id, state=FileState.READING.value).update(
        state=FileState.REFUSED.value, problem=sentence[:SHOWN], finished_at=now
    )


def keep(file: BankFile, kept: File, added: Added) -> None:
    BankFile.objects.filter(pk=file.pk).update(
        state=FileState.MATCHING.value, kept=kept, statements=added.statements, lines=added.lines, fresh=added.fresh
    )


def plan(to_book: Mapping[int, int]) -> None:
    """By file: how many lines of it are booked by themselves now. For whoever watches."""
    for file_id, count in to_book.items():
        BankFile.objects.filter(pk=file_id).update(to_book=F("booked") + count)


def note_booked(file_id: int, count: int) -> None:
    BankFile.objects.filter(pk=file_id).update(booked=F("booked") + count)


def finish(now: datetime) -> None:
    """Every file whose lines were compared with what is open."""
    BankFile.objects.filter(state=FileState.MATCHING.value).update(state=FileState.DONE.value, finished_at=now)


def add(file: BankFile, statements: Sequence[Statement]) -> Added:
    """Those statements and lines that are not known yet. `hold` comes first."""
    fresh = sum(_add_one(file, one) for one in statements)
    return Added(len(statements), sum(len(one.entries) for one in statements), fresh)


def _add_one(file: BankFile, one: Statement) -> int:
    row = BankStatement.objects.filter(key=one.key).first() or _begin_statement(file, one)
    keys = _keys_of(one)
    known = set(BankLine.objects.filter(account=one.account, key__in=keys).values_list("key", flat=True))
    lines = [
        _line(row, key, entry) for key, entry in zip(keys, one.entries, strict=True) if key not in known
    ]  # fmt: skip
    BankLine.objects.bulk_create(lines, batch_size=AT_ONCE)
    return len(lines)


def _begin_statement(file: BankFile, one: Statement) -> BankStatement:
    opening, closing = one.opening, one.closing
    return BankStatement.objects.create(
        file=file, key=one.key, account=one.account, bank_id=one.id, number=one.number, from_on=one.from_on,
        until_on=one.until_on, currency=one.currency, is_proved=one.is_proved, remarks=list(one.remarks),
        opening=opening.amount if opening else None, opening_on=opening.on if opening else None,
        closing=closing.amount if closing else None, closing_on=closing.on if closing else None,
    )  # fmt: skip


def _keys_of(one: Statement) -> list[str]:
    """Of its lines. A statement that goes on where another ended, on the same day, holds none of that one's lines: what
    looks the same there is one more.
    """
    if not (one.opening and one.closing):
        return [entry.key for entry in one.entries]
    others = BankStatement.objects.filter(account=one.account, currency=one.currency).exclude(key=one.key)
    before = others.filter(until_on=one.from_on, closing=one.opening.amount)
    after = others.filter(from_on=one.until_on, opening=one.closing.amount)
    touching = BankLine.objects.filter(statement__in=[*before, *after]).values_list("key", flat=True)
    taken = Counter(key.rpartition(".")[0] for key in touching)
    split = [entry.key.rpartition(".") for entry in one.entries]
    return [f"{identity}.{int(place) + taken[identity]}" for identity, _, place in split]


def _line(statement: BankStatement, key: str, entry: Entry) -> BankLine:
    said = {name: getattr(entry, name) for name in SAME}
    parts = [{**vars(part), "amount": f"{part.amount:f}", "references": list(part.references)} for part in entry.parts]
    return BankLine(
        statement=statement, account=statement.account, key=key, references=list(entry.references), parts=parts,
        state=begin_state(entry).value, **said,
    )  # fmt: skip


def suggest(lines: Iterable[BankLine], suggestions: Mapping[int, Sequence[BankSuggestion]], now: datetime) -> None:
    """What was found for these lines takes the place of what was suggested before. Reason, state and settlement of each
    are as the caller left them; one that somebody decided about meanwhile stays as it is.
    """
    found = {line.pk: line for line in lines}
    held = BankLine.objects.filter(pk__in=found, state=LineState.WAITING.value).order_by("pk")
    keys = list(held.select_for_update(no_key=True).values_list("pk", flat=True))
    BankSuggestion.objects.filter(line_id__in=keys).delete()
    rows = [one for key in keys for one in suggestions.get(key, ())]
    BankSuggestion.objects.bulk_create(rows, batch_size=AT_ONCE)
    values = [[getattr(found[key], name) for key in keys] for name in ("reason", "state", "settlement")]
    with connection.cursor() as cursor:
        cursor.execute(_NOTE, [now, keys, *values])


def take_lines(line_ids: Iterable[int]) -> list[BankLine]:
    """Locked, and as they stand now."""
    rows = BankLine.objects.filter(pk__in=list(line_ids)).select_related("statement").order_by("pk")
    return list(rows.select_for_update(no_key=True, of=("self",)))


def take_line(line_id: int) -> BankLine:
    return take_lines([line_id])[0]


def decide(
    parts: Sequence[tuple[BankLine, Sequence[Part]]], kind: DecisionKind, now: datetime, note: str = ""
) -> list[BankShare]:
    """Of each line. Nothing is booked yet: each share waits for that. The lines leave the queue."""
    lines = [line for line, _ in parts]
    decisions = BankDecision.objects.bulk_create(
        BankDecision(line=line, kind=kind.value, note=note, made_at=now) for line in lines
    )
    shares = BankShare.objects.bulk_create(
        BankShare(decision=decision, **vars(part))
        for decision, (_, some) in zip(decisions, parts, strict=True)
        for part in some
    )
    BankSuggestion.objects.filter(line__in=lines).delete()
    state = LineState.ASIDE if kind is DecisionKind.ASIDE else LineState.MATCHED
    BankLine.objects.filter(pk__in=[line.pk for line in lines]).update(state=state.value)
    return shares


def undo(decision: BankDecision, now: datetime) -> None:
    """The line waits again, and nothing of it is booked by itself any more."""
    BankDecision.objects.filter(pk=decision.pk, undone_at=None).update(undone_at=now)
    state = begin_state(decision.line.entry)
    BankLine.objects.filter(pk=decision.line_id).update(
        state=state.value, settlement="", is_by_hand=True, looked_at=None
    )


def note_bookings(bookings: Mapping[int, str], *, is_undone: bool) -> None:
    """By share."""
    with connection.cursor() as cursor:
        name = "undoing" if is_undone else "booking"
        cursor.execute(_NOTE_BOOKING.format(name=name), [list(bookings), list(bookings.values())])
