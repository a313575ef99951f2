"""What a PDF says, read again by a library that did not draw it."""

from __future__ import annotations

import io
import re
from decimal import Decimal

import pypdf

from bursar.billing.documents.document import Document
from bursar.billing.documents.pdf import to_pdf

NUMBER = re.compile(r"−?[\d.,]*\d")
INVISIBLE = dict.fromkeys(map(ord, "\u200b\u00ad"), "")


def read_pages(pdf: bytes) -> list[str]:
    """Page by page, any white space as one space, without the places where long words may break."""
    return [" ".join(page.split()) for page in _extract(pdf)]


def read_lines(pdf: bytes) -> list[str]:
    return [line for page in _extract(pdf) for line in page.splitlines()]


def _extract(pdf: bytes) -> list[str]:
    return [page.extract_text().translate(INVISIBLE) for page in pypdf.PdfReader(io.BytesIO(pdf)).pages]


def read_text(pdf: bytes) -> str:
    return " ".join(read_pages(pdf))


def say(document: Document) -> str:
    return read_text(to_pdf(document))


def read_amount(text: str, language: str = "en") -> Decimal:
    """ "€1,234.50", or in Dutch "€ 1.234,50" """
    thousands, point = (",", ".") if language == "en" else (".", ",")
    found = NUMBER.search(text)
    assert found, text
    return Decimal(found[0].replace(thousands, "").replace(point, ".").replace("−", "-"))
