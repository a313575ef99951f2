"""The PDF as a file: PDF/A-3b, tagged, the same bytes again, with what is attached; and what it says of a machine without typst."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import date
from typing import Any

import pikepdf
import pytest
import segno
from hypothesis import given, settings

from bursar.billing.documents import typesetting
from bursar.billing.documents.content import describe
from bursar.billing.documents.document import Document
from bursar.billing.documents.pdf import Attachment, Look, list_undrawable, to_pdf, why_not_here, why_not_logo
from bursar.billing.rules.references import make_reference
from tests.billing.documents.reading_pdf import read_text
from tests.billing.documents.samples import NUMBER, credit_note, documents, invoice

ASKED = invoice(reference=make_reference(NUMBER))
UBL = Attachment("2026-000042.xml", b"<Invoice>\xe2\x82\xac</Invoice>", "The same as UBL")
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 10"><rect width="40" height="10" fill="#2f6f4f"/></svg>'


def make_png() -> bytes:
    """A square picture, its light parts transparent."""
    kept = io.BytesIO()
    segno.make("logo").save(kept, kind="png", light=None, scale=4)
    return kept.getvalue()


def opened(document: Document, **more: Any) -> pikepdf.Pdf:
    return pikepdf.open(io.BytesIO(to_pdf(document, **more)))


def test_it_says_that_it_is_pdf_a_3b_and_pdf_ua_1() -> None:
    with opened(ASKED) as read, read.open_metadata() as metadata:
        assert (metadata["pdfaid:part"], metadata["pdfaid:conformance"]) == ("3", "B")
        assert metadata["pdfuaid:part"] == "1"
        intent = read.Root.OutputIntents[0]
        assert intent.S == "/GTS_PDFA1" and len(intent.DestOutputProfile.read_bytes()) > 100
        assert read.pdf_version == "1.7" and not read.is_encrypted and "/ID" in read.trailer


@pytest.mark.parametrize("document", [ASKED, credit_note(language="nl")], ids=["invoice", "creditnota"])
def test_title_language_author_and_dates(document: Document) -> None:
    with opened(document) as read, read.open_metadata() as metadata:
        title = {"en": "Invoice 2026-000042", "nl": "Creditnota 2026-000042"}[document.language]
        assert read.docinfo.Title == title == metadata["dc:title"]
        assert str(read.Root.Lang).startswith(document.language) and read.docinfo.Author == "Agora Voices B.V."
        assert str(read.docinfo.CreationDate).startswith("D:20261124000000")
        assert bool(read.Root.MarkInfo.Marked) and bool(read.Root.ViewerPreferences.DisplayDocTitle)


def test_every_font_is_embedded_and_can_be_read_as_text() -> None:
    with opened(replace(ASKED, notes=("שלום, مرحبا, नमस्ते, Καλημέρα, Добрый день",))) as read:
        fonts = [one for one in read.objects if isinstance(one, pikepdf.Dictionary) and one.get("/Type") == "/Font"]
        carried = [one.FontDescriptor for one in fonts if "/FontDescriptor" in one]
        composed = [one for one in fonts if one.Subtype == "/Type0"]
        assert len(carried) == len(composed) >= 4
        assert all({"/FontFile", "/FontFile2", "/FontFile3"} & set(one.keys()) for one in carried)
        assert all("/ToUnicode" in one for one in composed)


def test_tables_headings_and_pictures_are_tagged() -> None:
    with opened(ASKED, look=Look(SVG)) as read:
        tags = [
            str(one.S) for one in read.objects if isinstance(one, pikepdf.Dictionary) and "/S" in one and "/P" in one
        ]
        assert {"/Table", "/TH", "/TD", "/H1", "/H2", "/Figure"} <= set(tags)
        said = [str(one.Alt) for one in read.objects if isinstance(one, pikepdf.Dictionary) and "/Alt" in one]
        qr = "QR code of the transfer: €13,068.00 to NL91 ABNA 0417 1643 00, reference RF02 2026 0000 42"
        assert sorted(said) == ["Agora Voices B.V.", qr]


def test_no_picture_where_there_is_no_qr() -> None:
    with opened(credit_note()) as read:
        assert not [one for one in read.objects if isinstance(one, pikepdf.Dictionary) and "/Alt" in one]


@pytest.mark.parametrize("relationship", ["alternative", "data"])
def test_what_is_attached_is_there_with_its_relationship(relationship: str) -> None:
    with opened(ASKED, attachments=[replace(UBL, relationship=relationship)]) as read:
        (kept,) = read.Root.AF
        assert kept.AFRelationship == f"/{relationship.title()}" and kept.Desc == "The same as UBL"
        assert kept.UF == kept.F == "2026-000042.xml" and kept.EF.F.Subtype == "/application/xml"
        assert list(read.attachments) == ["2026-000042.xml"] and kept.EF.F.read_bytes() == UBL.content
        assert "/ModDate" in kept.EF.F.Params


def test_without_one_nothing_is_attached() -> None:
    with opened(ASKED) as read:
        assert "/AF" not in read.Root and not read.attachments


def test_same_document_same_bytes() -> None:
    parts: dict[str, Any] = {"look": Look(SVG), "attachments": [UBL]}
    first = to_pdf(ASKED, **parts)
    assert to_pdf(replace(ASKED), **parts) == first
    assert to_pdf(replace(ASKED, issued_on=date(2026, 11, 25)), **parts) != first
    assert to_pdf(ASKED) != first


@given(documents(4))
@settings(max_examples=15, deadline=None)
def test_any_document_is_drawn_the_same_again(document: Document) -> None:
    assert to_pdf(document) == to_pdf(document)


@pytest.mark.parametrize(
    "logo", [SVG, SVG.replace(b"0 0 40 10", b"0 0 4000 10"), make_png()], ids=["svg", "wide", "png"]
)  # fmt: skip
def test_a_logo_stands_instead_of_the_name(logo: bytes) -> None:
    assert why_not_logo(logo) is None
    text = read_text(to_pdf(ASKED, look=Look(logo)))
    assert text.startswith("Agora Voices B.V. Keizersgracht 1"), "the name in large letters is gone"
    assert read_text(to_pdf(ASKED)).startswith("Agora Voices B.V. Agora Voices B.V. Keizersgracht 1")


@pytest.mark.parametrize("logo", [b"", b"GIF89a", b"<svg", b"\x89PNG\r\n\x1a\nnone", SVG[:-10]])
def test_what_is_no_logo_is_refused(logo: bytes) -> None:
    assert (why_not_logo(logo) or "").startswith("The logo is no SVG or PNG")
    if logo:
        with pytest.raises(ValueError, match="error"):
            to_pdf(ASKED, look=Look(logo))


def test_a_machine_without_typst_says_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    assert why_not_here() is None
    monkeypatch.setattr(typesetting, "typst", None)
    assert (why_not_here() or "").startswith("Documents cannot be drawn here: the package typst is not installed")
    with pytest.raises(RuntimeError, match="the package typst is not installed"):
        to_pdf(ASKED)
    assert describe(ASKED)["title"] == "Invoice 2026-000042"


def test_nothing_of_the_machine_is_read() -> None:
    """Neither its fonts, nor a file beside the templates or elsewhere."""
    for source in (b'#read("/etc/passwd")', b'#read("../pdf.py")', b'#read("/dev.py")', b'#read("dev.py")'):
        with pytest.raises(ValueError, match="error"):
            typesetting.typeset("own.typ", {"own.typ": source})
    with pytest.raises(ValueError, match=r"could not be displayed|unknown font"):
        typesetting.typeset(
            "own.typ", {"own.typ": '#set document(title: "-")\n#text(font: "DejaVu Sans")[中]'.encode()}
        )
    assert list_undrawable(ASKED) == []
