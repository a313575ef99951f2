"""What stands on the pages, by role and by what happened to the account."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bursar.access.actor import Actor
from bursar.actions.registry import ACTIONS
from bursar.actions.run import run
from bursar.audit.models import AuditLine
from bursar.audit.pages import customer_version
from bursar.audit.queries import lines
from bursar.audit.store import Entry, write
from bursar.plans.models import PaidPeriod
from bursar.tenants.models import Person, WorkspaceMembership
from tests.cast import NOW, Cast, bring_all, let_observe, person, seat, sign_in, usage, workspace

OLD = NOW - timedelta(days=100)


def read(who: str, address: str) -> str:
    """The page's text, without tags and runs of space."""
    answer = sign_in(f"{who}@client.example").get(address)
    assert answer.status_code == 200, (address, answer.status_code)
    page = re.sub(r"<(script|title)[^>]*>.*?</\1>", "", answer.content.decode(), flags=re.S)
    return " ".join(re.sub(r"<[^>]+>", " ", page).split()).replace("&#x27;", "'")


def billing(cast: Cast) -> str:
    return f"/billing/{cast.haarlem.public_id}"


def test_home_says_what_is_blocked_what_still_works_and_whom_to_ask(cast: Cast) -> None:
    home = read("lotte", "/")
    assert "Uploads are locked. The 1 hour of Free is used up, so new uploads are locked." in home
    assert "Recording goes on, and what exists stays readable. Ask the Agora Voices team." in home
    assert "1 h 02 of 1 h used" in home and "Nothing is charged." in home and "1 hour of recording, for life." in home
    bring_all(seat("panel", "ali", "member", OLD))
    assert "Ask Lotte." in read("ali", "/")


def test_home_near_the_cap_and_by_its_pace(cast: Cast) -> None:
    bring_all(*workspace("near", "samen", "Nearby", OLD), *workspace("fast", "samen", "Fast", OLD))
    bring_all(seat("near", "lotte", "owner", OLD), seat("fast", "lotte", "owner", OLD))
    bring_all(usage("near", "n-1", NOW - timedelta(days=40), 2880), usage("fast", "f-1", NOW - timedelta(days=2), 2400))
    home = read("lotte", "/")
    assert "48 minutes of 1 hour used so far. Everything still works." in home
    assert "40 minutes of 1 hour used so far. At the pace of the last two weeks it is full within seven days." in home
    assert home.index("Jeugdpanel") < home.index("Fast")  # what needs a look stands first


def test_a_pilot_at_its_cap_is_told_that_recording_stopped(cast: Cast) -> None:
    bring_all({"kind": "tier", "workspace": "panel", "tier": "pilot", "from": OLD}, usage("panel", "p-9", NOW, 36_000))
    home = read("lotte", "/")
    assert "Recording has stopped. The 10 hours of Pilot are used up" in home
    assert "2 seats included; more are never charged." in home
    price = read("lotte", f"/billing/{cast.samen.public_id}")
    assert "Pilot is € 349.00 once for the whole account, excluding VAT." in price


def test_a_trial_says_its_end_and_what_comes_after(cast: Cast) -> None:
    run("plans.account.grant_trial", cast.ties, cast.samen.public_id, reason="let them try")
    home = read("lotte", "/")
    assert "Changemaker Free trial until 24 Dec 2026, 14:02 UTC , then Free." in home
    assert "You are trying this for free until 24 Dec 2026, 14:02 UTC ." in home
    assert "Keeping it would cost € 75.00 a month, excluding VAT, and only once you ask for it." in home


def test_a_lapse_says_what_comes_after(cast: Cast) -> None:
    until = NOW + timedelta(days=30)
    haarlem = {"account": {"organisation": "haarlem"}}
    bring_all({"kind": "payment", **haarlem, "mode": "self_serve", "status": "cancelled", "cadence": "yearly",
               "from": NOW - timedelta(days=1), "paid_until": until})  # fmt: skip
    assert "Until 24 Dec 2026, 14:02 UTC , then Free." in read("ali", "/")
    page = read("maud", billing(cast))
    assert (
        "Cancelled. Paid until 24 Dec 2026, 14:02 UTC ; then paid workspaces go to Free." in page
        and "Next Nothing is due." in page
    )


def test_set_back_says_until_when_it_is_paid_and_until_when_tiers_stay(cast: Cast) -> None:
    bring_all({"kind": "payment", "account": {"organisation": "haarlem"}, "mode": "managed", "from": OLD},
              {"kind": "paid", "account": {"organisation": "haarlem"}, "external_id": "i", "source": "managed",
               "from": OLD, "until": "2027-02-01T00:00:00Z", "booked_at": OLD, "net": "9", "gross": "9"})  # fmt: skip
    keep = {"keep_until": "2027-02-28"}
    run("plans.account.set_self_serve", cast.ties, cast.haarlem.public_id, keep, reason="They leave")
    page = read("maud", billing(cast))
    assert "Paid until 31 January 2027; paid workspaces go to Free after 28 February 2027." in page
    assert "Next Nothing is due." in page and "Paid automatically" not in page


