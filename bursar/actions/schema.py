"""A form as data: for OpenAPI and for `bursar actions --json`. The form itself still does the checking."""

from __future__ import annotations

from typing import Any, Literal

from django import forms
from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

from bursar.actions.rows import RowsField
from bursar.actions.spec import Action, Reason
from bursar.core import body_words
from bursar.core.errors import Invalid
from bursar.core.fields import Tick, Whole

_TYPES: list[tuple[type[forms.Field], Any]] = [
    (forms.DecimalField, str),  # before whole numbers: to Django it is one of them
    (forms.IntegerField, Whole),
    (forms.DateField, str),
    (forms.BooleanField, Tick),
    (forms.MultipleChoiceField, list[str]),
    (forms.Field, str),
]
ROWS = "list of objects"


def _type_of(field: forms.Field) -> Any:
    if isinstance(field, RowsField):
        return list[_model_of(field.row.__name__, field.row.base_fields)]  # type: ignore[attr-defined,misc]  # made here
    return next(python for form_type, python in _TYPES if isinstance(field, form_type))


def _say_type(field: forms.Field) -> str:
    if isinstance(field, RowsField):
        return ROWS
    kind = _type_of(field)
    return "list of text" if kind == list[str] else {Whole: "integer", Tick: "boolean"}.get(kind, "text")


def describe_fields(action: Action) -> list[dict[str, Any]]:
    """Name, type, whether required, help and fixed choices of each field."""
    described = []
    for name, field in action.form.base_fields.items():  # type: ignore[attr-defined]  # set by Django's form metaclass
        described.append(
            {
                "name": name,
                "label": str(field.label or name),
                "type": _say_type(field),
                "format": "date" if isinstance(field, forms.DateField) else "",
                "required": field.required,
                "help": str(field.help_text),
                "choices": _fixed_choices(field),
            }
        )
    return described


def _fixed_choices(field: forms.Field) -> list[str]:
    choices = getattr(field, "choices", None) or []
    return [str(value) for value, _ in choices if value not in ("", None)] if not callable(choices) else []


def data_model(action: Action) -> type[BaseModel]:
    title = "".join(part.title().replace("_", "") for part in action.key.split("."))
    return _model_of(f"{title}Data", action.form.base_fields)  # type: ignore[attr-defined]  # set by Django's form metaclass


def _model_of(title: str, base_fields: dict[str, forms.Field]) -> type[BaseModel]:
    fields: dict[str, Any] = {}
    for name, field in base_fields.items():
        kind = _type_of(field)
        choices = _fixed_choices(field)
        if choices and kind is str:
            kind = Literal[tuple(choices)]
        note = Field(description=str(field.help_text or field.label or name))
        fields[name] = (Any if isinstance(field, forms.BooleanField) else kind | None, note)
        if not field.required:
            fields[name] = (kind | None, Field(default=None, description=note.description))
    return create_model(title, __config__=ConfigDict(extra="forbid"), **fields)


def check_data(action: Action, data: dict[str, Any]) -> None:
    """For data that came without this schema. Raises Invalid for a field that is unknown or of another type."""
    try:
        data_model(action).model_validate(data)
    except ValidationError as error:
        fields: dict[str, list[str]] = {}
        for fault in error.errors():
            fields.setdefault(str(fault["loc"][0]), []).append(body_words.say(fault))
        raise Invalid(fields=fields) from None


def body_model(action: Action, *, takes_back: bool) -> type[BaseModel]:
    """The body of the action's POST: `data`, and `reason` and `message` where the action has them. `takes_back`: some
    other action is taken back by it.
    """
    inner = data_model(action)
    needed = any(field.required for field in action.form.base_fields.values())  # type: ignore[attr-defined]
    fields: dict[str, Any] = {"data": (inner, ...) if needed else (inner, Field(default_factory=inner))}
    if action.reason is not Reason.NONE:
        default = ... if action.reason is Reason.REQUIRED else ""
        fields["reason"] = (str, Field(default, description="Why; for the staff, never shown to the customer."))
    if action.takes_message:
        told = ... if action.message is Reason.REQUIRED else ""
        fields["message"] = (str, Field(told, description="To the customer; shown beside the change."))
    if action.asks_for_whom:
        words = "The message is for people with billing rights only, because it speaks of prices or payment."
        fields["message_for_billing"] = (bool, Field(False, description=words))
    if takes_back and not action.way_back:
        words = "The id of the line that this takes back: refused unless the target stands as that left it."
        fields["undoes"] = (str, Field("", max_length=24, description=words))
    return create_model(f"{inner.__name__.removesuffix('Data')}Body", __config__=ConfigDict(extra="forbid"), **fields)
