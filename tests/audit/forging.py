"""What somebody who owns the tables, and has read the source, can do: write any row, and hash everything anew."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import groupby
from typing import Any

from django.db import connection
from django.db.models import CharField, F
from django.db.models.functions import Cast

from bursar.audit import rules
from bursar.audit.models import AuditHead, AuditLine, AuditSeal, AuditSealHead


@contextmanager
def as_owner() -> Iterator[Any]:
    """A cursor with triggers and foreign keys switched off. Where it fails, what is rolled back switches them on."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        yield cursor
        cursor.execute("SET session_replication_role = origin")


def tamper(statement: str, *values: Any) -> None:
    with as_owner() as cursor:
        cursor.execute(statement, values)


def write(model: Any, pk: Any, **values: Any) -> None:
    with as_owner():
        model._base_manager.filter(pk=pk).update(**values)


def values_of(line: AuditLine) -> dict[str, Any]:
    return {field: getattr(line, field) for field in rules.HASHED_FIELDS[rules.FORMAT]}


def age(line: AuditLine, form: int) -> None:
    """As an earlier release wrote it: names without references, in format 1 without a word about money."""
    names = {slot: said.digest for slot, said in rules.read_names(line.format, line.names).items()}
    older = {"format": form, "names": names}
    if form == 1:
        kept = [{key: told for key, told in change.items() if key != "concerns_money"} for change in line.changes]
        older |= {"changes": kept, "concerns_money": None, "message_for_billing": False}
    write(AuditLine, line.pk, **older)


def redo() -> None:
    """Hashes all of it anew: lines, heads, sealed heads, seals. What is left over is dropped."""
    with as_owner() as cursor:
        places: dict[tuple[str, int], AuditLine] = {}
        for stream, chain in groupby(AuditLine.objects.order_by("stream", "seq"), key=lambda line: line.stream):
            last = _redo_stream(list(chain), places)
            AuditHead.objects.filter(stream=stream).update(seq=last.seq, hash=last.hash)
        cursor.execute(
            "DELETE FROM audit_audithead WHERE stream NOT IN (SELECT stream FROM audit_auditline);"
            "DELETE FROM audit_auditname WHERE line_id NOT IN (SELECT id FROM audit_auditline)"
        )
        for head in AuditSealHead.objects.all():
            line = places.get((head.stream, head.seq))
            if line is None:
                AuditSealHead.objects.filter(pk=head.pk)._raw_delete("default")
            else:
                AuditSealHead.objects.filter(pk=head.pk).update(hash=line.hash)
        cursor.execute(
            "DELETE FROM audit_auditsealhead WHERE seal_id NOT IN (SELECT id FROM audit_auditseal);"
            "DELETE FROM audit_auditseal WHERE id NOT IN (SELECT seal_id FROM audit_auditsealhead)"
        )
        redo_seals()
        for now in AuditHead.objects.all():
            sealed = AuditSealHead.objects.filter(stream=now.stream, seq=now.seq).exists()
            AuditHead.objects.filter(pk=now.pk).update(is_sealed=sealed)


def _redo_stream(lines: list[AuditLine], places: dict[tuple[str, int], AuditLine]) -> AuditLine:
    previous = ""
    AuditLine.objects.filter(pk__in=[line.pk for line in lines]).update(
        seq=-1 * F("pk"), previous_hash=Cast("pk", CharField())
    )
    for place, line in enumerate(lines, start=1):
        line.seq, line.previous_hash = place, previous
        line.hash = previous = rules.line_hash(values_of(line))
        AuditLine.objects.filter(pk=line.pk).update(seq=place, previous_hash=line.previous_hash, hash=line.hash)
        places[line.stream, place] = line
    return lines[-1]


def redo_seals() -> None:
    """Also what seals say of lines and seals of older formats."""
    with as_owner():
        since: dict[str, int] = {}
        previous, old = "", rules.Unhashed()
        AuditSeal.objects.update(number=-1 * F("pk"))
        for number, seal in enumerate(AuditSeal.objects.order_by("pk"), start=1):
            is_whole = seal.format >= rules.WHOLE
            for head in seal.sealed.all() if is_whole else ():
                said = hash_old(head.stream, since.get(head.stream, 0), head.seq)
                AuditSealHead.objects.filter(pk=head.pk).update(old_hash=said)
                since[head.stream] = head.seq
            heads = sorted(seal.sealed.values_list("stream", "seq", "hash", "old_hash"))
            seal.number, seal.previous_hash, seal.heads = number, previous, len(heads)
            fields = {name: getattr(seal, name) for name in (*rules.UNHASHED_OF_SEAL, "previous_hash")}
            seal.hash = previous = rules.seal_hash(fields, heads, old.take() if is_whole else "")
            if not is_whole:
                old.add([getattr(seal, name) for name in rules.UNHASHED_OF_SEAL])
            seal_values = {"number": number, "previous_hash": seal.previous_hash, "heads": len(heads)}
            AuditSeal.objects.filter(pk=seal.pk).update(**seal_values, hash=seal.hash)


def hash_old(stream: str, since: int, until: int) -> str:
    old = rules.Unhashed()
    lines = AuditLine.objects.filter(stream=stream, seq__gt=since, seq__lte=until, format__lt=rules.WHOLE)
    for line in lines.order_by("seq"):
        names = line.name_rows.values_list("slot", "reference")
        old.add(rules.unhashed_of_line(line.pk, line.seq, line.concerns_money, line.message_for_billing, names))
    return old.take()
