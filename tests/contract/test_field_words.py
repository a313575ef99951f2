"""No form answers in Django's words: each action's, filled in with nothing and with rubbish, and the sign-in pages'."""

from __future__ import annotations

import re
from typing import Any

import pytest
from allauth.account.forms import LoginForm, ResetPasswordForm
from allauth.mfa.base.forms import AuthenticateForm
from django import forms
from django.test import Client

from bursar.actions.registry import ACTIONS, TARGETS
from bursar.actions.schema import data_model
from bursar.actions.spec import ActionForm, Case
from tests.cast import NOW, Cast, sign_in

THEIRS = re.compile(
    r"This field|Enter a|Enter the|Select a valid|is not one of|Ensure (this|that)|Upload a|No file was|Null char|"
    r"valid (date|time|number|choice|email|URL|value|list)"
)
RUBBISH: tuple[Any, ...] = (
    "",
    "no_such_thing",
    "-1",
    "99999999999999999999.999",
    "2026-13-45",
    "x" * 5000,
    "x\x00y",
)


def faults_of(form: forms.Form) -> list[str]:
    form.is_valid()
    return [str(fault) for faults in form.errors.values() for fault in faults]


def test_no_action_answers_in_anybody_elses_words(cast: Cast) -> None:
    said: set[str] = set()
    for action in ACTIONS.values():
        if action.form is ActionForm:
            continue
        whose = cast.iris if action.permission else cast.ada
        target = TARGETS[action.target_slug].fetch(whose, cast.target_id(action.target_slug))
        names = action.form.base_fields  # type: ignore[attr-defined]  # set by Django's form metaclass
        for value in RUBBISH:
            form = action.form_for(Case(cast.iris, target, NOW), dict.fromkeys(names, value))
            theirs = [fault for fault in faults_of(form) if THEIRS.search(fault)]
            assert not theirs, (action.key, value, theirs)
            said.update(faults_of(form))
    assert {"Fill this in.", "Choose one.", "Say which day.", "Write a day, such as 2026-11-30."} <= said
    assert "“no_such_thing” is not in the list. Choose one that is." in said


def test_programs_are_asked_for_no_field_that_a_form_may_leave_out(cast: Cast) -> None:
    """The schema is made without a target: what it calls required, the form asks of each."""
    left_out = {}
    for action in ACTIONS.values():
        whose = cast.iris if action.permission else cast.ada
        target = TARGETS[action.target_slug].fetch(whose, cast.target_id(action.target_slug))
        form = action.form_for(Case(cast.iris, target, NOW))
        required = set(data_model(action).model_json_schema().get("required", ()))
        if gone := required - {name for name, field in form.fields.items() if field.required}:
            left_out[action.key] = gone
    assert left_out == {}


@pytest.mark.parametrize("made", [LoginForm, ResetPasswordForm, AuthenticateForm])
def test_nor_does_a_sign_in_page(made: type[forms.Form], cast: Cast) -> None:
    for value in ("", "no address"):
        form = made.__new__(made)
        forms.Form.__init__(form, {"login": value, "email": value, "password": "", "code": value})
        faults = [
            str(fault)
            for name, field in form.base_fields.items()  # type: ignore[attr-defined]  # set by the metaclass
            for fault in clean(field, {"login": value}.get(name, value))
        ]
        assert not [fault for fault in faults if THEIRS.search(fault)], faults


def clean(field: forms.Field, value: str) -> list[str]:
    try:
        field.clean(value)
    except forms.ValidationError as error:
        return list(error.messages)
    return []


def test_the_same_words_come_by_page_and_api(cast: Cast) -> None:
    ties = sign_in("ties@agora.example")
    path = f"account/{cast.haarlem.public_id}"
    page = ties.post(f"/panel/actions/{path}/set_discount", {"kind": "partner", "percent": "101", "reason": "x"})
    assert page.status_code == 422 and "At most 100." in page.content.decode()
    api = ties.post(
        f"/api/v1/{path}/actions/set_discount",
        {"data": {"kind": "gift", "percent": "10"}, "reason": "x"},
        content_type="application/json",
    )
    assert api.json()["fields"]["kind"] == ["One of 'scholarship', 'staff_discount', 'trial' or 'partner'."]
    signing_in = Client().post("/sign-in/", {"login": "", "password": ""}).context["form"]
    assert signing_in.errors["login"] == ["Fill this in."]
