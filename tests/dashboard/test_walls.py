"""Nothing of anybody else's: every address of people's own pages, taken from the URL table, with every id there is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from bursar.access.models import User
from bursar.actions.registry import ACTIONS, TARGETS
from bursar.actions.run import run
from bursar.tenants.models import BillingAccount, Organisation, Person, Workspace
from tests.cast import NOW, Cast, bring_all, let_observe, person, seat, sign_in
from tests.walk import ROUTES

ELSEWHERE = ("/panel", "/api", "/account/", "/sign-in", "/sign-out", "/healthz", "/readyz", "/metrics", "/static")
OWN = [route for route in ROUTES if not route.startswith(ELSEWHERE)]
OLD = NOW - timedelta(days=100)
ABOUT_PLANS = ("/?", "/workspaces/", "/billing/", "/history/", "/actions/")
MODELS: dict[str, Any] = {
    "account": BillingAccount, "workspace": Workspace, "organisation": Organisation, "person": Person,
}  # fmt: skip
PREFIXES = {slug: model._meta.get_field("public_id").prefix for slug, model in MODELS.items()}
AMOUNTS = ("€", "37 %", "41 %", "1,800", "2,178", "agreed")


def every_id() -> list[str]:
    return [one for model in MODELS.values() for one in model._default_manager.values_list("public_id", flat=True)]


def filled(route: str, ids: list[str]) -> Iterator[list[str]]:
    """For each kind of target and each verb of customers, the address with each of these ids in its place.

    All ids of the kind that the place is for; of the other kinds one each, for the first letters of an id say what it
    is of.
    """
    own = [made for made in ACTIONS.values() if made.is_for_customers or made.verb_name == "set_discount"]
    verbs = [(made.target_slug, made.verb_name) for made in own]
    place = re.search(r"<\w+:(\w+)_id>", route)
    if "<slug:verb>" in route:
        pairs = [(slug, route.replace("<slug:slug>", slug).replace("<slug:verb>", verb)) for slug, verb in verbs]
    elif "<slug:slug>" in route:
        pairs = [(slug, route.replace("<slug:slug>", slug)) for slug in TARGETS]
    else:
        pairs = [(place[1] if place else "", route)]
    kinds = {some_id.partition("_")[0]: some_id for some_id in ids}
    for slug, pair in pairs:
        fitting = [some_id for some_id in ids if some_id.startswith(f"{PREFIXES.get(slug)}_")]
        yield sorted({re.sub(r"<[^>]+>", some_id, pair) for some_id in (*fitting, *kinds.values())})


def said_by(page: str) -> str:
    """Without the random tokens, in which any three letters may occur."""
    return re.sub(r"hx-headers='[^']*'|csrfmiddlewaretoken\" value=\"\w+\"", "", page)


def walk(client: Client, ids: list[str]) -> dict[str, str]:
    """Every page that opened, by address. Anything but a page, a redirect or a refusal fails here."""
    opened = {}
    asked = [addresses for route in OWN for addresses in filled(route, ids)]
    asked += [[f"/history/?of={some_id}" for some_id in ids], [f"/?all={some_id}" for some_id in ids]]
    for addresses in asked:
        for address in addresses:
            answer = client.get(address)
            assert answer.status_code in (200, 302, 400, 403, 404, 405, 409, 410), (address, answer.status_code)
            if answer.status_code == 405:  # of the route alone: no id is looked at
                break
            if answer.status_code == 200:
                opened[address] = said_by(answer.content.decode().replace(f'hx-get="{address}"', ""))
    return opened


def assert_silent(opened: dict[str, str], words: Iterable[str]) -> None:
    found = [(word, address) for address, page in opened.items() for word in words if re.search(rf"\b{word}\b", page)]
    assert not found, found[:5]


def assert_no_money(opened: dict[str, str]) -> None:
    """No amount and no discount anywhere; on the pages about plans, not even a word of them."""
    for address, page in opened.items():
        is_plan = address == "/" or address.startswith(ABOUT_PLANS[:-1])
        for word in (*AMOUNTS, *(("iscount", "scholarship", "VAT", "yearly") if is_plan else ())):
            assert word not in page, (word, address)


def make_user(ref: str) -> Client:
    user = User.objects.create_user(f"{ref}@client.example", ref.capitalize(), None)
    Person.objects.filter(external_id=ref).update(user=user)
    return sign_in(user.email)


def of(*things: BillingAccount | Workspace | Organisation) -> list[str]:
    return [word for thing in things for word in (re.escape(str(thing)), thing.public_id)]


@pytest.fixture
def told(cast: Cast) -> Cast:
    """With something in everybody's history, discounts, an observer and an external at Klimaat, and a plain member."""
    bring_all(
        *[line for who in ("piet", "els", "otto") for line in person(who, who.capitalize())],
        seat("klimaat", "piet", "member", OLD),
        seat("klimaat", "els", "external", OLD),
    )
    let_observe(cast.klimaat, "otto", OLD)
    percent = {"kind": "scholarship", "percent": "37", "end_date": "2027-03-31"}
    said: Any = {"reason": "agreed", "message": "37 % off, half a year long."}
    run("plans.account.set_discount", cast.ties, cast.haarlem.public_id, percent, **said)
    run("plans.workspace.set_discount", cast.ties, cast.klimaat.public_id, {**percent, "percent": "41"}, **said)
    piet = Person.objects.get(external_id="piet").public_id
    data = {"new_admin": piet, "old_admin": "", "keep_old": "on"}
    run(
        "tenants.workspace.change_admin",
        cast.ties,
        cast.klimaat.public_id,
        data,
        reason="x",
        message="Welcome, 41 % off.",
        message_for_billing=True,
    )
    bring_all(seat("klimaat", "piet", "member", NOW))
    cast.reset_panel(message="Go on, Lotte.")
    return cast


