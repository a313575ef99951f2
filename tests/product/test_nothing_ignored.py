"""Whatever field of whatever line or pushed item is said otherwise afterwards: it is done, or the answer says that it is not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, get_args

import pytest
from django.apps import apps
from django.db import transaction

from bursar.access.models import User
from bursar.actions.run import run
from bursar.core import clock
from bursar.product.pushed import PUSHED, Item
from bursar.product.records import KINDS
from bursar.product.records.shared import kind_of
from bursar.tenants.models import Organisation, Person, Workspace
from bursar.usage.models import UsageReset
from tests.cast import NOW, Cast, bring, bring_all, client_workspace, person
from tests.product.test_door import call, make_key

OLD = NOW - timedelta(days=200)
LATE, NEXT = NOW - timedelta(days=60), NOW + timedelta(days=60)
DAY = NOW.date()
HAARLEM, OTHERS = {"organisation": "haarlem"}, {"account": {"organisation": "oost"}}

# Of each kind: a line, and for each field what is said otherwise later, with what has to be said beside it.
LINES: dict[str, tuple[dict[str, Any], dict[str, dict[str, Any]]]] = {
    "person": (
        {"external_id": "lotte", "name": "Lotte", "email": "lotte@client.example"},
        {"external_id": {"external_id": "new"}, "name": {"name": "Charlotte"}, "email": {"email": "c@client.example"}},
    ),
    "organisation": (
        {"external_id": "bureau", "name": "Bureau", "country": "NL", "is_partner": True, "creator": "jan",
         "created_at": OLD},
        {"external_id": {"external_id": "new"}, "name": {"name": "Bureau B"}, "country": {"country": "BE"},
         "is_partner": {"is_partner": False}, "creator": {"creator": "ali"}, "created_at": {"created_at": LATE},
         "deleted_at": {"deleted_at": NOW - timedelta(days=1)}},
    ),
    "workspace": (
        {"external_id": "panel", "organisation": "samen", "name": "Jeugdpanel", "created_at": OLD},
        {"external_id": {"external_id": "new"}, "organisation": {"organisation": "oost"}, "name": {"name": "Jeugd"},
         "type": {"type": "external_client", "data_owner": "oost"}, "visibility": {"visibility": "private"},
         "own_account": {"own_account": True}, "data_owner": {"data_owner": "oost"},
         "data_owner_email": {"data_owner_email": "a@b.example"}, "agreement_accepted_at": {"agreement_accepted_at": OLD},
         "created_at": {"created_at": OLD - timedelta(days=9)}, "deleted_at": {"deleted_at": LATE}},
    ),
    "account": (
        {"account": HAARLEM, "label": "Haarlem"},
        {"account": OTHERS, "label": {"label": "City of Haarlem"}},
    ),
    "organisation_member": (
        {"organisation": "samen", "person": "lotte", "role": "admin", "from": OLD},
        {"organisation": {"organisation": "oost"}, "person": {"person": "ali"}, "role": {"role": "owner"},
         "from": {"from": LATE}, "until": {"until": LATE}},
    ),
    "workspace_member": (
        {"workspace": "panel", "person": "lotte", "role": "owner", "from": OLD},
        {"workspace": {"workspace": "lab"}, "person": {"person": "ali"}, "role": {"role": "admin"},
         "from": {"from": LATE}, "until": {"until": LATE}, "is_support": {"is_support": True}},
    ),
    "invitation": (
        {"external_id": "i", "workspace": "panel", "email": "a@b.example", "role": "member", "invited_at": LATE},
        {"external_id": {"external_id": "new"}, "workspace": {"workspace": "lab"}, "email": {"email": "c@b.example"},
         "role": {"role": "admin"}, "invited_by": {"invited_by": "jan"}, "invited_at": {"invited_at": OLD},
         "state": {"state": "withdrawn", "ended_at": NOW}, "ended_at": {"state": "expired", "ended_at": NOW}},
    ),
    "login": (
        {"person": "lotte", "day": DAY, "count": 3},
        {"person": {"person": "ali"}, "day": {"day": DAY - timedelta(days=1)}, "count": {"count": 2}},
    ),
    "staff": (
        {"email": "new@agora.example", "name": "New", "role": "support"},
        {"email": {"email": "newer@agora.example"}, "name": {"name": "Newer"}, "role": {"role": "lead"}},
    ),
    "tier": (
        {"workspace": "panel", "tier": "pilot", "from": LATE},
        {"workspace": {"workspace": "lab"}, "tier": {"tier": "guardian"}, "from": {"from": OLD}, "until": {"until": NOW}},
    ),
    "payment": (
        {"account": HAARLEM, "mode": "self_serve", "status": "active", "from": OLD},
        {"account": OTHERS, "mode": {"mode": "managed", "status": "none"}, "status": {"status": "pending"},
         "cadence": {"cadence": "monthly"}, "paid_until": {"paid_until": NEXT},
         "past_due_since": {"past_due_since": LATE}, "lapses_at": {"lapses_at": NEXT}, "from": {"from": LATE},
         "until": {"until": LATE}},
    ),
    "grant": (
        {"workspace": "panel", "tier": "guardian", "type": "approval", "from": LATE, "until": NEXT},
        {"workspace": {"workspace": "lab"}, "tier": {"tier": "changemaker"}, "type": {"type": "reverse_trial"},
         "from": {"from": OLD}, "until": {"until": NOW}, "granted_by": {"granted_by": "iris@agora.example"}},
    ),
    "discount": (
        {"account": HAARLEM, "type": "scholarship", "percent": 50, "from": LATE, "end_date": NEXT.date()},
        {"account": OTHERS, "workspace": {"account": None, "workspace": "panel"}, "type": {"type": "partner"},
         "percent": {"percent": 40}, "from": {"from": OLD}, "end_date": {"end_date": DAY}, "until": {"until": NOW}},
    ),
    "price": (
        {"account": HAARLEM, "tier": "changemaker", "cadence": "yearly", "rate": 60, "from": LATE},
        {"account": OTHERS, "tier": {"tier": "guardian"}, "cadence": {"cadence": "monthly"}, "rate": {"rate": 61},
         "from": {"from": OLD}, "until": {"until": NEXT}},
    ),
    "paid": (
        {"external_id": "i-1", "account": HAARLEM, "source": "managed", "from": LATE, "until": NEXT, "net": "10.00",
         "gross": "12.10", "booked_at": LATE},
        {"external_id": {"external_id": "i-2"}, "account": OTHERS, "source": {"source": "mollie"}, "from": {"from": OLD},
         "until": {"until": NOW}, "net": {"net": "11.00"}, "gross": {"gross": "13.31"}, "booked_at": {"booked_at": NOW},
         "credited_at": {"credited_at": NOW}},
    ),
    "billing_details": (
        {"account": HAARLEM, "name": "Stadt Köln", "street": "Rathausplatz 2", "postcode": "50667", "city": "Köln",
         "country": "DE", "vat_id": "DE136695976"},
        {"account": OTHERS, "name": {"name": "Köln"}, "street": {"street": "Dom 1"}, "street_more": {"street_more": "3"},
         "postcode": {"postcode": "50668"}, "city": {"city": "Bonn"}, "country": {"country": "AT"},
         "vat_id": {"vat_id": ""}, "mails": {"mails": ["ap@koeln.example"]}, "legal_id": {"legal_id": "12345678"},
         "peppol_id": {"peppol_id": "9930:DE136695976"}, "order_number": {"order_number": "PO-7"},
         "order_last_day": {"order_last_day": "2026-12-31"}, "buyer_reference": {"buyer_reference": "Kasse 3"},
         "contract": {"contract": "2026/4"}, "payment_days": {"payment_days": 14}, "language": {"language": "nl"}},
    ),
    "past_payment": (
        {"external_id": "tr_a", "account": HAARLEM, "source": "mollie", "amount": "12.10", "status": "paid", "at": LATE,
         "paid_at": LATE},
        {"external_id": {"external_id": "tr_b"}, "account": OTHERS, "source": {"source": "bank"},
         "type": {"type": "renewal"}, "amount": {"amount": "13.31"}, "refunded": {"refunded": "1.00"},
         "charged_back": {"charged_back": "1.00"}, "method": {"method": "ideal"},
         "status": {"status": "failed", "paid_at": None}, "reason": {"reason": "unknown"},
         "description": {"description": "x"}, "at": {"at": OLD}, "paid_at": {"paid_at": NOW},
         "failed_at": {"failed_at": NOW}},
    ),
    "manager": (
        {"account": HAARLEM, "staff": "iris@agora.example", "from": LATE},
        {"account": OTHERS, "staff": {"staff": "noor@agora.example"}, "from": {"from": OLD}, "until": {"until": NOW}},
    ),
    "reset": (
        {"workspace": "panel", "at": LATE, "by": "Ties", "reason": "A meeting"},
        {"workspace": {"workspace": "lab"}, "at": {"at": OLD}, "by": {"by": "Iris"}, "reason": {"reason": "The council"}},
    ),
    "usage": (
        {"source": "recorder", "id": "e-1", "workspace": "panel", "at": LATE, "seconds": 60, "person": "lotte"},
        {"source": {"source": "other"}, "id": {"id": "e-2"}, "workspace": {"workspace": "lab"}, "at": {"at": OLD},
         "seconds": {"seconds": 61}, "person": {"person": "ali"}},
    ),
    "training": (
        {"title": "Facilitating", "mode": "online", "price": "675.00", "included": 5, "extra": "60.00", "from": OLD},
        {"title": {"title": "Moderating"}, "mode": {"mode": "flex"}, "price": {"price": "700.00"},
         "included": {"included": 6}, "extra": {"extra": "70.00"}, "from": {"from": LATE},
         "grants_licence": {"grants_licence": False}, "retired_at": {"retired_at": NOW}},
    ),
    "training_session": (
        {"external_id": "s-1", "training": "Online training", "organisation": "samen", "state": "scheduled",
         "requested_at": LATE, "starts_at": NEXT, "minutes": 120},
        {"external_id": {"external_id": "s-2"}, "training": {"training": "Flex training"},
         "organisation": {"organisation": "oost"}, "requested_at": {"requested_at": OLD},
         "state": {"state": "cancelled", "cancelled_at": NOW}, "mode": {"mode": "flex"},
         "participants": {"participants": 4}, "message": {"message": "x"}, "starts_at": {"starts_at": NOW},
         "minutes": {"minutes": 60}, "trainer": {"trainer": "iris@agora.example"}, "place": {"place": "Town hall"},
         "link": {"link": "https://meet.example/x"},
         "held_on": {"state": "completed", "held_on": DAY, "roster": [{"person": "lotte"}]},
         "completed_at": {"state": "completed", "held_on": DAY, "completed_at": NOW, "roster": [{"person": "lotte"}]},
         "cancelled_at": {"state": "cancelled", "cancelled_at": LATE}, "roster": {"roster": [{"person": "lotte"}]}},
    ),
    "licence": (
        {"external_id": "l-1", "training": "Online training", "organisation": "samen", "email": "n@new.example",
         "name": "Noa", "valid_from": LATE.date()},
        {"external_id": {"external_id": "l-2"}, "training": {"training": "Flex training"},
         "organisation": {"organisation": "oost"}, "person": {"person": "lotte", "email": "", "name": ""},
         "name": {"name": "Noa B."}, "email": {"email": "b@new.example"}, "session": {"session": "s-9"},
         "valid_from": {"valid_from": OLD.date()}, "last_day": {"last_day": DAY}, "granted_at": {"granted_at": NOW},
         "granted_by": {"granted_by": "iris@agora.example"}, "revoked_at": {"revoked_at": NOW}},
    ),
    "referral": (
        {"partner": "bureau", "account": {"organisation": "haarlem"}, "share": 10, "starts_on": OLD.date()},
        {"partner": {"partner": "agency"}, "account": {"account": {"organisation": "oost"}}, "share": {"share": 20},
         "starts_on": {"starts_on": LATE.date()}, "expires_on": {"expires_on": DAY}, "cap": {"cap": "250.00"},
         "with_other": {"with_other": True}, "notes": {"notes": "By phone."}},
    ),
}  # fmt: skip
AT = {"changed_at": NOW - timedelta(minutes=9)}
CLIENT = {"organisation": "bureau", "name": "Raad", "type": "external_client", "data_owner": "samen"}
ITEMS: dict[str, tuple[dict[str, Any], dict[str, dict[str, Any]]]] = {
    "organisation": (
        {"external_id": "bureau", "name": "Bureau", "country": "NL", "creator": "jan"},
        {"external_id": {"external_id": "new"}, "name": {"name": "Bureau B"}, "country": {"country": "BE"},
         "creator": {"creator": None}, "deleted": {"deleted": True}, "bursar_id": {"bursar_id": "org_nowhere"}},
    ),
    "person": LINES["person"],
    "workspace": (
        {"external_id": "raad", **CLIENT},
        {"external_id": {"external_id": "new"}, "organisation": {"organisation": "oost"}, "name": {"name": "Raad B"},
         "type": {"type": "internal", "data_owner": None}, "visibility": {"visibility": "private"},
         "data_owner": {"data_owner": "oost"}, "data_owner_email": {"data_owner_email": "a@b.example"},
         "agreement_accepted_at": {"agreement_accepted_at": OLD}, "deleted": {"deleted": True},
         "needs_training": {"needs_training": True}, "bursar_id": {"bursar_id": "wsp_nowhere"}},
    ),
    "organisation_member": (
        {"organisation": "samen", "person": "lotte", "role": "admin"},
        {"organisation": {"organisation": "oost"}, "person": {"person": "ali"}, "role": {"role": None}},
    ),
    "workspace_member": (
        {"workspace": "panel", "person": "lotte", "role": "owner"},
        {"workspace": {"workspace": "lab"}, "person": {"person": "ali"}, "role": {"role": None},
         "is_support": {"is_support": True}},
    ),
    "invitation": (
        {"external_id": "i", "workspace": "panel", "email": "a@b.example", "role": "member", "invited_by": "jan",
         "invited_at": LATE},
        {"external_id": {"external_id": "new"}, "workspace": {"workspace": "lab"}, "email": {"email": "c@b.example"},
         "role": {"role": "admin"}, "invited_by": {"invited_by": None}, "invited_at": {"invited_at": OLD},
         "state": {"state": "withdrawn"}},
    ),
    "login": LINES["login"],
}  # fmt: skip
BY_PUSH: dict[str, Callable[[], tuple[str, dict[str, Any]]]] = {
    "organisation": lambda: ("/organisations/bureau", {"name": "Bureau", "country": "NL", "creator": "jan"}),
    "person": lambda: ("/people/lotte", {"name": "Lotte", "email": "lotte@client.example"}),
    "workspace": lambda: ("/workspaces/panel", {"organisation": "samen", "name": "Jeugdpanel"}),
    "invitation": lambda: ("/invitations/i", {**without(LINES["invitation"][0], "external_id"), "state": "pending"}),
    "workspace_member": lambda: ("/workspaces/panel/members/lotte", {"role": "owner"}),
    "organisation_member": lambda: ("/organisations/samen/members/lotte", {"role": "admin"}),
}


def without(line: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in line.items() if name not in names}


def fields_of(model: Any) -> set[str]:
    """As lines spell them."""
    return {field.alias or name for name, field in model.model_fields.items()} - {"kind", "changed_at"}


def stored() -> dict[str, list[str]]:
    """All that the rooms of state hold, whatever the keys of their rows are."""
    found = {"users": sorted(map(repr, User.objects.values_list("email", "name")))}
    for room in ("tenants", "plans", "usage", "staff", "billing", "payments", "training", "partners"):
        for model in apps.get_app_config(room).get_models():
            names = [
                f.attname
                for f in model._meta.concrete_fields
                if f.attname not in ("id", "public_id", "clock_at", "token")
            ]
            found[model.__name__] = sorted(map(repr, model._default_manager.values_list(*names)))
    return found


class _Undo(Exception):
    pass


def each_field(changes: dict[str, dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Nothing of one stays for the next."""
    for name, change in changes.items():
        try:
            with transaction.atomic():
                yield name, change
                raise _Undo
        except _Undo:
            pass


