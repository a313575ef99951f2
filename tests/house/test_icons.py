"""Icons come from one set, by names that it knows, and serve without the front-end packages once collected."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from django.core.management import call_command
from django.template import Context, Template

from bursar.config.icons import list_faults, list_used
from bursar.ui import icons
from bursar.ui.navigation import ENTRIES, Side


def test_every_icon_that_is_used_is_in_the_set(monkeypatch: pytest.MonkeyPatch) -> None:
    assert list_faults() == []
    monkeypatch.setattr("bursar.config.icons.list_used", lambda: {"bell", "no-such-icon"})
    assert list_faults() == ["the icon “no-such-icon” is none of @tabler/icons"]


def test_every_entry_of_the_sidebar_has_its_icon() -> None:
    assert [entry.key for entry in ENTRIES.values() if entry.side is Side.PANEL and not entry.icon] == []


def test_an_icon_is_drawn_in_the_page_and_is_silent() -> None:
    drawn = Template('{% icon "bell" %}').render(Context())
    assert drawn.startswith('<svg class="icon"') and drawn.endswith("</svg>")
    assert 'aria-hidden="true"' in drawn and "M10 5a2" in drawn and "M0 0h24v24H0z" not in drawn
    assert "style=" not in drawn and "\n" not in drawn


def _spelt(strokes: str) -> str:
    """Letters and numbers apart, however closely they were written."""
    return " ".join(re.findall(r"[A-Za-z]|-?\d*\.?\d+", strokes))


def test_every_icon_in_use_is_drawn_with_all_its_strokes() -> None:
    stroke = re.compile(r' d="(M[^"]*)"')
    for name in list_used():
        path = icons.find(name)
        assert path is not None
        wanted = set(stroke.findall(path.read_text())) - {"M0 0h24v24H0z"}
        drawn = ElementTree.fromstring(icons.draw(name))
        paths = [_spelt(path.get("d") or "") for path in drawn]
        assert wanted and all(any(_spelt(one) in path for path in paths) for one in wanted), name


def test_collected_icons_serve_without_the_packages(settings: Any, tmp_path: Path) -> None:
    settings.STATIC_ROOT = tmp_path
    call_command("collectstatic", "--no-input", verbosity=0)
    collected = {path.stem for path in (tmp_path / "vendor" / "icons").iterdir()}
    assert collected == list_used()
    icons.draw.cache_clear()
    settings.ICONS, settings.ICONS_COLLECTED = tmp_path / "gone", tmp_path / "vendor" / "icons"
    try:
        assert "M10 5a2" in icons.draw("bell")
        settings.ICONS_COLLECTED = tmp_path / "gone"
        icons.draw.cache_clear()
        assert icons.draw("bell") == "" and list_faults() == []
    finally:
        icons.draw.cache_clear()