def test_the_walk_finds_the_pages() -> None:
    assert {"/", "/history/", "/workspaces/<slug:workspace_id>", "/billing/<slug:account_id>"} <= set(OWN)
    assert any(route.startswith("/actions/") for route in OWN)


def test_a_customer_of_another_organisation_finds_nothing(told: Cast) -> None:
    opened = walk(sign_in("lotte@client.example"), every_id())
    assert f"/workspaces/{told.panel.public_id}" in opened and f"/billing/{told.samen.public_id}" in opened
    people = [
        "Maud",
        "Ali",
        "Piet",
        "Els",
        "Otto",
        *(f"{who}@client.example" for who in ("maud", "ali", "jan", "piet")),
    ]
    others = of(told.haarlem, told.oost, told.klimaat, told.noord, told.lab)
    organisations = of(told.haarlem.organisation, told.oost.organisation)
    assert_silent(opened, [*others, *organisations, *people, "37 %", "41 %", "Ties", "Iris", "agreed"])


def test_who_belongs_nowhere_finds_nothing_at_all(told: Cast) -> None:
    bring_all(*person("odd", "Odd"))
    opened = walk(make_user("odd"), every_id())
    others = [address for address in opened if address.startswith(("/workspaces/", "/billing/", "/actions/"))]
    assert all(address.startswith("/actions/inbox/") for address in others), "one's own choices alone"
    everything = [*of(told.haarlem, told.samen, told.klimaat, told.panel), "Maud", "Lotte"]
    assert_silent(opened, everything)


def test_a_visitor_is_asked_to_sign_in(told: Cast) -> None:
    opened = walk(Client(), [told.klimaat.public_id, told.haarlem.public_id])
    assert not [address for address in opened if address == "/" or address.startswith(ABOUT_PLANS)]
    assert_silent(opened, [*of(told.klimaat, told.haarlem), "Maud"])


