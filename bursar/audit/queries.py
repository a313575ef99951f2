"""Every read of the book, and the proof of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from django.db.models import Prefetch, Q, QuerySet

from bursar.audit import rules
from bursar.audit.models import AuditHead, AuditLine, AuditName, AuditSeal, AuditSealHead
from bursar.core.reading import consistent_read


def lines() -> QuerySet[AuditLine]:
    """Newest first, names at hand."""
    names = Prefetch("name_rows", AuditName.objects.order_by("slot"))
    return AuditLine.objects.prefetch_related(names).order_by("-at", "-id")


def list_timeline(public_id: str) -> QuerySet[AuditLine]:
    """Lines about an account, workspace, organisation or person."""
    return lines().filter(touches__contains=[public_id])


def list_notes(public_id: str) -> QuerySet[AuditLine]:
    """What colleagues noted about a thing, or about what belongs to it; an outcome is a note too."""
    return list_timeline(public_id).filter(Q(key__endswith=".add_note") | Q(key__endswith=".note_outcome"))


def list_customer_history(public_ids: list[str]) -> QuerySet[AuditLine]:
    """What customers may know of: visible lines whose target is one of the given ids.

    Not every line that touches an account: another workspace's lines are none of this person's business.
    """
    return lines().filter(customer_visible=True, touches__overlap=public_ids, target_id__in=public_ids)


def list_touches(public_id: str) -> list[str]:
    """The public ids that one line belongs to; none when there is no such line."""
    return AuditLine.objects.filter(public_id=public_id).values_list("touches", flat=True).first() or []


def without_money(found: QuerySet[AuditLine], target_ids: list[str]) -> QuerySet[AuditLine]:
    """Leaves out what is about money at the given targets: for readers who have no billing rights there."""
    old = Q(format=1, label__iregex=rules.OLD_MONEY_WORDS)
    return found.exclude(Q(target_id__in=target_ids) & (Q(concerns_money=True) | old))


def search(
    *,
    text: str = "",
    about: Collection[str] = (),
    key: str = "",
    actor: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
) -> QuerySet[AuditLine]:
    """`text`: a public id, of a line too, or part of a name or of the reason. `about`: public ids that it means too."""
    found = lines()
    if text:
        named = AuditName.objects.filter(text__icontains=text).values("line_id")
        is_meant = Q(touches__overlap=[text, *about]) | Q(public_id=text) | Q(group=text)
        found = found.filter(is_meant | Q(reason__icontains=text) | Q(id__in=named))
    if key:
        found = found.filter(key=key)
    if actor:
        found = found.filter(actor_id=actor)
    if since:
        found = found.filter(at__gte=since)
    if until:
        found = found.filter(at__lt=until)
    return found


def list_keys() -> list[tuple[str, str]]:
    """The actions that occur in the book: (key, label), for the filter."""
    return list(AuditLine.objects.order_by("key").values_list("key", "label").distinct("key"))


@dataclass(frozen=True)
class Fault:
    stream: str
    seq: int
    sentence: str


def list_faults(progress: Callable[[int], None] | None = None) -> Iterator[Fault]:
    """Walks every chain once, in constant memory and in one snapshot, and yields what does not hold."""
    with consistent_read():
        yield from _walk(progress)


def _walk(progress: Callable[[int], None] | None) -> Iterator[Fault]:
    heads = dict(AuditHead.objects.values_list("stream", "hash"))
    sealed: dict[str, list[tuple[int, str]]] = {}
    for stream, seq, hash_ in AuditSealHead.objects.order_by("stream", "seq").values_list("stream", "seq", "hash"):
        sealed.setdefault(stream, []).append((seq, hash_))
    fields = [*rules.HASHED_FIELDS[rules.FORMAT], "hash", "id"]
    rows = AuditLine.objects.order_by("stream", "seq").values(*fields).iterator(chunk_size=2000)
    done = 0
    for stream, chain in groupby(rows, key=lambda row: row["stream"]):
        last = ""
        expected = dict(sealed.pop(stream, []))
        for place, row in enumerate(chain, start=1):
            yield from _faults_of(row, place, last)
            if expected.pop(row["seq"], row["hash"]) != row["hash"]:
                yield Fault(stream, row["seq"], "differs from the seal")
            last = row["hash"]
            done += 1
            if progress and done % 2000 == 0:
                progress(done)
        if heads.pop(stream, None) != last:
            yield Fault(stream, 0, "the last line is not the one the stream's head names: the tail was cut")
        for seq in expected:
            yield Fault(stream, seq, "a sealed line is missing: the tail was cut")
    for stream, hash_ in heads.items():
        if hash_:
            yield Fault(stream, 0, "the whole stream is missing")
    for stream in sealed.keys() - heads.keys():
        yield Fault(stream, 0, "a sealed stream is missing")
    yield from _name_faults()
    yield from _seal_faults()


def _faults_of(row: dict[str, Any], place: int, previous: str) -> Iterator[Fault]:
    if row["seq"] != place:
        yield Fault(row["stream"], row["seq"], f"a gap: expected line {place}")
    elif row["previous_hash"] != previous:
        yield Fault(row["stream"], row["seq"], "does not follow the line before it")
    if row["format"] not in rules.HASHED_FIELDS:
        yield Fault(row["stream"], row["seq"], f"is of format {row['format']}, which this Bursar does not know")
    elif rules.line_hash(row) != row["hash"]:
        yield Fault(row["stream"], row["seq"], "was edited: its hash does not match its text")


def _name_faults() -> Iterator[Fault]:
    rows = AuditName.objects.exclude(text="").values_list(
        "slot", "salt", "text", "line__names", "line__stream", "line__seq"
    )
    for slot, salt, text, digests, stream, seq in rows.iterator(chunk_size=2000):
        if digests.get(slot) != rules.name_digest(salt, text):
            yield Fault(stream, seq, f"the name in “{slot}” was edited")


def _seal_faults() -> Iterator[Fault]:
    previous = ""
    for place, made in enumerate(AuditSeal.objects.order_by("number").iterator(), start=1):
        heads = sorted(made.sealed.values_list("stream", "seq", "hash"))
        if made.number != place:
            yield Fault("seals", made.number, f"a gap: expected seal {place}")
        elif made.previous_hash != previous or made.hash != rules.seal_hash(previous, made.number, heads, made.format):
            yield Fault("seals", made.number, "was edited: its hash does not match what it seals")
        previous = made.hash


def get_last_seal() -> AuditSeal | None:
    return AuditSeal.objects.order_by("-number").first()
