"""Whatever the owner of the tables changes in the book before the last seal that is kept elsewhere is found.

The kinds follow from the tables: each column of each is changed, blanked and exchanged between two rows; rows are
deleted, copied and inserted; and what is changed is hashed anew, up to the last seal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from itertools import combinations
from typing import Any

import pytest
from django.contrib.postgres.fields import ArrayField
from django.db import IntegrityError, models, transaction
from django.db.models import Exists, OuterRef

from bursar.access.actor import Actor, system
from bursar.access.models import User
from bursar.actions.run import run
from bursar.audit import rules, store, verify
from bursar.audit.models import AuditHead, AuditLine, AuditName, AuditSeal, AuditSealHead
from bursar.core.ids import public_id
from bursar.tenants.models import Person
from tests.audit import forging
from tests.cast import NOW, Cast

TABLES = (AuditLine, AuditName, AuditHead, AuditSeal, AuditSealHead)
SAYS_NOTHING = {(AuditName, "id"), (AuditSealHead, "id")}
"""A row's own number, to which nothing refers and by which nothing is ordered."""
Kind = Callable[[], object]


# A book with a past: lines and seals of all formats, and people who were erased under the old ones and the new


@pytest.fixture
def kept(cast: Cast) -> rules.Kept:
    """The last seal, which covers all of it, as somebody keeps it elsewhere."""
    _act(cast, cast.iris)
    _erase(cast, "jan", cast.ties)
    _make_old()
    _act(cast, cast.noor)
    assert store.seal(NOW) is not None
    _act(cast, cast.iris)
    _erase(cast, "ali", cast.noor)
    assert store.seal(NOW + timedelta(hours=1)) is not None
    _act(cast)
    last = store.seal(NOW + timedelta(hours=2))
    assert last is not None
    kept = rules.read_seal(rules.say_seal(last.number, last.hash))
    assert not faults(kept), faults(kept)
    assert set(AuditLine.objects.values_list("format", flat=True)) == {1, 2, 3}
    assert list(AuditSeal.objects.order_by("number").values_list("format", flat=True)) == [1, 2, 3, 3, 3]
    assert AuditName.objects.filter(text="", line__format=3).exists()
    return kept


def _act(cast: Cast, manager: Actor | None = None) -> None:
    if manager is not None:
        chosen = {"manager": manager.id}
        run("plans.account.assign_manager", cast.iris, cast.haarlem.public_id, chosen, reason="x")
    run("tenants.account.add_note", cast.iris, cast.samen.public_id, {"text": "Called"}, reason="x")
    run("tenants.workspace.add_note", cast.iris, cast.panel.public_id, {"text": "Called"}, reason="x")


def _erase(cast: Cast, ref: str, colleague: Actor) -> None:
    """A person who was a colleague too, and acted: names go under all their ids."""
    run("tenants.account.add_note", colleague, cast.samen.public_id, {"text": "Called"}, reason="x")
    run("staff.staff.deactivate", cast.iris, colleague.id, {}, reason="Left")
    person = Person.objects.get(external_id=ref)
    person.user = User.objects.get(staff__public_id=colleague.id)
    person.save()
    run("product.person.erase", cast.iris, person.public_id, {"typed": person.name}, reason="Asked")


def _make_old() -> None:
    """All lines so far as the releases of before wrote them, with two seals of theirs."""
    for line in AuditLine.objects.all():
        forging.age(line, 1 if line.stream == "product" else 2)
    with forging.as_owner():
        AuditName.objects.filter(text="").update(salt="5a17" * 8)
    for form in (1, 2):
        seal = AuditSeal.objects.create(number=form, at=NOW - timedelta(days=3 - form), heads=0, format=form)
        for head in AuditHead.objects.all():
            AuditSealHead.objects.create(seal=seal, stream=head.stream, seq=head.seq, hash=head.hash)
    forging.redo()
    assert not faults()


