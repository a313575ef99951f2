"""The certificate, its public page, and who may fetch it."""

from __future__ import annotations

import io
import json
import re
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from pypdf import PdfReader

from bursar.actions.run import run
from bursar.audit.models import AuditLine
from bursar.outbox.models import OutboxRow
from bursar.training import certificate_pages
from bursar.training.certificates import LANGUAGES, describe, draw, make_address
from bursar.training.models import Licence
from tests.cast import Cast, shown_by, sign_in
from tests.training.held import complete, licensed, planned


@pytest.fixture
def licence(cast: Cast) -> Licence:
    cache.clear()
    return licensed(cast.haarlem.organisation, "ali", cast.ties)


def text_of(pdf: bytes) -> str:
    return " ".join(PdfReader(io.BytesIO(pdf)).pages[0].extract_text().split())


def look(licence: Licence, client: Client | None = None, language: str = "en") -> Any:
    return (client or Client()).get(f"/certificates/{licence.token}/", headers={"Accept-Language": language})


# The document


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "Valid from 24 November 2026 through 24 November 2027."),
        ("nl", "Geldig van 24 november 2026 tot en met 24 november 2027."),
    ],
)
def test_it_says_who_what_and_until_when(licence: Licence, settings: Any, language: str, words: str) -> None:
    settings.BURSAR_ADDRESS = "https://bursar.example"
    one = describe(licence)
    drawn = draw(one, language)
    text = text_of(drawn)
    for said in ("Ali", "Online training", words, f"https://bursar.example/certificates/{licence.token}/"):
        assert said.replace(" ", "") in text.replace(" ", "").replace("\u200b", ""), text
    assert draw(one, language) == drawn, "the same certificate, the same bytes"
    assert len(PdfReader(io.BytesIO(drawn)).pages) == 1
    assert make_address(licence) == one.address


@pytest.mark.parametrize(
    "name", ["X" * 200, "Ægir Ó'Neill-Ünal", "李小龙", "#set page(width: 1pt)", "שרה <b>", "e\u0301"]
)
def test_whatever_somebody_is_called_it_can_be_drawn_on_one_page(licence: Licence, name: str) -> None:
    licence.name, licence.training.title = name, f"{name} training"[:120]
    for language in LANGUAGES:
        assert len(PdfReader(io.BytesIO(draw(describe(licence), language))).pages) == 1


# Who fetches it


def test_staff_fetch_it_and_the_person_and_those_who_run_the_organisation(cast: Cast, licence: Licence) -> None:
    staff = f"/panel/training/licences/{licence.public_id}/certificate"
    own = f"/training/licences/{licence.public_id}/certificate"
    for email in ("ties@agora.example", "ada@agora.example"):
        answer = sign_in(email).get(f"{staff}?language=nl")
        assert answer["Content-Type"] == "application/pdf" and answer.content.startswith(b"%PDF")
        assert answer["Content-Disposition"] == f'inline; filename="certificate-{licence.public_id}-nl.pdf"'
        assert answer["Cache-Control"] == "private, no-store"
    for who in ("ali", "maud"):
        assert sign_in(f"{who}@client.example").get(own).content.startswith(b"%PDF")
    assert sign_in("lotte@client.example").get(own).status_code == 404
    assert sign_in("maud@client.example").get(staff).status_code == 404
    assert Client().get(own).status_code == 302 and Client().get(staff).status_code == 302
    assert sign_in("ties@agora.example").get(f"{staff}?language=fr").status_code == 400


def test_a_certificate_that_would_name_nobody_is_not_drawn(cast: Cast) -> None:
    session = planned(cast.haarlem.organisation, "new@client.example", "ali")
    complete(session, cast.ties)
    waiting, alis = Licence.objects.order_by("-email", "id")
    alis_id = alis.person.public_id if alis.person else ""
    run("product.person.erase", cast.iris, alis_id, {"typed": "Ali"}, reason="Asked")
    client = sign_in("ties@agora.example")
    for one, words in ((waiting, "has not told yet who has this address"), (alis, "This person was erased")):
        page = client.get(f"/panel/training/licences/{one.public_id}")
        answer = client.get(f"/panel/training/licences/{one.public_id}/certificate")
        assert answer.status_code == 409 and words in shown_by(answer) and words in shown_by(page)


# The public page


