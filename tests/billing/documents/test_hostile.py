"""Text from outside is text: never typst's markup or code, whatever it holds; and what cannot be drawn is named."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bursar.billing.documents.document import Document, Received
from bursar.billing.documents.glyphs import tidy
from bursar.billing.documents.pdf import list_undrawable, to_pdf
from tests.billing.documents.reading_pdf import read_pages, say
from tests.billing.documents.samples import DAY, DUTCH, PAYEE, invoice, seats

MARKUP = [
    "#pagebreak()", "#read(\"content.json\")", "#sys.inputs", "#import \"@preview/x:0.1.0\"", "*bold* _it_ `raw` $x^2$",
    "= Heading", "- item", "+ item", "/ term: x", "<label> @label", "// gone? /* gone? */", "\\ \\u{41} ~ -- --- ...",
    "[ ] { } ( ) ;", "\"); #panic(\"x\") (\"", "'quoted' \"twice\"", "https://x.example/#a", "{amount} {0} %s %(x)s",
]  # fmt: skip


def everywhere(text: str) -> Document:
    """A document that says it wherever something from outside stands."""
    party = replace(DUTCH, name=text, street=text, street_more=text, postcode=text, city=text, vat_id=text, mail=text)
    return invoice(
        party, seats(description=text), seller=party, payee=replace(PAYEE, holder=text), order_number=text,
        buyer_reference=text, contract=text, notes=(text, text), reference=text, number=text,
        received=(Received(seats().net / 2, DAY, text),),
    )  # fmt: skip


def bare(text: str) -> str:
    """Without white space, which lines break at; as tidied."""
    return "".join(tidy(text).split())


def count_on_paper(text: str) -> int:
    return bare(say(everywhere(text))).count(bare(text))


@pytest.mark.parametrize("text", MARKUP)
def test_markup_and_code_stand_as_they_are_written(text: str) -> None:
    """In as many places as any other word."""
    assert count_on_paper(text) >= count_on_paper("harmless") > 20


def test_no_command_to_the_layout_is_followed() -> None:
    assert len(read_pages(to_pdf(everywhere("#pagebreak()")))) == len(read_pages(to_pdf(everywhere("pagebreak")))) == 2


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=60))
@example("ffi fi fl ff ``'' -- << >>")
@settings(max_examples=25, deadline=None)
def test_any_ascii_is_read_back_as_it_was(text: str) -> None:
    assert bare(text) in bare(say(invoice(DUTCH, seats(description=text))))


@given(st.lists(st.text(max_size=40), min_size=5, max_size=5))
@example(["中\u0301", "x\U0001f3fb", "�\u0948\u0900", "a\u0600b", "\U0001f468\u200d\U0001f469\u200d\U0001f467"])
@example(["\x00\ud800\ufeff\u202e", "\n\n", "\u200b" * 40, "\u0301" * 40, "कि" * 20])
@settings(max_examples=40, deadline=None)
def test_no_text_breaks_it_and_none_is_lost_without_a_word(texts: list[str]) -> None:
    name, street, description, note, number = texts
    document = invoice(
        replace(DUTCH, name=name, street=street), seats(description=description), notes=(note,), order_number=number
    )
    said = say(document)
    assert "13,068.00" in said and "Page 1 of" in said
    assert ("stands for what cannot be drawn here" in said) >= bool(list_undrawable(document))


@pytest.mark.parametrize(
    "name",
    [
        "ΔΗΜΟΣ ΑΘΗΝΑΙΩΝ", "Столична община", "Łódź Główna", "Ħal Għaxaq", "Ülemiste Õ", "İstanbul ŞĞ", "Þórshöfn",
        "Reykjavík ð", "Dž ǆ ĳ", "Ĉapelo", "№ § ¶ © ® ™ ½ ² € £ ¥ ° → ✓",
    ],
)  # fmt: skip
def test_alphabets_of_europe_are_drawn(name: str) -> None:
    document = invoice(replace(DUTCH, name=name))
    assert list_undrawable(document) == [] and name in say(document)


@pytest.mark.parametrize("name", ["עיריית תל אביב", "بلدية عمان", "नगर निगम"], ids=["Hebrew", "Arabic", "Devanagari"])
def test_scripts_beyond_europe_are_drawn(name: str) -> None:
    """The reader gives words that run to the left in the order in which they stand, so their letters are compared."""
    document = invoice(replace(DUTCH, name=name))
    assert list_undrawable(document) == []
    said = say(document)
    assert "stands for what" not in said and set(name) <= set(said)


def test_what_no_font_has_is_shown_as_such_and_named() -> None:
    document = invoice(replace(DUTCH, name="株式会社 Zon 👨\u200d👩 中"), language="nl")
    assert list_undrawable(document)[-3:] == ["U+1F468 MAN", "U+1F469 WOMAN", "U+4E2D CJK UNIFIED IDEOGRAPH-4E2D"]
    said = say(document)
    assert "���� Zon �� �" in said
    assert "� staat voor wat hier niet kan worden getekend: U+682A CJK UNIFIED IDEOGRAPH-682A, " in said
    assert "en nog 1." in said and "JOINER" not in said
    assert "stands for" not in say(invoice())


def test_marks_that_turn_the_order_do_nothing() -> None:
    turned = invoice(replace(DUTCH, name="Zon \u202e00.860,31\u202c B.V."), order_number="\u2066PO\u2069-1")
    assert say(turned) == say(invoice(replace(DUTCH, name="Zon 00.860,31 B.V."), order_number="PO-1"))


@pytest.mark.parametrize(("wrong", "words"), [({"language": "fr"}, "fr")])
def test_a_language_without_a_column_is_no_document(wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(LookupError, match=words):
        to_pdf(invoice(**wrong))
