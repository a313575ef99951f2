"""Whatever is uploaded: read whole, or refused with one sentence, and nothing else."""

from __future__ import annotations

import io
import random
import subprocess
import sys
import zipfile

import pytest
from django.conf import settings as settings_of
from hypothesis import given, settings
from hypothesis import strategies as st

from bursar.billing.bank import BadStatement, read_statements
from bursar.billing.bank.reading import MOST_BYTES
from bursar.billing.rules.matching import match_entries
from bursar.billing.rules.open_items import OpenItems
from bursar.core.text import why_not_keep, why_not_name
from tests.billing.bank.chance import sound_files, spoil
from tests.billing.bank.writing import THEIRS, entry, statement, to_camt, to_mt940

SOUND = sound_files()
ONE = statement(entry("5.00", "a", name="A", iban=THEIRS))


def try_to_read(data: bytes) -> str:
    """The sentence, or empty where it was read; what was read can be kept, compared and matched."""
    try:
        found = read_statements(data)
    except BadStatement as fault:
        assert why_not_name(fault.sentence) is None and len(fault.sentence) < 600
        return fault.sentence
    assert found
    for one in found:
        assert len({line.key for line in one.entries}) == len(one.entries)
        for said in (one.id, one.account, one.currency, *one.remarks):
            assert why_not_keep(said) is None
        for line in one.entries:
            assert line.amount.is_finite() and line.amount.as_tuple().exponent >= -5  # type: ignore[operator]  # finite
            for payment in (line, *line.parts):
                texts = (
                    payment.name,
                    payment.iban,
                    payment.bic,
                    payment.text,
                    *payment.references,
                    payment.end_to_end_id,
                )
                assert all(why_not_keep(text) is None for text in texts)
        assert len(list(match_entries(one.entries, OpenItems.of([]), may_book=True))) == len(one.entries)
    return ""


def zipped(*files: tuple[str, bytes], how: int = zipfile.ZIP_DEFLATED) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", how) as made:
        for name, content in files:
            made.writestr(name, content)
    return packed.getvalue()


@pytest.mark.parametrize("data", SOUND)
def test_what_is_sound_is_read(data: bytes) -> None:
    assert try_to_read(data) == ""


@settings(max_examples=400)
@given(st.sampled_from(SOUND), st.integers(0, 2**32))
def test_spoilt_files_are_read_or_refused(data: bytes, seed: int) -> None:
    try_to_read(spoil(data, random.Random(seed)))


@settings(max_examples=150)
@given(
    st.binary(max_size=400),
    st.sampled_from([b"", b"<Document>", b"\n:20:x\n:25:y\n:61:", b"PK\x03\x04", b"\xef\xbb\xbf<?xml "]),
)
def test_random_bytes_are_refused(data: bytes, begin: bytes) -> None:
    try_to_read(begin + data)


@settings(max_examples=150)
@given(st.lists(st.sampled_from([":20:A", ":25:B", ":28C:1", ":60F:C261103EUR1,", ":61:261103C1,NTRFX", ":86:?20", ":86:166?20x", ":62F:C261103EUR1,", ":62M:C261103EUR2,", ":60M:C261103EUR2,", "-", "-}", "x", "", ":NS:22", ":34F:EUR", ":13D:1"]), max_size=25))  # fmt: skip
def test_fields_in_any_order_are_read_or_refused(lines: list[str]) -> None:
    try_to_read("\n".join(lines).encode())


@pytest.mark.parametrize("data", SOUND, ids=range(len(SOUND)))
def test_truncated_files(data: bytes) -> None:
    """Half a file is never half read: XML is refused, and MT940 without its closing balance proves nothing."""
    for at in range(0, len(data) - 1, 37):
        sentence = try_to_read(data[:at])
        if data.startswith(b"<") and at < len(data) - 12:
            assert sentence


