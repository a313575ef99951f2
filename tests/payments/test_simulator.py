"""The simulator as Mollie: its manners over HTTP, its replays and pages of lists, its webhooks, its faults and controls."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from django.conf import settings
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from bursar.mollie_sim.posting import WAITS, Parcel
from bursar.mollie_sim.server import serving
from bursar.mollie_sim.simulator import Simulator
from bursar.payments.gateway import Gateway
from bursar.payments.gateway.caller import is_signed
from tests.payments.till import BACK, HTTP, KEY, START, Shop, Till
from tests.waiting import until

BODY = {"amount": {"currency": "EUR", "value": "10.00"}, "description": "Ten", "redirectUrl": BACK}


def ask(address: str, method: str, path: str, body: Any = None, key: str = "", credential: str = KEY) -> httpx.Response:
    headers = {"Authorization": f"Bearer {credential}"} if credential else {}
    if key:
        headers["Idempotency-Key"] = key
    content = None if body is None else json.dumps(body)
    return HTTP.request(method, f"{address}/v2{path}", content=content, headers=headers)


# Alone

IMPORTED = re.compile(r"^\s*(?:from|import) (bursar(?:\.\w+)*)", re.MULTILINE)
KNOWN = ("bursar.core.calendar", "bursar.core.days", "bursar.core.money", "bursar.config.parent")


def test_it_knows_nothing_of_bursar_but_how_to_write_days_and_money() -> None:
    """No rule of ours may lean on it, nor it on ours. That nobody imports it, the street says: it stands at its top."""
    found = {
        name
        for path in (settings.ROOT / "bursar/mollie_sim").rglob("*.py")
        for name in IMPORTED.findall(path.read_text())
        if not name.startswith("bursar.mollie_sim")
    }
    assert found == set(KNOWN)


# Manners


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"colour": "red"}, "colour", 'Non-existent body parameter "colour"'),
        ({"descripton": "x"}, "descripton", 'Did you mean: "description"'),
        ({"amount": None}, "amount", "The 'amount' field is missing"),
        ({"amount": {"currency": "EUR", "value": 10.0}}, "amount", "invalid value"),
        ({"amount": {"currency": "EUR", "value": "10"}}, "amount", "invalid value"),
        ({"amount": {"currency": "EUR", "value": "10.005"}}, "amount", "invalid value"),
        ({"amount": {"currency": "euro", "value": "10.00"}}, "amount", "invalid currency"),
        ({"amount": {"currency": "EUR", "value": "0.00"}}, "amount", "lower than the minimum"),
        ({"amount": {"currency": "EUR", "value": "99999.00"}, "method": "creditcard"}, "amount", "higher than"),
        ({"redirectUrl": None}, "redirectUrl", "missing"),
        ({"redirectUrl": "javascript:alert(1)"}, "redirectUrl", "redirect URL is invalid"),
        ({"webhookUrl": "https://bursar.example/hook"}, "webhookUrl", "unreachable from Mollie's point of view"),
        ({"webhookUrl": "http://10.0.0.1/hook"}, "webhookUrl", "unreachable"),
        ({"sequenceType": "first"}, "customerId", "customer is required"),
        ({"sequenceType": "recurring"}, "customerId", "customer is required"),
        ({"sequenceType": "often"}, "sequenceType", "invalid"),
        ({"method": "gold"}, "method", "invalid"),
        ({"metadata": "x" * 2000}, "metadata", "too large"),
        ({"description": " "}, "description", "missing"),
    ],
)
def test_what_a_payment_may_not_be(
    simulator: Simulator, address: str, change: dict[str, Any], field: str, words: str
) -> None:
    body = {name: value for name, value in {**BODY, **change}.items() if value is not None}
    answer = ask(address, "POST", "/payments", body)
    assert answer.status_code == 422 and answer.headers["content-type"] == "application/hal+json"
    said = answer.json()
    assert (said["status"], said["title"], said["field"]) == (422, "Unprocessable Entity", field)
    assert words in said["detail"] and said["_links"]["documentation"]["type"] == "text/html"
    assert simulator.world.payments == {}


def test_a_long_description_is_cut_and_metadata_come_back_as_they_are(address: str) -> None:
    body = {**BODY, "description": "x" * 300, "metadata": '{"a": 1}'}
    made = ask(address, "POST", "/payments", body).json()
    assert made["description"] == "x" * 255 and made["metadata"] == '{"a": 1}'


@pytest.mark.parametrize("credential", ["", "test", "secret_abc", "test_"])
def test_without_a_key_nothing_is_said(address: str, credential: str) -> None:
    answer = ask(address, "GET", "/payments", credential=credential)
    assert answer.status_code == 401 and answer.json()["title"] == "Unauthorized Request"


def test_strange_addresses_bodies_and_verbs(address: str) -> None:
    assert ask(address, "GET", "/planets").status_code == 404
    assert ask(address, "PUT", "/payments").status_code == 405
    assert ask(address, "POST", "/payments", [1]).status_code == 400
    assert (
        HTTP.post(f"{address}/v2/payments", content=b"{", headers={"Authorization": f"Bearer {KEY}"}).status_code == 400
    )
    assert ask(address, "GET", "/customers/cst_x/mandates/mdt_y").status_code == 404


def test_pages_of_other_sites_change_nothing(simulator: Simulator, address: str) -> None:
    """Such as one that is open in a developer's browser."""
    for path in ("/control/clock", "/", "/v2/customers"):
        answer = HTTP.post(address + path, json={"days": 1}, headers={"Origin": "https://evil.example"})
        assert answer.status_code == 403
    assert simulator.clock.now() == START
    assert HTTP.post(f"{address}/control/clock", json={"days": 1}, headers={"Origin": address}).status_code == 200


