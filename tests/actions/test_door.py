from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from bursar.actions import bulk
from bursar.actions.run import preview, run
from bursar.audit.models import AuditLine
from bursar.core import clock
from bursar.core.errors import Invalid, Refusal
from bursar.plans.models import Discount
from bursar.tenants.models import BillingAccount, Person, Workspace
from bursar.usage.models import Meter, UsageReset
from bursar.usage.queries import get_standing
from tests.cast import NOW, Cast, bring_all, fact, prove, refusal_of, seat, sign_in, usage

HALF: dict[str, Any] = {"kind": "scholarship", "percent": "50", "end_date": ""}
SET = "plans.account.set_discount"


def state() -> tuple[int, ...]:
    """What a refusal must leave as it was."""
    return (AuditLine.objects.count(), Discount.objects.count(), UsageReset.objects.count(), Meter.objects.count())


def test_reset_usage_end_to_end(cast: Cast) -> None:
    assert get_standing(cast.panel, NOW).state.key == "at_cap"
    outcome = cast.reset_panel()
    assert outcome.changes[0].before == "1 h 02"
    assert get_standing(cast.panel, NOW).counted == 0
    line = AuditLine.objects.get(public_id=outcome.line_id)
    assert (line.reason, line.stream, line.customer_visible) == ("Council meeting", cast.samen.public_id, True)
    assert cast.panel.public_id in line.touches
    prove()


def test_what_is_used_after_a_reset_counts_again(cast: Cast) -> None:
    cast.reset_panel()
    with clock.frozen(NOW + timedelta(hours=2)):
        bring_all(
            usage("panel", "u-2", NOW + timedelta(hours=1), 600), usage("panel", "u-3", NOW - timedelta(days=1), 60)
        )
        assert get_standing(cast.panel, clock.now()).counted == 600
        prove()


@pytest.mark.parametrize(
    ("who", "data", "more", "status"),
    [
        ("ada", HALF, {"reason": "x"}, 403),
        ("maud", HALF, {"reason": "x"}, 403),
        ("lotte", HALF, {"reason": "x"}, 404),
        ("ties", HALF, {"reason": "  "}, 422),
        ("ties", {**HALF, "percent": "101"}, {"reason": "x"}, 422),
        ("ties", {**HALF, "percent": "0"}, {"reason": "x"}, 422),
        ("ties", {**HALF, "kind": "bribe"}, {"reason": "x"}, 422),
        ("ties", {**HALF, "kind": "trial"}, {"reason": "x"}, 422),
        ("ties", {**HALF, "end_date": "1999-01-01"}, {"reason": "x"}, 422),
        ("ties", {**HALF, "colour": "red"}, {"reason": "x"}, 422),
        ("ties", HALF, {"reason": "x" * 2001}, 422),
        ("ties", HALF, {"reason": "nul \0"}, 422),
    ],
)
def test_refusals_change_nothing(cast: Cast, who: str, data: dict[str, Any], more: dict[str, Any], status: int) -> None:
    before = state()
    refusal = refusal_of(SET, getattr(cast, who), cast.haarlem.public_id, data, **more)
    assert refusal.status == status and refusal.sentence
    assert state() == before
    prove()


def test_blocked_and_refused_have_sentences(cast: Cast) -> None:
    run(SET, cast.ties, cast.haarlem.public_id, HALF, reason="agreed")
    cases: list[tuple[str, Any, dict[str, Any], str]] = [
        ("usage.workspace.reset_usage", cast.klimaat, {}, "no cap"),
        ("plans.workspace.change_tier", cast.klimaat, {"tier": "guardian"}, "subscription is live"),
        ("plans.workspace.change_tier", cast.lab, {"tier": "guardian"}, "already"),
        ("plans.workspace.remove_discount", cast.klimaat, {}, "account's holds"),
        ("plans.account.remove_discount", cast.samen, {}, "no discount"),
        (SET, cast.haarlem, HALF, "holds already"),
        ("tenants.workspace.change_admin", cast.panel, {"new_admin": "x"}, "Nobody else"),
    ]
    before = state()
    for key, target, data, words in cases:
        refusal = refusal_of(key, cast.iris, target.public_id, data, reason="try")
        assert refusal.status == 409 and words in refusal.sentence, (key, refusal.sentence)
    assert state() == before