def test_every_field_is_said_otherwise_here() -> None:
    assert {kind: fields_of(model) for kind, model in KINDS.items()} == {kind: set(m) for kind, (_, m) in LINES.items()}
    pushed = {kind_of(model): fields_of(model) for model in get_args(get_args(Item)[0])}
    assert pushed == {kind: set(more) for kind, (_, more) in ITEMS.items()} and set(pushed) == set(PUSHED)


@pytest.mark.parametrize("is_pushed", [False, True], ids=["brought", "pushed since"])
@pytest.mark.parametrize("kind", sorted(LINES))
def test_a_line_that_says_it_otherwise_is_done_or_refused(cast: Cast, kind: str, is_pushed: bool) -> None:
    if is_pushed and kind not in BY_PUSH:
        return
    line, changes = LINES[kind]
    bring_all(*client_workspace(OLD), {"kind": kind, **line})
    if is_pushed:
        path, body = BY_PUSH[kind]()
        assert call("PUT", path, {**body, **AT}).status_code in (200, 201)
    with clock.frozen(NOW + timedelta(hours=1)):
        assert not bring({"kind": kind, **line}).bad
        before, ignored = stored(), []
        for name, change in each_field(changes):
            bad = bring({"kind": kind, **line, **change}).bad
            after = stored()
            if bool(bad) == (after != before):
                ignored.append((name, bad, {key for key in after if after[key] != before[key]}))
    assert not ignored, ignored


