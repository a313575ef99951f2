"""Nothing is undocumented, nothing documented is gone, and no link of the docs is dead."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings
from django.core.management import get_commands
from django.urls import URLPattern, URLResolver
from markdown.extensions.toc import slugify

from bursar.__main__ import COMMANDS
from bursar.actions.registry import ACTIONS
from bursar.config.urls import urlpatterns
from bursar.core.options import OPTIONS
from bursar.ui.navigation import list_entries

ROOT = Path(settings.ROOT)
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
READ = [*PAGES, ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
_LINK = re.compile(r"\]\((?!https?:|mailto:)([^)\s]+)\)")
_FRONT = re.compile(r"\A---\n(.*?)\n---\n", re.DOTALL)


def documented() -> dict[str, list[str]]:
    """What each page says it documents: names of addresses, `*` for the many of a library."""
    fronts = {page: _FRONT.match(page.read_text()) for page in PAGES}
    return {page.name: (yaml.safe_load(front[1]) or {}).get("documents", []) for page, front in fronts.items() if front}


def url_names(patterns: Any = urlpatterns, route: str = "/", spaces: tuple[str, ...] = ()) -> Iterator[str]:
    """Every named address for people. Those of the APIs are documented by their OpenAPI text."""
    for pattern in patterns:
        here = route + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            inner = (*spaces, pattern.namespace) if pattern.namespace else spaces
            if not here.startswith(("/api/v1/", "/api/product/")):
                yield from url_names(pattern.url_patterns, here, inner)
        elif isinstance(pattern, URLPattern) and pattern.name:
            yield ":".join((*spaces, pattern.name))


def test_every_page_of_the_panel_is_documented() -> None:
    known = [name for names in documented().values() for name in names]
    missing = [name for name in url_names() if not any(fnmatchcase(name, one) for one in known)]
    assert not missing, f"Name these in the `documents:` line of a page in docs/handbook: {missing}"


def test_no_page_documents_what_is_gone() -> None:
    names = set(url_names())
    for page, known in documented().items():
        gone = [one for one in known if not any(fnmatchcase(name, one) for name in names)]
        assert not gone, f"{page} documents {gone}, which are no addresses"


@pytest.mark.parametrize("entry", list_entries(), ids=lambda entry: entry.key)
def test_every_section_names_its_page(entry: Any) -> None:
    assert (DOCS / "handbook" / f"{entry.help or '?'}.md").is_file(), f"NavEntry {entry.key}: help is “{entry.help}”"


@pytest.mark.parametrize("key", sorted(ACTIONS))
def test_every_action_has_its_page(key: str) -> None:
    text = (DOCS / "handbook" / "actions" / f"{key}.md").read_text()
    assert f"## When to reach for it\n\n{ACTIONS[key].when}" in text


def test_every_setting_and_command_is_documented() -> None:
    reference = {name: (DOCS / "reference" / f"{name}.md").read_text() for name in ("settings", "commands")}
    assert [name for name in OPTIONS if f"| `{name}` |" not in reference["settings"]] == []
    ours = {name for name, room in get_commands().items() if isinstance(room, str) and room.startswith("bursar.")}
    assert ours <= set(COMMANDS)
    assert [name for name in COMMANDS if f"\n## bursar {name}\n" not in reference["commands"]] == []


def in_navigation(part: Any) -> Iterator[str]:
    if isinstance(part, str):
        yield part
    for inner in part.values() if isinstance(part, dict) else part if isinstance(part, list) else []:
        yield from in_navigation(inner)


def test_the_navigation_reaches_every_page_once() -> None:
    listed = Counter(in_navigation(yaml.safe_load((ROOT / "mkdocs.yml").read_text())["nav"]))
    assert {name for name in listed if name.endswith(".md")} == {str(page.relative_to(DOCS)) for page in PAGES}
    assert set(listed.values()) == {1}


def anchors(text: str) -> set[str]:
    """The ids that MkDocs gives to the headings."""
    found: Counter[str] = Counter()
    ids = set()
    for heading in re.findall(r"^#{1,6} +(.+?)\s*$", _without_code(text), re.MULTILINE):
        slug = slugify(re.sub(r"\[([^]]*)\]\([^)]*\)|[`*]", r"\1", heading), "-")
        ids.add(f"{slug}_{found[slug]}" if found[slug] else slug)
        found[slug] += 1
    return ids


def _without_code(text: str) -> str:
    return re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)


def dead_links(page: Path) -> list[str]:
    dead = []
    for link in _LINK.findall(re.sub(r"`[^`\n]*`", "", _without_code(page.read_text()))):
        address, _, anchor = link.partition("#")
        target = page.parent / address if address else page
        is_dead = not target.is_file() or (anchor and anchor not in anchors(target.read_text()))
        dead += [link] if is_dead and not address.startswith("/") else []
    return dead


@pytest.mark.parametrize("page", READ, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_link_is_dead(page: Path) -> None:
    assert dead_links(page) == []


def test_a_dead_link_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# One `two`\n## Again\n## Again\n[a](#one-two) [b](#again_1) [c](#three) [d](gone.md) [e](page.md#x)\n"
    )
    assert dead_links(page) == ["#three", "gone.md", "page.md#x"]


def test_nothing_is_fetched_from_elsewhere() -> None:
    """Words may link outwards; the site itself loads only its own files."""
    site = yaml.safe_load((ROOT / "mkdocs.yml").read_text())
    assert site["theme"]["font"] is False and all("//" not in path for path in site["extra_css"])
    for page in PAGES:
        assert not re.search(r"!\[[^]]*\]\(https?:|<(?:img|script|iframe|link)\b", _without_code(page.read_text())), (
            page
        )


def test_the_builders_pins_agree_with_the_others() -> None:
    """They share one environment."""
    pins = {
        name: dict(
            re.findall(r"^([\w.-]+)(?:\[[^]]*\])?==(\S+)", (ROOT / "requirements" / name).read_text(), re.MULTILINE)
        )
        for name in ("run.txt", "test.txt", "docs.txt")
    }
    for other in ("run.txt", "test.txt"):
        shared = pins["docs.txt"].keys() & pins[other].keys()
        assert {name: pins["docs.txt"][name] for name in shared} == {name: pins[other][name] for name in shared}
