"""What customers may ask for, by their own pages and by the product: each refusal a sentence, and nothing changed."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from bursar.actions.dialog import foresee
from bursar.actions.registry import ACTIONS
from bursar.actions.spec import Case
from bursar.audit.models import AuditLine
from bursar.core.errors import Blocked, Forbidden, Invalid, NotFound, Refused
from bursar.notifications.models import Notification
from bursar.outbox import store as outbox
from bursar.outbox.models import OutboxRow
from bursar.requests.models import UpgradeRequest
from bursar.tenants.models import Person, Workspace
from tests.cast import NOW, Cast, bring_all, prove, refusal_of, seat, sign_in
from tests.requests.helpers import Product, ask, ask_workspace, customer, decide

ASK, ASK_WORKSPACE, WITHDRAW = (
    "requests.workspace.ask_upgrade",
    "requests.organisation.ask_workspace",
    "requests.request.withdraw",
)


@pytest.fixture
def people(cast: Cast) -> Cast:
    """Bea pays, Mo is a plain member, Ext comes from outside, Obs observes: all at Samen's workspace."""
    names = {"bea": "billing", "mo": "member", "ext": "external"}
    for who in (*names, "gov"):
        bring_all({"kind": "person", "external_id": who, "name": who.capitalize(), "email": f"{who}@client.example"})
    bring_all(*[seat("panel", who, role, NOW) for who, role in names.items()])
    above = {"kind": "organisation_member", "organisation": "samen", "from": NOW}
    bring_all({**above, "person": "gov", "role": "admin"}, {**above, "person": "mo", "role": "member"})
    return cast


def told(kind: str) -> list[dict[str, Any]]:
    rows = OutboxRow.objects.filter(kind="notice").values_list("payload", flat=True)
    return [one for row in rows for one in (row, *row["also"]) if kind in one["notices"]]


@pytest.mark.parametrize("who", ["lotte", "bea", "gov"])
def test_whoever_answers_for_the_workspace_requests(people: Cast, who: str) -> None:
    made = ask(who, people.panel, message="For the spring.", cadence="monthly")
    assert (made.kind, made.state, made.is_ask, made.tier, made.cadence) == (
        "tier_upgrade", "pending", False, "changemaker", "monthly")  # fmt: skip
    assert (made.present_tier, made.requested_at, made.message) == ("free", NOW, "For the spring.")
    assert len(told("staff")) == 1 and not told("workspace_admins")
    line = AuditLine.objects.get(key=ASK)
    assert line.customer_visible and line.target_id == people.panel.public_id
    prove()


def test_a_members_ask_goes_to_their_own_people_too(people: Cast) -> None:
    made = ask("mo", people.panel)
    assert made.is_ask
    (line,) = AuditLine.objects.filter(key__startswith="requests.")
    outbox.deliver_due(NOW)
    hear = {row.recipient_id for row in Notification.objects.filter(line=line)}
    names = Person.objects.filter(external_id__in=["lotte", "bea"]).values_list("public_id", flat=True)
    assert set(names) <= hear and people.ties.id in hear
    assert Person.objects.get(external_id="mo").public_id not in hear


def test_a_request_tells_no_people_of_their_own(people: Cast) -> None:
    ask("lotte", people.panel)
    outbox.deliver_due(NOW)
    assert not Notification.objects.filter(recipient_id__startswith="per_").exists()


def test_who_bills_reads_what_it_would_cost(people: Cast) -> None:
    def said(who: str, **data: str) -> str:
        case = Case(customer(who), people.panel, NOW)
        return " ".join(foresee(ACTIONS[ASK], case, {"tier": "changemaker", "cadence": "yearly", **data})["will"])

    words = said("lotte")
    assert "Stichting Samen would then cost, a year:" in words and "Together € " in words
    assert said("lotte", cadence="monthly").count("a month:") == 1
    assert "€" not in said("mo")