@pytest.mark.parametrize("kind", sorted(ITEMS))
def test_an_item_that_says_it_otherwise_is_done_or_answered(cast: Cast, kind: str) -> None:
    item, changes = ITEMS[kind]
    bring_all(*client_workspace(OLD))
    key = make_key()

    def push(**more: Any) -> dict[str, Any]:
        answer = call("POST", "/batch", {"items": [{"kind": kind, **item, **AT, **more}]}, key).json()
        found: dict[str, Any] = answer["results"][0]
        return found

    assert push()["result"] in ("created", "updated", "unchanged")
    later = {"changed_at": NOW}
    assert push(**later)["result"] == "unchanged"
    before, ignored = stored(), []
    for name, change in each_field(changes):
        said = push(**later, **change)
        if (said["result"] in ("created", "updated")) != (stored() != before) or said["result"] == "unchanged":
            ignored.append((name, said))
    assert not ignored, ignored


def test_an_erased_person_stays_erased_and_the_line_says_so(cast: Cast) -> None:
    reset = {"kind": "reset", "workspace": "panel", "at": LATE, "by": "Lotte", "reason": "x"}
    login = {"kind": "login", "person": "lotte", "day": DAY, "count": 3}
    bring_all(reset, login)
    who = Person.objects.get(external_id="lotte")
    run("product.person.erase", cast.iris, who.public_id, {"typed": "Lotte"}, reason="She asked")
    UsageReset.objects.update(by_name="Erased person")
    before = stored()
    report = bring(*person("lotte", "Lotte"), login, reset)
    assert set(report.bad) == {1, 2, 3} and all("erased here" in why for why in report.bad.values())
    assert stored() == before


