"""Whatever the owner of the tables changes in the book before the last seal that is kept elsewhere is found.

The kinds follow from the tables: each column of each is changed, blanked and exchanged between two rows; rows are
deleted, copied and inserted; and what is changed is hashed anew, up to the last seal.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from itertools import combinations
from typing import Any

import pytest
from django.contrib.postgres.fields import ArrayField
from django.core.management import CommandError, call_command
from django.db import IntegrityError, models, transaction

from bursar.access.actor import Actor
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
    _act(cast)
    _erase(cast, "jan", cast.ties)
    _make_old()
    _act(cast)
    assert store.seal(NOW) is not None
    _act(cast)
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


def _act(cast: Cast) -> None:
    able = [cast.noor.id, cast.iris.id]
    was = AuditLine.objects.filter(key="plans.account.assign_manager").count()
    run("plans.account.assign_manager", cast.iris, cast.haarlem.public_id, {"manager": able[was % 2]}, reason="x")
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
    empty = {ArrayField: [], models.JSONField: {} if isinstance(value, dict) else [], models.BooleanField: False, models.CharField: ""}
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
        for row in rows:
            new = other(field, getattr(row, field.attname))
            if not _is_salt_of_nothing(row, field):
                yield f"change {of} {row.pk}", partial(forging.write, table, row.pk, **{field.attname: new})
        for row in _first(rows, place, lambda row, f=field: blank(f, getattr(row, f.attname)) != getattr(row, f.attname)):  # type: ignore[misc]  # fmt: skip
            new = blank(field, getattr(row, field.attname))
            if not _is_salt_of_nothing(row, field):
                yield f"blank {of} {row.pk}", partial(forging.write, table, row.pk, **{field.attname: new})
        pairs = list(combinations(rows, 2))
        for one, two in _first(pairs, place, lambda pair, f=field: _differ(*pair, f)):  # type: ignore[misc]
            yield f"exchange {of} {one.pk} and {two.pk}", partial(exchange, table, field, one, two)


def _first(things: list[Any], start: int, holds: Callable[[Any], bool]) -> list[Any]:
    """The first for which it holds, counted from `start`; none or one."""
    turned = [things[(start + place) % len(things)] for place in range(len(things))]
    return [thing for thing in turned if holds(thing)][:1]


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
    fixed = {"id", "public_id", "number", "previous_hash", "seal_id"} | ({"stream", "seq"} if table is AuditLine else set())
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
    refused, found, missed = [], [], []
    for name, kind in [*column_kinds(table), *row_kinds(table)]:
        said = find(kind)
        (refused if said is None else found if said else missed).append(name)
    assert not missed, missed
    columns = [f for f in table._meta.concrete_fields if (table, f.attname) not in SAYS_NOTHING]
    untried = [f.attname for f in columns if not any(f".{f.attname} " in name for name in found)]
    assert not untried, f"the database refuses all that was tried on {untried}"
    assert len(found) >= 3 * len(columns), (len(found), refused)
    print(f"{table.__name__}: {len(found)} kinds found, {len(refused)} refused by the database")
    assert not faults(kept)