def test_things_of_one_customer_are_not_anothers(till: Till) -> None:
    one, other = till.paid_first(), till.paid_first()
    base = till.simulator.base
    assert ask(base, "GET", f"/customers/{one.customer_id}/mandates/{other.mandate_id}").status_code == 404
    assert ask(base, "DELETE", f"/customers/{one.customer_id}/mandates/{other.mandate_id}").status_code == 404
    assert till.gateway.mandates.get(other.customer_id, other.mandate_id).status == "valid"


def test_a_deleted_customer_is_gone_and_its_payments_stay(till: Till) -> None:
    first = till.paid_first()
    assert ask(till.simulator.base, "DELETE", f"/customers/{first.customer_id}").status_code == 204
    assert ask(till.simulator.base, "GET", f"/customers/{first.customer_id}").status_code == 410
    assert till.gateway.payments.get(first.id).status == "paid"


# Replays


def test_a_key_gives_the_first_answer_for_an_hour(simulator: Simulator, address: str) -> None:
    key = str(uuid4())
    first = ask(address, "POST", "/payments", BODY, key)
    again = ask(address, "POST", "/payments", BODY, key)
    assert again.json() == first.json() and again.status_code == 201
    assert again.headers["Idempotent-Replayed"] == "true" and "Idempotent-Replayed" not in first.headers
    other = ask(address, "POST", "/payments", {**BODY, "description": "Other"}, key)
    assert other.status_code == 400
    assert ask(address, "POST", "/customers", {}, key).status_code == 400
    simulator.advance(timedelta(minutes=59))
    assert ask(address, "POST", "/payments", BODY, key).json() == first.json()
    simulator.advance(timedelta(minutes=1))
    assert ask(address, "POST", "/payments", BODY, key).json()["id"] != first.json()["id"]
    assert len(simulator.world.payments) == 2


def test_a_refusal_is_replayed_and_a_failure_of_mollies_is_not(simulator: Simulator, address: str) -> None:
    refused, failed = str(uuid4()), str(uuid4())
    bad = {**BODY, "description": ""}
    first = ask(address, "POST", "/payments", bad, refused)
    again = ask(address, "POST", "/payments", bad, refused)
    assert (again.status_code, again.json()) == (422, first.json()) and "Idempotent-Replayed" in again.headers
    simulator.fail("down", times=1)
    assert ask(address, "POST", "/payments", BODY, failed).status_code == 503
    assert ask(address, "POST", "/payments", BODY, failed).status_code == 201
    assert len(simulator.world.payments) == 1


def test_a_key_of_another_credential_is_another_key(simulator: Simulator, address: str) -> None:
    key = str(uuid4())
    ask(address, "POST", "/payments", BODY, key)
    ask(address, "POST", "/payments", BODY, key, credential="test_another")
    assert len(simulator.world.payments) == 2


