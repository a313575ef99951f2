"""Registries close: a name is taken once, and at start-up only."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.urls import get_resolver

from bursar.access.holders import HOLDERS
from bursar.access.rights import Right
from bursar.actions import closing, registry
from bursar.actions.cards import FACTS
from bursar.actions.spec import Company
from bursar.actions.webhook_events import Event
from bursar.approvals.queues import QUEUES
from bursar.attention.needs import NEEDS
from bursar.audit.links import ERASURES, REFERENCES, erases, refers_to_lines
from bursar.billing.brought import BRINGERS
from bursar.billing.obstacles import OBSTACLES
from bursar.billing.store.ledger import FOLLOWERS
from bursar.billing.to_issue import SOURCES
from bursar.config.starting import refuse_faults
from bursar.core.naming import NAMES
from bursar.core.options import OPTIONS, list_unknown, option
from bursar.core.proofs import PROOFS
from bursar.core.registry import Registry
from bursar.core.ticks import TICKS, tick
from bursar.files.kinds import KINDS, is_makers, kind
from bursar.outbox.carriers import CARRIERS, carrier
from bursar.payments.carry.ops import OPS
from bursar.plans.agreed import AGREEMENTS
from bursar.plans.turning import TURNS
from bursar.product import records
from bursar.product.apply.batch import ENDS, TAKERS, takes
from bursar.product.pushed import PUSHED
from bursar.product.records.shared import Record
from bursar.product.upsert import WRITERS
from bursar.tenants.handoff import PARTS
from bursar.ui import navigation
from bursar.ui.lists import ACCOUNT_FILTERS, VIEW_KEEPERS
from bursar.ui.navigation import NavEntry
from bursar.webhooks.events import EVENTS


def test_a_name_is_taken_once_and_in_time() -> None:
    made: Registry[int] = Registry("number")
    assert made.add("one", 1) == 1
    with pytest.raises(ImproperlyConfigured, match="There are two numbers called “one”"):
        made.add("one", 2)
    made.close()
    with pytest.raises(ImproperlyConfigured, match="too late to declare the number “two”"):
        made.add("two", 2)
    assert dict(made) == {"one": 1}


def nothing(*_: Any, **__: Any) -> None:
    """Stands for whatever would be declared."""


ENTRY = NavEntry(key="late", label="Late", url_name="rollup:page", order=1)
DOORS: dict[str, tuple[Registry[Any], Callable[[str], object]]] = {
    "action": (registry.ACTIONS, lambda name: registry.action(on=Company, key=name, label="Late", help="Late.", permission=Right.ACT)(nothing)),
    "target": (registry.TARGETS, lambda name: registry.register_target(replace(registry.TARGETS["company"], slug=name))),
    "projection": (registry.PROJECTIONS, lambda name: registry.projection(name)(nothing)),  # type: ignore[arg-type]  # never called
    "herald": (registry.HERALDS, lambda name: registry.herald(name)(nothing)),
    "check": (registry.CHECKS, lambda name: registry.declaration_check(name)(nothing)),  # type: ignore[arg-type]  # never called
    "way to tell targets apart": (registry.APART, lambda name: registry.apart(name)(nothing)),  # type: ignore[arg-type]  # never called
    "tick": (TICKS, lambda name: tick(name)(nothing)),
    "carrier": (CARRIERS, lambda name: carrier(name, "x")(nothing)),  # type: ignore[arg-type]  # never called
    "setting": (OPTIONS, lambda name: option(name, None, "Nothing.", str)),
    "kind of file": (KINDS, lambda name: kind(name, is_makers, None)),
    "erasure": (ERASURES, lambda name: erases(name)(nothing)),  # type: ignore[arg-type]  # never called
    "line reference": (REFERENCES, lambda name: refers_to_lines(name, nothing)),  # type: ignore[arg-type]  # never called
    "name look-up": (NAMES, lambda name: NAMES.add(name, nothing)),  # type: ignore[arg-type]  # never called
    "event": (EVENTS, lambda name: EVENTS.add(name, Event("Nothing."))),
    "navigation entry": (navigation.ENTRIES, lambda name: navigation.register(replace(ENTRY, key=name))),
    "kind of line": (records.KINDS, lambda name: records.KINDS.add(name, Record)),
    "taker of lines": (TAKERS, lambda name: takes(name)(nothing)),  # type: ignore[arg-type]  # never called
    "call to Mollie": (OPS, lambda name: OPS.add(name, nothing)),  # type: ignore[arg-type]  # never called
    "keeper of saved views": (VIEW_KEEPERS, lambda name: VIEW_KEEPERS.add(name, nothing)),  # type: ignore[arg-type]  # never called
    "agreement on a discount": (AGREEMENTS, lambda name: AGREEMENTS.add(name, nothing)),  # type: ignore[arg-type]  # never called
    "part of a change of mode": (TURNS, lambda name: TURNS.add(name, nothing)),  # type: ignore[arg-type]  # never called
    "filter of accounts": (ACCOUNT_FILTERS, lambda name: ACCOUNT_FILTERS.add(name, nothing)),  # type: ignore[arg-type]  # never called
    "queue before a second person": (QUEUES, lambda name: QUEUES.add(name, nothing)),  # type: ignore[arg-type]  # never called
    "obstacle to a reminder": (OBSTACLES, lambda name: OBSTACLES.add(name, nothing)),  # type: ignore[arg-type]  # never called
    "bringer of money": (BRINGERS, lambda name: BRINGERS.add(name, nothing)),  # type: ignore[arg-type]  # never called
    "follower of the ledger": (FOLLOWERS, lambda name: FOLLOWERS.add(name, nothing)),  # type: ignore[arg-type]  # never called
    "source of what is to be issued": (SOURCES, lambda name: SOURCES.add(name, nothing)),  # type: ignore[arg-type]  # never called
    "part of a handoff": (PARTS, lambda name: PARTS.add(name, nothing)),  # type: ignore[arg-type]  # never called
    "need of a room above": (NEEDS, lambda name: NEEDS.add(name, nothing)),  # type: ignore[arg-type]  # never called
    "hint of what is likely": (registry.LIKELY, lambda name: registry.LIKELY.add(name, nothing)),  # type: ignore[arg-type]  # never called
    "list of holders": (HOLDERS, lambda name: HOLDERS.add(name, nothing)),  # type: ignore[arg-type]  # never called
    "card fact": (FACTS, lambda name: FACTS.add(name, nothing)),  # type: ignore[arg-type]  # never called
    "proof": (PROOFS, lambda name: PROOFS.add(name, nothing)),  # type: ignore[arg-type]  # never called
    "writer of pushed items": (WRITERS, lambda name: WRITERS.add(name, nothing)),  # type: ignore[arg-type]  # never called
}  # fmt: skip


def test_every_registry_of_the_house_is_tried_here() -> None:
    """Those that the source makes, by what they hold."""
    made = (path.read_text() for path in Path(settings.ROOT, "bursar").rglob("*.py"))
    assert {what for text in made for what in re.findall(r'= Registry\("([^"]+)"\)', text)} == set(DOORS)


@pytest.mark.parametrize("what", sorted(DOORS))
def test_a_registry_takes_each_name_once_and_none_once_the_house_runs(what: str, monkeypatch: Any) -> None:
    assert get_resolver().url_patterns  # the addresses are known: pages bring the navigation's entries
    one, declare = DOORS[what]
    before, taken = dict(one), next(iter(one))
    assert one.is_closed and one.what == what
    with pytest.raises(ImproperlyConfigured, match=f"too late to declare the {what} “[^”]*”"):
        declare("late.late.late")
    monkeypatch.setattr(one, "is_closed", False)
    with pytest.raises(ImproperlyConfigured, match=f"two {what}s called “{re.escape(taken)}”"):
        declare(taken)
    assert dict(one) == before


def test_a_registry_closes_on_the_names_that_there_are() -> None:
    made: Registry[int] = Registry("number")
    made.add("one", 1)
    made.add("none", 0)
    with pytest.raises(ImproperlyConfigured, match="a number “none”, which is unknown; there is no number “two”"):
        made.close(("one", "two"))
    assert not made.is_closed and made.list_faults(("one", "two", "none"), is_whole=False) == []
    made.close(("none", "one"))


def test_lines_and_pushed_items_are_taken_by_somebody_each() -> None:
    assert set(TAKERS) == {*records.KINDS, ENDS} and set(WRITERS) == set(PUSHED)


def test_what_names_an_unknown_target_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry.ACTIONS, "is_closed", False)
    monkeypatch.setitem(registry.APART.things, "planet", nothing)
    with pytest.raises(ImproperlyConfigured, match="a way to tell targets apart “planet”, which is unknown"):
        closing.close()


def test_every_entry_of_the_navigation_leads_somewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    assert run_checks() == []
    odd = replace(
        ENTRY, key="astray", url_name="no:where", holds=("rollup:page", "dashboard:no"), group="top", right="fly"
    )
    monkeypatch.setitem(navigation.ENTRIES.things, "astray", odd)
    faults = [
        "the navigation entry “astray” leads to no:where, which is no address",
        "the navigation entry “astray” leads to dashboard:no, which is no address",
        "the navigation entry “astray” stands in “top”, which is no group",
        "the navigation entry “astray” is for “fly”, which is no right",
    ]
    assert [fault.msg for fault in run_checks()] == faults
    with pytest.raises(ImproperlyConfigured, match="; ".join(faults)):
        refuse_faults()
    with pytest.raises(SystemCheckError, match="leads to no:where"):
        call_command("actions", skip_checks=False)


def test_a_setting_that_does_not_exist_is_named() -> None:
    assert list_unknown({"PATH": "/bin", "BURSAR_HOSTS": "x"}) == []
    assert list_unknown({"BURSAR_HOST": "x", "BURSAR_QQ": "1"}) == [
        "there is no setting BURSAR_HOST; BURSAR_HOSTS is meant, perhaps",
        "there is no setting BURSAR_QQ",
    ]


def test_bursar_does_not_start_with_a_setting_that_does_not_exist() -> None:
    environment = {**os.environ, "BURSAR_COMPANY_NAMED": "Agora"}
    said = subprocess.run([sys.executable, "-m", "bursar", "actions"], env=environment, capture_output=True, text=True)
    assert said.returncode != 0
    assert "there is no setting BURSAR_COMPANY_NAMED; BURSAR_COMPANY_NAME is meant, perhaps" in said.stderr