@pytest.mark.parametrize(("is_gone", "words"), [(True, " No workspace draws on it any more."), (False, " Paying ")])
def test_without_a_paid_workspace_none_goes_to_free(cast: Cast, is_gone: bool, words: str) -> None:
    bring_all({"kind": "payment", "account": {"organisation": "haarlem"}, "mode": "self_serve", "status": "cancelled",
               "cadence": "yearly", "from": NOW - timedelta(days=1), "paid_until": NOW + timedelta(days=30)})  # fmt: skip
    for space in cast.haarlem.workspaces.all():
        if is_gone:
            bring_all({**workspace(space.external_id, "haarlem", space.name, space.created_at)[0], "deleted_at": NOW})
        else:
            bring_all({"kind": "tier", "workspace": space.external_id, "tier": "pilot", "from": NOW})
    page = read("maud", billing(cast))
    assert f"Cancelled. Paid until 24 Dec 2026, 14:02 UTC .{words}" in page and "to Free" not in page


def test_the_price_line_by_line_and_what_comes_next(cast: Cast) -> None:
    page = read("maud", billing(cast))
    assert "Changemaker 2 75.00 – 150.00 Together, excluding VAT 150.00" in page
    assert "On 8 May 2027: € 1,800.00 (12 × € 150.00), if nothing changes until then." in page
    assert (
        "Paid automatically, yearly." in page and "8 May 2026 to 8 May 2027, 14:02 UTC online 1,800.00 2,178.00" in page
    )
    assert "€ 150.00 a month, excluding VAT" in read("maud", "/")


def test_a_discount_says_when_it_ends_and_what_then(cast: Cast) -> None:
    data = {"kind": "scholarship", "percent": "50", "end_date": "2026-12-31"}
    run("plans.account.set_discount", cast.ties, cast.haarlem.public_id, data, reason="agreed")
    page = read("maud", billing(cast))
    assert "50 % scholarship, until 31 December 2026" in page and "€ 75.00 a month" in page
    assert "From 1 January 2027: € 150.00 a month, if nothing else changes." in page
    assert "On 8 May 2027: € 1,800.00" in page  # the discount is over by then


def test_managed_past_due_and_comped_in_words(cast: Cast) -> None:
    bring_all({"kind": "organisation_member", "organisation": "oost", "person": "ali", "role": "billing", "from": OLD})
    oost = f"/billing/{cast.oost.public_id}"
    page = read("ali", oost)
    assert "Billed by invoice. No paid invoice covers today yet." in page
    assert "An invoice of € 1,800.00 (12 × € 150.00). Its day is not known here." in page
    data = {"kind": "scholarship", "percent": "100", "end_date": ""}
    run("plans.account.set_discount", cast.ties, cast.oost.public_id, data, reason="agreed")
    assert "Nothing is charged." in read("ali", oost) and "100 % scholarship" in read("ali", oost)
    haarlem = {"account": {"organisation": "haarlem"}}
    late = NOW - timedelta(days=6)
    bring_all({"kind": "payment", **haarlem, "mode": "self_serve", "status": "past_due", "cadence": "yearly",
               "from": late, "past_due_since": late})  # fmt: skip
    assert "A payment is overdue since 18 November 2026. Your plan and everything in it stay" in read(
        "maud", billing(cast)
    )


def test_a_renewal_that_is_late_and_an_open_checkout(cast: Cast) -> None:
    late, haarlem = NOW - timedelta(days=2), {"account": {"organisation": "haarlem"}}
    PaidPeriod.objects.update(service_until=late)
    terms = {"kind": "payment", **haarlem, "mode": "self_serve", "cadence": "monthly", "from": OLD}
    bring_all({**terms, "status": "active", "paid_until": late})
    assert "Due since 22 November 2026: € 172.00." in read("maud", billing(cast))
    bring_all({"kind": "payment", "account": {"organisation": "samen"}, "mode": "self_serve", "status": "pending",
               "cadence": "yearly", "from": NOW - timedelta(hours=1)})  # fmt: skip
    assert "A checkout is open, and it asks for nothing until you pay it." in read("lotte", "/")