HOSTILE = {
    "an entity of entities": b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]><Document>&b;</Document>',
    "a file of ours": b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]><BkToCstmrStmt>&x;</BkToCstmrStmt>',
    "a parameter": b'<!DOCTYPE a [<!ENTITY % x SYSTEM "http://127.0.0.1:9/x"> %x;]><BkToCstmrStmt/>',
    "an outer DTD": b'<!DOCTYPE BkToCstmrStmt SYSTEM "http://127.0.0.1:9/x.dtd"><BkToCstmrStmt/>',
    "in the encoding of another": '<?xml version="1.0" encoding="utf-16"?><!DOCTYPE a><BkToCstmrStmt/>'.encode("utf-16"),
    "in UTF-7": b'<?xml version="1.0" encoding="UTF-7"?>+ADw-+ACE-DOCTYPE a+AD4-<BkToCstmrStmt/>',
    "too deep": b"<BkToCstmrStmt>" + b"<a>" * 100_000,
    "deep and closed": b"<BkToCstmrStmt>" + b"<a>" * 5_000 + b"</a>" * 5_000 + b"</BkToCstmrStmt>",
    "one long text": b"<BkToCstmrStmt>" + b"x" * 12_000_000 + b"</BkToCstmrStmt>",
    "a name without end": b"<" + b"a" * 1_000_000,
    "many attributes": b"<BkToCstmrStmt " + b" ".join(b'a%d="1"' % count for count in range(50_000)) + b"/>",
    "only elements": b"<BkToCstmrStmt>" + b"<a/>" * 20_000 + b"</BkToCstmrStmt>",
    "an unknown entity": b"<BkToCstmrStmt>&boom;</BkToCstmrStmt>",
    "an XInclude": b'<BkToCstmrStmt xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="file:///etc/hostname"/></BkToCstmrStmt>',
    "a style sheet": b'<?xml-stylesheet href="http://127.0.0.1:9/x"?><BkToCstmrStmt/>',
    "HTML": b"<html><body>Log in</body></html>",
    "CSV": b"Datum;Bedrag;Naam\n2026-11-03;12,00;Jan\n",
    "PDF": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n",
    "nothing": b"",
    "blanks": b" \n\n ",
    "gzip": b"\x1f\x8b\x08\x00\x00\x00\x00\x00",
    "fields and no balance": b":20:\n:25:\n",
    "details without end": b":20:a\n:25:b\n:61:261103C1,00NTRFX\n:86:" + b"x\n" * 200_000,
    "a field without end": b":20:a\n:25:b\n:61:261103C1,00NTRFX\n:86:" + b"x" * 300_000 + b"\n" + b"y" * 300_000,
    "statements without end": b":20:a\n:25:b\n:60F:C261103EUR1,00\n" * 6_000,
    "dashes": b":20:a\n:25:b\n" + b"-\n" * 300_000,
    "only details": b":20:a\n:25:b\n" + b":86:x\n" * 300_000,
    "only balances": b":20:a\n:25:b\n" + b":60F:C261103EUR1,00\n" * 20_000,
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_refused_in_bounds(name: str) -> None:
    assert try_to_read(HOSTILE[name])


def test_an_entity_is_never_resolved() -> None:
    for declared in (b"", b'<!DOCTYPE a [<!ENTITY boom "ha">]>'):
        data = to_camt(ONE).replace(b"<Document", declared + b"<Document").replace(b"<Ustrd>a<", b"<Ustrd>&boom;<")
        assert try_to_read(data)


def test_a_zip_of_either() -> None:
    xml, text = to_camt(ONE), to_mt940(ONE)
    found = read_statements(
        zipped(("a.xml", xml), ("sub/b.940", text), ("__MACOSX/._a.xml", b"junk"), ("sub/.DS_Store", b"junk"))
    )
    assert found == read_statements(xml) + read_statements(text)
    assert read_statements(zipped(("a", xml), how=zipfile.ZIP_STORED)) == read_statements(xml)


