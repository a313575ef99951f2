"""What a declaration cannot say of itself, and nobody notices when it is forgotten."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from django.conf import settings

from bursar.actions.closing import list_declaration_faults
from bursar.actions.registry import ACTIONS
from bursar.actions.spec import Action
from bursar.audit import rules
from bursar.webhooks.events import EVENTS, TEST

TESTS = Path(settings.ROOT) / "tests"
EVERY = sorted(ACTIONS)


def list_untested(actions: dict[str, Action], text: str) -> list[str]:
    """Those that no test names, neither by key nor by verb: the contract tests try every door, not what it does."""
    words = set(re.findall(r"\w+", text))
    return [key for key, action in sorted(actions.items()) if key not in text and action.verb_name not in words]


def test_every_action_is_named_by_a_test() -> None:
    text = "\n".join(path.read_text() for path in TESTS.rglob("*.py") if path.name != Path(__file__).name)
    untested = list_untested(dict(ACTIONS), text)
    assert not untested, f"No test says what these do: {untested}"
    made_up = {"a.b.fly": replace(ACTIONS[EVERY[0]], key="a.b.fly")}
    assert list_untested(made_up, "run('a.b.walk')") == ["a.b.fly"]
    assert list_untested(made_up, "post('/b/1/fly')") == []


def offered(action: Action) -> Iterator[str]:
    """Keys of the ways back that the verb's own source names."""
    for node in ast.walk(ast.parse(textwrap.dedent(inspect.getsource(action.verb)))):
        is_undo = isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Undo"
        if is_undo and node.args and isinstance(node.args[0], ast.Constant):  # type: ignore[attr-defined]  # a Call
            yield str(node.args[0].value)  # type: ignore[attr-defined]  # a Call


@pytest.mark.parametrize("key", EVERY)
def test_a_way_back_that_is_offered_is_declared(key: str) -> None:
    missing = set(offered(ACTIONS[key])) - set(ACTIONS[key].inverse)
    assert not missing, f"{key} offers {sorted(missing)} as its undo: name it in `inverse`"


def test_every_event_that_is_described_is_sent_by_somebody() -> None:
    sent = {name for action in ACTIONS.values() for name in (action.event, *action.events)}
    assert set(EVENTS) - sent == {TEST}


@pytest.mark.parametrize(
    ("forgotten", "words"),
    [
        ({"when": ""}, "does not say when to reach for it"),
        ({"done": ""}, "does not say what it is called once it happened"),
        ({"help": ""}, "needs a label and a help sentence"),
        ({"group": None}, "in none of its groups"),
        ({"concerns_money": None}, "does not say whether it is about money"),
        ({"event": "made.up"}, "sends the event made.up, which no `webhook_events.py` describes"),
        ({"inverse": ("no.such.thing",)}, "its inverse no.such.thing does not exist"),
        ({"inverse": ("plans.account.end_trial",)}, "is on another target"),
        ({"calls": ("no.such.thing",)}, "calls no.such.thing, which does not exist"),
        ({"calls": ("rollup.company.export",)}, "which has slow work to do before the transaction"),
        ({"prepare_is_cheap": True}, "prepares nothing"),
        ({"customer_visible": False}, "tells customers of something they may not see"),
    ],
)
def test_what_is_forgotten_in_a_declaration_is_named_at_start(forgotten: dict[str, object], words: str) -> None:
    whole = ACTIONS["plans.workspace.change_tier"]
    assert list_declaration_faults(whole) == []
    odd = replace(whole, **forgotten)  # type: ignore[arg-type]  # one field of its own type each
    assert any(words in fault and whole.key in fault for fault in list_declaration_faults(odd))


def list_changes() -> list[tuple[str, str, bool]]:
    """Every `Change(…)` in the code: where, its label or what makes it, and whether it says that it is about money."""
    found = []
    for path in sorted(Path(settings.ROOT, "bursar").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Change" and node.args:
                says = any(word.arg in ("concerns_money", "private") for word in node.keywords)
                found.append((f"{path.name}:{node.lineno}", ast.unparse(node.args[0]), says))
    return found


def test_no_change_speaks_of_money_without_saying_so() -> None:
    """A label with a word of money in it says whether it is about money: on a line that is not, it would be read."""
    found = list_changes()
    assert len(found) > 50
    assert [(place, label) for place, label, says in found if rules.spoke_of_money(label) and not says] == []
