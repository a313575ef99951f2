"""A client's workspace leaves its partner: what moves, what stays, what stops it, and who still sees what."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from bursar.access.models import User
from bursar.actions.dialog import foresee
from bursar.actions.registry import ACTIONS
from bursar.actions.run import run
from bursar.actions.spec import Case
from bursar.audit.models import AuditLine
from bursar.core import clock
from bursar.core.calendar import Month
from bursar.core.errors import Blocked, Forbidden, Invalid, NotFound
from bursar.notifications.models import Notification
from bursar.notifications.present import tell
from bursar.plans.models import PaymentTerms
from bursar.rollup import movements
from bursar.rollup.models import AccountMonth
from bursar.staff.sign_in import make_link
from bursar.tenants.models import (
    BillingAccount,
    Invitation,
    Organisation,
    OrganisationMembership,
    Person,
    Workspace,
    WorkspaceMembership,
)
from tests.cast import NOW, PASSWORD, Cast, bring_all, client_workspace, person, prove, refusal_of, seat
from tests.notifications.telling import carry_out
from tests.requests.helpers import Product, customer
from tests.walk import ROUTES

HAND_OFF = "partners.workspace.hand_off"
OLD = NOW - timedelta(days=100)
PAID_UNTIL = OLD + timedelta(days=365)


@pytest.fixture
def raad(cast: Cast) -> Workspace:
    """Made by Bea of Bureau for Samen; Gast and Sam of Samen sit in it. Bureau paid a year of it by invoice."""
    account = {"account": {"workspace": "raad"}}
    bring_all(
        *[line for who in ("bea", "gast", "sam") for line in person(who, who.capitalize())],
        *client_workspace(OLD),
        {"kind": "organisation_member", "organisation": "bureau", "person": "bea", "role": "owner", "from": OLD},
        seat("raad", "bea", "owner", OLD),
        seat("raad", "gast", "external", OLD),
        seat("raad", "sam", "observer", OLD),
        {"kind": "tier", "workspace": "raad", "tier": "changemaker", "from": OLD},
        {"kind": "payment", **account, "mode": "managed", "cadence": "yearly", "from": OLD},
        {
            "kind": "paid", **account, "external_id": "p-raad", "source": "managed", "from": OLD, "booked_at": OLD,
            "until": PAID_UNTIL, "net": "900.00", "gross": "1089.00",
        },
    )  # fmt: skip
    return Workspace.objects.get(external_id="raad")


def filled(**more: str) -> dict[str, str]:
    sam = Person.objects.get(external_id="sam").public_id
    return {"admin": sam, "people": "leave", "typed": "Raad", **more}


def hand_off(cast: Cast, raad: Workspace, **more: str) -> Any:
    return run(HAND_OFF, cast.iris, raad.public_id, filled(**more), reason="Both agreed")


def roles(workspace: Workspace) -> dict[str, str]:
    live = WorkspaceMembership.objects.at(clock.now()).filter(workspace=workspace)
    return dict(live.values_list("person__external_id", "role"))


def signed_in(who: str) -> Client:
    person_ = Person.objects.get(external_id=who)
    user = User.objects.create_user(f"{who}@client.example", who.capitalize(), PASSWORD)
    Person.objects.filter(pk=person_.pk).update(user=user)
    client = Client()
    client.force_login(user)
    return client


def test_it_is_the_clients_own_and_pays_for_itself(cast: Cast, raad: Workspace) -> None:
    old = raad.account
    outcome = hand_off(cast, raad)
    raad.refresh_from_db()
    assert (raad.organisation.external_id, raad.kind, raad.data_owner) == ("samen", "internal", None)
    assert raad.account_id != old.pk and raad.account.organisation.external_id == "samen"
    assert roles(raad) == {"gast": "external", "sam": "admin"}
    assert "is Stichting Samen's own now" in outcome.sentence
    month = AccountMonth.objects.get(account=raad.account, month=Month.of(NOW).first)
    assert (month.tier, month.mrr) == ("changemaker", Decimal(0)), "the tier stays; nobody pays for it yet"
    assert not old.workspaces.exists() and old.paid_periods.count() == 1 and not raad.account.paid_periods.exists()
    line = AuditLine.objects.get(public_id=outcome.line_id)
    assert {old.public_id, raad.account.public_id, "org_" + old.organisation.public_id[4:]} <= set(line.touches)
    prove()


def test_a_program_hands_off_too(cast: Cast, raad: Workspace) -> None:
    """Where the client's organisation is known, it is not asked for."""
    iris, body = Client(), json.dumps({"data": filled(), "reason": "Both agreed"})
    iris.post(make_link(User.objects.get(email="iris@agora.example"), clock.now()))
    address = f"/api/v1/workspace/{raad.public_id}/actions/hand_off"
    made = iris.post(address, body, content_type="application/json")
    assert made.status_code == 200, made.content
    raad.refresh_from_db()
    assert raad.organisation.external_id == "samen"