def test_while_the_first_is_under_way_the_second_is_a_conflict(
    simulator: Simulator, address: str, gate: threading.Event
) -> None:
    simulator.fail("slow", times=1)
    key = str(uuid4())
    with ThreadPoolExecutor(1) as aside:
        first = aside.submit(ask, address, "POST", "/payments", BODY, key)
        until(lambda: simulator.replays._kept, "the first is not under way")
        assert ask(address, "POST", "/payments", BODY, key).status_code == 409
        gate.set()
        assert first.result().status_code == 201
    assert len(simulator.world.payments) == 1


def test_many_at_once_under_one_key_make_one(simulator: Simulator, address: str) -> None:
    key = str(uuid4())
    with ThreadPoolExecutor(8) as crowd:
        statuses = [
            one.status_code for one in crowd.map(lambda _: ask(address, "POST", "/payments", BODY, key), range(16))
        ]
    assert set(statuses) <= {201, 409} and 201 in statuses and len(simulator.world.payments) == 1


# Pages of lists


@pytest.fixture(scope="module")
def seven() -> Any:
    simulator = Simulator(START)
    with serving(simulator) as address:
        ids = [ask(address, "POST", "/payments", BODY).json()["id"] for _ in range(7)]
        yield address, ids


@hypothesis_settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(limit=st.integers(1, 9), ascending=st.booleans())
def test_following_next_shows_each_once_and_in_order(seven: Any, limit: int, ascending: bool) -> None:
    address, ids = seven
    url: str | None = f"{address}/v2/payments?limit={limit}&sort={'asc' if ascending else 'desc'}"
    found: list[str] = []
    while url:
        page = HTTP.get(url, headers={"Authorization": f"Bearer {KEY}"}).json()
        assert page["count"] == len(page["_embedded"]["payments"]) <= limit
        found += [one["id"] for one in page["_embedded"]["payments"]]
        url = page["_links"]["next"] and page["_links"]["next"]["href"]
    assert found == (ids if ascending else ids[::-1])


def test_a_page_starts_with_its_cursor_and_knows_the_one_before(seven: Any) -> None:
    address, ids = seven
    page = ask(address, "GET", f"/payments?limit=2&from={ids[3]}").json()
    assert [one["id"] for one in page["_embedded"]["payments"]] == [ids[3], ids[2]]
    before = HTTP.get(page["_links"]["previous"]["href"], headers={"Authorization": f"Bearer {KEY}"}).json()
    assert [one["id"] for one in before["_embedded"]["payments"]] == [ids[5], ids[4]]
    assert ask(address, "GET", "/payments").json()["_links"]["previous"] is None


@pytest.mark.parametrize(("query", "field"), [("from=tr_none", "from"), ("limit=0", "limit"), ("limit=251", "limit")])
def test_a_page_that_cannot_be(seven: Any, query: str, field: str) -> None:
    answer = ask(seven[0], "GET", f"/payments?{query}")
    assert answer.status_code == 400 and answer.json()["field"] == field


def test_lists_keep_the_modes_apart(seven: Any) -> None:
    assert ask(seven[0], "GET", "/payments", credential="live_x").json()["count"] == 0
    assert ask(seven[0], "GET", "/payments?testmode=true", credential="access_x").json()["count"] == 7
    assert ask(seven[0], "GET", "/payments", credential="access_x").json()["count"] == 0


# Webhooks


def test_a_webhook_says_the_id_and_nothing_else(till: Till) -> None:
    first = till.paid_first()
    till.simulator.tick()
    [heard] = till.shop.heard
    assert heard.body == f"id={first.id}"
    assert heard.headers["user-agent"] == "Mollie HTTP client/1.0"
    assert heard.headers["content-type"] == "application/x-www-form-urlencoded"


def test_ten_tries_over_26_hours_and_no_more(till: Till) -> None:
    till.shop.answers = [500] * 20
    first = till.paid_first()
    for wait, tries in zip([timedelta(), *WAITS, timedelta(days=3)], [*range(1, 11), 10], strict=True):
        till.simulator.advance(wait)
        assert len(till.shop.heard) == tries
    [delivery] = till.simulator.post.log
    assert (delivery.payment_id, delivery.answers) == (first.id, [500] * 10)
    assert sum(WAITS, timedelta()) == timedelta(hours=26)


