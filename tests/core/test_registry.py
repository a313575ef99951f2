"""Registries close: a name is taken once, and at start-up only."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.urls import get_resolver

from bursar.actions import registry
from bursar.core.options import OPTIONS, list_unknown
from bursar.core.registry import Registry
from bursar.core.ticks import TICKS, tick
from bursar.files.kinds import KINDS
from bursar.outbox.carriers import CARRIERS, carrier
from bursar.ui import navigation
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


def test_every_registry_of_the_house_is_closed_once_it_runs() -> None:
    assert get_resolver().url_patterns  # the addresses are known: pages bring the navigation's entries
    every = (
        registry.ACTIONS, registry.TARGETS, registry.PROJECTIONS, registry.HERALDS, registry.CHECKS,
        TICKS, CARRIERS, OPTIONS, KINDS, EVENTS, navigation.ENTRIES,
    )  # fmt: skip
    assert all(one.is_closed and len(one) for one in every)
    with pytest.raises(ImproperlyConfigured, match="tick “late”"):
        tick("late")(lambda now: None)
    with pytest.raises(ImproperlyConfigured, match="carrier “late”"):
        carrier("late")(lambda row: None)
    with pytest.raises(ImproperlyConfigured, match="navigation entry “late”"):
        navigation.register(NavEntry(key="late", label="Late", url_name="home", order=1))


def test_every_entry_of_the_navigation_leads_somewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    assert navigation.list_faults() == []
    astray = NavEntry(key="astray", label="Astray", url_name="no:where", order=1)
    monkeypatch.setitem(navigation.ENTRIES.things, "astray", astray)
    assert navigation.list_faults() == ["the navigation entry “astray” leads to no:where, which is no address"]


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
