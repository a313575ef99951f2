"""The proof of the book: every chain, name, seal and reference, in one snapshot and constant memory.

One walk over the lines and one over the seals, in the database's order; what refers to what is asked of the database
both ways. Nothing here trusts a row: whoever owns the tables may have written anything into it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, OuterRef, Q
from django.db.models.fields.reverse_related import ForeignObjectRel
from django.db.models.functions import Collate, JSONObject

from bursar.audit import rules
from bursar.audit.links import ERASURES, REFERENCES
from bursar.audit.models import AuditHead, AuditLine, AuditName, AuditSeal, AuditSealHead
from bursar.core.reading import consistent_read

CHUNK = 2000
SEALS = "seals"
Row = dict[str, Any]


@dataclass(frozen=True)
class Fault:
    """`seq`: the line in its stream, or the seal's number; 0 for what has no place."""

    stream: str
    seq: int
    sentence: str


def list_faults(progress: Callable[[int], None] | None = None, kept: Iterable[rules.Kept] = ()) -> Iterator[Fault]:
    """Yields what does not hold, and each seal of `kept` that the book does not hold any more."""
    with consistent_read():
        yield from _walk_lines(progress)
        yield from _head_faults()
        yield from _sealed_head_faults()
        yield from _name_faults()
        yield from _walk_seals()
        for seal in kept:
            yield from compare(seal)
        yield from _reference_faults()


def compare(kept: rules.Kept) -> Iterator[Fault]:
    """The seal of this number beside one that was kept elsewhere."""
    found = AuditSeal.objects.filter(number=kept.number).values_list("hash", flat=True).first()
    if found is None:
        why = f"was {kept.where}, and is not in the book: seals were removed, or the whole book was emptied"
        yield Fault(SEALS, kept.number, why)
    elif found != kept.hash:
        why = f"is not the seal that was {kept.where}: what it sealed was changed, and hashed anew"
        yield Fault(SEALS, kept.number, why)


# The lines


def _walk_lines(progress: Callable[[int], None] | None) -> Iterator[Fault]:
    fields = rules.HASHED_FIELDS[rules.FORMAT]
    names = AuditName.objects.filter(line=OuterRef("pk")).order_by("slot")
    sealed = AuditSealHead.objects.filter(stream=OuterRef("stream"), seq=OuterRef("seq"))
    rows = (
        AuditLine.objects.order_by("stream", "seq")
        .values(*fields, "hash")
        .annotate(
            rows=ArraySubquery(
                names.values(said=JSONObject(slot="slot", reference="reference", salt="salt", text="text"))
            ),
            sealed=ArraySubquery(sealed.filter(seal__format__gte=rules.WHOLE).order_by("pk").values("old_hash")),
        )
        .iterator(chunk_size=CHUNK)
    )
    find_erasure = lru_cache(maxsize=10_000)(_find_erasure)
    done = 0
    for _, chain in groupby(rows, key=itemgetter("stream")):
        last, old = "", rules.Unhashed()
        for place, row in enumerate(chain, start=1):
            yield from _faults_of_line(row, place, last)
            yield from _faults_of_names(row, find_erasure)
            yield from _faults_of_old(row, old)
            last = row["hash"]
            done += 1
            if progress and done % CHUNK == 0:
                progress(done)


def _at(row: Row, sentence: str) -> Fault:
    return Fault(row["stream"], row["seq"], sentence)


def _faults_of_line(row: Row, place: int, previous: str) -> Iterator[Fault]:
    if row["seq"] != place:
        yield _at(row, f"a gap: expected line {place}")
    elif row["previous_hash"] != previous:
        yield _at(row, "does not follow the line before it")
    if row["format"] not in rules.HASHED_FIELDS:
        yield _at(row, f"is of format {row['format']}, which this Bursar does not know")
    elif rules.line_hash(row) != row["hash"]:
        yield _at(row, "was edited: its hash does not match its text")


def _faults_of_old(row: Row, old: rules.Unhashed) -> Iterator[Fault]:
    if row["format"] < rules.WHOLE:
        names = [(name["slot"], name["reference"]) for name in row["rows"]]
        said = (row["id"], row["seq"], row["concerns_money"], row["message_for_billing"], names)
        old.add(rules.unhashed_of_line(*said))
    if row["sealed"]:
        hashed = old.take()
        if any(sealed != hashed for sealed in row["sealed"]):
            yield _at(row, "differs from the seal, or one before it does: whose names they hold, or who may read them")