def many(count: int) -> bytes:
    return zipped(*((f"{number}.xml", b"<a/>") for number in range(count)))


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (zipped(), "is empty"),
        (zipped(("a.zip", zipped(("b.xml", b"<a/>")))), "a.zip: A zip within a zip"),
        (zipped(("a.txt", b"hello")), "a.txt: This is no bank statement"),
        (zipped(("good.xml", to_camt(ONE)), ("bad\u202e.xml", b"<a")), "bad .xml: "),
        (zipped(("zeros", b"\0" * (MOST_BYTES // 4))), "far more than it should"),
        (zipped(("a", b" " * 900_000), ("b", b"x")), "a: "),
        (many(401), "more than 400 files"),
        (many(2_000), "more than 400 files"),
        (zipped(("a.xml", to_camt(ONE)), how=zipfile.ZIP_LZMA), "unusual way"),
        (zipped(("a.xml", to_camt(ONE)))[:-30], "cannot be opened"),
    ],
    ids=lambda said: said if isinstance(said, str) else "",
)
def test_zips_that_are_refused(data: bytes, sentence: str) -> None:
    assert sentence in try_to_read(data)


def test_a_zip_that_lies_about_its_size_is_held_to_what_it_unpacks_to() -> None:
    """Stored sizes are of whoever made it: the bound is on what really comes out."""
    honest = zipped(("a", b"\0" * 20_000_000))
    size = (20_000_000).to_bytes(4, "little")
    lying = honest.replace(size, (100).to_bytes(4, "little"))
    assert honest != lying and try_to_read(lying)


def test_all_of_a_zip_together_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bursar.billing.bank.reading.MOST_BYTES", 3 * len(to_camt(ONE)))
    assert try_to_read(zipped(*((f"{number}.xml", to_camt(ONE)) for number in range(3)))) == ""
    assert "unpacks to more than" in try_to_read(zipped(*((f"{number}.xml", to_camt(ONE)) for number in range(4))))
    assert "larger than" in try_to_read(to_mt940(*[ONE] * 100))


@settings(max_examples=150)
@given(st.integers(0, 2**32))
def test_spoilt_zips_are_read_or_refused(seed: int) -> None:
    rng = random.Random(seed)
    try_to_read(spoil(zipped(("a.xml", to_camt(ONE)), ("b.940", to_mt940(ONE))), rng))


def test_the_same_lines_have_the_same_keys_in_every_file() -> None:
    """By the bank's reference across formats; without one by what it says; two equal bookings are two."""
    one = statement(
        entry("5.00", "in MT940 cut, in CAMT whole", name="A", bank_reference="B77"),
        entry("6.00", "a", name="A"),
        entry("6.00", "a", name="A"),
        entry("6.00", "a", name="A", bank_reference="B78"),
    )
    keys = [
        [line.key for line in read_statements(data)[0].entries]
        for data in (to_camt(one), to_mt940(one), to_mt940(one, bank="abn"))
    ]
    assert keys[0] == keys[1] == keys[2]
    assert len(set(keys[0])) == 4
    again = statement(*one.entries[2:], number=13)
    assert [line.key for line in read_statements(to_camt(again))[0].entries] == [keys[0][1], keys[0][3]]


def test_a_statement_is_known_again_by_its_own_key() -> None:
    one, other = ONE, statement(*ONE.entries, number=13)
    [first, again, different] = (read_statements(to_camt(some))[0].key for some in (one, one, other))
    assert first == again != different


def test_a_zip_whose_file_has_no_name_is_refused() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive, archive.open(zipfile.ZipInfo(""), "w") as member:
        member.write(b"x")
    with pytest.raises(BadStatement, match="cannot be opened"):
        read_statements(packed.getvalue())


def test_neither_reading_nor_matching_needs_django() -> None:
    """So they can be asked anywhere: in a job, in a rehearsal, by a script."""
    asked = "import sys; import bursar.billing.rules.matching; print('django' in sys.modules)"
    answer = subprocess.run(
        [sys.executable, "-c", asked], capture_output=True, text=True, check=True, cwd=settings_of.ROOT
    )
    assert answer.stdout.strip() == "False"
