"""History that comes in after the fact, corrections of it, and the rules that hold at every door."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from bursar.actions.run import run
from bursar.core import clock
from bursar.plans.models import BaseTier, Discount, TierGrant
from bursar.rollup.models import AccountMonth, WorkspaceMonth
from bursar.staff.models import StaffMember
from bursar.tenants.models import (
    BillingAccount,
    Invitation,
    Organisation,
    Person,
    Workspace,
    WorkspaceAccount,
    WorkspaceMembership,
)
from bursar.usage.models import UsageReset
from tests.cast import NOW, Cast, bring, bring_all, organisation, person, prove, seat, usage, workspace
from tests.product.histories import Figures, figures, in_an_empty_database
from tests.product.test_door import call, make_key

AUGUST, SEPTEMBER = datetime(2026, 8, 1, tzinfo=UTC), datetime(2026, 9, 10, tzinfo=UTC)
NOVEMBER = datetime(2026, 11, 1, tzinfo=UTC)
HAARLEM = {"organisation": "haarlem"}


def past_of_nieuw() -> list[dict[str, Any]]:
    """What its file says: begun in August, Changemaker, paid by Mollie, one hour in September."""
    return [
        *organisation("nieuw", "Provincie Nieuw", AUGUST),
        *workspace("w-n", "nieuw", "Eerste", AUGUST),
        *person("nora", "Nora"),
        seat("w-n", "nora", "owner", AUGUST),
        {"kind": "tier", "workspace": "w-n", "tier": "changemaker", "from": AUGUST},
        {"kind": "payment", "account": {"organisation": "nieuw"}, "mode": "self_serve", "status": "active",
         "cadence": "yearly", "from": AUGUST},
        usage("w-n", "n-1", SEPTEMBER, 3600),
    ]  # fmt: skip


@pytest.mark.parametrize("door", ["push", "import"])
def test_the_past_comes_in_after_the_workspace(db: None, now: datetime, door: str) -> None:
    """The ordinary order of adoption: pushed or imported in November, and then the file from August on."""

    def at_once() -> Figures:
        bring_all(*past_of_nieuw())
        return figures(NOW)

    wanted = in_an_empty_database_of_nieuw(at_once)
    with clock.frozen(NOVEMBER + timedelta(hours=1)):
        if door == "push":
            key, at = make_key(), {"changed_at": NOVEMBER}
            call("PUT", "/organisations/nieuw", {"name": "Provincie Nieuw", "country": "NL", **at}, key)
            call("PUT", "/workspaces/w-n", {"organisation": "nieuw", "name": "Eerste", **at}, key)
            prove()
        else:
            bring_all(
                *organisation("nieuw", "Provincie Nieuw", NOVEMBER), *workspace("w-n", "nieuw", "Eerste", NOVEMBER)
            )
    bring_all(*past_of_nieuw())
    found = figures_of_nieuw()
    assert found == wanted
    assert [month.month for month, _ in sorted(found[0])] == [8, 9, 10, 11]
    november = AccountMonth.objects.get(account__organisation__external_id="nieuw", month="2026-11-01")
    assert (november.mrr, november.previous_mrr, november.movement) == (Decimal("75.00"), Decimal("75.00"), "")
    assert WorkspaceMonth.objects.get(workspace__external_id="w-n", month="2026-09-01").recorded_seconds == 3600
    prove()


def figures_of_nieuw() -> Any:
    found = figures(NOW)
    return (
        {(month, name): row for (name, month), row in found.accounts.items()},
        {(month, name): row for (name, month), row in found.workspaces.items()},
    )


def in_an_empty_database_of_nieuw(tell: Any) -> Any:
    found: list[Any] = []

    def told() -> Figures:
        made: Figures = tell()
        found.append(figures_of_nieuw())
        return made

    in_an_empty_database(told)
    return found[0]


@pytest.mark.parametrize("late_grant", [False, True])
def test_what_was_done_here_after_the_file_stays(cast: Cast, late_grant: bool) -> None:
    """Staff changed the tier, removed a discount and cleared the manager; the file says all it said before."""
    old = NOW - timedelta(days=100)
    file = [
        {"kind": "tier", "workspace": "panel", "tier": "pilot", "from": old},
        {"kind": "discount", "account": HAARLEM, "type": "scholarship", "percent": 50, "from": old},
        {"kind": "manager", "account": HAARLEM, "staff": "iris@agora.example", "from": old},
        {"kind": "grant", "workspace": "panel", "tier": "guardian", "type": "approval", "from": old,
         "until": NOW + timedelta(days=9)},
    ]  # fmt: skip
    bring_all(*file[: 3 if late_grant else 4])
    with clock.frozen(NOW + timedelta(hours=1)):
        run("plans.workspace.change_tier", cast.noor, cast.panel.public_id, {"tier": "guardian"}, reason="x")
        run("plans.account.remove_discount", cast.ties, cast.haarlem.public_id, reason="x")
        run("plans.account.clear_manager", cast.ties, cast.haarlem.public_id, reason="x")
    with clock.frozen(NOW + timedelta(hours=2)):
        before = figures(clock.now())
        bring_all(*file)
        assert late_grant or figures(clock.now()) == before
        earlier = old - timedelta(days=50)
        bring_all(*[{**line, "from": earlier} for line in file])
        assert BaseTier.objects.at(clock.now()).get(workspace=cast.panel).tier == "guardian"
        assert not Discount.objects.at(clock.now()).filter(account=cast.haarlem).exists()
        assert not cast.haarlem.managers.at(clock.now()).exists()  # type: ignore[attr-defined]  # a dated manager
        assert not TierGrant.objects.filter(workspace=cast.panel, valid_until__gt=clock.now()).exists()
        assert Discount.objects.at(old - timedelta(days=1)).get(account=cast.haarlem).percent == 50
        prove()


def test_what_the_product_pushed_stays(cast: Cast) -> None:
    key, changed = make_key(), {"changed_at": NOW - timedelta(minutes=5)}
    call("PUT", "/workspaces/klimaat/members/ali", {"role": None, **changed}, key)
    call("PUT", "/workspaces/panel", {"organisation": "samen", "name": "Jeugd", "deleted": True, **changed}, key)
    call("PUT", "/people/maud", {"name": "Maud de Wit", "changed_at": NOW}, key)
    run("tenants.organisation.set_partner", cast.ties, cast.oost.organisation.public_id, {"partner": "yes"}, reason="x")
    old = NOW - timedelta(days=200)
    with clock.frozen(NOW + timedelta(hours=1)):
        (oost,), (maud,) = organisation("oost", "Universiteit Oost", old), person("maud", "Maud")
        (early,) = workspace("panel", "samen", "Jeugdpanel", old - timedelta(days=31))
        report = bring({**oost, "is_partner": False}, early, maud, seat("klimaat", "ali", "member", old))
        assert "staff have said" in report.bad[1] and "stays (name)" in report.bad[2]
        assert set(report.bad) == {1, 2, 3} and "stays (name, email)" in report.bad[3]
        assert Workspace.objects.get(external_id="panel").created_at == old  # nothing of a line that is refused
        bring_all(oost, {**early, "name": "Jeugd"})
        assert not WorkspaceMembership.objects.at(clock.now()).filter(workspace=cast.klimaat, person__external_id="ali")
        panel = Workspace.objects.get(external_id="panel")
        assert (panel.name, panel.deleted_at) == ("Jeugd", NOW)
        assert panel.created_at == panel.account.created_at == old - timedelta(days=31)
        assert Person.objects.get(external_id="maud").name == "Maud de Wit"
        assert Organisation.objects.get(external_id="oost").is_partner
        prove()


def test_an_account_that_begins_later_loses_the_months_before(cast: Cast) -> None:
    first = AccountMonth.objects.filter(account=cast.samen).earliest("month").month
    late = NOW - timedelta(days=60)
    bring_all(*workspace("panel", "samen", "Jeugdpanel", late))
    assert AccountMonth.objects.filter(account=cast.samen).earliest("month").month > first
    assert WorkspaceAccount.objects.get(workspace=cast.panel).valid_from == late
    prove()


def test_hours_from_before_it_began_follow_a_new_beginning(cast: Cast) -> None:
    """They show the tier that the workspace began on; their month came before the first that the correction named."""
    hours, born, early = (NOW - timedelta(days=days) for days in (150, 60, 100))
    grant = {"kind": "grant", "workspace": "w-9", "tier": "guardian", "type": "approval", "from": early,
             "until": NOW - timedelta(days=80)}  # fmt: skip
    bring_all(*workspace("w-9", "samen", "Nine", born), usage("w-9", "n-9", hours, 900), grant)
    prove()
    there = WorkspaceMonth.objects.filter(workspace__external_id="w-9", month=hours.date().replace(day=1))
    assert there.get().tier == "free"
    bring_all(*workspace("w-9", "samen", "Nine", early))
    prove()
    assert there.get().tier == "guardian"


def test_a_month_that_goes_and_comes_back_is_still_restated(cast: Cast) -> None:
    """A file restated it, a second one let the account begin after it, a third one before it again."""
    old, tier = NOW - timedelta(days=200), {"kind": "tier", "workspace": "panel", "tier": "pilot"}
    prove()
    bring_all({**tier, "from": NOW - timedelta(days=100)})
    prove()
    month = AccountMonth.objects.filter(account=cast.samen, month="2026-09-01")
    restated = month.get().restated_at
    assert restated == NOW
    bring_all(*workspace("panel", "samen", "Jeugdpanel", NOW - timedelta(days=30)))
    prove()
    assert not month.exists()
    with clock.frozen(NOW + timedelta(hours=1)):
        bring_all(*workspace("panel", "samen", "Jeugdpanel", old))
        prove()
    assert month.get().restated_at == restated


def test_a_month_that_comes_back_as_another_one_is_restated_again(cast: Cast) -> None:
    old, tier = NOW - timedelta(days=200), {"kind": "tier", "workspace": "panel", "from": NOW - timedelta(days=100)}
    prove()
    bring_all({**tier, "tier": "pilot"})
    bring_all(*workspace("panel", "samen", "Jeugdpanel", NOW - timedelta(days=30)))
    with clock.frozen(NOW + timedelta(hours=1)):
        bring_all({**tier, "tier": "guardian"}, *workspace("panel", "samen", "Jeugdpanel", old))
        prove()
        month = AccountMonth.objects.get(account=cast.samen, month="2026-09-01")
        assert (month.tier, month.restated_at) == ("guardian", NOW + timedelta(hours=1))


# Corrections


def test_a_payment_moves_to_another_account(cast: Cast) -> None:
    late = NOW - timedelta(days=60)
    line = {"kind": "paid", "external_id": "i-1", "source": "managed", "from": late, "booked_at": late,
            "until": NOW + timedelta(days=60), "net": "10.00", "gross": "12.10"}  # fmt: skip
    bring_all(
        {"kind": "payment", "account": {"organisation": "samen"}, "mode": "managed", "from": late},
        {"kind": "tier", "workspace": "panel", "tier": "changemaker", "from": late},
        {**line, "account": {"organisation": "samen"}},
    )
    assert now_of(cast.samen) == ("paying", Decimal(75)) and now_of(cast.oost) == ("managed", Decimal(0))
    bring_all({**line, "account": {"organisation": "oost"}})
    assert now_of(cast.samen) == ("managed", Decimal(0)) and now_of(cast.oost) == ("paying", Decimal(150))
    prove()


def now_of(account: BillingAccount) -> tuple[str, Decimal]:
    figures(clock.now())
    row = AccountMonth.objects.filter(account=account).latest("month")
    return row.klass, row.mrr


OLD = NOW - timedelta(days=200)
NOT_DONE = [
    ({"organisation": "oost", "name": "Jeugdpanel"}, "moves to another organisation by a handoff"),
    ({"organisation": "samen", "name": "X", "type": "external_client", "data_owner": "oost"}, "as it was made"),
    ({"organisation": "samen", "name": "X", "own_account": True}, "keeps the account it has"),
    ({"organisation": "samen", "name": "X", "data_owner": "oost"}, "has a data owner"),
]


@pytest.mark.parametrize(("more", "words"), NOT_DONE, ids=[words for _, words in NOT_DONE])
def test_a_workspace_stays_what_it_is(cast: Cast, more: dict[str, Any], words: str) -> None:
    before = list(Workspace.objects.order_by("id").values())
    report = bring({"kind": "workspace", "external_id": "panel", "created_at": OLD, **more})
    assert words in report.bad[1] and report.taken == 0
    assert list(Workspace.objects.order_by("id").values()) == before
    first = {"kind": "workspace", "external_id": "w-9", "organisation": "samen", "name": "Nine", "created_at": OLD}
    assert [*bring(first, {**first, **more}).bad] == [2]  # within one file, the first line makes it
    prove()


def test_an_invitation_stays_and_a_reset_is_corrected(cast: Cast) -> None:
    line = {"kind": "invitation", "external_id": "i", "email": "a@b.example", "role": "member", "invited_at": OLD}
    bring_all({**line, "workspace": "panel"})
    assert "stays with its workspace" in bring({**line, "workspace": "klimaat"}).bad[1]
    assert Invitation.objects.get(external_id="i").workspace == cast.panel
    reset = {"kind": "reset", "workspace": "panel", "at": OLD, "by": "Ties", "reason": "A meeting"}
    bring_all(reset)
    bring_all({**reset, "by": "Iris", "reason": "The council"})
    assert UsageReset.objects.values_list("by_name", "reason").get() == ("Iris", "The council")
    prove()


def test_roles_are_set_for_new_people_only(cast: Cast) -> None:
    line = {"kind": "staff", "email": "Noor@agora.example", "name": "Noor", "role": "lead"}
    new = {"kind": "staff", "email": "new@agora.example", "name": "New", "role": "support"}
    report = bring(line, new, {**new, "role": "lead"}, {**line, "role": "success"}, {**new, "role": "king"})
    assert [*report.bad] == [1, 3, 5] and "Set roles" in report.bad[1] and "no role “king”" in report.bad[5]
    roles = {m.user.email: [r.slug for r in m.roles.all()] for m in StaffMember.objects.all()}
    assert (roles["noor@agora.example"], roles["new@agora.example"]) == (["success"], ["support"])


# Rules of every door

CLIENT = {"type": "external_client", "name": "Client's"}
FOR_CLIENTS = [
    ({"organisation": "haarlem", "data_owner": "oost", **CLIENT}, "is none"),
    ({"organisation": "samen", **CLIENT}, "names the organisation that owns its data"),
    ({"organisation": "samen", "data_owner": "samen", **CLIENT}, "another organisation than its own"),
]


@pytest.mark.parametrize(("made", "words"), FOR_CLIENTS, ids=[words for _, words in FOR_CLIENTS])
def test_a_client_workspace_is_made_by_a_partner_for_another_owner(
    cast: Cast, made: dict[str, Any], words: str
) -> None:
    Organisation.objects.filter(external_id="samen").update(is_partner=True)
    count = Workspace.objects.count()
    assert words in bring({"kind": "workspace", "external_id": "c-1", "created_at": OLD, **made}).bad[1]
    answer = call("PUT", "/workspaces/c-1", {**made, "changed_at": NOW})
    assert answer.status_code == 409 and words in answer.json()["sentence"]
    assert Workspace.objects.count() == count
    prove()


def test_a_client_workspace_that_stands_stays(cast: Cast) -> None:
    samen = Organisation.objects.filter(external_id="samen")
    samen.update(is_partner=True)
    bring_all({"kind": "workspace", "external_id": "c-1", "organisation": "samen", "data_owner": "oost",
               "created_at": OLD, **CLIENT}, {**seat("c-1", "jan", "observer", OLD)})  # fmt: skip
    assert Workspace.objects.get(external_id="c-1").account.scope == "workspace"
    samen.update(is_partner=False)
    answer = call("PUT", "/workspaces/c-1", {"organisation": "samen", "changed_at": NOW, **CLIENT, "name": "New"})
    assert answer.json()["result"] == "updated"
    assert Workspace.objects.get(external_id="c-1").account.shown_label == "New"
    prove()


def test_observers_sit_in_client_workspaces_alone(cast: Cast) -> None:
    count = WorkspaceMembership.objects.count()
    assert "Observers exist only" in bring(seat("panel", "jan", "observer", OLD)).bad[1]
    answer = call("PUT", "/workspaces/panel/members/jan", {"role": "observer", "changed_at": NOW})
    assert answer.status_code == 409 and "Observers exist only" in answer.json()["sentence"]
    assert WorkspaceMembership.objects.count() == count


def test_an_organisation_ends_after_its_workspaces(cast: Cast) -> None:
    key, at = make_key(), {"changed_at": NOW.isoformat()}
    gone = {"name": "Haarlem", "deleted": True, **at}
    answer = call("PUT", "/organisations/haarlem", gone, key)
    assert answer.status_code == 409
    assert "“Burgerberaad Klimaat”, “Wijkgesprekken Noord”" in answer.json()["sentence"]
    haarlem = Organisation.objects.get(external_id="haarlem")
    assert (haarlem.name, haarlem.deleted_at, haarlem.changed_at) == ("Gemeente Haarlem", None, None)
    names = {"klimaat": "Klimaat", "noord": "Noord"}
    ends = [{"kind": "workspace", "external_id": ref, "organisation": "haarlem", "name": name, "deleted": True, **at}
            for ref, name in names.items()]  # fmt: skip
    whole = {"kind": "organisation", "external_id": "haarlem", **gone}
    half = call("POST", "/batch", {"items": [whole, ends[0]]}, key).json()["results"]
    assert [one["result"] for one in half] == ["refused", "updated"]
    assert Organisation.objects.get(external_id="haarlem").name == "Gemeente Haarlem"
    done = call("POST", "/batch", {"items": [whole, *ends]}, key).json()["results"]
    assert [one["result"] for one in done] == ["updated", "unchanged", "updated"]
    assert Organisation.objects.get(external_id="haarlem").deleted_at == NOW
    late = {"organisation": "haarlem", "name": "Klimaat", "changed_at": NOW + timedelta(seconds=1)}
    assert "was deleted" in call("PUT", "/workspaces/klimaat", late, key).json()["sentence"]
    assert "was deleted" in call("PUT", "/workspaces/w-10", late, key).json()["sentence"]
    prove()


def test_in_a_file_too(cast: Cast) -> None:
    (end,) = organisation("samen", "Stichting Samen", OLD)
    end["deleted_at"] = NOW - timedelta(days=3)
    report = bring(end)
    assert "“Jeugdpanel”" in report.bad[1] and report.taken == 0
    assert Organisation.objects.get(external_id="samen").deleted_at is None
    (panel,) = workspace("panel", "samen", "Jeugdpanel", OLD)
    assert not bring(end, {**panel, "deleted_at": end["deleted_at"]}).bad
    assert Organisation.objects.get(external_id="samen").deleted_at == end["deleted_at"]
    assert not bring(*organisation("samen", "Stichting Samen", OLD)).bad
    assert Organisation.objects.get(external_id="samen").deleted_at is None  # a corrected line
    prove()