def test_the_workspace_with_its_months_recordings_and_people(cast: Cast) -> None:
    bring_all(
        *person("els", "Els"),
        {"kind": "login", "person": "ali", "day": (NOW - timedelta(days=2)).date(), "count": 3},
        {"kind": "login", "person": "els", "day": (NOW - timedelta(days=2)).date(), "count": 9},
        usage("klimaat", "k-1", NOW - timedelta(days=1), 5400),
        usage("klimaat", "k-0", NOW - timedelta(days=40), 1800),
    )
    let_observe(cast.klimaat, "els", OLD)
    address = f"/workspaces/{cast.klimaat.public_id}"
    page = read("maud", address)
    assert "1 h 30 recorded this month. Recording is unlimited." in page
    assert "Recordings in November 2026 1" in page and "recorder – 1 h 30" in page
    assert "Ali ali@client.example member a seat 3" in page
    assert "Els els@client.example observer free –" in page  # a guest's sign-ins are not theirs to know
    assert "Recordings in October 2026 1" in read("maud", f"{address}?month=2026-10")
    member = read("ali", address)
    assert "Ali member a seat" in member and "Sign-ins" not in member and "els@client.example" not in member


def test_support_visits_are_named_by_the_company(cast: Cast) -> None:
    bring_all(*person("sup", "Sanne"))
    who = Person.objects.get(external_id="sup")
    WorkspaceMembership.objects.create(
        workspace=cast.panel, person=who, role="admin", is_support=True, valid_from=NOW - timedelta(hours=1)
    )
    page = read("lotte", f"/workspaces/{cast.panel.public_id}")
    assert "Agora Voices support visiting free" in page and "Sanne" not in page


def test_a_deleted_workspace_still_says_what_it_was(cast: Cast) -> None:
    (line,) = workspace("panel", "samen", "Jeugdpanel", NOW - timedelta(days=200))
    bring_all({**line, "deleted_at": NOW - timedelta(days=1)})
    assert "Deleted: Jeugdpanel" in read("lotte", "/")
    page = read("lotte", f"/workspaces/{cast.panel.public_id}")
    assert "This workspace was deleted on 23 November 2026." in page and "Usage by month" in page


def test_nobody_and_nothing_yet(cast: Cast) -> None:
    bring_all({"kind": "organisation_member", "organisation": "oost", "person": "lotte", "role": "member", "from": OLD})
    home = read("lotte", "/")
    assert "Universiteit Oost you are its member No workspace yet." in home and "Woonlab" not in home
    bring_all(*workspace("new", "samen", "Brand new", NOW), seat("new", "lotte", "owner", NOW))
    from bursar.tenants.models import Workspace

    page = read("lotte", f"/workspaces/{Workspace.objects.get(external_id='new').public_id}")
    assert "Nothing was recorded in November 2026." in page and "Nothing was changed here yet" not in page


def stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """The room of requests, as this room knows it: two keys in the registry."""
    some = next(iter(ACTIONS.values()))
    for key in ("requests.workspace.ask_upgrade", "requests.organisation.ask_workspace"):
        monkeypatch.setitem(ACTIONS.things, key, ACTIONS.get(key, some))


