"""The handbook's refusals come from the predicates themselves."""

from __future__ import annotations

from typing import Any

from django import forms

from bursar.actions.closing import list_declaration_faults
from bursar.actions.registry import ACTIONS
from bursar.actions.sentences import list_refusals
from bursar.actions.spec import Action, ActionForm, Case, Group, Notice, Outcome
from bursar.plans import rules
from bursar.tenants.models import Workspace


def _why_not_today(case: Case) -> str | None:
    if case.target is None:
        return f"{case.target} is closed on {case.now:%d}."
    return _why_deeper() or None


def _why_deeper() -> str | None:
    return "It lies deeper, and is found." if "no sentence. at all" else None


class Form(ActionForm):
    day = forms.CharField()

    def clean_day(self) -> Any:
        raise forms.ValidationError(f"{self.cleaned_data} is past.")


def made(**more: Any) -> Action:
    return Action(key="a.b.c", on=Workspace, label="L", help="H.", verb=lambda *_: Outcome(""), **more)


def test_returned_sentences_those_asked_for_and_the_forms_own() -> None:
    action = made(blocked=_why_not_today, refused=lambda case, data: "Not like this." if data else None, form=Form)
    assert list_refusals(action) == [
        "… is closed on ….",
        "It lies deeper, and is found.",
        "Not like this.",
        "… is past.",
    ]
    assert list_refusals(made()) == []


def test_rules_of_the_room_are_found_through_a_lambda() -> None:
    action = made(blocked=lambda case: rules.why_not_set_managed(case.target))
    assert "The account is managed already." in list_refusals(action)


def test_a_real_action_says_what_it_refuses() -> None:
    found = list_refusals(ACTIONS["plans.workspace.change_tier"])
    assert "The workspace was deleted." in found and any("Mollie subscription is live" in one for one in found)


def test_an_action_that_does_not_say_when_is_a_fault() -> None:
    """And with a fault Bursar does not start."""
    fault = "a.b.c: does not say when to reach for it (`when`)"
    assert fault in list_declaration_faults(made())
    assert fault not in list_declaration_faults(made(when="For tests. Not for people."))


def test_an_action_in_the_kebab_says_in_which_group() -> None:
    fault = "a.b.c: stands in the menu and in none of its groups (`group`)"
    assert fault in list_declaration_faults(made())
    assert fault not in list_declaration_faults(made(group=Group.PLAN))
    assert fault not in list_declaration_faults(made(in_menu=False))


def test_an_action_that_is_a_command_says_what_it_is_called_afterwards() -> None:
    """The book, notices and mail say “Note added”, not “Add note”."""
    fault = "a.b.c: does not say what it is called once it happened (`done`)"
    assert fault in list_declaration_faults(made())
    assert fault not in list_declaration_faults(made(done="L was done"))
    assert fault not in list_declaration_faults(made(in_menu=False))


def test_what_is_harmless_takes_nothing_and_says_what_it_leaves() -> None:
    """Whatever has something to be taken back or told is not harmless, whatever it says."""
    fault = "a.b.c: is harmless, and takes away, is taken back or told, or leaves no word (`instead`)"
    harmless = {"is_harmless": True, "instead": "It only asks."}
    assert fault not in list_declaration_faults(made(**harmless))
    odd: list[dict[str, Any]] = [
        {"takes_away": True}, {"danger": True}, {"customer_visible": True}, {"inverse": ("a.b.c",)}, {"instead": ""},
        {"opposite": "a.b.c"}, {"tell": (Notice.LEADS,)},
    ]  # fmt: skip
    for more in odd:
        assert fault in list_declaration_faults(made(**{**harmless, **more})), more