def faults(*kept: rules.Kept) -> list[str]:
    return [f"{fault.stream} {fault.seq} {fault.sentence}" for fault in verify.list_faults(kept=kept)]


class Undone(Exception):
    pass


def find(kind: Kind, *kept: rules.Kept) -> list[str] | None:
    """What is found of it; None where the database itself refuses it. The book is as before afterwards."""
    found: list[str] | None = None
    try:
        with transaction.atomic():
            kind()
            found = faults(*kept)
            raise Undone
    except Undone:
        return found
    except IntegrityError:
        return None


# One column of one row


def other(field: Any, value: Any) -> Any:
    """Another value of the same kind."""
    if isinstance(field, ArrayField):
        return [*value, "acc_0000000000000000"]
    if isinstance(field, models.JSONField):
        return {**value, "actor": "x"} if isinstance(value, dict) else [*value, {"label": "x"}]
    if isinstance(field, models.BooleanField):
        return not value
    if isinstance(field, models.ForeignKey):
        return field.remote_field.model._base_manager.exclude(pk=value).values_list("pk", flat=True).latest("pk")
    if isinstance(value, datetime):
        return value + timedelta(microseconds=1)
    if isinstance(value, int):
        return value % 3 + 1 if field.name == "format" else value + 1000
    return f"x{value[1:]}" if value[:1] != "x" else f"y{value[1:]}"


def blank(field: Any, value: Any) -> Any:
    if field.null:
        return None
    empty = {
        ArrayField: [],
        models.JSONField: {} if isinstance(value, dict) else [],
        models.BooleanField: False,
        models.CharField: "",
    }
    empty |= {models.TextField: "", models.DateTimeField: datetime(1970, 1, 1, tzinfo=NOW.tzinfo)}
    return next((none for kind, none in empty.items() if isinstance(field, kind)), 0)


def samples(table: Any) -> list[Any]:
    """Rows of each format, the first and the last among them; names that were blanked, and names that were not."""
    rows = list(table._base_manager.order_by("pk"))
    if table is AuditName:
        lines = AuditLine.objects.in_bulk()
        told = {(lines[row.line_id].format, row.slot, bool(row.text)): row for row in rows}
        return list(told.values())
    by_format = {getattr(row, "format", 0): row for row in rows}
    return list({row.pk: row for row in (rows[0], *by_format.values())}.values())


def column_kinds(table: Any) -> Iterator[tuple[str, Kind]]:
    """Every column: changed in each row, blanked in one after the other, exchanged between one pair after the other."""
    rows = samples(table)
    for place, field in enumerate(table._meta.concrete_fields):
        if (table, field.attname) in SAYS_NOTHING:
            continue
        of = f"{table.__name__}.{field.attname} of"
        values = {row.pk: getattr(row, field.attname) for row in rows if not _is_salt_of_nothing(row, field)}
        for pk, value in values.items():
            yield f"change {of} {pk}", partial(forging.write, table, pk, **{field.attname: other(field, value)})
        filled = [(pk, value) for pk, value in _turned(list(values.items()), place) if blank(field, value) != value]
        for pk, value in filled[:1]:
            yield f"blank {of} {pk}", partial(forging.write, table, pk, **{field.attname: blank(field, value)})
        pairs = [(one, two) for one, two in _turned(list(combinations(rows, 2)), place) if _differ(one, two, field)]
        for one, two in pairs[:1]:
            yield f"exchange {of} {one.pk} and {two.pk}", partial(exchange, table, field, one, two)


def _turned(things: list[Any], start: int) -> list[Any]:
    """All of them, from another one on for each column."""
    start %= len(things)
    return things[start:] + things[:start]


def _differ(one: Any, two: Any, field: Any) -> bool:
    """Two names that were blanked say the same, wherever they stand."""
    is_blank = isinstance(one, AuditName) and not (one.text or two.text)
    return not is_blank and getattr(one, field.attname) != getattr(two, field.attname)