def test_a_real_request_takes_the_place_of_an_ask_and_either_may_close_one(people: Cast) -> None:
    first = ask("mo", people.panel)
    second = ask("bea", people.panel, "guardian")
    first.refresh_from_db()
    assert (first.state, first.closed_by.name if first.closed_by else "") == ("overtaken", "Bea")
    assert (second.state, second.is_ask) == ("pending", False)
    refusal = refusal_of("requests.request.give_way", customer("bea"), second.public_id)
    assert isinstance(refusal, Blocked) and refusal.sentence == "Only a member's ask gives way to a request."
    decide("withdraw", customer("lotte"), second)
    third = ask("mo", people.panel)
    decide("withdraw", customer("mo"), third)
    third.refresh_from_db()
    assert third.state == "withdrawn"
    fourth = ask("mo", people.panel)
    decide("close_as_done", people.ties, fourth)
    fourth.refresh_from_db()
    assert fourth.state == "done"


REFUSED = [
    ("lotte", {"tier": "free"}, Refused, "Free is no upgrade: the workspace is on Free."),
    ("lotte", {"tier": "pilot"}, Refused, "Pilot is set by our team only."),
    ("lotte", {"tier": "gold"}, Invalid, "There is no tier “gold”."),
    ("lotte", {"tier": ""}, Invalid, "Choose one."),
    ("lotte", {"tier": "guardian", "cadence": "daily"}, Invalid, "daily"),
    ("lotte", {"tier": "guardian", "message": "x" * 1001}, Invalid, "At most 1,000 characters."),
    ("lotte", {"tier": "guardian", "colour": "red"}, Invalid, "There is no field “colour” here."),
    ("ext", {"tier": "guardian"}, Forbidden, "You take part here from outside."),
    ("maud", {"tier": "guardian"}, NotFound, "There is nothing here with this id."),
]


@pytest.mark.parametrize(("who", "data", "kind", "words"), REFUSED)
def test_an_ask_is_refused_with_a_sentence(
    people: Cast, who: str, data: dict[str, str], kind: type, words: str
) -> None:
    lines = AuditLine.objects.count()
    refusal = refusal_of(ASK, customer(who), people.panel.public_id, data)
    assert type(refusal) is kind
    said = [refusal.sentence, *(s for faults in getattr(refusal, "fields", {}).values() for s in faults)]
    assert any(words in sentence for sentence in said), said
    assert (UpgradeRequest.objects.count(), AuditLine.objects.count()) == (0, lines)


def test_the_same_refusals_on_the_page_keep_what_was_typed(people: Cast) -> None:
    lotte = sign_in("lotte@client.example")
    address = f"/actions/workspace/{people.panel.public_id}/ask_upgrade"
    page = lotte.get(address).content.decode()
    assert "Ask for an upgrade" in page and "Changemaker" in page and "Cap: 1 h for life → no cap." in page
    for word in ("Pilot", "colleague", "Reason", "staff", "Staff panel"):
        assert word not in page, word
    for data, status, words in (
        ({"tier": "free", "message": "please"}, 409, "Free is no upgrade"),
        ({"tier": "pilot", "message": "please"}, 409, "set by our team only"),
        ({"tier": "guardian", "message": "please" + "x" * 1000}, 422, "At most 1,000 characters."),
    ):
        answer = lotte.post(address, data)
        assert answer.status_code == status and words in answer.content.decode(), answer.content.decode()
        assert "please" in answer.content.decode()
    assert UpgradeRequest.objects.count() == 0
    assert lotte.post(address, {"tier": "guardian", "cadence": "yearly", "next": "/requests/"}).status_code == 302
    blocked = lotte.get(address)
    assert "Lotte asked for Guardian on 24 November 2026" in blocked.content.decode()
    assert lotte.post(address, {"tier": "changemaker"}).status_code == 409
    assert UpgradeRequest.objects.count() == 1
    assert sign_in("maud@client.example").get(address).status_code == 404
    assert sign_in("iris@agora.example").get(f"/panel{address}").status_code == 200