def test_anybody_reads_whether_it_holds_and_whose_it_is_and_nothing_else(cast: Cast, licence: Licence) -> None:
    answer = look(licence)
    text = shown_by(answer)
    body = re.sub(r"<[^>]*>", "|", text.partition("<body>")[2])
    words = [part.strip() for part in body.split("|") if part.strip()]
    assert words == ["Agora Voices · Certificate", "Valid", "Ali", "This certificate holds today."]
    for hidden in (licence.public_id, "Online", "Haarlem", "2026", "2027", "ali@client.example"):
        assert hidden not in text
    run("training.licence.revoke", cast.ties, licence.public_id, reason="Left")
    assert "<h1>Revoked</h1>" in shown_by(look(licence)) and "Left" not in shown_by(look(licence))
    run("training.licence.reinstate", cast.ties, licence.public_id, reason="By mistake")
    assert "<h1>Valid</h1>" in shown_by(look(licence))


def test_it_speaks_the_readers_language(licence: Licence) -> None:
    answer = look(licence, language="nl-NL,nl;q=0.9")
    assert "<h1>Geldig</h1>" in shown_by(answer) and '<html lang="nl">' in shown_by(answer)
    assert answer["Content-Language"] == "nl" and "Accept-Language" in answer["Vary"]
    assert "<h1>Valid</h1>" in shown_by(look(licence, language="fr"))


def test_it_sets_no_cookie_is_kept_nowhere_and_found_by_no_search_engine(licence: Licence) -> None:
    for client in (Client(), sign_in("ties@agora.example")):
        for answer in (look(licence, client), client.get("/certificates/nothing/")):
            assert not answer.cookies
            assert answer["X-Robots-Tag"] == "noindex, nofollow" and "no-store" in answer["Cache-Control"]
            assert answer["Referrer-Policy"] == "no-referrer" and answer["X-Frame-Options"] == "DENY"
            assert "script-src 'self'" in answer["Content-Security-Policy"] and "<script" not in shown_by(answer)
            assert 'name="robots" content="noindex, nofollow"' in shown_by(answer)


def test_it_takes_a_look_and_nothing_else(licence: Licence) -> None:
    address = f"/certificates/{licence.token}/"
    head = Client().head(address)
    assert head.status_code == 200 and head.content == b"" and int(head["Content-Length"]) > 500
    for method in ("post", "put", "delete", "patch"):
        answer = getattr(Client(), method)(address)
        assert answer.status_code == 405 and "GET" in answer["Allow"] and not answer.cookies
    assert Client().get(address.rstrip("/")).status_code in (301, 404)


def test_what_is_no_address_says_the_same_whatever_it_is(licence: Licence) -> None:
    tokens = ("nothing", licence.token[:-1], licence.token.swapcase(), licence.public_id, "x" * 4000, "%27;--", "é")
    pages = {shown_by(Client().get(f"/certificates/{token}/")) for token in tokens}
    assert len(pages) == 1 and "<h1>Unknown</h1>" in pages.pop()
    assert {Client().get(f"/certificates/{token}/").status_code for token in tokens} == {404}


def test_of_somebody_erased_it_says_so_without_a_name(cast: Cast, licence: Licence) -> None:
    assert licence.person is not None
    run("product.person.erase", cast.iris, licence.person.public_id, {"typed": "Ali"}, reason="Asked")
    text = shown_by(look(licence))
    assert "<h1>Valid</h1>" in text and "erased at their request" in text and "Ali" not in text


def test_whoever_looks_too_often_waits(licence: Licence, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(certificate_pages, "TRIES", 3)
    statuses = [look(licence).status_code for _ in range(3)] + [Client().get("/certificates/x/").status_code]
    assert statuses == [200, 200, 200, 429]
    answer = look(licence)
    assert answer.status_code == 429 and answer["Retry-After"] == "60" and not answer.cookies
    assert "Ali" not in shown_by(answer) and "Too many looks" in shown_by(answer)


def test_no_token_stands_in_a_log_or_in_the_book(
    cast: Cast, licence: Licence, capsys: pytest.CaptureFixture[str]
) -> None:
    look(licence)
    captured = capsys.readouterr()
    assert licence.token not in captured.out + captured.err
    kept = [*AuditLine.objects.values_list("changes", "names"), *OutboxRow.objects.values_list("payload")]
    assert kept and licence.token not in json.dumps(kept)
