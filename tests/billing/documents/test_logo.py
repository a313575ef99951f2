"""The logo that the settings name: at the head of every document, and no document waits for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bursar.billing import logo
from bursar.billing.making import make
from bursar.config.deployment import _seller
from tests.billing.documents.reading_pdf import read_text
from tests.billing.documents.samples import invoice
from tests.billing.documents.test_archive import SVG, make_png

DOCUMENT = invoice()
NAME = DOCUMENT.seller.name


def head() -> str:
    """What stands before the title."""
    return read_text(make(DOCUMENT, with_e_invoice=False).pdf)


def refusals() -> list[str]:
    return [one.sentence for one in _seller() if one.is_danger and one.sentence.startswith("BURSAR_LOGO")]


@pytest.mark.parametrize("content", [SVG, make_png()], ids=["svg", "png"])
def test_it_stands_instead_of_the_name(tmp_path: Path, settings: Any, content: bytes) -> None:
    named = head().count(NAME)
    path = tmp_path / "logo"
    path.write_bytes(content)
    settings.BURSAR_LOGO = str(path)
    assert head().count(NAME) == named - 1 and refusals() == []
    path.unlink()
    assert head().count(NAME) == named, "gone since, and documents are made all the same"
    assert refusals() == [
        f"BURSAR_LOGO: The logo {path} cannot be read: No such file or directory. "
        "Documents bear the seller’s name instead."
    ]


@pytest.mark.parametrize("content", [b"", b"GIF89a", SVG + b" " * logo.MOST_BYTES], ids=["empty", "gif", "large"])
def test_what_cannot_be_drawn_is_refused_before_go_live_and_stops_nothing(
    tmp_path: Path, settings: Any, content: bytes
) -> None:
    named = head().count(NAME)
    path = tmp_path / "logo.svg"
    path.write_bytes(content)
    settings.BURSAR_LOGO = str(path)
    assert head().count(NAME) == named and len(refusals()) == 1
    path.write_bytes(SVG)
    assert head().count(NAME) == named - 1 and refusals() == [], "mended, without a restart"