def test_a_plain_member_sees_no_neighbour_and_no_price(told: Cast) -> None:
    opened = walk(make_user("piet"), every_id())
    assert f"/workspaces/{told.klimaat.public_id}" in opened and len(opened) > 3
    assert not [address for address in opened if address.startswith("/billing/")]
    assert_silent(
        opened, [*of(told.noord, told.lab, told.panel), told.haarlem.public_id, "Lotte", "lotte@client.example"]
    )
    assert_no_money(opened)
    history = opened["/history/"]
    assert "Admin changed" in history and "Welcome" not in history  # its message is for billing people only
    assert "For prices and payments ask Maud" in opened["/"]


@pytest.mark.parametrize("who", ["els", "otto"])
def test_guests_see_the_plan_and_whom_to_ask_and_no_more(told: Cast, who: str) -> None:
    opened = walk(make_user(who), every_id())
    page = opened[f"/workspaces/{told.klimaat.public_id}"]
    assert "Changemaker" in page and "Unlimited recording" in page and "Maud" in page
    assert not [address for address in opened if address.startswith("/billing/")]
    assert_silent(opened, [*of(told.noord, told.lab, told.panel), told.haarlem.public_id, "Ali", "Piet"])
    assert_no_money(opened)
    for address, one in opened.items():
        for word in ("maud@", "Sign-ins", "Usage by month", "Recordings in", "Change admin"):
            assert word not in one, (word, address)
    assert not any(f"/history/?of={told.klimaat.public_id}" == address for address in opened)


def test_a_billing_person_of_one_workspace_reads_the_price_and_no_neighbours_name(told: Cast) -> None:
    bring_all(*person("bea", "Bea"), seat("klimaat", "bea", "billing", OLD))
    opened = walk(make_user("bea"), every_id())
    page = opened[f"/billing/{told.haarlem.public_id}"]
    assert "1 other workspace" in page and "Burgerberaad Klimaat" in page and "€" in page
    assert "41 % scholarship" in page and "37 % scholarship" in page
    assert_silent(opened, [*of(told.noord, told.lab, told.panel), "Lotte"])
    assert "Sign-ins" not in opened[f"/workspaces/{told.klimaat.public_id}"]


def test_a_billing_person_of_the_organisation_needs_no_workspace(told: Cast) -> None:
    bring_all(
        *person("bo", "Bo"),
        {"kind": "organisation_member", "organisation": "haarlem", "person": "bo", "role": "billing", "from": OLD},
    )
    opened = walk(make_user("bo"), every_id())
    page = opened[f"/billing/{told.haarlem.public_id}"]
    assert "2 other workspaces" in page and "another workspace" in page
    assert_silent(opened, of(told.klimaat, told.noord))
    assert not [address for address in opened if address.startswith("/workspaces/")]


def test_a_role_that_has_ended_shows_nothing(told: Cast) -> None:
    bring_all({**seat("klimaat", "ali", "member", OLD - timedelta(days=100)), "until": NOW - timedelta(days=1)})
    opened = walk(sign_in("ali@client.example"), [told.klimaat.public_id])
    assert f"/workspaces/{told.klimaat.public_id}" not in opened


def test_two_hats_show_the_customers_things_and_nothing_of_the_panel(told: Cast) -> None:
    Person.objects.filter(external_id="ali").update(user=User.objects.get(email="ties@agora.example"))
    opened = walk(sign_in("ties@agora.example"), every_id())
    assert "Staff panel" in opened["/"] and "Wijkgesprekken Noord" in opened["/"]
    assert_silent(opened, [*of(told.panel, told.lab, told.samen), "Lotte"])


def test_staff_who_are_no_customers_are_shown_in(told: Cast) -> None:
    opened = walk(sign_in("ada@agora.example"), every_id())
    assert "Open the staff panel" in opened["/"]
    assert_silent(opened, [*of(told.panel, told.klimaat, told.haarlem), "Maud"])