def test_the_tier_ends_with_what_was_paid(cast: Cast, raad: Workspace) -> None:
    hand_off(cast, raad)
    raad.refresh_from_db()
    with clock.frozen(PAID_UNTIL + timedelta(minutes=1)):
        prove()
        now = Month.of(clock.now()).first
        assert AccountMonth.objects.get(account=raad.account, month=now).tier == "free"


def test_what_mollie_was_paid_for_ends_the_tier_too(cast: Cast, raad: Workspace) -> None:
    """Also where the terms that were taken over do not say until when it is paid."""
    PaymentTerms.objects.filter(account=raad.account).update(mode="self_serve", status="active")
    raad.account.paid_periods.update(source="mollie")
    hand_off(cast, raad)
    raad.refresh_from_db()
    terms = PaymentTerms.objects.at(clock.now()).get(account=raad.account)
    assert terms.lapses_at == PAID_UNTIL


def list_its_addresses(raad: Workspace) -> Iterator[str]:
    """All that name a workspace or an account, with this one's ids; levers by each of their names."""
    ids = {"workspace": raad.public_id, "account": raad.account.public_id}
    verbs = {slug: sorted(one.verb_name for one in ACTIONS.values() if one.target_slug == slug) for slug in ids}
    for route in ROUTES:
        if route.startswith("/api/product/"):
            continue
        path = re.sub(r"<\w+:(workspace|account)_id>", lambda match: ids[match[1]], route)
        for slug, id_ in ids.items():
            named = re.sub(r"<\w+:slug>", slug, re.sub(r"<\w+:(public_id|target_id)>", id_, path))
            named = named.replace("<str:month>", "2026-11").replace("<slug:month>", "2026-11")
            for verb in verbs[slug] if ":verb>" in named else [""]:
                address = re.sub(r"<\w+:verb>", verb, named)
                if id_ in address and "<" not in address:
                    yield address


def test_the_partners_people_see_it_no_more_and_are_told(cast: Cast, raad: Workspace) -> None:
    bea, path = signed_in("bea"), f"/workspaces/{raad.public_id}"
    for page in (path, "/"):
        assert "for Stichting Samen" in bea.get(page).content.decode(), "whose data it holds"
    hand_off(cast, raad)
    raad.refresh_from_db()
    closed = set(list_its_addresses(raad))
    answers = {address: bea.get(address).status_code for address in sorted(closed)}
    assert path in answers and len(answers) > 50
    left_open = {address: status for address, status in answers.items() if status not in (404, 405)}
    assert left_open == {}
    shut = [address for address, status in answers.items() if status == 405]
    posted = {address: bea.post(address).status_code for address in shut}
    assert {address: status for address, status in posted.items() if status not in (403, 404)} == {}
    who = customer("bea")
    for action in [one for one in ACTIONS.values() if one.target_slug in ("workspace", "account")]:
        target = raad if action.target_slug == "workspace" else raad.account
        assert isinstance(refusal_of(action.key, who, target.public_id, {}), NotFound), action.key
    for page in ("/", "/history/"):
        assert raad.public_id not in bea.get(page).content.decode(), page
    assert "Handed off" in bea.get("/history/").content.decode(), "that it went is the last that they read of it"
    assert signed_in("sam").get(path).status_code == 200
    carry_out()
    told = set(Notification.objects.filter(line__key=HAND_OFF).values_list("recipient_id", flat=True))
    wanted = Person.objects.filter(external_id__in=["bea", "sam"]).values_list("public_id", flat=True)
    assert told == set(wanted)
    line = AuditLine.objects.get(key=HAND_OFF)
    assert {bea.get(tell(line, is_staff=False).path).status_code} == {200}, "where the mail leads all who get it"


def test_they_may_stay_as_externals_and_see_nothing_either(cast: Cast, raad: Workspace) -> None:
    hand_off(cast, raad, people="external")
    assert roles(raad)["bea"] == "external"
    page = signed_in("bea").get(f"/workspaces/{raad.public_id}").content.decode()
    assert "€" not in page, "a guest sees no prices"


