"""A field of several rows, each of a small form of its own: the lines of an invoice.

Programs send a list of objects; pages post `lines-0-kind`, `lines-1-kind`, … beside a hidden `lines`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from django import forms
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from bursar.core.text import why_not_keep, why_not_name

AT_MOST = 60
SHOWN = 5
"""Rows that stand in a dialog at least; one more than are filled in always does."""


class RowsWidget(forms.Widget):
    template_name = "actions/_rows.html"

    def __init__(self, row: type[forms.Form]) -> None:
        super().__init__()
        self.row = row

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> Any:
        """As sent, where a program sent it; else the posted rows in which anything is filled in."""
        given = data.get(name)
        if given:
            return _read(given)
        part = re.compile(rf"{re.escape(name)}-(\d{{1,3}})-(\w+)", re.ASCII)
        rows: dict[int, dict[str, Any]] = {}
        for key in data:
            if match := part.fullmatch(str(key)):
                rows.setdefault(int(match[1]), {})[match[2]] = data[key]
        kinds = {key for key, made in self.row.base_fields.items() if isinstance(made, forms.ChoiceField)}  # type: ignore[attr-defined]  # set by Django's form metaclass
        return [row for _, row in sorted(rows.items()) if any(row[key] for key in row if key not in kinds)]

    def value_omitted_from_data(self, data: Mapping[str, Any], files: Any, name: str) -> bool:
        return False

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        filled = [row for row in value or [] if isinstance(row, dict)] if isinstance(value, (list, tuple)) else []
        count = min(AT_MOST, max(SHOWN, len(filled) + 1))
        filled += [{}] * (count - len(filled))
        rows = [
            self.row(initial=row, prefix=f"{name}-{place}", use_required_attribute=False)
            for place, row in enumerate(filled[:count])
        ]
        return render_to_string(self.template_name, {"name": name, "rows": rows, "heads": list(rows[0])})

    def id_for_label(self, id_: str | None, index: str | None = None) -> str:
        return ""


def _read(given: Any) -> Any:
    if not isinstance(given, str):
        return given
    try:
        return json.loads(given)
    except ValueError:
        return given


class RowsField(forms.Field):
    """Cleaned, it is a list of the rows' cleaned data; kept as it was sent, it is `keep_rows` of that."""

    def __init__(self, row: type[forms.Form], **kwargs: Any) -> None:
        self.row = row
        super().__init__(widget=RowsWidget(row), **kwargs)

    def clean(self, value: Any) -> list[dict[str, Any]]:
        if value in (None, ""):
            value = []
        if not isinstance(value, (list, tuple)) or not all(isinstance(row, dict) for row in value):
            raise forms.ValidationError("This is no list of lines.")
        if len(value) > AT_MOST:
            raise forms.ValidationError(f"At most {AT_MOST} lines; these are {len(value)}.")
        cleaned, faults = [], []
        for place, row in enumerate(value, 1):
            form = self._bind(row)
            faults += [f"Line {place}: {fault}" for fault in _list_faults(form, row)]
            cleaned.append(form.cleaned_data)
        if faults:
            raise forms.ValidationError(faults)
        return cleaned

    def _bind(self, row: dict[str, Any]) -> forms.Form:
        form = self.row({key: value for key, value in row.items() if isinstance(value, (str, int, float))})
        for made in form.fields.values():
            if isinstance(made, forms.CharField):
                made.validators.append(_check_text)
        return form


def _list_faults(form: forms.Form, row: dict[str, Any]) -> list[str]:
    names = {name: str(field.label).lower() for name, field in form.fields.items()}
    strange = [f"there is no field “{key}”." for key in row if key not in names and why_not_keep(key) is None]
    said = [f"{names.get(name, name)}: {fault}" for name, faults in form.errors.items() for fault in faults]
    return [*strange, *said]


def _check_text(text: str) -> None:
    if sentence := why_not_name(text):
        raise forms.ValidationError(f"This {sentence}.")


def keep_rows(rows: list[dict[str, Any]]) -> list[dict[str, str]]:
    """As JSON has it, to be filled in again."""
    return [{key: str(value) for key, value in row.items() if value not in (None, "")} for row in rows]
