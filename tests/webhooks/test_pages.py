"""The panel's pages and the API of the log."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.test import Client

from bursar.access.keys import digest_of
from bursar.actions.run import run
from bursar.product.models import ApiKey
from bursar.webhooks.models import WebhookEndpoint, WebhookMessage
from tests.cast import Cast, sign_in
from tests.webhooks.receiver import Receiver, deliver, make_endpoint
from tests.webhooks.test_delivery import three_events


def test_the_secret_is_shown_once_and_on_no_page(here: Cast, product: Receiver) -> None:
    iris = sign_in("iris@agora.example")
    assert b"No endpoint yet" in iris.get("/panel/webhooks/").content
    address = "/panel/actions/company/company/create_endpoint"
    form = {"url": product.url, "description": "Product", "events": ["usage.reset"], "reason": "It listens"}
    form["confirm"] = "the cast's long password"
    made = iris.post(address, form)
    assert made.status_code == 200 and b"whsec_" in made.content
    endpoint = WebhookEndpoint.objects.get()
    assert endpoint.events == ["usage.reset"]
    here.reset_panel()
    deliver()
    message = WebhookMessage.objects.get()
    for path in ("", endpoint.public_id, f"messages/{message.public_id}"):
        page = iris.get(f"/panel/webhooks/{path}")
        assert page.status_code == 200 and b"whsec_" not in page.content and b"Product" in page.content


def test_the_log_shows_state_tries_and_answer(here: Cast, product: Receiver) -> None:
    endpoint, _ = make_endpoint(here, product.url)
    product.answers, product.text = [503], b"<b>overloaded</b>"
    three_events(here)
    deliver()
    ties = sign_in("ties@agora.example")
    page = ties.get(f"/panel/webhooks/{endpoint.public_id}").content.decode()
    assert "HTTP 503" in page and page.count("Jeugdpanel") >= 3
    second = WebhookMessage.objects.get(type="workspace.tier_changed").public_id
    assert "goes first" in ties.get(f"/panel/webhooks/messages/{second}").content.decode()
    assert "You need the right “manage staff”." in page
    listed = ties.get("/panel/webhooks/").content.decode()
    assert "failing" in listed and '<td class="r">3</td>' in listed
    waiting = ties.get("/panel/deliveries/?state=waiting&kind=webhook_call").content.decode()
    assert "usage.reset: Jeugdpanel" in waiting and endpoint.description in waiting
    message = WebhookMessage.objects.get(type="usage.reset")
    page = ties.get(f"/panel/webhooks/messages/{message.public_id}").content.decode()
    assert "&lt;b&gt;overloaded" in page and "<b>overloaded" not in page and "counted_seconds_before" in page
    assert (
        "usage.reset"
        in ties.get(f"/panel/webhooks/{endpoint.public_id}?type=usage.reset&state=waiting").content.decode()
    )
    assert "No message fits" in ties.get(f"/panel/webhooks/{endpoint.public_id}?state=delivered").content.decode()
    for query in ("type=x", "state=x", "before=x"):
        assert ties.get(f"/panel/webhooks/{endpoint.public_id}?{query}").status_code == 400


def test_the_log_pages_and_asks_a_constant_number_of_questions(
    here: Cast, product: Receiver, django_assert_max_num_queries: Any
) -> None:
    endpoint, _ = make_endpoint(here, product.url)
    for _ in range(60):
        run("webhooks.endpoint.send_test", here.iris, endpoint.public_id)
    iris = sign_in("iris@agora.example")
    with django_assert_max_num_queries(16):
        page = iris.get(f"/panel/webhooks/{endpoint.public_id}").content.decode()
    assert page.count('aria-label="Actions for webhook.test') == 50
    older = page.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    assert iris.get(f"/panel/webhooks/{endpoint.public_id}{older}").content.decode().count("for webhook.test") == 10
    for n in range(10):
        make_endpoint(here, product.url, name=f"Product {n}")
    with django_assert_max_num_queries(11):
        iris.get("/panel/webhooks/")


def test_programs_read_the_log_by_cursor(here: Cast, product: Receiver) -> None:
    endpoint, _ = make_endpoint(here, product.url)
    product.answers = [503]
    three_events(here)
    deliver()
    deliver(timedelta(minutes=2))
    ada = sign_in("ada@agora.example")
    (listed,) = ada.get("/api/v1/webhooks").json()
    assert listed["state"] == "works" and listed["waiting"] == 0 and listed["id"] == endpoint.public_id
    found: list[str] = []
    cursor = ""
    for _ in range(3):
        page = ada.get(f"/api/v1/webhooks/{endpoint.public_id}/messages?limit=1&cursor={cursor}").json()
        found += [one["type"] for one in page["messages"]]
        cursor = page["next_cursor"]
    assert found == ["discount.changed", "workspace.tier_changed", "usage.reset"] and cursor == ""
    message = WebhookMessage.objects.get(type="usage.reset")
    whole = ada.get(f"/api/v1/webhooks/messages/{message.public_id}").json()
    assert whole["tries"] == 2 and [one["is_done"] for one in whole["tries_list"]] == [False, True]
    assert whole["body"]["type"] == "usage.reset" and whole["last_status"] == 200
    for path in ("x/messages", f"{endpoint.public_id}/messages?cursor=x", f"{endpoint.public_id}/messages?state=x"):
        assert ada.get(f"/api/v1/webhooks/{path}").status_code in (400, 404)
    assert ada.get("/api/v1/webhooks/messages/x").status_code == 404


def test_customers_and_keys_see_nothing_of_it(here: Cast, product: Receiver) -> None:
    endpoint, _ = make_endpoint(here, product.url)
    here.reset_panel()
    deliver()
    message = WebhookMessage.objects.get()
    ApiKey.objects.create(name="k", digest=digest_of("k"), hint="h", scopes=["push"], created_by="t")
    lotte, key = sign_in("lotte@client.example"), Client(headers={"Authorization": "Bearer k"})
    for path in ("", endpoint.public_id, f"messages/{message.public_id}"):
        assert lotte.get(f"/panel/webhooks/{path}").status_code == 404
        assert key.get(f"/panel/webhooks/{path}").status_code == 302
    for path in ("", f"/{endpoint.public_id}/messages", f"/messages/{message.public_id}"):
        assert lotte.get(f"/api/v1/webhooks{path}").status_code == 404
        assert key.get(f"/api/v1/webhooks{path}").status_code == 401
    for slug, thing, verb in (("endpoint", endpoint, "send_test"), ("message", message, "replay")):
        assert lotte.get(f"/actions/{slug}/{thing.public_id}/{verb}").status_code == 404
        assert lotte.post(f"/actions/{slug}/{thing.public_id}/{verb}").status_code == 404
    assert len(product.got) == 1