def _is_salt_of_nothing(row: Any, field: Any) -> bool:
    """The releases of before left it where they blanked a name: it belongs to no text any more."""
    return bool(field.name == "salt" and row.salt and not row.text)


def exchange(table: Any, field: Any, one: Any, two: Any) -> None:
    first, second = getattr(one, field.attname), getattr(two, field.attname)
    if field.primary_key:
        between = "between" if isinstance(first, str) else 10**9
        steps = [(first, between), (second, first), (between, second)]
    else:
        steps = [(two.pk, _between(field, second)), (one.pk, second), (two.pk, first)]
    for pk, value in steps:
        forging.write(table, pk, **{field.attname: value})


def _between(field: Any, value: Any) -> Any:
    """A value that no row has, where no two may have the same."""
    if isinstance(field, models.ForeignKey):
        return 10**9
    return other(field, value)


# Whole rows


def row_kinds(table: Any) -> Iterator[tuple[str, Kind]]:
    rows = samples(table)
    for row in rows:
        yield f"delete {table.__name__} {row.pk}", partial(_delete, table, row.pk)
        yield f"copy {table.__name__} {row.pk}", partial(_copy, table, row)
    last = table._base_manager.order_by("pk").last()
    yield f"delete the last {table.__name__}", partial(_delete, table, last.pk)
    yield f"empty {table.__name__}", partial(forging.tamper, f"DELETE FROM {table._meta.db_table}")
    if table is not AuditHead:
        yield f"put {table.__name__} in another order", partial(_turn_round, table)


def _delete(table: Any, pk: Any) -> None:
    column = table._meta.pk.column
    forging.tamper(f"DELETE FROM {table._meta.db_table} WHERE {column} = %s", pk)


def _copy(table: Any, row: Any) -> None:
    """With what must be its own: a new key, the next place."""
    values = {field.attname: getattr(row, field.attname) for field in table._meta.concrete_fields}
    fresh: dict[Any, dict[str, Any]] = {
        AuditLine: {"public_id": public_id("aud"), "seq": 10**6, "previous_hash": "x"},
        AuditName: {"slot": "7:who"},
        AuditHead: {"stream": "acc_0000000000000000"},
        AuditSeal: {"number": 10**6},
        AuditSealHead: {},
    }
    with forging.as_owner():
        table._base_manager.create(**{**values, **({} if table is AuditHead else {"id": 10**9}), **fresh[table]})


def _turn_round(table: Any) -> None:
    """The content of two rows changes places."""
    rows = list(table._base_manager.order_by("pk"))
    one, two = rows[0], rows[-1]
    fixed = {"id", "public_id", "number", "previous_hash", "seal_id"} | (
        {"stream", "seq"} if table is AuditLine else set()
    )
    names = [field.attname for field in table._meta.concrete_fields if field.attname not in fixed]
    if table is AuditName:
        names = ["slot", "reference", "salt", "text"]
    here, there = ({name: getattr(row, name) for name in names} for row in (one, two))
    if table is AuditName:
        forging.write(table, two.pk, slot="between")
    forging.write(table, one.pk, **there)
    forging.write(table, two.pk, **here)


@pytest.mark.parametrize("table", TABLES)
def test_every_change_of_a_row_is_found_without_any_seal(kept: rules.Kept, table: Any) -> None:
    refused: list[str] = []
    found: list[str] = []
    missed: list[str] = []
    for name, kind in [*column_kinds(table), *row_kinds(table)]:
        said = find(kind)
        (refused if said is None else found if said else missed).append(name)
    assert not missed, missed
    columns = [f for f in table._meta.concrete_fields if (table, f.attname) not in SAYS_NOTHING]
    untried = [f.attname for f in columns if not any(f".{f.attname} " in name for name in found)]
    assert not untried, f"the database refuses all that was tried on {untried}"
    assert len(found) >= 3 * len(columns), (len(found), refused)
    assert len(columns) == len(table._meta.concrete_fields) or not table._meta.related_objects, "its id says something"
    assert not faults(kept)


