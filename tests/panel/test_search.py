"""Search: letters as one types them, ids of the product, of Bursar and of the log, and addresses; everywhere alike."""

from __future__ import annotations

import importlib
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from bursar.actions.run import run
from bursar.audit.models import AuditLine
from bursar.core.sortkey import LENGTH, sort_key
from bursar.rollup.refresh import refresh
from bursar.tenants.models import Organisation, Person, Workspace
from tests.cast import NOW, Cast, bring_all, organisation, person, seat, sign_in, workspace

SINCE = NOW - timedelta(days=30)


@pytest.fixture
def ties(cast: Cast) -> Client:
    bring_all(
        *person("ali-2", "Ali Yıldız"),
        *person("guest", "Guest"),
        *organisation("Lodz-1", "Miasto Łódź", SINCE),
        *workspace("Ws-Lodz", "Lodz-1", "Þór’s Panel – Øst", SINCE),
        seat("Ws-Lodz", "ali-2", "owner", SINCE),
        seat("Ws-Lodz", "guest", "external", SINCE),
    )
    run("plans.workspace.change_tier", cast.noor, _lodz().public_id, {"tier": "changemaker"}, reason="agreed by mail")
    refresh(NOW)
    return sign_in("ties@agora.example")


def _lodz() -> Workspace:
    return Workspace.objects.get(external_id="Ws-Lodz")


def _line() -> AuditLine:
    return AuditLine.objects.get(key="plans.workspace.change_tier")


def _ids() -> list[str]:
    maker = Person.objects.get(external_id="guest")
    return [
        "miasto lodz", "ŁÓDŹ", "Thor's", "thor’s panel - ost", "ÞÓR‘S", "yildiz", "YILDIZ", "Yıldız",
        "Lodz-1", "Ws-Lodz", "guest", _lodz().public_id, _lodz().account.public_id.upper(),
        _lodz().organisation.public_id, maker.public_id, maker.email, "ali-2@client", f" {_line().public_id} ",
    ]  # fmt: skip


def test_on_the_page_and_in_the_lists(ties: Client) -> None:
    for asked in _ids():
        page = ties.get("/panel/usage/", {"q": asked}).content.decode()
        assert "Miasto Łódź" in page and "Gemeente Haarlem" not in page, asked
        assert ties.get("/panel/at-risk/", {"q": asked}).status_code == 200
        found = ties.get("/api/v1/accounts", {"q": asked}).json()
        assert [row["account"] for row in found["accounts"]] == ["Miasto Łódź"], asked
    assert "Miasto" not in ties.get("/panel/usage/", {"q": "aud_0000000000000000"}).content.decode()
    assert "Miasto" not in ties.get("/panel/usage/", {"q": "ws-lodz"}).content.decode(), "ids are as they are"


def test_in_the_palette(ties: Client) -> None:
    def found(asked: str) -> str:
        return ties.get("/panel/jump", {"q": asked}, headers={"HX-Request": "true"}).content.decode()

    place, guest = _lodz(), Person.objects.get(external_id="guest")
    for asked in ("lodz", "Lodz-1", place.organisation.public_id):
        assert f"/panel/organisations/{place.organisation.public_id}" in found(asked), asked
    for asked in ("thor's panel", "Ws-Lodz", place.public_id.upper()):
        assert f"/panel/workspaces/{place.public_id}" in found(asked), asked
    for asked in (guest.email, "guest", guest.public_id, guest.email[:8]):
        assert f"/panel/people/{guest.public_id}" in found(asked), asked
    assert f"/panel/accounts/{place.account.public_id}" in found(place.account.public_id)
    assert f"/panel/book/?q={_line().public_id}" in found(_line().public_id) and "Tier changed" in found(
        _line().public_id
    )
    Workspace.objects.filter(pk=place.pk).update(deleted_at=NOW)
    assert place.public_id in found("Ws-Lodz") and "/panel/workspaces/" not in found("thor's panel")


def test_in_the_book_an_account_means_its_workspaces(ties: Client) -> None:
    def lines(asked: str) -> list[str]:
        return [line["key"] for line in ties.get("/api/v1/book", {"q": asked}).json()["lines"]]

    place = _lodz()
    ids = (
        place.account.public_id,
        place.public_id,
        place.organisation.public_id,
        "Ws-Lodz",
        "Lodz-1",
        _line().public_id,
    )
    for asked in ("lodz", "Miasto", *ids):
        assert lines(asked) == ["plans.workspace.change_tier"], asked
    assert "Tier changed" in ties.get("/panel/book/", {"q": "miasto łódź"}).content.decode()
    assert lines("Ws-Nowhere") == []


def test_the_book_asks_the_same_number_of_statements(ties: Client) -> None:
    def count(asked: str) -> int:
        with CaptureQueriesContext(connection) as made:
            assert ties.get("/panel/book/", {"q": asked}).status_code == 200
        return len(made)

    count("lodz")
    before = count("lodz")
    bring_all(*[line for n in range(30) for line in workspace(f"more-{n}", "Lodz-1", f"Łódź {n}", SINCE)])
    assert count("lodz") == before


def test_requests_by_id(ties: Client, cast: Cast) -> None:
    assert ties.get("/panel/requests/", {"q": "Ws-Lodz"}).status_code == 200


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Éclair", "eclair"), ("Ali Yıldız", "ali yildiz"), ("İstanbul", "istanbul"), ("ŁÓDŹ", "lodz"), ("Øre", "ore"),
        ("Đorđe", "dorde"), ("Þór Ægir", "thor aegir"), ("Straße", "strasse"), ("O’Brien", "o'brien"), ("O´Brien", "o'brien"),
        ("“Zo”", '"zo"'), ("Noord–Zuid", "noord-zuid"), ("Noord\u2011Zuid", "noord-zuid"), ("a\u00adb\u200bc", "abc"),
        ("  a \u00a0 b ", "a b"),
    ],
)  # fmt: skip
def test_the_key_is_what_one_types(name: str, key: str) -> None:
    assert sort_key(name) == key


@given(st.text())
def test_a_key_is_its_own_key_and_fits_its_column(text: str) -> None:
    key = sort_key(text)
    assert len(key) <= LENGTH
    assert sort_key(key) == key


def test_the_migration_makes_old_keys_anew(ties: Client) -> None:
    names = ("tenants_workspace", "tenants_organisation", "tenants_billingaccount", "tenants_person")
    with connection.cursor() as cursor:
        for name in names:
            cursor.execute(f"UPDATE {name} SET sort_key = 'old'")
    fold: Any = importlib.import_module("bursar.tenants.migrations.0004_sort_keys_fold_more").fold
    fold(None, SimpleNamespace(connection=connection))
    assert Person.objects.get(external_id="ali-2").sort_key == "ali yildiz"
    assert _lodz().sort_key == "thor's panel - ost" and _lodz().account.sort_key == "miasto lodz"
    plain = Organisation.objects.get(external_id="haarlem")
    assert plain.sort_key == "old", "what is plain ASCII is as it was, and is not written"
