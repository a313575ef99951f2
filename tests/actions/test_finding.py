"""What is typed finds the action that is meant, everywhere in the same order."""

from __future__ import annotations

from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bursar.actions import menu
from bursar.actions.finding import Keys, find, keys_of
from bursar.actions.registry import ACTIONS, TARGETS
from bursar.actions.sentences import list_refusals
from tests.cast import NOW, Cast

IN_MENU = [action for action in ACTIONS.values() if action.in_menu]


class Thing(NamedTuple):
    name: str
    keys: Keys


def thing(name: str, code: str = "", *formerly: str, target: str = "") -> Thing:
    return Thing(name, keys_of(name, code, formerly, target))


THINGS = [
    thing("Set discount", "di", "coupon", target="workspace Jeugdpanel"),
    thing("Remove discount", "rd", "full price"),
    thing("Reset usage", "ru", "clear counter", "quota"),
    thing("Set-up", "dx"),
    thing("Set discount", "adi", "coupon", target="account Haarlem"),
]


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("", ["Set discount", "Remove discount", "Reset usage", "Set-up", "Set discount"]),
        ("di", ["Set discount", "Remove discount", "Set discount"]),  # the code before the word
        ("rd", ["Remove discount"]),
        ("r", ["Remove discount", "Reset usage"]),
        ("ru", ["Reset usage"]),
        ("reset", ["Reset usage"]),
        ("usage", ["Reset usage"]),
        ("COUPON", ["Set discount", "Set discount"]),
        ("quo", ["Reset usage"]),
        ("discount haar", ["Set discount"]),
        ("price rem", ["Remove discount"]),
        ("sétup", []),
        ("set up", ["Set-up"]),
        ("nothing so", []),
    ],
)
def test_the_nearest_comes_first(typed: str, names: list[str]) -> None:
    assert [found.name for found in find(THINGS, typed)] == names


def test_the_row_itself_comes_before_what_it_belongs_to() -> None:
    assert [found.keys.code for found in find(THINGS, "set dis")] == ["di", "adi"]
    assert [found.keys.code for found in find(THINGS, "discount haarlem")] == ["adi"]


@given(st.text(alphabet="adeinorstu ", max_size=8))
def test_what_is_found_fits_and_is_found_once(typed: str) -> None:
    found = find(THINGS, typed)
    assert len(found) == len(set(map(id, found)))
    ranks = [one.keys.rank(" ".join(typed.split())) for one in found]
    assert ranks == sorted(ranks) and -1 not in ranks
    assert all(one.keys.rank(" ".join(typed.split())) == -1 for one in THINGS if one not in found)


def test_every_action_of_every_menu_is_found_by_at_most_three_letters(cast: Cast) -> None:
    """Its code is nobody else's in that menu, and puts it first, before whatever begins so."""
    seen: set[str] = set()
    for slug in TARGETS:
        target_id = cast.iris.id if slug == "inbox" else cast.target_id(slug)
        entries = [entry for part in menu.build(cast.iris, slug, target_id, NOW) for entry in part.entries]
        coded = [entry for entry in entries if entry.code]
        assert len({entry.code for entry in coded}) == len(coded), slug
        assert all(2 <= len(entry.code) <= 3 for entry in coded)
        assert [find(entries, entry.code)[0] for entry in coded] == coded
        assert all(entry.code or entry.label.startswith("Undo") for entry in entries)
        seen |= {entry.key for entry in coded}
    assert seen == {action.key for action in IN_MENU}


def test_the_row_own_actions_have_two_letters_and_keep_them(cast: Cast) -> None:
    own, account, organisation = menu.build(cast.iris, "workspace", cast.panel.public_id, NOW)
    code = {entry.key: entry.code for part in (own, account, organisation) for entry in part.entries}
    assert code["attention.workspace.take"] == "tk" == ACTIONS["attention.account.take"].code
    assert (code["attention.account.take"], code["attention.organisation.take"]) == ("atk", "otk")
    assert code["plans.account.grant_trial"] == "gt"
    assert menu.build(cast.iris, "account", cast.samen.public_id, NOW)[0].entries[0].code == "gt"


def test_former_names_are_no_labels_and_lead_somewhere() -> None:
    assert all(name == name.lower() and name.strip() for action in IN_MENU for name in action.formerly)
    assert not [a.key for a in IN_MENU if a.title.lower() in a.formerly]
    levers = [action for action in IN_MENU if action.target_slug == "workspace"]
    assert find(levers, "coupon")[0].key == "plans.workspace.set_discount"
    assert find(levers, "impersonate")[0].key == "support.workspace.ask"
    assert find(levers, "quota")[0].key == "usage.workspace.reset_usage"


def test_no_help_text_reads_like_a_reason() -> None:
    """A reason says how things stand; a help text says what the action does, and begins with that."""
    refusals = {sentence for action in ACTIONS.values() for sentence in list_refusals(action)}
    begins = {sentence.split()[0] for sentence in refusals}
    assert len(begins) > 20
    assert not {action.key: action.help for action in IN_MENU if action.help.split()[0] in begins}
    assert not {action.key for action in ACTIONS.values() if action.help in refusals}


def test_icons_tell_actions_on_one_target_apart() -> None:
    drawn = [(action.target_slug, action.icon) for action in IN_MENU]
    assert sorted({pair for pair in drawn if drawn.count(pair) > 1}) == []
