"""Every dated table, and every one that feeds the facts, has one pen, and nobody writes it elsewhere."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings

from bursar.core.dated import Dated
from tests.house.pens import find, find_all, penned

# They make a company of any size by SQL alone; the demo and the tests never run them.
EXEMPT = {"bursar/demo/scale.py", "bursar/demo/scale_payments.py"}


def test_every_table_that_needs_a_pen_names_one() -> None:
    for model in apps.get_models():
        if issubclass(model, Dated) or getattr(model, "feeds_facts", False):
            assert hasattr(model, "pen"), model.__name__
    for model in penned().values():
        import_module(model.pen)


def test_nobody_writes_outside_the_pen() -> None:
    found = [str(write) for write in find_all(Path(settings.ROOT), EXEMPT)]
    assert not found, "\n".join(found)


HEAD = "from bursar.tenants.models import Login, Organisation, Person, Workspace\nfrom bursar.plans.models import BaseTier\n"
PLANTED = [
    ("BaseTier.objects.create(workspace=w, tier='free')", "create of BaseTier"),
    ("rows = BaseTier.objects.filter(tier='free')\nrows.exclude(pk=1).update(tier='pilot')", "update of BaseTier"),
    ("def verb(act, organisation: Organisation):\n    organisation.name = ''\n    organisation.save()", "save of Organisation"),
    ("def erase(person: Person):\n    person.logins.all().delete()", "delete of Login"),
    ("def erase(act):\n    act.case.target.logins.all().delete()", "delete of Login"),
    ("made = Workspace(name='x')\nmade.save()", "save of Workspace"),
    ("for row in Workspace.objects.all():\n    row.delete()", "delete of Workspace"),
    ("def write(row):\n    row.save()", "save() of what nobody can tell"),
    ("def write(model):\n    model.objects.filter(pk=1).update(tier='free')", "update() of what nobody can tell"),
    ("replace_from(BaseTier, {}, now, None)", "replace_from of BaseTier"),
    ("dated.merge_points(BaseTier, (), [])", "merge_points of BaseTier"),
    ("cursor.execute('UPDATE plans_basetier SET tier = %s')", "SQL of BaseTier"),
    ("cursor.execute(f'insert into {x} values ({y}); DELETE  FROM ONLY \"tenants_person\"')", "SQL of Person"),
]  # fmt: skip


@pytest.mark.parametrize(("source", "words"), PLANTED, ids=[source for source, _ in PLANTED])
def test_a_planted_write_is_named_with_its_line(source: str, words: str) -> None:
    found = find(HEAD + source, "bursar/x/actions.py", "bursar.x.actions", penned())
    line = len((HEAD + source).splitlines())
    assert [str(write) for write in found] == [f"bursar/x/actions.py:{line}: {found[0].what}"]
    assert found[0].what.startswith(words)


@pytest.mark.parametrize(
    "source",
    [
        "Person.objects.filter(pk=1).first()",
        "cursor.execute('SELECT 1 FROM plans_basetier FOR UPDATE')",
        "digest.update(b'')",
        "def ask(gateway):\n    gateway.logins.create(1)",
        "from bursar.access.models import User\ndef turn(user: User):\n    user.save()",
    ],
)
def test_what_only_reads_is_not(source: str) -> None:
    assert not find(HEAD + source, "x.py", "bursar.x.actions", penned())


def test_the_pen_itself_may() -> None:
    source = HEAD + "BaseTier.objects.all().delete()"
    assert not find(source, "tiers.py", "bursar.plans.store.tiers", penned())
    assert find(source, "stores.py", "bursar.plans.stores", penned())
