"""The only pen. Nothing else in Bursar writes the book."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Exists, Max, OuterRef, Q, QuerySet

from bursar.access.actor import Actor
from bursar.audit import rules
from bursar.audit.models import AuditHead, AuditLine, AuditName, AuditSeal, AuditSealHead
from bursar.core.ids import public_id

SEAL_LOCK = 0x0B0_5EA_1
HEADS_A_SEAL = 2000
"""So that the heads are held for a moment only, however much moved: after an import, or an upgrade."""


@dataclass(frozen=True)
class Entry:
    """What happened. `names` maps a slot ("actor", "target", "0:before") to (reference, name as it was then)."""

    stream: str
    at: datetime
    actor: Actor
    key: str
    label: str
    target_kind: str
    target_id: str
    target_name: str
    touches: list[str]
    changes: list[dict[str, Any]]
    reason: str = ""
    message: str = ""
    customer_visible: bool = False
    concerns_money: bool = False
    message_for_billing: bool = False
    group: str = ""
    request_id: str = ""
    names: dict[str, tuple[str, str]] = field(default_factory=dict)


def write(entry: Entry) -> AuditLine:
    """Appends one line to its stream, inside the caller's transaction."""
    return write_all([entry])[0]


def write_all(entries: Sequence[Entry]) -> list[AuditLine]:
    """As `write` for each, in their order, by as many statements as for one."""
    heads, line_ids = _lock_heads(Counter(entry.stream for entry in entries))
    made = [_add(heads[entry.stream], line_id, entry) for entry, line_id in zip(entries, line_ids, strict=True)]
    AuditLine.objects.bulk_create(line for line, _ in made)
    AuditName.objects.bulk_create(name for _, names in made for name in names)
    _move_heads(heads.values())
    return [line for line, _ in made]


def _add(head: AuditHead, line_id: int, entry: Entry) -> tuple[AuditLine, list[AuditName]]:
    """The line that follows on the head, which stands at it from now on; and its names."""
    named = {
        "actor": (entry.actor.id, entry.actor.name),
        "target": (entry.target_id, entry.target_name),
        **entry.names,
    }
    rows = [
        AuditName(slot=slot, reference=reference, salt=secrets.token_hex(16), text=text[:300])
        for slot, (reference, text) in named.items()
    ]
    fields: dict[str, Any] = {
        "id": line_id,
        "public_id": public_id("aud"),
        "stream": entry.stream,
        "seq": head.seq + 1,
        "at": entry.at,
        "actor_kind": entry.actor.kind.value,
        "actor_id": entry.actor.id,
        "door": entry.actor.door.value,
        "key": entry.key,
        "label": entry.label,
        "target_kind": entry.target_kind,
        "target_id": entry.target_id,
        "touches": sorted(set(entry.touches)),
        "changes": entry.changes,
        "names": {row.slot: [row.reference, rules.name_digest(row.salt, row.text)] for row in rows},
        "reason": entry.reason,
        "message": entry.message,
        "customer_visible": entry.customer_visible,
        "concerns_money": entry.concerns_money,
        "message_for_billing": entry.message_for_billing,
        "format": rules.FORMAT,
        "group": entry.group,
        "request_id": entry.request_id,
        "previous_hash": head.hash,
    }
    line = AuditLine(**fields, hash=rules.line_hash(fields))
    head.seq, head.hash = line.seq, line.hash
    for row in rows:
        row.line = line
    return line, rows


_HEADS = """
WITH asked AS (SELECT * FROM unnest(%s::text[], %s::int[]) AS asked (stream, lines)), head AS (
    INSERT INTO audit_audithead (stream, seq, hash, is_sealed) SELECT stream, 0, '', false FROM asked ORDER BY stream
    ON CONFLICT (stream) DO UPDATE SET stream = EXCLUDED.stream RETURNING stream, seq, hash)
SELECT head.*, ARRAY(
    SELECT nextval(pg_get_serial_sequence('audit_auditline', 'id')) FROM generate_series(1, asked.lines)
) FROM head JOIN asked USING (stream)
"""
_MOVE = """
UPDATE audit_audithead h SET seq = v.seq, hash = v.hash, is_sealed = false
FROM unnest(%s::text[], %s::bigint[], %s::text[]) AS v (stream, seq, hash) WHERE h.stream = v.stream
"""


def _lock_heads(lines: Mapping[str, int]) -> tuple[dict[str, AuditHead], list[int]]:
    """The heads of streams, made on first use, locked until the transaction ends: a conflict's row is locked too.

    `lines`: how many are to come in each. Beside the heads the ids of those, which their hashes cover.
    """
    with connection.cursor() as cursor:
        cursor.execute(_HEADS, [list(lines), list(lines.values())])
        found = cursor.fetchall()
    heads = {stream: AuditHead(stream=stream, seq=seq, hash=hash_) for stream, seq, hash_, _ in found}
    return heads, sorted(line_id for *_, some in found for line_id in some)


def _move_heads(heads: Iterable[AuditHead]) -> None:
    values = [(head.stream, head.seq, head.hash) for head in heads]
    with connection.cursor() as cursor:
        cursor.execute(_MOVE, [list(column) for column in zip(*values, strict=True)])


