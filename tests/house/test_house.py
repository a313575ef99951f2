"""What import-linter cannot see: foreign keys by name, and templates, go down the street as well."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.template import engines
from django.template.backends.django import DjangoTemplates

from bursar.core.ticks import TICKS
from tests.cast import Cast, sign_in

ROOT = Path(settings.ROOT)
STREET = {room: place for place, room in enumerate(settings.ROOMS)}
TEMPLATES = sorted(ROOT.glob("bursar/*/templates/**/*.html"))
LONGEST = 160  # characters, of a template's line
_NAMED = re.compile(r"""{%\s*(?:include|extends|once)\s+["']([\w/.]+)["']""")


def room_of(path: Path) -> str:
    return path.relative_to(ROOT / "bursar").parts[0]


def test_every_room_is_on_the_street() -> None:
    rooms = {path.parent.name for path in ROOT.glob("bursar/*/apps.py")}
    assert rooms == set(STREET)


def test_foreign_keys_go_down_the_street() -> None:
    for model in apps.get_models():
        room = model._meta.app_label
        for field in model._meta.get_fields():
            target = getattr(field, "related_model", None)
            if room in STREET and field.concrete and target is not None and target._meta.app_label in STREET:
                assert STREET[target._meta.app_label] <= STREET[room], f"{model.__name__}.{field.name}"


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_templates_go_down_the_street(path: Path) -> None:
    for name in _NAMED.findall(path.read_text()):
        django = engines["django"]
        assert isinstance(django, DjangoTemplates)
        origin = django.engine.get_template(name).origin.name
        assert STREET[room_of(Path(origin))] <= STREET[room_of(path)], f"{path} uses {name}"


def test_a_line_of_a_template_can_be_read() -> None:
    """White space that a browser drops is free: a long line breaks there, or between the attributes of a tag."""
    long = [
        f"{path.relative_to(ROOT)}:{number} has {len(line)} characters"
        for path in TEMPLATES
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if len(line) > LONGEST
    ]
    assert long == []


def test_templates_hold_no_inline_script_or_style() -> None:
    """But mail: mail programs drop style sheets, and what Bursar shows of a mail stands in a sandbox of its own.

    A block of JSON is data, which no browser runs.
    """
    mail = ROOT / "bursar/notifications/templates/notifications/mail"
    assert any(path.is_relative_to(mail) for path in TEMPLATES)
    for path in TEMPLATES:
        text = path.read_text()
        if path.is_relative_to(mail):
            text = re.sub(r' style="[^"]*"', "", text)
        assert not re.search(r'<script(?![^>]*\b(?:src=|type="application/json"))', text), path
        assert " style=" not in text and "<style" not in text, path
        assert not re.search(r"\son\w+=", text), path


def test_no_component_is_left_unrendered(cast: Cast, client: object) -> None:
    iris = sign_in("iris@agora.example")
    for address in ("/", "/panel/usage/", "/panel/book/", f"/panel/accounts/{cast.haarlem.public_id}"):
        page = iris.get(address)
        assert page.status_code == 200 and b"<c-" not in page.content


def test_ticks_are_registered() -> None:
    assert {"rollup.refresh", "audit.seal", "outbox.deliver", "notifications.digest"} <= set(TICKS)


def test_generated_reference_is_up_to_date(db: None) -> None:
    from django.core.management import call_command

    call_command("docs", "--check")