def test_a_client_without_an_organisation_gets_one(cast: Cast, raad: Workspace) -> None:
    Workspace.objects.filter(pk=raad.pk).update(data_owner=None, data_owner_email="sam@client.example")
    assert isinstance(refusal_of(HAND_OFF, cast.iris, raad.public_id, filled(), reason="x"), Invalid)
    outcome = hand_off(cast, raad, name="Waterschap", country="NL")
    made = Organisation.objects.get(name="Waterschap")
    assert outcome.data["organisation_bursar_id"] == made.public_id == made.external_id
    assert OrganisationMembership.objects.get(organisation=made).person.external_id == "sam"
    product = Product("push")
    body = {"name": "Waterschap", "country": "NL", "bursar_id": made.public_id, "changed_at": NOW.isoformat()}
    first, again = product.put("organisations/org-9", body), product.put("organisations/org-9", body)
    assert (first.status_code, again.status_code) == (200, 200)
    made.refresh_from_db()
    assert made.external_id == "org-9" and Organisation.objects.filter(name="Waterschap").count() == 1
    prove()


def test_an_invited_observer_is_invited_as_a_member(cast: Cast, raad: Workspace) -> None:
    row = Invitation.objects.create(
        external_id="i", workspace=raad, email="x@client.example", role="observer", invited_at=OLD, changed_at=OLD
    )
    hand_off(cast, raad)
    row.refresh_from_db()
    assert (row.role, row.state) == ("member", "pending")


def test_the_movements_say_moved(cast: Cast, raad: Workspace) -> None:
    old = raad.account
    before = AccountMonth.objects.get(account=old, month=Month.of(NOW).first)
    assert before.mrr > 0
    hand_off(cast, raad)
    month = Month.of(NOW)
    rows = list(AccountMonth.objects.filter(month=month.first))
    mine = next(row for row in rows if row.account_id == old.pk)
    assert mine.movement == "contraction" and mine.mrr == 0
    assert old.pk in movements.list_handed_off(rows, month)


def test_the_preview_says_it_all_and_changes_nothing(cast: Cast, raad: Workspace) -> None:
    unsaid = {name: value for name, value in filled().items() if name != "typed"}  # one reads before one confirms
    said = " ".join(foresee(ACTIONS[HAND_OFF], Case(cast.iris, raad, NOW), unsaid)["will"])
    for words in (
        "no way back",
        "Bea",
        "nothing is refunded",
        "stays until",
        "Stichting Samen gets an account of its own",
    ):
        assert words in said
    raad.refresh_from_db()
    assert raad.organisation.external_id == "bureau"


def test_what_is_open_stops_it(cast: Cast, raad: Workspace) -> None:
    PaymentTerms.objects.filter(account=raad.account).update(
        mode="self_serve", status="past_due", past_due_since=NOW - timedelta(days=2)
    )
    refusal = refusal_of(HAND_OFF, cast.iris, raad.public_id, filled(), reason="x")
    assert isinstance(refusal, Blocked) and "A payment is past due." in refusal.sentence


def test_not_without_the_right_the_name_or_a_client(cast: Cast, raad: Workspace) -> None:
    assert isinstance(refusal_of(HAND_OFF, cast.ties, raad.public_id, filled(), reason="x"), Forbidden)
    refusal = refusal_of(HAND_OFF, cast.iris, raad.public_id, filled(typed="Raadje"), reason="x")
    assert isinstance(refusal, Invalid) and "not the workspace's name" in str(refusal.fields["typed"])
    own = refusal_of(HAND_OFF, cast.iris, cast.panel.public_id, {}, reason="x")
    assert isinstance(own, Blocked) and "own workspace" in own.sentence
    WorkspaceMembership.objects.filter(workspace=raad).exclude(person__external_id="bea").delete()
    nobody = refusal_of(HAND_OFF, cast.iris, raad.public_id, filled(), reason="x")
    assert isinstance(nobody, Blocked) and "Nobody of the client" in nobody.sentence
    assert BillingAccount.objects.filter(organisation__external_id="samen").count() == 1


def test_once_only(cast: Cast, raad: Workspace) -> None:
    hand_off(cast, raad)
    again = refusal_of(HAND_OFF, cast.iris, raad.public_id, filled(), reason="x")
    assert isinstance(again, Blocked) and "own workspace" in again.sentence


def test_an_old_push_of_the_partner_brings_nothing_back(cast: Cast, raad: Workspace) -> None:
    hand_off(cast, raad)
    product = Product("push")
    late = (NOW - timedelta(minutes=4)).isoformat()
    put = product.put("workspaces/raad/members/bea", {"role": "owner", "changed_at": late})
    assert put.json()["result"] == "stale" if put.status_code == 200 else True
    assert "bea" not in roles(raad)