def test_staff_do_not_ask(people: Cast) -> None:
    refusal = refusal_of(ASK, people.iris, people.panel.public_id, {"tier": "guardian"})
    assert isinstance(refusal, Forbidden) and "customer's hat" in refusal.sentence


def test_one_pending_upgrade_a_workspace_in_words_and_in_the_database(people: Cast) -> None:
    made = ask("lotte", people.panel)
    refusal = refusal_of(ASK, customer("bea"), people.panel.public_id, {"tier": "guardian"})
    assert isinstance(refusal, Blocked) and "One request at a time." in refusal.sentence
    refusal = refusal_of(ASK, customer("mo"), people.panel.public_id, {"tier": "guardian"})
    assert isinstance(refusal, Blocked)
    made.pk, made.public_id = None, "req_another"
    with pytest.raises(IntegrityError), transaction.atomic():
        made.save(force_insert=True)


def test_nothing_above_and_a_workspace_that_is_gone(people: Cast) -> None:
    refusal = refusal_of(ASK, customer("jan"), people.lab.public_id, {"tier": "guardian"})
    assert refusal.sentence == "The workspace is on Guardian already, the highest plan."
    Workspace.objects.filter(pk=people.panel.pk).update(deleted_at=NOW)
    assert refusal_of(ASK, customer("lotte"), people.panel.public_id, {"tier": "guardian"}).sentence == (
        "The workspace was deleted."
    )


def test_a_new_workspace_is_for_owners_and_admins_to_ask(people: Cast) -> None:
    made = ask_workspace("gov", people.samen.organisation, tier="guardian", message="Two boards")
    assert (made.kind, made.workspace, made.name, made.visibility) == ("new_workspace", None, "Nieuw panel", "private")
    org = people.samen.organisation.public_id
    cases: list[tuple[str, dict[str, str], str]] = [
        ("mo", {"name": "B", "visibility": "private", "tier": "free"}, "Only an owner or admin of the organisation"),
        ("bea", {"name": "B", "visibility": "private", "tier": "free"}, "Only an owner or admin of the organisation"),
        ("gov", {"name": "x" * 101, "visibility": "private", "tier": "free"}, "At most 100 characters."),
        ("gov", {"name": "", "visibility": "private", "tier": "free"}, "Fill this in."),
        ("gov", {"name": "B", "visibility": "secret", "tier": "free"}, "secret"),
        ("gov", {"name": "B", "visibility": "private", "tier": "pilot"}, "set by our team only"),
        ("gov", {"name": "nieuw PANEL", "visibility": "private", "tier": "free"}, "is asked for already"),
        ("maud", {"name": "B", "visibility": "private", "tier": "free"}, "There is nothing here"),
    ]
    for who, data, words in cases:
        refusal = refusal_of(ASK_WORKSPACE, customer(who), org, data)
        said = [refusal.sentence, *(s for faults in getattr(refusal, "fields", {}).values() for s in faults)]
        assert any(words in sentence for sentence in said), (who, said)
    assert UpgradeRequest.objects.count() == 1


def test_only_those_who_answer_for_it_withdraw_and_only_once(people: Cast) -> None:
    made = ask("lotte", people.panel)
    for who in ("mo", "ext", "maud"):
        assert isinstance(refusal_of(WITHDRAW, customer(who), made.public_id), NotFound)
    decide("withdraw", customer("bea"), made)
    again = refusal_of(WITHDRAW, customer("lotte"), made.public_id)
    assert again.sentence.startswith("This request was withdrawn by Bea on 24 November 2026")
    second = ask("lotte", people.panel)
    decide("deny", people.ties, second, message="Not this year.")
    refusal = refusal_of(WITHDRAW, customer("lotte"), second.public_id)
    assert "Ties" not in refusal.sentence and "by the Agora Voices team" in refusal.sentence


