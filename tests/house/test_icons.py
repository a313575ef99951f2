"""Icons come from one set, by names that it knows; the sheet of those in use serves without the front-end packages."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree

import pytest
from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.template import Context, Template
from django.test import Client

from bursar.config.icons import SHEET, IconsFinder, list_faults, list_used
from bursar.ui import icons
from bursar.ui.navigation import ENTRIES, Side


def test_every_icon_that_is_used_is_in_the_set(monkeypatch: pytest.MonkeyPatch) -> None:
    assert list_faults() == []
    monkeypatch.setattr("bursar.config.icons.list_used", lambda: {"bell", "no-such-icon"})
    assert list_faults() == ["the icon “no-such-icon” is none of @tabler/icons"]


def test_every_entry_of_the_sidebar_has_its_icon() -> None:
    assert [entry.key for entry in ENTRIES.values() if entry.side is Side.PANEL and not entry.icon] == []


def test_an_icon_is_named_in_the_page_and_is_silent() -> None:
    assert Template('{% icon "bell" %}').render(Context()) == '<i class="icon i-bell"></i>'


def _spelt(strokes: str) -> str:
    """Letters and numbers apart, however closely they were written."""
    return " ".join(re.findall(r"[A-Za-z]|-?\d*\.?\d+", strokes))


def _pictures(sheet: str) -> dict[str, str]:
    """What the sheet has for each name, as a browser reads it."""
    found = re.findall(r'^\.i-([\w-]+)\{mask-image:url\("data:image/svg\+xml,([^"]*)"\)\}$', sheet, re.M)
    return {name: unquote(picture) for name, picture in found}


def test_the_sheet_has_every_icon_in_use_with_all_its_strokes() -> None:
    stroke = re.compile(r' d="(M[^"]*)"')
    pictures = _pictures(icons.write_sheet(list_used()))
    assert set(pictures) == list_used()
    for name, picture in pictures.items():
        path = icons.find(name)
        assert path is not None
        wanted = set(stroke.findall(path.read_text())) - {"M0 0h24v24H0z"}
        paths = [_spelt(one.get("d") or "") for one in ElementTree.fromstring(picture)]
        assert wanted and all(any(_spelt(one) in path for path in paths) for one in wanted), name


def test_the_sheet_is_served_and_every_page_asks_for_it(db: None) -> None:
    with open(str(finders.find(SHEET)), encoding="utf-8") as served:
        assert served.read() == icons.write_sheet(list_used())
    assert f'href="/static/{SHEET}"' in Client().get("/sign-in/").content.decode()


def test_the_collected_sheet_serves_without_the_packages(settings: Any, tmp_path: Path) -> None:
    settings.STATIC_ROOT = tmp_path
    call_command("collectstatic", "--no-input", verbosity=0)
    sheet = tmp_path / SHEET
    assert set(_pictures(sheet.read_text())) == list_used()
    settings.ICONS = tmp_path / "gone"
    assert list_faults() == [] and list(IconsFinder().list(None)) == []