# Hashed anew: nothing but a seal that was kept elsewhere tells


def _redone(change: Kind) -> Kind:
    def kind() -> None:
        change()
        forging.redo()

    return kind


def _line(form: int) -> AuditLine:
    """One with a line before it and one after it in its stream."""
    after = AuditLine.objects.filter(stream=OuterRef("stream"), seq__gt=OuterRef("seq"))
    return AuditLine.objects.filter(Exists(after), format=form, seq__gt=1).earliest("stream", "seq")


def _name_anew(form: int) -> None:
    """Another name in the same slot, with the digest that belongs to it."""
    name = AuditName.objects.filter(line__format=form, slot="actor").exclude(text="").latest("pk")
    forging.write(AuditName, name.pk, text="Somebody else")
    digest = rules.name_digest(name.salt, "Somebody else")
    said: Any = [name.reference, digest] if form >= rules.WHOLE else digest
    forging.write(AuditLine, name.line_id, names={**name.line.names, "actor": said})


def _give_to_another(form: int) -> None:
    name = AuditName.objects.filter(line__format=form, slot="0:after").exclude(text="").latest("pk")
    forging.write(AuditName, name.pk, reference="stf_0000000000000000")
    if form >= rules.WHOLE:
        said = {**name.line.names, "0:after": ["stf_0000000000000000", name.line.names["0:after"][1]]}
        forging.write(AuditLine, name.line_id, names=said)


def _insert(form: int) -> None:
    """A line that never was, in the middle: those after it move on."""
    line = _line(form)
    with forging.as_owner():
        later = AuditLine.objects.filter(stream=line.stream, seq__gte=line.seq)
        for moved in later.order_by("-seq"):
            AuditLine.objects.filter(pk=moved.pk).update(seq=moved.seq + 1)
        forged = {**forging.values_of(line), "id": 10**9, "public_id": public_id("aud"), "names": {}, "reason": "So"}
        AuditLine.objects.create(**{**forged, "previous_hash": "between", "hash": "x"})


def _reorder(form: int) -> None:
    line = _line(form)
    after = AuditLine.objects.get(stream=line.stream, seq=line.seq - 1)
    for pk, seq in ((line.pk, -1), (after.pk, line.seq), (line.pk, after.seq)):
        forging.write(AuditLine, pk, seq=seq)


def _forget_erasure() -> None:
    """Names that were blanked come back, and the line of the erasure goes."""
    line = AuditLine.objects.filter(key="product.person.erase").latest("pk")
    for name in AuditName.objects.filter(text="", line__format=rules.WHOLE):
        salt = "5a17" * 8
        forging.write(AuditName, name.pk, text="Noor", salt=salt)
        owner = AuditLine.objects.get(pk=name.line_id)
        said = {**owner.names, name.slot: [name.reference, rules.name_digest(salt, "Noor")]}
        forging.write(AuditLine, owner.pk, names=said)
    _drop_line(line)


def _feign_erasure() -> None:
    """Names are blanked, and an earlier line is made to say that it was an erasure."""
    line = AuditLine.objects.filter(stream="product", format=rules.WHOLE).exclude(key="product.person.erase").last()
    line = line or AuditLine.objects.latest("pk")
    name = AuditName.objects.filter(line__format=rules.WHOLE, line__lt=line.pk).exclude(text="").earliest("pk")
    forging.write(AuditLine, line.pk, key="product.person.erase", touches=[*line.touches, name.reference])
    forging.write(AuditName, name.pk, text="", salt="")


def _drop_line(line: AuditLine) -> None:
    for table, column in (("actions_undooffer", "line_id"), ("outbox_outboxrow", "payload->>'line'")):
        forging.tamper(f"DELETE FROM {table} WHERE {column} = %s", line.public_id)
    _delete(AuditLine, line.pk)


def _drop_stream() -> None:
    stream = _line(rules.WHOLE).stream
    for line in AuditLine.objects.filter(stream=stream):
        _drop_line(line)


