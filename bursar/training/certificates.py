"""The certificate of a licence, drawn when somebody asks for it: it says what is so now, and an erased name is gone.

Whoever has it finds by its address, in words and as a QR code, whether it still holds.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

from babel import Locale
from babel.dates import format_date
from django.conf import settings
from django.urls import reverse

from bursar.billing.documents.glyphs import (
    find_beyond_latin,
    find_undrawable,
    list_texts,
    map_texts,
    replace_signs,
    tidy,
)
from bursar.billing.documents.texts import LOCALES
from bursar.billing.documents.typesetting import as_file, typeset, why_not_here
from bursar.billing.seller import get_name
from bursar.training.models import Licence
from bursar.training.qr import draw_qr

TEMPLATE = Path(__file__).parent / "certificate_templates" / "certificate.typ"
LANGUAGES = tuple(LOCALES)
NO_NAME = "The product has not told yet who has this address, so the certificate would name nobody."
ERASED = "This person was erased: there is no name to certify."
_WORDS: dict[str, tuple[str, str]] = {
    "kind": ("Certificate", "Certificaat"),
    "certifies": ("This certifies that", "Hierbij verklaren wij dat"),
    "completed": ("completed the training", "heeft deelgenomen aan de training"),
    "valid": ("Valid from {first} through {last}.", "Geldig van {first} tot en met {last}."),
    "verify": ("Whether it still holds is said at", "Of het nog geldt, staat op"),
    "number": ("Certificate {id}", "Certificaat {id}"),
    "title": ("Certificate of {name}", "Certificaat van {name}"),
    "missing": (
        "� stands for what cannot be drawn here.",
        "� staat voor wat hier niet kan worden getekend.",
    ),
}


@dataclass(frozen=True)
class Certificate:
    """What it says. `address`: of its public page. `id`: the licence's public id."""

    id: str
    name: str
    training: str
    valid_from: date
    last_day: date
    address: str
    seller: str


def why_not_draw(licence: Licence) -> str | None:
    """None where there is somebody to name and documents can be drawn here."""
    if not licence.name:
        return NO_NAME if licence.email else ERASED
    return why_not_here()


def make_address(licence: Licence) -> str:
    """Where anybody sees whether it holds."""
    return settings.BURSAR_ADDRESS + reverse("certificates:verify", args=[licence.token])


def describe(licence: Licence) -> Certificate:
    return Certificate(
        licence.public_id, licence.name, licence.training.title, licence.valid_from, licence.last_day,
        make_address(licence), get_name(),
    )  # fmt: skip


def draw(one: Certificate, language: str) -> bytes:
    """A PDF/A-3b, tagged; the same certificate, the same bytes. `language`: of LANGUAGES.

    Raises RuntimeError with the sentence of `why_not_here`.
    """
    content = map_texts(_say(one, language), tidy)
    texts = list_texts(content)
    try:
        return _typeset(content, find_undrawable(texts), one, language)
    except ValueError:  # a line break may part what only together could be drawn
        return _typeset(content, find_beyond_latin(texts), one, language)


def _say(one: Certificate, language: str) -> dict[str, Any]:
    column, locale = LANGUAGES.index(language), Locale.parse(LOCALES[language])
    days = {
        "first": format_date(one.valid_from, "long", locale=locale),
        "last": format_date(one.last_day, "long", locale=locale),
    }
    said = {
        key: words[column].format(**days, name=one.name, id=one.id) for key, words in _WORDS.items() if key != "missing"
    }
    return {
        **said, "name": one.name, "training": one.training, "seller": one.seller, "address": one.address,
        "language": locale.language, "region": str(locale.territory),
    }  # fmt: skip


def _typeset(content: dict[str, Any], missing: list[str], one: Certificate, language: str) -> bytes:
    day = one.valid_from
    words = _WORDS["missing"][LANGUAGES.index(language)]
    said = {
        **replace_signs(content, missing),
        "missing": words if missing else "",
        "qr": draw_qr(one.address),
        "date": {"year": day.year, "month": day.month, "day": day.day},
    }
    files = {"certificate.typ": TEMPLATE.read_bytes(), "content.json": as_file(said)}
    return typeset("certificate.typ", files, int(datetime.combine(day, time.min, UTC).timestamp()))
