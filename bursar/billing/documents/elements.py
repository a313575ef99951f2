"""Elements of an XML document as plain values: what is empty falls away, whatever it stood in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lxml.etree import _Element

_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True)
class Element:
    """`name`: with its prefix, such as cbc:ID."""

    name: str
    content: tuple[Element, ...] | str
    attributes: Mapping[str, str]


def group(name: str, *content: Element | None) -> Element | None:
    """None where nothing is left inside."""
    kept = tuple(one for one in content if one is not None)
    return Element(name, kept, {}) if kept else None


def leaf(name: str, text: str, **attributes: str) -> Element | None:
    """None for an empty text. Signs that XML cannot carry are left out; they say nothing."""
    clean = _NO_XML.sub("", text).strip()
    return Element(name, clean, attributes) if clean else None


def render(root: Element, namespaces: Mapping[str, str]) -> bytes:
    """UTF-8 with a declaration. `namespaces`: by prefix; the empty prefix is that of `root`."""
    from lxml import etree  # here, so that Bursar starts without it and the e-invoice can say why it is grey

    def make(element: Element, parent: _Element | None) -> Any:
        prefix, _, local = element.name.rpartition(":")
        tag = f"{{{namespaces[prefix]}}}{local}"
        if parent is None:
            made = etree.Element(tag, nsmap={key or None: uri for key, uri in namespaces.items()})
        else:
            made = etree.SubElement(parent, tag, dict(element.attributes))
        if isinstance(element.content, str):
            made.text = element.content
        else:
            for one in element.content:
                make(one, made)
        return made

    written: bytes = etree.tostring(make(root, None), xml_declaration=True, encoding="UTF-8", pretty_print=True)
    return written