# All of a line, or nothing of it


def test_a_refused_end_leaves_the_rest_of_its_line_too(cast: Cast) -> None:
    (samen,) = [{"kind": "organisation", "external_id": "samen", "name": "Samen BV", "created_at": OLD}]
    before = stored()
    report = bring({**samen, "deleted_at": NOW - timedelta(days=3)})
    assert "“Jeugdpanel”" in report.bad[1] and report.taken == 0
    assert stored() == before
    panel = {
        "kind": "workspace",
        "external_id": "panel",
        "organisation": "samen",
        "name": "Jeugdpanel",
        "created_at": OLD,
    }
    bring_all({**samen, "deleted_at": NOW - timedelta(days=3)}, {**panel, "deleted_at": LATE})
    now = Organisation.objects.get(external_id="samen")
    assert (now.name, now.deleted_at) == ("Samen BV", NOW - timedelta(days=3))


def test_a_beginning_after_the_first_payer_was_done_is_refused(cast: Cast) -> None:
    """It went in October and came back in November, both by push: then a file lets it begin in between."""
    key = make_key()
    for days, gone in ((40, True), (20, False)):
        with clock.frozen(NOW - timedelta(days=days)):
            call("PUT", "/workspaces/panel", {"organisation": "samen", "name": "Jeugdpanel", "deleted": gone,
                                              "changed_at": clock.now()}, key)  # fmt: skip
    before = stored()
    line = {"kind": "workspace", "external_id": "panel", "organisation": "samen", "name": "Jeugdpanel"}
    report = bring({**line, "created_at": NOW - timedelta(days=30)})
    assert "it does not begin then or later" in report.bad[1] and stored() == before
    bring_all({**line, "created_at": OLD + timedelta(days=3)})


