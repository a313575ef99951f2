"""Where requests are listed: the staff's queue, the customer's page, the API."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

from bursar.core import clock
from tests.cast import NOW, Cast, refusal_of, sign_in
from tests.requests.helpers import ask, ask_workspace, customer, decide


def test_a_wished_name_is_found_as_one_types_it(cast: Cast) -> None:
    ask_workspace("maud", cast.haarlem.organisation, name="Łódź’s café")
    ties = sign_in("ties@agora.example")
    for q, found in (("lodz's cafe", True), ("CAFÉ", True), ("lódz", True), ("cafe lodz", False)):
        assert ("Łódź’s café" in ties.get("/panel/requests/", {"q": q}).content.decode()) is found, q
    key, haarlem = "requests.organisation.ask_workspace", cast.haarlem.organisation.public_id
    twice = {"name": "Lodz's Cafe", "visibility": "private", "tier": "free"}
    assert "asked for already" in refusal_of(key, customer("maud"), haarlem, twice).sentence


def test_the_queue_orders_counts_searches_and_keeps_its_statements(cast: Cast) -> None:
    first = ask("lotte", cast.panel, message="For the youth")
    with clock.frozen(NOW + timedelta(hours=1)):
        second = ask("maud", cast.klimaat, "guardian")
        ask_workspace("maud", cast.haarlem.organisation)
    ties = sign_in("ties@agora.example")
    page = ties.get("/panel/requests/").content.decode()
    assert page.index("Jeugdpanel") < page.index("Burgerberaad Klimaat") < page.index("Nieuw panel")
    assert "under an hour" in page
    decide("deny", cast.ties, first, message="Not now.")
    assert "Jeugdpanel" not in ties.get("/panel/requests/").content.decode()
    assert "Jeugdpanel" in ties.get("/panel/requests/?state=denied").content.decode()
    for q, found in (("youth", True), ("LOTTE", True), (first.public_id, True), ("samen", True), ("zzz", False)):
        assert ("Jeugdpanel" in ties.get(f"/panel/requests/?state=all&q={q}").content.decode()) is found, q
    assert "New workspace" not in ties.get("/panel/requests/?kind=tier_upgrade").content.decode()
    for bad in ("state=open", "kind=x", "tier=gold", "page=0", "page=x"):
        assert ties.get(f"/panel/requests/?{bad}").status_code == 400
    assert ties.get("/panel/requests/?page=7").status_code == 302
    assert 'id="count-requests" hx-swap-oob="true">2</span>' in ties.get("/panel/counts").content.decode()
    size = _statements(ties)
    for number in range(12):
        ask_workspace("maud", cast.haarlem.organisation, name=f"W{number}")
    assert _statements(ties) == size
    assert second.public_id in ties.get("/panel/requests/").content.decode()


def _statements(client: Any) -> int:
    with CaptureQueriesContext(connection) as caught:
        assert client.get("/panel/requests/").status_code == 200
    return len(caught)


def test_the_customers_page_shows_theirs_in_constant_statements(cast: Cast) -> None:
    ask("maud", cast.klimaat, "guardian")
    maud = sign_in("maud@client.example")
    with CaptureQueriesContext(connection) as few:
        page = maud.get("/requests/").content.decode()
    assert "Guardian for Burgerberaad Klimaat" in page and "Request…" in page
    for number in range(6):
        ask_workspace("maud", cast.haarlem.organisation, name=f"W{number}")
    with CaptureQueriesContext(connection) as many:
        maud.get("/requests/")
    assert len(few) == len(many)
    for other in ("lotte", "ali"):
        assert (
            "Guardian for Burgerberaad Klimaat"
            not in sign_in(f"{other}@client.example").get("/requests/").content.decode()
        )


def test_the_api_lists_by_cursor_and_decides(cast: Cast) -> None:
    made = ask("lotte", cast.panel)
    for number in range(3):
        with clock.frozen(NOW + timedelta(minutes=number + 1)):
            ask_workspace("maud", cast.haarlem.organisation, name=f"W{number}")
    noor = sign_in("noor@agora.example")
    seen, cursor = [], ""
    while True:
        got = noor.get(f"/api/v1/requests?limit=2&cursor={cursor}").json()
        seen += [row["id"] for row in got["requests"]]
        cursor = got["next_cursor"]
        if not cursor:
            break
    assert len(seen) == len(set(seen)) == 4 and seen[-1] == made.public_id
    assert [row["id"] for row in noor.get("/api/v1/requests?kind=tier_upgrade").json()["requests"]] == [made.public_id]
    assert noor.get("/api/v1/requests?state=denied").json()["requests"] == []
    assert noor.get("/api/v1/requests?state=odd").status_code == 400
    assert noor.get("/api/v1/requests?cursor=odd").status_code == 400
    assert noor.get("/api/v1/requests/req_none").status_code == 404
    address = f"/api/v1/request/{made.public_id}/actions/deny"
    silent = noor.post(address, json.dumps({"reason": "x"}), content_type="application/json")
    assert silent.status_code == 422 and silent.json()["fields"]["message"]
    said = noor.post(address, json.dumps({"message": "Not now."}), content_type="application/json")
    assert said.status_code == 200
    one = noor.get(f"/api/v1/requests/{made.public_id}").json()
    assert (one["state"], one["note"], one["decided_by"], one["grant"]) == ("denied", "Not now.", "Noor", None)
    again = noor.post(address, json.dumps({"message": "Not now."}), content_type="application/json")
    assert again.status_code == 409 and "denied by Noor" in again.json()["sentence"]
