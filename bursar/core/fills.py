"""Texts with places to fill: “Dear {contact}”. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from string import Formatter


def why_not_fill(known: Collection[str], text: str) -> str | None:
    """None, or what is wrong with a text: a brace left open, or a name that is not one of `known`."""
    try:
        parts = list(Formatter().parse(text))
    except ValueError:
        return "A brace { or } stands alone. Write {{ or }} for a brace in the text."
    for _, name, form, conversion in parts:
        if name is None:
            continue
        if name not in known or form or conversion:
            shown = ", ".join(f"{{{one}}}" for one in known)
            return f"“{{{name}}}” is not known here. Known are: {shown}."
    return None


def fill(text: str, values: Mapping[str, str]) -> str:
    """The text with its placeholders filled in. Names that are not in `values` stay as they are written."""
    made = []
    for literal, name, _, _ in Formatter().parse(text):
        made.append(literal)
        if name is not None:
            made.append(values.get(name, f"{{{name}}}"))
    return "".join(made)
