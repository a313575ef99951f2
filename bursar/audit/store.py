"""The only pen. Nothing else in Bursar writes the book."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from bursar.access.actor import Actor
from bursar.audit import rules
from bursar.audit.models import AuditHead, AuditLine, AuditName, AuditSeal, AuditSealHead
from bursar.core.ids import public_id

SEAL_LOCK = 0x0B0_5EA_1


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
    head = _locked_head(entry.stream)
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
        "names": {row.slot: rules.name_digest(row.salt, row.text) for row in rows},
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
    line = AuditLine.objects.create(**fields, hash=rules.line_hash(fields))
    for row in rows:
        row.line = line
    AuditName.objects.bulk_create(rows)
    AuditHead.objects.filter(stream=entry.stream).update(seq=line.seq, hash=line.hash, is_sealed=False)
    return line


def _locked_head(stream: str) -> AuditHead:
    """The stream's head, made on first use, locked until the transaction ends: a conflict's row is locked too."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO audit_audithead (stream, seq, hash, is_sealed) VALUES (%s, 0, '', false) "
            "ON CONFLICT (stream) DO UPDATE SET stream = EXCLUDED.stream RETURNING seq, hash",
            [stream],
        )
        seq, hash_ = cursor.fetchone()
    return AuditHead(stream=stream, seq=seq, hash=hash_)


@transaction.atomic
def seal(at: datetime) -> AuditSeal | None:
    """Chains a seal over every head that moved since the last one; None when none did."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [SEAL_LOCK])  # a table lock would want more rights
    moved = list(AuditHead.objects.select_for_update().filter(is_sealed=False, seq__gt=0).order_by("stream"))
    if not moved:
        return None
    last = AuditSeal.objects.order_by("-number").first()
    number, previous = (last.number + 1, last.hash) if last else (1, "")
    heads = sorted((head.stream, head.seq, head.hash) for head in moved)
    made = AuditSeal.objects.create(
        number=number,
        at=at,
        heads=len(heads),
        format=rules.FORMAT,
        previous_hash=previous,
        hash=rules.seal_hash(previous, number, heads),
    )
    AuditSealHead.objects.bulk_create(
        [AuditSealHead(seal=made, stream=stream, seq=seq, hash=hash_) for stream, seq, hash_ in heads],
        batch_size=5000,
    )
    AuditHead.objects.filter(stream__in=[head.stream for head in moved]).update(is_sealed=True)
    return made


def blank_names(reference: str) -> int:
    """Erases the names kept for `reference` (a person's or user's id); the chain holds. Returns how many."""
    return AuditName.objects.filter(reference=reference).exclude(text="").update(text="")