def test_what_was_pushed_first_begins_no_later_and_ends_no_later(cast: Cast) -> None:
    item, key = {"organisation": "samen", "name": "New"}, make_key()
    for gone in (False, True):
        call("PUT", "/workspaces/new", {**item, "deleted": gone, "changed_at": NOW}, key)
    before = stored()
    line = {"kind": "workspace", "external_id": "new", **item, "created_at": OLD}
    with clock.frozen(NOW + timedelta(hours=2)):
        late = NOW + timedelta(hours=1)
        report = bring({**line, "created_at": late}, {**line, "deleted_at": late})
        assert "does not begin later" in report.bad[1] and "moves that back only" in report.bad[2]
        assert stored() == before
        bring_all({**line, "deleted_at": LATE})
    assert Workspace.objects.get(external_id="new").deleted_at == LATE


def test_a_discount_goes_no_further_than_its_last_day(cast: Cast) -> None:
    line = {"kind": "discount", "account": HAARLEM, "type": "partner", "percent": 5, "from": LATE, "end_date": DAY}
    assert "after the end_date" in bring({**line, "until": NEXT}).bad[1]
    assert "is before “created_at”" in bring({"kind": "workspace", "external_id": "w", "organisation": "samen", "name": "W",
                                               "created_at": NOW, "deleted_at": OLD}).bad[1]  # fmt: skip


def test_a_creator_that_is_left_out_stays_and_null_clears_it(cast: Cast) -> None:
    key, body = make_key(), {"name": "Bureau", "country": "NL"}
    said: tuple[dict[str, Any], ...] = ({"creator": "jan"}, {}, {"creator": None})
    found = []
    for minute, more in enumerate(said):
        at = NOW - timedelta(minutes=9 - minute)
        call("PUT", "/organisations/bureau", {**body, **more, "changed_at": at}, key)
        creator = Organisation.objects.get(external_id="bureau").creator
        found.append(creator and creator.external_id)
    assert found == ["jan", "jan", None]
