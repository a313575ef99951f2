"""Billing details on the pages of staff and customers, and the list of VAT ids that need a look."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from bursar.billing import store
from bursar.billing.rules import Answer
from bursar.billing.store import Asked, Details
from bursar.tenants.models import BillingAccount
from tests.billing.payer import GERMAN, write_down
from tests.cast import NOW, Cast, bring_all, organisation, sign_in, workspace


def text_of(client: Client, address: str, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status
    return str(answer.content.decode())


def test_staff_and_customers_read_who_pays_and_what_vat_follows(cast: Cast, settings: Any) -> None:
    settings.BURSAR_SELLER_NAME, settings.BURSAR_SELLER_ADDRESS = "Agora Voices B.V.", ["Dam 1", "1012 JS", "Amsterdam"]
    panel, own = (
        f"/panel/accounts/{cast.haarlem.public_id}",
        reverse("dashboard:account", args=[cast.haarlem.public_id]),
    )
    ties, maud = sign_in("ties@agora.example"), sign_in("maud@client.example")
    assert "Nobody wrote down yet who pays" in text_of(ties, panel)
    assert "Tell us who pays" in text_of(maud, own) and "give_billing_details" in text_of(maud, own)
    write_down(cast.ties, cast.haarlem)
    for page in (text_of(ties, panel), text_of(maud, own)):
        assert "Rathausplatz 2<br>50667 Köln<br>Germany" in page and "ap@koeln.example" in page
        assert f"<b>{GERMAN}</b>" in page and "not confirmed yet" in page
        assert "21 % VAT (Netherlands) is added to every amount." in page
    assert "Agora Voices B.V., Dam 1, 1012 JS Amsterdam" in text_of(maud, own)
    assert "set_billing_details" not in text_of(maud, own)
    reader = text_of(sign_in("ada@agora.example"), panel)
    assert "Rathausplatz 2" in reader and "account/" in reader and "/set_billing_details" not in reader


def test_a_member_without_billing_rights_sees_none_of_it(cast: Cast) -> None:
    write_down(cast.ties, cast.haarlem)
    assert (
        sign_in("lotte@client.example").get(reverse("dashboard:account", args=[cast.haarlem.public_id])).status_code
        == 404
    )


def test_the_list_shows_each_id_under_its_headings(cast: Cast) -> None:
    for account in (cast.haarlem, cast.samen, cast.oost):
        write_down(cast.ties, account, name=f"Zahler {account}")
    store.take_answers({cast.samen.pk: Asked(GERMAN, Answer.INVALID), cast.oost.pk: Asked(GERMAN, Answer.VALID)},
                       NOW - timedelta(days=30))  # fmt: skip
    ties = sign_in("ties@agora.example")
    found = {
        show: [
            name
            for name in ("Haarlem", "Samen", "Oost")
            if f"Zahler {name}" in page or name in page.split("<tbody>")[1]
        ]
        for show in ("unknown", "invalid", "old", "accepted", "all")
        for page in [text_of(ties, f"/panel/vat-ids/?show={show}")]
    }
    assert found == {
        "unknown": ["Haarlem"], "invalid": ["Samen"], "old": ["Samen", "Oost"], "accepted": [],
        "all": ["Haarlem", "Samen", "Oost"],
    }  # fmt: skip
    by_id = text_of(ties, "/panel/vat-ids/?show=all&q=de 136695976").split("<tbody>")[1]
    assert by_id.count("<tr>") == 3
    by_account = text_of(ties, "/panel/vat-ids/?show=all&q=universiteit").split("<tbody>")[1]
    assert "Oost" in by_account and "Samen" not in by_account
    assert "No VAT id here matches" in text_of(ties, "/panel/vat-ids/?show=all&q=nobody")


@pytest.mark.parametrize("asked", ["show=none", "page=0", "page=x", "page=99999999"])
def test_a_broken_address_is_said(cast: Cast, asked: str) -> None:
    text_of(sign_in("ties@agora.example"), f"/panel/vat-ids/?{asked}", 400)


def test_a_longer_list_asks_no_more(cast: Cast) -> None:
    """Another row is no further statement; the page after the first is there."""
    ties = sign_in("ties@agora.example")
    text_of(ties, "/panel/vat-ids/")
    write_down(cast.ties, cast.haarlem)
    with CaptureQueriesContext(connection) as few:
        text_of(ties, "/panel/vat-ids/")
    lines = [
        line
        for n in range(55)
        for line in [*organisation(f"o{n}", f"O {n}", NOW), *workspace(f"w{n}", f"o{n}", f"W {n}", NOW)]
    ]
    bring_all(*lines)
    details = Details("N.V. Meer", "Straat 1", "1000", "Brussel", "BE", vat_id="BE0428759497")
    made = BillingAccount.objects.filter(organisation__external_id__startswith="o").exclude(pk=cast.oost.pk)
    store.set_details({account.pk: details for account in made}, NOW)
    with CaptureQueriesContext(connection) as many:
        page = text_of(ties, "/panel/vat-ids/")
    assert len(many) == len(few) and page.count("N.V. Meer") >= 49
    assert "N.V. Meer" in text_of(ties, "/panel/vat-ids/?show=unknown&page=2")


def test_programs_read_the_same(cast: Cast) -> None:
    ties = sign_in("ties@agora.example")
    address = f"/api/v1/accounts/{cast.haarlem.public_id}/billing"
    before = ties.get(address).json()
    assert before["details"] is None and before["vat"]["rate"] == "21"
    write_down(cast.ties, cast.haarlem)
    after = ties.get(address).json()
    assert (after["details"]["vat_id"], after["details"]["vat_id_status"]) == (GERMAN, "unknown")
    assert after["details"]["mails"] == ["ap@koeln.example"] and "not confirmed" in after["vat"]["remarks"][0]
    listed = ties.get("/api/v1/vat-ids?show=unknown&q=köln").json()
    assert [one["account"] for one in listed["vat_ids"]] == [cast.haarlem.public_id] and not listed["has_more"]
    assert ties.get("/api/v1/vat-ids?show=none").status_code in (400, 422)
    assert sign_in("maud@client.example").get(address).status_code == 404, "the API is the staff's"
    assert ties.get("/api/v1/accounts/acc_nowhere/billing").status_code == 404