def test_a_webhook_is_tried_until_it_is_taken(till: Till) -> None:
    till.shop.answers = [404, 302]
    till.paid_first()
    till.wait(days=2)
    [delivery] = till.simulator.post.log
    assert delivery.answers == [404, 302, 200]


def test_webhooks_wait_are_held_and_let_go(till: Till) -> None:
    till.control("config", delay=60)
    till.paid_first()
    till.wait(seconds=59)
    assert till.shop.heard == []
    till.wait(seconds=1)
    assert len(till.shop.heard) == 1
    till.control("config", held=True)
    till.paid_first()
    till.wait(days=1)
    assert len(till.shop.heard) == 1
    assert till.control("webhooks/deliver") == {"sent": 1}
    assert len(till.shop.heard) == 2


def test_webhooks_are_lost_and_doubled(till: Till) -> None:
    till.control("config", lost=1)
    lost = till.paid_first()
    till.control("config", lost=0, twice=1)
    doubled = till.paid_first()
    till.wait(days=2)
    assert till.shop.ids == [doubled.id, doubled.id]
    assert [one.payment_id for one in till.simulator.post.lost] == [lost.id]


def disorder(seed: int, **config: Any) -> list[str]:
    """The places of ten payments in the order in which their webhooks arrive."""
    sent: list[str] = []

    def send(parcel: Parcel) -> int:
        sent.append(parcel.body.decode().removeprefix("id="))
        return 200

    simulator = Simulator(START, seed, send)
    simulator.configure(**config)
    with Shop.open() as shop, serving(simulator) as address:
        till = Till(simulator, Gateway(address, KEY), shop)
        made = [till.paid_first().id for _ in range(10)]
        simulator.advance(timedelta(hours=1))
    return [str(made.index(id)) for id in sent]


def test_disorder_is_the_same_for_the_same_seed() -> None:
    wild = {"jitter": 600, "twice": 0.5, "lost": 0.4}
    once = disorder(9, **wild)
    assert once == disorder(9, **wild) != disorder(8, **wild)
    assert once != sorted(once) and len(set(once)) < 10 and len(once) > len(set(once))
    shuffled = disorder(3, held=False, delay=60, shuffled=True)
    assert sorted(shuffled) == [str(place) for place in range(10)] != shuffled
    assert disorder(3) == [str(place) for place in range(10)]


def test_whoever_hears_a_webhook_may_ask_at_once(simulator: Simulator) -> None:
    """The simulator holds nothing while it tells."""
    seen: list[str] = []
    with Shop.open() as shop, serving(simulator) as address:
        gateway = Gateway(address, KEY)

        def ask_back(parcel: Parcel) -> int:
            seen.append(gateway.payments.get(parcel.body.decode().removeprefix("id=")).status)
            return 200

        simulator._send = ask_back
        till = Till(simulator, gateway, shop)
        till.paid_first()
        done = threading.Thread(target=simulator.tick)
        done.start()
        done.join(30)
    assert seen == ["paid"]


def test_signed_events_go_beside(till: Till) -> None:
    till.control("config", events_url=till.shop.url, events_secret="whisper")
    first = till.paid_first()
    till.control(f"payments/{first.id}/chargeback")
    till.simulator.tick()
    events = [one for one in till.shop.heard if "x-mollie-signature" in one.headers]
    assert [json.loads(one.body)["type"] for one in events] == ["payment.paid", "chargeback.received"]
    for one in events:
        assert is_signed(one.body, one.headers["x-mollie-signature"], ["whisper"])
        assert json.loads(one.body)["entityId"] == first.id
    assert till.shop.heard[0].id == first.id


# Faults and controls


def test_faults_strike_where_and_as_often_as_they_should(till: Till) -> None:
    base = till.simulator.base
    till.control("faults", kind="down", times=2, path="/customers", method="POST")
    statuses = [ask(base, *one).status_code for one in [("GET", "/customers"), *[("POST", "/customers")] * 3]]
    assert statuses == [200, 503, 503, 201]
    till.control("faults", kind="limited", seconds=3)
    limited = ask(base, "GET", "/payments")
    assert (limited.status_code, limited.headers["retry-after"]) == (429, "3")
    assert HTTP.delete(f"{base}/control/faults").status_code == 200
    assert ask(base, "GET", "/payments").status_code == 200


