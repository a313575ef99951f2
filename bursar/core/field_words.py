"""What is said of a field that does not fit: in our words, for every form of the process, sign-in included."""

from __future__ import annotations

from typing import Final

from django import forms
from django.core.validators import EmailValidator, URLValidator

_ADDRESS, _LINK = (
    "Write a whole address, such as name@example.org.",
    "Write a whole address, such as https://example.org.",
)
_DAY, _NUMBER = "Write a day, such as 2026-11-30.", "Write a number, such as 12.50."
_LISTED = "“%(value)s” is not in the list. Choose one that is."

WORDS: Final[dict[type[forms.Field], dict[str, str]]] = {
    forms.Field: {
        "required": "Fill this in.",
        "max_length": "At most %(limit_value)d characters; this has %(show_value)d.",
        "min_length": "At least %(limit_value)d characters; this has %(show_value)d.",
        "max_value": "At most %(limit_value)s.",
        "min_value": "At least %(limit_value)s.",
        "step_size": "In steps of %(limit_value)s.",
        "max_digits": "At most %(max)s digits.",
        "max_decimal_places": "At most %(max)s digits behind the point.",
        "max_whole_digits": "At most %(max)s digits before the point.",
        "null_characters_not_allowed": "This holds a character that cannot be kept.",
    },
    forms.IntegerField: {"required": "Write a number.", "invalid": "Write a whole number, such as 12."},
    forms.FloatField: {"invalid": _NUMBER},
    forms.DecimalField: {"invalid": _NUMBER},
    forms.DateField: {"required": "Say which day.", "invalid": _DAY},
    forms.TimeField: {"required": "Say at what time.", "invalid": "Write a time, such as 14:30."},
    forms.DateTimeField: {"required": "Say when.", "invalid": "Write a day and a time, such as 2026-11-30 14:30."},
    forms.EmailField: {"invalid": _ADDRESS},
    forms.URLField: {"invalid": _LINK},
    forms.BooleanField: {"required": "Tick this to go on."},
    forms.ChoiceField: {"required": "Choose one.", "invalid_choice": _LISTED},
    forms.MultipleChoiceField: {
        "required": "Choose at least one.",
        "invalid_choice": _LISTED,
        "invalid_list": "This is no list. Choose from those that are there.",
    },
    forms.ModelChoiceField: {"required": "Choose one.", "invalid_choice": "That is not in the list. Choose another."},
    forms.FileField: {"required": "Choose a file.", "missing": "No file came. Choose it again.", "empty": "Is empty."},
}


def speak() -> None:
    """Before the first form is made: a field takes its words when it is made. Those of its own go before."""
    for kind, words in WORDS.items():
        kind.default_error_messages = {**vars(kind).get("default_error_messages", {}), **words}
    EmailValidator.message, URLValidator.message = _ADDRESS, _LINK