# The names


def _faults_of_names(row: Row, find_erasure: Callable[[str], tuple[int, int]]) -> Iterator[Fault]:
    named = rules.read_names(row["format"], row["names"])
    rows = {name["slot"]: name for name in row["rows"]}
    for slot in named.keys() - rows.keys():
        yield _at(row, f"the name in “{slot}” is missing")
    for slot in rows.keys() - named.keys():
        yield _at(row, f"there is a name in “{slot}”, of which the line does not speak")
    own = {"actor": row["actor_id"], "target": row["target_id"]}
    for slot in named.keys() & rows.keys():
        reference, said = rows[slot]["reference"], named[slot]
        if said.reference not in (None, reference) or own.get(slot, reference) != reference:
            yield _at(row, f"the name in “{slot}” was given to another: its reference was edited")
        if rules.name_digest(rows[slot]["salt"], rows[slot]["text"]) != said.digest:
            yield from _faults_of_text(row, rows[slot], find_erasure)


def _faults_of_text(row: Row, name: Row, find_erasure: Callable[[str], tuple[int, int]]) -> Iterator[Fault]:
    """For a text that is not the one that was written: the person was erased later, or else it is a fault."""
    slot = name["slot"]
    if name["text"]:
        yield _at(row, f"the name in “{slot}” was edited")
        return
    erased_by, form = find_erasure(name["reference"])
    if erased_by <= row["id"]:
        yield _at(row, f"the name in “{slot}” was blanked, and no line says that this person was erased")
    elif name["salt"] and form >= rules.WHOLE:
        yield _at(row, f"the name in “{slot}” was blanked by hand: it has its salt yet")


def _find_erasure(reference: str) -> tuple[int, int]:
    """The id and format of the last line that erased the reference; (0, 0) without one.

    An id is later than those of all lines whose names that erasure found: they had been committed before.
    """
    lines = AuditLine.objects.filter(key__in=list(ERASURES))
    ids = {owner for old_ids in ERASURES.values() for owner in old_ids(reference)}
    before = Q(touches__overlap=sorted(ids), format__lt=rules.WHOLE)
    found = lines.filter(Q(touches__contains=[reference]) | before).order_by("-id").values_list("id", "format")
    return found.first() or (0, 0)


def _name_faults() -> Iterator[Fault]:
    """Rows that no line can be walked to."""
    lost = AuditName.objects.filter(~Exists(AuditLine.objects.filter(pk=OuterRef("line_id"))))
    for name in lost.iterator(chunk_size=CHUNK):
        yield Fault("names", 0, f"the name {name.pk} in “{name.slot}” belongs to a line that is missing")


# The heads, now and when they were sealed


def _head_faults() -> Iterator[Fault]:
    """Each way: a head without the line it names, a line beyond its head, and what a head says of its seal."""
    place = {"stream": OuterRef("stream"), "seq": OuterRef("seq")}
    line = Exists(AuditLine.objects.filter(**place, hash=OuterRef("hash")))
    seals = AuditSealHead.objects.filter(**place)
    heads = AuditHead.objects.alias(stands=line).order_by("stream")
    for head in heads.filter(stands=False):
        yield Fault(head.stream, head.seq, "the stream's head names a line that is missing: the tail was cut")
    beyond = AuditLine.objects.filter(
        ~Exists(AuditHead.objects.filter(stream=OuterRef("stream"), seq__gte=OuterRef("seq")))
    )
    for stream, seq in beyond.order_by("stream", "seq").values_list("stream", "seq").iterator(chunk_size=CHUNK):
        yield Fault(stream, seq, "lies beyond the place that its stream's head names")
    wrong = heads.alias(sealed=Exists(seals), whole=Exists(seals.filter(seal__format__gte=rules.WHOLE))).filter(
        Q(is_sealed=True, sealed=False) | Q(is_sealed=False, whole=True)
    )
    for head in wrong:
        said = "is sealed, and no seal names it" if head.is_sealed else "is not sealed, and a seal names it"
        yield Fault(head.stream, head.seq, f"the stream's head says that it {said}")