def test_the_way_on_is_offered_by_role(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(monkeypatch)
    bring_all(seat("panel", "ali", "member", OLD), *person("els", "Els"), seat("panel", "els", "external", OLD))
    owner, member = read("lotte", "/"), read("ali", "/")
    assert "Request an upgrade" in owner and "Ask for more" not in owner
    assert "Ask for more" in member and "Request a workspace" not in member
    assert "Request a workspace" in read("maud", "/") and "Request a workspace" not in owner
    page = sign_in("lotte@client.example").get("/").content.decode()
    assert f'href="/actions/workspace/{cast.panel.public_id}/ask_upgrade"' in page
    bring_all({"kind": "tier", "workspace": "panel", "tier": "guardian", "from": NOW})
    assert "Request an upgrade" not in read("lotte", "/")  # there is nothing higher


def test_nothing_dead_is_offered(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    for key in ("requests.workspace.ask_upgrade", "requests.organisation.ask_workspace"):
        monkeypatch.delitem(ACTIONS.things, key, raising=False)
    owner, member = read("maud", "/"), read("ali", "/")
    assert "Request a workspace" not in owner and "Request an upgrade" not in owner and "Ask for more" not in member


def wrote(cast: Cast, actor: Actor, label: str = "Ask for more") -> AuditLine:
    made = Entry(
        stream=cast.samen.public_id, at=NOW, actor=actor, key="requests.workspace.ask_upgrade", label=label,
        target_kind="workspace", target_id=cast.panel.public_id, target_name="Jeugdpanel",
        touches=[cast.panel.public_id], reason="because", customer_visible=True,
        changes=[{"label": "Note", "before": "", "after": "between us", "private": True},
                 {"label": "Tier", "before": "Free", "after": "Guardian", "private": False}],
    )  # fmt: skip
    return lines().get(pk=write(made).pk)


def test_a_line_names_customers_and_hides_staff(cast: Cast) -> None:
    own = wrote(cast, cast.lotte.as_customer())
    assert customer_version(own, cast.lotte.id)["by"] == "you"
    told = customer_version(own)
    assert told["by"] == "Lotte" and [change["label"] for change in told["changes"]] == ["Tier"]
    assert "between us" not in str(told) and "because" not in str({**told, "line": ""})
    by_staff = customer_version(wrote(cast, cast.ties), cast.lotte.id)
    assert by_staff["by"] == "the Agora Voices team" and "Ties" not in str(by_staff)
    assert "by you" in read("lotte", "/history/") and "by the Agora Voices team" in read("lotte", "/history/")
    bring_all(seat("panel", "ali", "member", OLD))
    assert "by Lotte" in read("ali", "/history/")


def test_the_history_is_paged_and_filtered(cast: Cast) -> None:
    for number in range(30):
        wrote(cast, cast.lotte.as_customer(), f"Wish {number:02d}")
    first, second = read("lotte", "/history/"), read("lotte", "/history/?page=2")
    assert "Wish 29" in first and "Wish 04" not in first and "Older" in first
    assert "Wish 04" in second and "Newer" in second and "Older" not in second
    assert "Wish 29" in read("lotte", f"/history/?of={cast.panel.public_id}")
    assert "Nothing was changed here yet." in read("lotte", f"/history/?of={cast.samen.public_id}")


@pytest.mark.parametrize(
    ("query", "status"),
    [("history/?page=0", 400), ("history/?page=x", 400), ("history/?page=99999999999", 400), ("history/?of=x", 404),
     ("history/?page=%C2%B2", 400), ("?all=x", 200), ("workspaces/{}?month=2026-13", 400), ("workspaces/{}?month=2027-05", 400),
     ("workspaces/{}?people=-1", 400), ("workspaces/{}?recordings=7", 200), ("workspaces/{}?month=1970-01", 200)],
)  # fmt: skip
def test_odd_addresses_get_a_sentence(cast: Cast, query: str, status: int) -> None:
    answer = sign_in("lotte@client.example").get("/" + query.format(cast.panel.public_id))
    assert answer.status_code == status


def test_the_statements_do_not_grow(cast: Cast) -> None:
    maud = sign_in("maud@client.example")
    addresses = ["/", billing(cast), f"/workspaces/{cast.klimaat.public_id}", "/history/"]

    def count(address: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert maud.get(address).status_code == 200
        return len(queries)

    data: dict[str, Any] = {"kind": "partner", "percent": "10", "end_date": "2027-01-31"}
    run("plans.workspace.set_discount", cast.ties, cast.klimaat.public_id, data, reason="x")
    maud.get("/")
    before = [count(address) for address in addresses]
    more: list[dict[str, Any]] = []
    for n in range(60):
        more += [*workspace(f"m{n}", "haarlem", f"Space {n:02d}", OLD), *person(f"x{n}", f"Person {n:02d}")]
        more += [seat(f"m{n}", f"x{n}", "admin", OLD), seat("klimaat", f"x{n}", "member", OLD)]
        more.append({"kind": "discount", "workspace": f"m{n}", "type": "partner", "percent": 5, "from": OLD,
                     "end_date": f"2027-02-{1 + n % 28:02d}"})  # fmt: skip
    bring_all(*more)
    maud.get("/")
    assert [count(address) for address in addresses] == before
    home = read("maud", "/")
    assert "Show all, 50 more" in home and "Space 59" not in home
    assert "Space 59" in read("maud", f"/?all={cast.haarlem.organisation.public_id}")
    assert "People 62" in read("maud", addresses[2])


def test_thousands_are_leafed_through_what_is_blocked_first(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bursar.dashboard.present.PAGE_SIZE", 2)
    monkeypatch.setattr("bursar.dashboard.request_pages.ASKABLE_SHOWN", 2)
    names = ["Alfa", "Beta", "Gamma", "Zulu"]
    bring_all(*[line for name in names for line in workspace(f"m-{name}", "haarlem", f"Space {name}", OLD)])
    bring_all(usage("m-Zulu", "z1", OLD + timedelta(days=1), 4000))
    maud = sign_in("maud@client.example")

    def shown(page: int) -> list[str]:
        text = maud.get(f"/?all={cast.haarlem.organisation.public_id}&page={page}").content.decode()
        return re.findall(r'<h3><a href="[^"]+">([^<]+)</a>', text)

    pages = [shown(page) for page in (1, 2, 3)]
    every = [name for page in pages for name in page]
    assert every[0] == "Space Zulu" and len(every) == len(set(every))
    assert {f"Space {name}" for name in names} <= set(every)
    assert shown(9) == pages[2] != []
    assert "For the others, ask from the workspace itself" in read("maud", "/requests/")
