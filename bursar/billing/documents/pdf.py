"""Draws a document as PDF/A-3b, tagged for screen readers (PDF/UA-1): the same document and look, the same bytes.

Whatever comes from outside reaches the template as strings of a JSON file; typst never reads it as markup or code.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, time
from typing import Any

from bursar.billing.documents.content import describe
from bursar.billing.documents.document import Document
from bursar.billing.documents.glyphs import (
    find_beyond_latin,
    find_undrawable,
    is_joiner,
    list_texts,
    map_texts,
    replace_signs,
    say_sign,
    tidy,
)
from bursar.billing.documents.texts import Wording
from bursar.billing.documents.typesetting import as_file, typeset, why_not_here

__all__ = ["Attachment", "Look", "list_undrawable", "to_pdf", "why_not_here", "why_not_logo"]
NAMED = 6  # of the signs that cannot be drawn


@dataclass(frozen=True)
class Look:
    """`logo`: the bytes of an SVG or a PNG, empty for the seller's name in letters."""

    logo: bytes = b""


@dataclass(frozen=True)
class Attachment:
    """A file inside the PDF. `relationship`: "alternative" (says the same), "data", "source" or "supplement"."""

    name: str
    content: bytes
    description: str
    mime: str = "application/xml"
    relationship: str = "alternative"


def to_pdf(document: Document, *, look: Look = Look(), attachments: Sequence[Attachment] = ()) -> bytes:
    """Raises RuntimeError with the sentence of `why_not_here`, ValueError for a logo or an attachment that is none."""
    content = map_texts(describe(document), tidy)
    texts = list_texts(content)
    try:
        return _draw(document, content, find_undrawable(texts), look, attachments)
    except ValueError:  # a line break may part what only together could be drawn
        return _draw(document, content, find_beyond_latin(texts), look, attachments)


def _draw(
    document: Document, content: dict[str, Any], missing: list[str], look: Look, attachments: Sequence[Attachment]
) -> bytes:
    issued_on = document.issued_on
    said = {
        **replace_signs(content, missing),
        "missing": _say_missing(missing, Wording(document.language)),
        "date": {"year": issued_on.year, "month": issued_on.month, "day": issued_on.day},
        "logo": _describe_logo(look.logo) if look.logo else None,
        "attachments": [asdict(one) for one in attachments],
    }
    midnight = datetime.combine(issued_on, time.min, UTC)
    return typeset("document.typ", {"content.json": as_file(said)}, int(midnight.timestamp()))


def list_undrawable(document: Document) -> list[str]:
    """Signs of the document's text that its PDF shows as �, as "U+1F600 GRINNING FACE"."""
    return _name_all(find_undrawable([tidy(text) for text in list_texts(describe(document))]))


def why_not_logo(logo: bytes) -> str | None:
    """None for an SVG or a PNG that can be drawn."""
    try:
        typeset("logo.typ", {"logo.json": as_file(_describe_logo(logo))})
    except ValueError:
        return "The logo is no SVG or PNG that can be drawn, or has letters that are not turned into shapes."
    return None


def _name_all(signs: Iterable[str]) -> list[str]:
    """But joiners: they go with what they join."""
    return [say_sign(sign) for sign in signs if not is_joiner(sign)]


def _say_missing(signs: Iterable[str], words: Wording) -> str:
    names = _name_all(signs)
    if len(names) > NAMED:
        names = [*names[:NAMED], words.say("and_more", count=len(names) - NAMED)]
    return words.say("missing", names=", ".join(names)) if names else ""


def _describe_logo(logo: bytes) -> dict[str, Any]:
    return {"format": "png" if logo.startswith(b"\x89PNG\r\n") else "svg", "content": logo}
