"""Hostile XML kept out, and what stands at a path of the rest. Names are looked up in whatever namespace they are."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from lxml import etree

from bursar.billing.bank.statement import BadStatement

Element = Any  # lxml has no types
MOST_SIGNS = 3_000_000  # "<": an element has at most two; 10,000 full lines have 800,000
DAMAGED = "The file begins as XML but cannot be read as such: it is damaged, or not complete."
_DECLARATION = re.compile(r"\s*<\?xml\s[^>]{0,200}\?>")
_ENCODING = re.compile(r"""\sencoding\s*=\s*["']([\w.-]+)["']""", re.ASCII)
_ENCODINGS = frozenset(["utf-8", "us-ascii", "iso-8859-1", "iso-8859-15", "windows-1252"])


def decode_xml(data: bytes) -> str:
    """Its text without the declaration: one reading of the bytes, so that what is refused cannot hide in another."""
    declared = _DECLARATION.match(data[:400].decode("latin-1").removeprefix("ï»¿"))
    named = _ENCODING.search(declared[0]) if declared else None
    name = named[1].lower() if named else "utf-8"
    if name not in _ENCODINGS:
        raise BadStatement(f"The XML is written in {name}; statements come in UTF-8.")
    try:
        text = data.decode("utf-8-sig" if name == "utf-8" else name)
    except UnicodeDecodeError as fault:
        raise BadStatement(DAMAGED) from fault
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise BadStatement("The XML defines a document type or entities, which no bank's statement does.")
    if text.count("<") > MOST_SIGNS:
        raise BadStatement("The XML holds more elements than are read at once: upload shorter periods.")
    begun = _DECLARATION.match(text)
    return text[begun.end() :] if begun else text


def each(text: str, *names: str) -> Iterator[tuple[str, Element]]:
    """Name and element of those so called, each as soon as it is complete. Raises BadStatement."""
    events = etree.iterparse(
        io.BytesIO(text.encode()),
        events=("end",),
        tag=tuple(f"{{*}}{name}" for name in names),
        encoding="utf-8",
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,  # which bounds depth, and the length of one text
        remove_comments=True,
        remove_pis=True,
        collect_ids=False,
    )
    try:
        for _, element in events:
            yield etree.QName(element).localname, element
            element.clear()
    except etree.LxmlError as fault:
        raise BadStatement(DAMAGED) from fault


@lru_cache(maxsize=200)
def _named(path: str) -> str:
    return "/".join(f"{{*}}{name}" for name in path.split("/"))


def find_all(element: Element, path: str) -> list[Element]:
    return list(element.findall(_named(path)))


def text_at(element: Element, *paths: str) -> str:
    """Of the first path that says anything; else empty."""
    for path in paths:
        said = element.findtext(_named(path))
        if said and said.strip():
            return str(said).strip()
    return ""