def _downgrade() -> None:
    """As if the release of before had written all of it: what it did not hash is free then."""
    for line in AuditLine.objects.filter(format=rules.WHOLE):
        forging.age(line, 1)
    with forging.as_owner():
        AuditSeal.objects.update(format=1)
        AuditSealHead.objects.update(old_hash="")


def _unseal(since: int) -> None:
    with forging.as_owner() as cursor:
        cursor.execute("DELETE FROM audit_auditsealhead WHERE seal_id IN (SELECT id FROM audit_auditseal WHERE number >= %s)", [since])  # fmt: skip
        cursor.execute("DELETE FROM audit_auditseal WHERE number >= %s", [since])
        for head in AuditHead.objects.all():
            sealed = AuditSealHead.objects.filter(stream=head.stream, seq=head.seq).exists()
            AuditHead.objects.filter(pk=head.pk).update(is_sealed=sealed)


def _empty_all() -> None:
    """With all that refers to it."""
    others = ("notifications_notification", "notifications_mail", "actions_undooffer", "actions_idempotencykey")
    for table in (*others, "outbox_outboxrow", *(table._meta.db_table for table in reversed(TABLES))):
        forging.tamper(f"DELETE FROM {table}")


def _empty_and_begin_anew() -> None:
    _empty_all()
    store.write(store.Entry("staff", NOW, system("x"), "a.b.c", "x", "company", "company", "x", [], []))
    store.seal(NOW)


def redone_kinds() -> dict[str, Kind]:
    kinds: dict[str, Kind] = {}
    for form in (1, 2, 3):
        line = _line(form)
        for name in ("reason", "message", "actor_kind"):
            kinds[f"{name} of a line of format {form}"] = partial(forging.write, AuditLine, line.pk, **{name: "other"})
        kinds[f"time of a line of format {form}"] = partial(forging.write, AuditLine, line.pk, at=NOW - timedelta(9))
        kinds[f"who sees a line of format {form}"] = partial(
            forging.write, AuditLine, line.pk, customer_visible=not line.customer_visible
        )
        kinds[f"a line of format {form} dropped"] = partial(_drop_line, line)
        kinds[f"a line put before one of format {form}"] = partial(_insert, form)
        kinds[f"lines of format {form} in another order"] = partial(_reorder, form)
        kinds[f"another name in format {form}"] = partial(_name_anew, form)
        if form > 1:
            kinds[f"another reference in format {form}"] = partial(_give_to_another, form)
    seal = AuditSeal.objects.get(number=4)
    kinds["the time of a seal"] = partial(forging.write, AuditSeal, seal.pk, at=NOW)
    kinds["the time of an old seal"] = partial(forging.write, AuditSeal, AuditSeal.objects.get(number=1).pk, at=NOW)
    kinds["one seal left out"] = partial(_delete, AuditSeal, seal.pk)
    kinds["a stream dropped"] = _drop_stream
    kinds["an erasure undone"] = _forget_erasure
    kinds["an erasure feigned"] = _feign_erasure
    kinds["all as of format 1"] = _downgrade
    kinds = {f"{name}, hashed anew": _redone(kind) for name, kind in kinds.items()}
    for since in range(1, 6):
        kinds[f"the seals from {since} on removed"] = partial(_unseal, since)
    kinds["all emptied"] = _empty_all
    kinds["all emptied, and begun anew"] = _empty_and_begin_anew
    return kinds


def test_what_is_hashed_anew_is_found_by_a_seal_kept_elsewhere(kept: rules.Kept) -> None:
    kinds, found = redone_kinds(), {}
    for name, kind in kinds.items():
        found[name] = find(kind, kept) or ["nothing"]
    missed = {name: said for name, said in found.items() if "kept elsewhere" not in said[0] or len(said) > 1}
    assert not missed, "not found, or the forger is clumsy"
    assert len(kinds) >= 40 and not faults(kept)
