"""The work on bank statements: files are read, lines compared with what is open, and what is certain is booked.

Killed at any moment and begun again, nothing comes twice: a file is one transaction, and so is each batch of bookings;
what is left is asked of the database.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import structlog
from django.db import transaction

from bursar.access.actor import Actor, system
from bursar.actions.run import run
from bursar.billing.actions.bank_files import BOOK, READ
from bursar.billing.models import BankFile, BankLine, BankSuggestion
from bursar.billing.obstacles import OBSTACLES
from bursar.billing.queries import bank
from bursar.billing.rules.bank_lines import FileState, LineState
from bursar.billing.rules.matching import Match, Suggestion, Verdict, match_each
from bursar.billing.rules.reversals import suggest_reversal
from bursar.billing.store import bank as pen
from bursar.core import clock
from bursar.core.days import say_day
from bursar.core.errors import Refusal
from bursar.core.faults import is_away
from bursar.core.ids import public_id
from bursar.core.money import cents, euros
from bursar.core.statistics import MANY, gather_statistics

log = structlog.get_logger()
AT_ONCE = 100
BROKE = "Something broke on our side; the log of the worker says what. Nothing of the file was taken."


def carry_out(file_id: str) -> None:
    """For the worker, and for the shell. What is wrong with a file is said at the file."""
    file = BankFile.objects.get(public_id=file_id)
    if file.state == FileState.READING:
        _read(file)
    look(clock.now())


def _read(file: BankFile) -> None:
    try:
        run(READ, _us(), file.public_id)
    except Refusal as refusal:
        pen.refuse(file.pk, refusal.sentence, clock.now())
    except Exception as error:
        if is_away(error):
            raise  # the job is begun anew
        log.exception("bank_statement_not_read", id=file.public_id)
        pen.refuse(file.pk, BROKE, clock.now())


def _us() -> Actor:
    return system("bank")


def look(now: datetime) -> None:
    """Compares lines that wait with what is open: those that are new, and where anything happened to invoices since,
    all. What is booked by it changes what the others may pay: those are compared again.
    """
    waiting = bank.list_waiting()
    lines = list(waiting if bank.is_to_look_again() else waiting.filter(looked_at=None))
    certain = _compare(lines, now)
    if certain:
        known = [] if _book(certain) < len(certain) else [line.pk for line in lines]
        _compare(list(waiting.exclude(pk__in=known)), now)
    pen.finish(now)


@dataclass
class _Found:
    """`lines`: with reason, state and settlement set. `certain`: those that are booked by themselves."""

    lines: list[BankLine] = field(default_factory=list)
    suggestions: dict[int, list[BankSuggestion]] = field(default_factory=dict)
    certain: list[BankLine] = field(default_factory=list)


def _compare(lines: list[BankLine], now: datetime) -> list[BankLine]:
    """Stores what is suggested. Returns the lines that leave no doubt."""
    found = _match(lines, now)
    with transaction.atomic():
        pen.suggest(found.lines, found.suggestions, now)
        counts: dict[int, int] = {}
        for line in found.certain:
            counts[line.statement.file_id] = counts.get(line.statement.file_id, 0) + 1
        pen.plan(counts)
    if len(found.lines) >= MANY:
        gather_statistics(BankLine._meta.db_table, BankSuggestion._meta.db_table)
    return found.certain


def _match(lines: list[BankLine], now: datetime) -> _Found:
    found = _Found(lines)
    if not lines:
        return found
    items, known, payments = bank.load_items(now)
    entries = [line.entry for line in lines]
    may_book = (line.statement.is_proved and not line.is_by_hand for line in lines)
    for line, match in zip(lines, match_each(zip(entries, may_book, strict=True), items), strict=True):
        suggestions = match.suggestions
        if match.entry.is_reversal and match.entry.amount < 0:
            suggestions = tuple(suggest_reversal(match.entry, items, payments))
        _note(line, match, suggestions)
        found.suggestions[line.pk] = list(_rows(line, suggestions, known))
        if match.verdict is Verdict.CERTAIN:
            found.certain.append(line)
    return found


def _note(line: BankLine, match: Match, suggestions: Sequence[Suggestion]) -> None:
    line.reason = suggestions[0].reason if suggestions else match.reason
    if match.verdict is Verdict.PAYOUT:
        line.state, line.settlement = LineState.PAYOUT.value, match.settlement


def _rows(line: BankLine, suggestions: Sequence[Suggestion], known: bank.Known) -> Iterator[BankSuggestion]:
    for place, one in enumerate(suggestions):
        shares = [
            {
                "account": int(share.account),
                "invoice": known[share.number][0] if share.number else None,
                "number": share.number,
                "amount": str(share.amount),
            }
            for share in one.shares
        ]
        yield BankSuggestion(
            line=line, place=place, ground=one.ground.value, reason=one.reason, shares=shares,
            invoices=[share["invoice"] for share in shares if share["invoice"]],
            is_whole=len(shares) == 1 and one.reason.endswith("is what is open of it."),
        )  # fmt: skip


def _book(certain: Sequence[BankLine]) -> int:
    """How many of them are booked, file by file."""
    files: dict[str, list[str]] = {}
    for line in certain:
        files.setdefault(line.statement.file.public_id, []).append(line.public_id)
    group = public_id("grp")
    return sum(
        _book_some(file_id, ids[start : start + AT_ONCE], group)
        for file_id, ids in files.items()
        for start in range(0, len(ids), AT_ONCE)
    )


def _book_some(file_id: str, ids: list[str], group: str) -> int:
    """In one transaction. Where one of them stands in the way of the others, each by itself; that one waits."""
    try:
        booked: int = run(BOOK, _us(), file_id, {"lines": " ".join(ids)}, group=group).data["booked"]
    except Exception as error:
        if is_away(error):
            raise
        if len(ids) > 1:
            return sum(_book_some(file_id, [one], group) for one in ids)
        log.exception("bank_line_not_booked", id=ids[0])
        return 0
    return booked


def _say_waiting(invoice_ids: Collection[int], now: datetime) -> Mapping[int, str]:
    return {
        pk: f"{euros(cents(line.amount))} that arrived by bank on {say_day(line.booked_on)} may pay it: "
        "somebody decides under Payments, Bank."
        for pk, line in bank.list_suggested(invoice_ids).items()
    }


OBSTACLES.add("bank line", _say_waiting)
