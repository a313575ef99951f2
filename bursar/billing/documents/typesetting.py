"""The way to typst: our templates, the fonts that come inside its wheel and no others, and files in memory only.

Nothing of the machine is read, so every machine draws alike.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

try:
    import typst
except ImportError:  # there is no wheel for this machine
    typst = None  # type: ignore[assignment]

TEMPLATES = Path(__file__).parent / "templates"
STANDARDS: list[Any] = ["a-3b", "ua-1"]


def why_not_here() -> str | None:
    """None where documents can be drawn."""
    if typst is None:
        return "Documents cannot be drawn here: the package typst is not installed, or has no wheel for this machine."
    return None


def typeset(template: str, files: Mapping[str, bytes], timestamp: int = 0) -> bytes:
    """A PDF of `STANDARDS`. `files`: UTF-8, by the names that the template reads them by. `timestamp`: Unix seconds.

    Raises RuntimeError with the sentence of `why_not_here`, ValueError with what typst said.
    """
    sentence = why_not_here()
    if sentence:
        raise RuntimeError(sentence)
    # What its types do not tell: a dictionary is files in memory, and nothing else is then read.
    sources: Any = {"main.typ": f'#include "{template}"'.encode(), **_read_templates(), **files}
    try:
        made: bytes = typst.compile(
            sources, format="pdf", pdf_standards=STANDARDS, timestamp=timestamp, font_paths=_load_fonts(),
            ignore_system_fonts=True,
        )  # fmt: skip
    except typst.TypstError as error:
        raise ValueError(error.diagnostic) from error
    return made


def as_file(content: Any) -> bytes:
    """For a template's `json`. Bytes become numbers, from which it makes bytes again: a file is text here."""
    return json.dumps(content, ensure_ascii=False, default=list).encode()


@cache
def _read_templates() -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in TEMPLATES.glob("*.typ")}


@cache
def _load_fonts() -> Any:
    return typst.Fonts(include_system_fonts=False)
