"""Pages made of sections: one line adds one, whoever it is not for does not see it, and it reads what others read."""

from __future__ import annotations

from typing import Any

import pytest
from django.template.loader import get_template

from bursar.dashboard import pages as dashboard
from bursar.dashboard.sections import HOME_SECTIONS
from bursar.panel import pages as panel
from bursar.panel.sections import ACCOUNT_SECTIONS, ORGANISATION_SECTIONS, WORKSPACE_SECTIONS
from bursar.rollup.sections import account_months
from bursar.ui.sections import Look, Section
from tests.cast import Cast, sign_in

EVERY = (ACCOUNT_SECTIONS, WORKSPACE_SECTIONS, ORGANISATION_SECTIONS, HOME_SECTIONS)


@pytest.mark.parametrize("sections", EVERY)
def test_keys_are_unique_and_templates_are_there(sections: tuple[Section, ...]) -> None:
    assert len({section.key for section in sections}) == len(sections)
    for section in sections:
        assert get_template(section.template)


def probe(seen: list[Any], **more: Any) -> Section:
    def load(look: Look) -> dict[str, Any]:
        seen.append(look)
        return {"terms": [], "aside": "a probe"}

    return Section("probe", "One more", "panel/_terms.html", load, **more)


def test_one_line_adds_a_section_for_whom_it_is(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Look] = []
    section = probe(seen, is_for=lambda look: look.who.can("set_tier"))
    monkeypatch.setattr(panel, "ACCOUNT_SECTIONS", (*ACCOUNT_SECTIONS, section))
    address = f"/panel/accounts/{cast.haarlem.public_id}"
    page = sign_in("iris@agora.example").get(address).content.decode()
    assert '<section class="panel" id="probe"><h2>One more <span class="dim">a probe</span></h2>' in page
    assert page.index('id="terms"') < page.index('id="probe"') < page.index('<aside id="story-side">')
    assert seen[0].target == cast.haarlem and account_months(seen[0]) is seen[0].cache["account months"]
    assert 'id="probe"' not in sign_in("ada@agora.example").get(address).content.decode() and len(seen) == 1


def test_the_customers_home_takes_one_too(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Look] = []
    monkeypatch.setattr(dashboard, "HOME_SECTIONS", (*HOME_SECTIONS, probe(seen)))
    assert 'id="probe"' in sign_in("maud@client.example").get("/").content.decode()
    assert seen[0].who.governs(cast.haarlem.organisation) and seen[0].target is None


def test_what_has_nothing_to_show_is_left_out(cast: Cast) -> None:
    page = sign_in("iris@agora.example").get(f"/panel/accounts/{cast.haarlem.public_id}").content.decode()
    assert 'id="people"' in page and 'id="invited"' not in page