def test_a_repeated_submit_has_one_effect(cast: Cast) -> None:
    first = cast.reset_panel(idempotency_key="k1")
    again = cast.reset_panel(idempotency_key="k1")
    assert again.line_id == first.line_id and UsageReset.objects.count() == 1
    other = refusal_of(SET, cast.ties, cast.haarlem.public_id, HALF, reason="x", idempotency_key="k1")
    assert other.status == 422
    assert AuditLine.objects.filter(key="usage.workspace.reset_usage").count() == 1


def test_the_second_of_two_people_gets_a_sentence(cast: Cast) -> None:
    run(SET, cast.ties, cast.haarlem.public_id, HALF, reason="agreed", seen=NOW - timedelta(minutes=1))
    late = refusal_of(
        SET, cast.noor, cast.haarlem.public_id, {**HALF, "percent": "30"}, reason="x", seen=NOW - timedelta(seconds=9)
    )
    assert late.status == 409 and "Ties was quicker" in late.sentence
    assert Discount.objects.get().percent == 50


def test_a_preview_says_it_all_and_keeps_nothing(cast: Cast) -> None:
    before = state()
    foreseen = preview(SET, cast.ties, cast.haarlem.public_id, HALF)
    assert [(c.label, c.after) for c in foreseen.effects] == [("MRR", "€ 75.00")]
    assert state() == before
    done = run(SET, cast.ties, cast.haarlem.public_id, HALF, reason="agreed")
    assert done.changes == foreseen.changes and done.effects == foreseen.effects


def test_nobody_pulls_a_lever_on_their_own_account(cast: Cast) -> None:
    bring_all(
        {
            "kind": "workspace_member",
            "workspace": "panel",
            "person": "ali",
            "role": "member",
            "from": NOW - timedelta(1),
        }
    )
    Person.objects.filter(external_id="ali").update(user_id=cast.ties.user_id)
    from bursar.access.models import User
    from bursar.config.actors import actor_for

    assert cast.ties.user_id is not None
    ties = actor_for(User.objects.get(pk=cast.ties.user_id))
    assert refusal_of("usage.workspace.reset_usage", ties, cast.panel.public_id, reason="me").status == 403


