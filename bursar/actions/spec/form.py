"""The form of an action: what is filled in, in the dialog, the API and the command line alike."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from django import forms

from bursar.actions.spec.case import Case
from bursar.core import bounds
from bursar.core.text import why_not_name

Cleaned = dict[str, Any]


class DayInput(forms.DateInput):
    """The browser's own calendar. It reads a prefilled day in the ISO form alone; anything else it shows as empty."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class ActionForm(forms.Form):
    """A form that knows its case, so that choices and defaults follow the target.

    Every text in it can be kept and read, and every day and instant can be true. `rare`: names of fields that are
    seldom filled in; the dialog folds them.
    """

    rare: tuple[str, ...] = ()

    def __init__(self, *args: Any, case: Case, **kwargs: Any) -> None:
        self.case = case
        kwargs.setdefault("auto_id", "f-%s")
        super().__init__(*args, **kwargs)
        for made in self.fields.values():
            for kind, why_not in _FITNESS:
                if isinstance(made, kind):
                    made.validators.append(partial(_check, why_not, case.now))

    @classmethod
    def as_confirmed(cls, case: Case) -> dict[str, Any]:
        """What is only typed to confirm, as it would be: what will happen is read before one agrees to it."""
        return {}

    def list_common(self) -> list[forms.BoundField]:
        return [bound for bound in self.visible_fields() if bound.name not in self.rare]

    def list_rare(self) -> list[forms.BoundField]:
        return [bound for bound in self.visible_fields() if bound.name in self.rare]

    @property
    def is_rare_open(self) -> bool:
        """Whether what is folded has to be seen: a fault, or something that differs from what stood there."""
        return any(bound.errors or self._is_filled_in(bound) for bound in self.list_rare())

    def _is_filled_in(self, bound: forms.BoundField) -> bool:
        given = self.initial.get(bound.name, bound.field.initial)
        if self.is_bound and bound.field.widget.value_omitted_from_data(self.data, self.files, bound.html_name):
            return False
        return bool(bound.field.has_changed(bound.field.initial, bound.data if self.is_bound else given))

    def leave_open(self, name: str) -> None:
        """Nothing is chosen here until somebody does: the list begins with “choose…”, which is no answer."""
        made = self.fields[name]
        assert isinstance(made, forms.ChoiceField) and isinstance(made.widget, forms.Select)
        choices: Any = made.choices  # the stubs allow a callable, which Django has called by now
        made.widget.choices = [("", "choose…"), *choices]


_FITNESS: tuple[tuple[type[forms.Field], Callable[[Any, datetime], str | None]], ...] = (
    (forms.CharField, lambda text, now: why_not_name(text)),
    (forms.DateField, bounds.why_not_end_on),
    (forms.DateTimeField, bounds.why_not_end),
)


def _check(why_not: Callable[[Any, datetime], str | None], now: datetime, value: Any) -> None:
    sentence = why_not(value, now)
    if sentence:
        raise forms.ValidationError(f"This {sentence}.")