def test_an_answer_that_is_lost_was_done(simulator: Simulator, address: str) -> None:
    simulator.fail("lost", times=1)
    key = str(uuid4())
    assert ask(address, "POST", "/payments", BODY, key).status_code == 502
    assert ask(address, "POST", "/payments", BODY, key).headers["Idempotent-Replayed"] == "true"
    assert len(simulator.world.payments) == 1


@pytest.mark.parametrize(
    ("path", "body", "words"),
    [
        ("clock", {"days": -1}, "does not go back"),
        ("clock", {"moons": 1}, "moons"),
        ("clock", {"to": "tomorrow"}, "tomorrow"),
        ("config", {"month_ends": "never"}, "never"),
        ("config", {"colour": "red"}, "there is no “colour”"),
        ("config", {"delay": "long"}, "long"),
        ("config", {"twice": -1}, "-1"),
        ("faults", {"kind": "rain"}, "there is no fault “rain”"),
        ("faults", {}, "name a kind"),
        ("faults", {"kind": "down", "colour": 1}, "colour"),
        ("payments/tr_none", {"outcome": "paid"}, "tr_none"),
        ("mandates/mdt_none", {}, "mdt_none"),
        ("settlements", {}, "nothing live to settle"),
    ],
)
def test_a_control_that_cannot_be_says_why_and_changes_nothing(
    simulator: Simulator, address: str, path: str, body: dict[str, Any], words: str
) -> None:
    before = HTTP.get(f"{address}/control/").json()
    answer = HTTP.post(f"{address}/control/{path}", json=body)
    assert answer.status_code == 422 and words in answer.json()["problem"]
    assert HTTP.get(f"{address}/control/").json() == before
    assert HTTP.get(f"{address}/control/nothing").status_code == 404


def test_the_controls_tell_how_things_stand(till: Till) -> None:
    till.paid_first()
    till.control("clock", to="2026-03-05T00:00:00+00:00")
    state = HTTP.get(f"{till.simulator.base}/control/").json()
    assert state["now"] == "2026-03-05T00:00:00+00:00" and state["held"]["payments"] == 1
    [done] = HTTP.get(f"{till.simulator.base}/control/webhooks").json()["done"]
    assert (done["about"], done["answers"]) == ("payment.paid", [200])


# The command


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
        return port


def test_the_command_serves_ticks_and_ends_with_whoever_started_it() -> None:
    port = _free_port()
    command = [sys.executable, "-m", "bursar", "mollie-sim", "--port", str(port), "--until-eof"]
    surroundings: dict[str, Any] = {"cwd": settings.ROOT, "text": True}
    surroundings["env"] = {**os.environ, "DATABASE_URL": "postgresql://nobody@127.0.0.1:9/none"}  # it needs none
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, **surroundings)
    try:
        assert process.stdout and str(port) in process.stdout.readline()
        with Shop.open() as shop:
            address = f"http://127.0.0.1:{port}"
            transport = httpx.HTTPTransport(retries=20)
            with httpx.Client(transport=transport) as client:
                client.get(f"{address}/control/")
            simulator = Simulator()
            simulator.base = address
            till = Till(simulator, Gateway(address, KEY), shop)
            first = till.paid_first()
            until(lambda: shop.heard, "no webhook came")  # its own clock tells, without being asked
            assert shop.ids == [first.id]
        taken = subprocess.run(command[:-1], capture_output=True, **surroundings)
        assert taken.returncode != 0 and "Choose another with --port" in taken.stderr
    finally:
        assert process.stdin and process.stdout
        process.stdin.close()
        process.wait(30)
        process.stdout.close()


def test_the_clock_of_a_running_one_goes_on_and_is_moved_ahead() -> None:
    simulator = Simulator(send=lambda parcel: 200)
    before = simulator.clock.now()
    simulator.advance(timedelta(days=3))
    assert simulator.clock.now() >= before + timedelta(days=3)