def test_a_write_that_forgets_what_it_touched_is_loud(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    from bursar.actions.registry import ACTIONS
    from bursar.actions.spec import Outcome

    def forgetful(act: Any, account: BillingAccount, data: Any) -> Outcome:
        Discount.objects.create(account=account, kind="partner", percent=5, valid_from=act.now)
        return Outcome("done")

    monkeypatch.setitem(ACTIONS.things, SET, ACTIONS[SET].__class__(**{**vars(ACTIONS[SET]), "verb": forgetful}))
    with pytest.raises(RuntimeError, match="touched"):
        run(SET, cast.ties, cast.haarlem.public_id, HALF, reason="x")
    assert not Discount.objects.exists()


def test_bulk_has_a_result_per_row_and_one_group(cast: Cast) -> None:
    ids = [cast.haarlem.public_id, cast.samen.public_id, "acc_unknown"]
    made = bulk.start(SET, cast.ties, ids, HALF, "spring offer")
    assert [(r.target_id, r.status) for r in made.results.order_by("id")] == [
        (ids[0], 200),
        (ids[1], 200),
        (ids[2], 404),
    ]
    assert AuditLine.objects.filter(group=made.public_id).count() == 2
    bulk.resume(made)
    assert AuditLine.objects.filter(group=made.public_id).count() == 2
    prove()


def test_bulk_needs_the_right_and_rows(cast: Cast) -> None:
    with pytest.raises(Refusal):
        bulk.start(SET, cast.ada, [cast.haarlem.public_id], HALF, "x")
    with pytest.raises(Invalid):
        bulk.start(SET, cast.ties, [], HALF, "x")


def test_change_tier_makes_an_account_without_a_way_of_paying_managed(cast: Cast) -> None:
    outcome = run(
        "plans.workspace.change_tier", cast.noor, cast.panel.public_id, {"tier": "changemaker"}, reason="deal"
    )
    assert [c.after for c in outcome.changes] == ["Changemaker", "managed"]
    assert (fact(cast.samen).klass, fact(cast.samen).potential) == ("managed", 75)
    back = refusal_of(
        "plans.workspace.change_tier", cast.noor, cast.panel.public_id, {"tier": "changemaker"}, reason="x"
    )
    assert back.status == 409
    prove()


def test_change_admin_hands_over(cast: Cast) -> None:
    maud, ali = Person.objects.get(external_id="maud"), Person.objects.get(external_id="ali")
    data = {"new_admin": ali.public_id, "old_admin": maud.public_id}
    run("tenants.workspace.change_admin", cast.ties, cast.klimaat.public_id, data, reason="Maud leaves")
    live = Workspace.objects.get(pk=cast.klimaat.pk).memberships.filter(valid_until=None)
    assert dict(live.values_list("person__external_id", "role")) == {"ali": "admin", "maud": "member"}
    again = refusal_of("tenants.workspace.change_admin", cast.ties, cast.klimaat.public_id, data, reason="x")
    assert again.status in (409, 422)
    prove()


def test_change_admin_says_who_changes_wherever_it_is_read(cast: Cast) -> None:
    """And it keeps no name in the line itself: whoever is erased is named nowhere, and the chain holds."""
    bring_all(seat("klimaat", "lotte", "billing", NOW - timedelta(days=9)))
    lotte, maud = Person.objects.get(external_id="lotte"), Person.objects.get(external_id="maud")
    data = {"new_admin": lotte.public_id, "old_admin": maud.public_id}
    key = "tenants.workspace.change_admin"
    foreseen = preview(key, cast.ties, cast.klimaat.public_id, data)
    assert [(c.heading, c.before, c.after) for c in foreseen.changes] == [
        ("Lotte", "billing", "admin"), ("Maud", "owner", "member"),
    ]  # fmt: skip
    done = run(key, cast.ties, cast.klimaat.public_id, data, reason="Maud leaves")
    line = AuditLine.objects.get(public_id=done.line_id)
    assert [change["label"] for change in line.changes] == ["Role", "Role"] and "Lotte" not in str(line.changes)
    book = sign_in("iris@agora.example").get(f"/panel/book/?q={cast.klimaat.public_id}").content.decode()
    own = sign_in("maud@client.example").get("/history/").content.decode()
    for page in (book, own):
        text = " ".join(re.sub(r"<[^>]+>", " ", page).split())
        assert "Lotte billing → admin" in text and "Maud owner → member" in text
    run("product.person.erase", cast.iris, lotte.public_id, {"typed": "Lotte"}, reason="They asked")
    book = sign_in("iris@agora.example").get(f"/panel/book/?q={cast.klimaat.public_id}").content.decode()
    assert "Lotte" not in book and "erased" in book
    prove()


def test_partner_toggle(cast: Cast) -> None:
    org = cast.haarlem.organisation
    run("tenants.organisation.set_partner", cast.ties, org.public_id, {"partner": "yes"}, reason="Agreement 12")
    org.refresh_from_db()
    assert org.is_partner
    again = refusal_of("tenants.organisation.set_partner", cast.ties, org.public_id, {"partner": "yes"}, reason="x")
    assert again.status == 409


def test_a_workspace_discount_replaces_the_accounts(cast: Cast) -> None:
    run(SET, cast.ties, cast.haarlem.public_id, HALF, reason="agreed")
    assert fact(cast.haarlem).mrr == 75
    full = {"kind": "partner", "percent": "0", "end_date": ""}
    run("plans.workspace.set_discount", cast.ties, cast.noord.public_id, full, reason="full price here")
    assert fact(cast.haarlem).mrr == 75 / 2 + 75
    run("plans.workspace.remove_discount", cast.ties, cast.noord.public_id, reason="back")
    run("plans.account.remove_discount", cast.ties, cast.haarlem.public_id, reason="over")
    assert fact(cast.haarlem).mrr == 150
    prove()