def test_the_product_asks_for_a_person_by_the_same_rules(people: Cast) -> None:
    product = Product("requests")
    body = {"person": "lotte", "tier": "changemaker", "message": "Spring"}
    first = product.post("workspaces/panel/upgrade-requests", body, **{"Idempotency-Key": "k1"})
    again = product.post("workspaces/panel/upgrade-requests", body, **{"Idempotency-Key": "k1"})
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json() and UpgradeRequest.objects.count() == 1
    other = product.post("workspaces/panel/upgrade-requests", {**body, "tier": "guardian"}, **{"Idempotency-Key": "k1"})
    assert other.status_code == 422
    made = first.json()
    assert (made["state"], made["person"], made["workspace"], made["proposal"]["tier"]) == (
        "pending", "lotte", "panel", "changemaker")  # fmt: skip
    assert AuditLine.objects.get(key=ASK).door == "api"
    assert product.get(f"requests/{made['request']}").json()["state"] == "pending"
    assert product.get("requests/req_nothing").status_code == 404


PRODUCT_REFUSED: list[tuple[str, dict[str, str], int, str]] = [
    ("workspaces/panel/upgrade-requests", {"person": "lotte", "tier": "free"}, 409, "Free is no upgrade"),
    ("workspaces/panel/upgrade-requests", {"person": "lotte", "tier": "pilot"}, 409, "set by our team only"),
    ("workspaces/panel/upgrade-requests", {"person": "lotte", "tier": "gold"}, 422, "There is no tier “gold”."),
    ("workspaces/panel/upgrade-requests", {"person": "lotte"}, 422, "This is missing."),
    ("workspaces/panel/upgrade-requests", {"person": "lotte", "tier": "guardian", "message": "x" * 1001}, 422, "1,000"),
    ("workspaces/panel/upgrade-requests", {"person": "ext", "tier": "guardian"}, 403, "from outside"),
    ("workspaces/panel/upgrade-requests", {"person": "maud", "tier": "guardian"}, 404, "does not belong there"),
    ("workspaces/panel/upgrade-requests", {"person": "nobody", "tier": "guardian"}, 404, "no person “nobody”"),
    ("workspaces/none/upgrade-requests", {"person": "lotte", "tier": "guardian"}, 404, "no workspace “none”"),
    ("workspaces/lab/upgrade-requests", {"person": "jan", "tier": "guardian"}, 409, "the highest plan"),
    ("organisations/samen/workspace-requests", {"person": "mo", "tier": "free", "name": "B"}, 403, "Only an owner"),
    ("organisations/samen/workspace-requests", {"person": "gov", "tier": "free", "name": "x" * 101}, 422, "100 characters"),
    ("organisations/samen/workspace-requests", {"person": "gov", "tier": "free", "name": ""}, 422, "Fill this in."),
    ("organisations/none/workspace-requests", {"person": "gov", "tier": "free", "name": "B"}, 404, "no organisation"),
]  # fmt: skip


def test_the_product_hears_every_refusal_as_a_sentence(people: Cast) -> None:
    product, lines = Product("requests"), AuditLine.objects.count()
    for path, body, status, words in PRODUCT_REFUSED:
        answer = product.post(path, body)
        said = answer.json()
        text = " ".join([said["sentence"], *(s for faults in said["fields"].values() for s in faults)])
        assert answer.status_code == status and words in text, (path, body, answer.status_code, text)
    assert (UpgradeRequest.objects.count(), AuditLine.objects.count()) == (0, lines)


def test_a_key_without_the_scope_stays_out(people: Cast) -> None:
    product = Product("push")
    answer = product.post("workspaces/panel/upgrade-requests", {"person": "lotte", "tier": "guardian"})
    assert answer.status_code == 403 and "requests" in answer.json()["sentence"]
    assert product.get("requests/req_x").status_code == 403