def _sealed_head_faults() -> Iterator[Fault]:
    lines = AuditLine.objects.filter(stream=OuterRef("stream"), seq=OuterRef("seq"))
    lost = AuditSealHead.objects.filter(~Exists(lines.filter(hash=OuterRef("hash"))))
    for head in lost.annotate(is_there=Exists(lines)).order_by("stream", "seq").iterator(chunk_size=CHUNK):
        why = "differs from the seal" if head.is_there else "a sealed line is missing: the tail was cut"
        yield Fault(head.stream, head.seq, why)
    unsealed = AuditSealHead.objects.filter(~Exists(AuditSeal.objects.filter(pk=OuterRef("seal_id"))))
    for stream, seq in unsealed.order_by("stream", "seq").values_list("stream", "seq").iterator(chunk_size=CHUNK):
        yield Fault(stream, seq, "was sealed by a seal that is missing")


# The seals


def _walk_seals() -> Iterator[Fault]:
    """Two streams by number, side by side: the seals, and the heads of each in the order in which they are hashed."""
    previous, old = "", rules.Unhashed()
    groups = groupby(_list_sealed(), key=itemgetter(0))
    number, heads = next(groups, NO_HEADS)
    seals = AuditSeal.objects.order_by("number").values(*rules.UNHASHED_OF_SEAL, "previous_hash")
    for place, seal in enumerate(seals.iterator(chunk_size=CHUNK), start=1):
        while number and number < seal["number"]:
            number, heads = next(groups, NO_HEADS)
        sealed = _Counted(heads if number == seal["number"] else ())
        if seal["number"] != place:
            yield Fault(SEALS, seal["number"], f"a gap: expected seal {place}")
        is_whole = seal["format"] >= rules.WHOLE
        yield from _faults_of_seal(seal, previous, sealed, old.take() if is_whole else "")
        if not is_whole:
            old.add([seal[name] for name in rules.UNHASHED_OF_SEAL])
        previous = seal["hash"]


NO_HEADS: tuple[int, Iterable[Any]] = (0, ())


def _list_sealed() -> Iterator[tuple[int, str, int, str, str]]:
    """The seal's number, then what it hashes of each head: Python sorts texts as the collation “C” does."""
    fields = ("seal__number", "stream", "seq", "hash", "old_hash")
    rows = AuditSealHead.objects.order_by("seal__number", Collate("stream", "C"), "seq")
    return rows.values_list(*fields).iterator(chunk_size=CHUNK)


class _Counted:
    """Heads as they are hashed, and how many there were."""

    def __init__(self, rows: Iterable[tuple[Any, ...]]) -> None:
        self.rows, self.count = rows, 0

    def __iter__(self) -> Iterator[Any]:
        for row in self.rows:
            self.count += 1
            yield row[1:]


def _faults_of_seal(seal: Row, previous: str, heads: _Counted, old_seals: str) -> Iterator[Fault]:
    if seal["format"] not in rules.HASHED_FIELDS:
        yield Fault(SEALS, seal["number"], f"is of format {seal['format']}, which this Bursar does not know")
        return
    hash_ = rules.seal_hash(seal, heads, old_seals)
    if seal["previous_hash"] != previous or seal["hash"] != hash_:
        yield Fault(SEALS, seal["number"], "was edited: its hash does not match what it seals")
    if not heads.count:
        yield Fault(SEALS, seal["number"], "seals nothing")
    elif seal["heads"] != heads.count:
        yield Fault(SEALS, seal["number"], f"says that it seals {seal['heads']} streams; there are {heads.count}")


# What else refers to lines


def _reference_faults() -> Iterator[Fault]:
    """Foreign keys, which nobody checks where triggers are off, and rows that name a line by its public id."""
    for relation in AuditLine._meta.get_fields(include_hidden=True):
        if not isinstance(relation, ForeignObjectRel) or relation.related_model is AuditName:
            continue
        model, name = relation.related_model, relation.field.attname
        lines = AuditLine.objects.filter(pk=OuterRef(name))
        rows = model._base_manager.filter(~Exists(lines), **{f"{name}__isnull": False})
        for pk, line in rows.order_by("pk").values_list("pk", name).iterator(chunk_size=CHUNK):
            yield Fault(str(model._meta.verbose_name_plural), 0, f"{pk} refers to the line {line}, which is missing")
    for what, list_rows in REFERENCES.items():
        lines = AuditLine.objects.filter(public_id=OuterRef("book_line"))
        rows = list_rows().filter(~Exists(lines)).order_by("pk")
        for pk, line in rows.values_list("pk", "book_line").iterator(chunk_size=CHUNK):
            yield Fault(what, 0, f"{pk} refers to the line {line}, which is missing")