def seal_all(at: datetime) -> AuditSeal | None:
    """Seals until what moved is nearly nothing. The last seal covers the others; None when nothing moved."""
    last = None
    while made := seal(at):
        last = made
        if made.heads < HEADS_A_SEAL // 2:  # a full one leaves out those that are held at this moment
            break
    return last


@transaction.atomic
def seal(at: datetime) -> AuditSeal | None:
    """Chains a seal over the heads that moved, at most `HEADS_A_SEAL` of them; None when none did.

    A head that an action holds at this moment is left to the next seal: nothing waits for a seal, nor a seal for it.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [SEAL_LOCK])  # a table lock would want more rights
    moved = list(_list_moved())
    old = _hash_old_lines(moved)
    held = AuditHead.objects.select_for_update(skip_locked=True).filter(pk__in=[head.pk for head in moved])
    stands = {(head.stream, head.seq) for head in held}
    moved = sorted((head for head in moved if (head.stream, head.seq) in stands), key=lambda head: head.stream)
    if not moved:
        return None
    made = _make_seal(at, [(head.stream, head.seq, head.hash, old.get(head.stream, "")) for head in moved])
    AuditHead.objects.filter(pk__in=[head.pk for head in moved]).update(is_sealed=True)
    return made


def _list_moved() -> QuerySet[AuditHead]:
    """Where seals of older formats stand, also what no seal that hashes all has covered yet."""
    is_due = Q(is_sealed=False)
    if AuditSeal.objects.filter(format__lt=rules.WHOLE).exists():
        place = AuditSealHead.objects.filter(stream=OuterRef("stream"), seq=OuterRef("seq"))
        is_due |= Q(~Exists(place.filter(seal__format__gte=rules.WHOLE)))
    return AuditHead.objects.filter(is_due, seq__gt=0).order_by("stream")[:HEADS_A_SEAL]


_OLD_LINES = """
SELECT place.stream, line.id, line.seq, line.concerns_money, line.message_for_billing,
    ARRAY(SELECT ARRAY[name.slot, name.reference] FROM audit_auditname name WHERE name.line_id = line.id)
FROM unnest(%s::text[], %s::bigint[], %s::bigint[]) AS place (stream, since, until)
JOIN audit_auditline line ON line.stream = place.stream AND line.seq > place.since AND line.seq <= place.until
WHERE line.format < %s ORDER BY place.stream, line.seq
"""


def _hash_old_lines(heads: list[AuditHead]) -> dict[str, str]:
    """By stream, where one has lines of older formats that no seal which hashes all has covered."""
    streams = [head.stream for head in heads]
    whole = AuditSealHead.objects.filter(stream__in=streams, seal__format__gte=rules.WHOLE)
    since = dict(whole.values_list("stream").annotate(last=Max("seq")))
    values: list[Any] = [
        streams,
        [since.get(stream, 0) for stream in streams],
        [head.seq for head in heads],
        rules.WHOLE,
    ]
    old: dict[str, rules.Unhashed] = {}
    with connection.chunked_cursor() as cursor:
        cursor.execute(_OLD_LINES, values)
        while rows := cursor.fetchmany(2000):
            for stream, *said in rows:
                old.setdefault(stream, rules.Unhashed()).add(rules.unhashed_of_line(*said))
    return {stream: lines.take() for stream, lines in old.items()}


def _make_seal(at: datetime, heads: list[tuple[str, int, str, str]]) -> AuditSeal:
    last = AuditSeal.objects.order_by("-number").first()
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('audit_auditseal', 'id'))")
        fields: dict[str, Any] = {"id": cursor.fetchone()[0]}
    fields |= {
        "number": last.number + 1 if last else 1,
        "at": at,
        "heads": len(heads),
        "format": rules.FORMAT,
        "previous_hash": last.hash if last else "",
    }
    made = AuditSeal.objects.create(**fields, hash=rules.seal_hash(fields, heads, _hash_old_seals()))
    AuditSealHead.objects.bulk_create(
        [
            AuditSealHead(seal=made, stream=stream, seq=seq, hash=hash_, old_hash=old)
            for stream, seq, hash_, old in heads
        ]
    )
    return made


def _hash_old_seals() -> str:
    """Of older formats, since the last that hashes all; empty where there are none."""
    whole = AuditSeal.objects.filter(format__gte=rules.WHOLE).aggregate(last=Max("number"))["last"] or 0
    seals = AuditSeal.objects.filter(number__gt=whole).order_by("number")
    old = rules.Unhashed()
    for seal in seals.values_list(*rules.UNHASHED_OF_SEAL).iterator():
        old.add(seal)
    return old.take()


def blank_names(reference: str) -> int:
    """Erases the names kept for `reference` (a person's or user's id); the chain holds. Returns how many.

    The line of the erasure must touch every reference that it blanks: else `audit verify` finds names that are gone
    (`links.ERASURES`).
    """
    return AuditName.objects.filter(reference=reference).exclude(text="").update(text="", salt="")
