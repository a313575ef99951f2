"""Dialogs that cannot mislead: the card before and after, no effect, the way back, and what is read for it."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bursar.actions.cards import FACTS, Card, Watcher
from bursar.actions.dialog import foresee
from bursar.actions.lasting import find_ending
from bursar.actions.registry import ACTIONS, TARGETS
from bursar.actions.run import preview, run
from bursar.actions.spec import Case
from bursar.core.money import euros
from tests.cast import NOW, Cast, fact, shown_by, sign_in

HALF: dict[str, Any] = {"kind": "scholarship", "percent": "50", "end_date": ""}
TIER, SET = "plans.workspace.change_tier", "plans.account.set_discount"


def card_of(actor: Any, key: str, target: Any, data: dict[str, Any]) -> Card:
    watcher = Watcher()
    preview(key, actor, target.public_id, data, watcher)
    return watcher.card


def moved(card: Card) -> dict[str, tuple[str, str]]:
    return {line.label: (line.before.text, line.after.text) for line in card.changed if line.after}


def test_the_card_says_what_the_facts_say_before_and_after(cast: Cast) -> None:
    before = fact(cast.haarlem)
    card = card_of(cast.ties, SET, cast.haarlem, HALF)
    assert moved(card) == {"MRR": ("€ 150.00", "€ 75.00")} and fact(cast.haarlem).mrr == before.mrr
    assert card.stays == "Tier, class and seats stay as they are."
    run(SET, cast.ties, cast.haarlem.public_id, HALF, reason="x")
    assert euros(fact(cast.haarlem).mrr) == "€ 75.00"


def test_a_workspace_has_its_tier_and_cap(cast: Cast) -> None:
    said = moved(card_of(cast.noor, TIER, cast.panel, {"tier": "guardian"}))
    assert said["Tier"] == ("Free", "Guardian") and said["Cap"][1] == "unlimited"
    assert said["Class"][0] == "free"


def test_what_moves_nothing_says_so_as_a_whole_and_is_read_once(cast: Cast) -> None:
    with CaptureQueriesContext(connection) as caught:
        card = card_of(cast.ties, "tenants.workspace.add_note", cast.klimaat, {"text": "Called."})
    assert not card.changed and card.stays == "Tier, MRR, class, seats and cap stay as they are."
    read = [query for query in caught.captured_queries if "FROM rollup_accountmonth" in query["sql"]]
    assert len(read) == 1, "nothing that the card rests on was written"


def test_the_dialog_has_the_card_first_and_no_fact_twice(cast: Cast) -> None:
    address = f"/panel/actions/account/{cast.haarlem.public_id}/set_discount/preview"
    page = shown_by(sign_in("ties@agora.example").post(address, HALF))
    assert page.index("€ 75.00") < page.index("It can be undone until") < page.index("The customer will see")
    assert page.count("€ 75.00") == 1
    told = foresee(ACTIONS[TIER], Case(cast.noor, cast.panel, NOW), {"tier": "guardian"})
    assert "Tier" in [line.label for line in told["card"].changed]
    assert not [change for change in told["effects"] if change.label in ("Tier", "MRR", "Potential")]
    assert not [words for words in told["will"] if "from Free to Guardian" in words]


def test_before_anything_is_filled_in_it_says_how_things_stand(cast: Cast) -> None:
    page = shown_by(sign_in("noor@agora.example").get(f"/panel/actions/workspace/{cast.panel.public_id}/change_tier"))
    assert '<th scope="row">Class</th><td colspan="2">free</td>' in page and "It can be undone for 24 hours." in page


def test_customers_see_their_plan_and_never_our_figures(cast: Cast) -> None:
    case = Case(cast.lotte, cast.panel, NOW)
    card = foresee(ACTIONS["requests.workspace.ask_upgrade"], case, {"tier": "guardian", "cadence": "yearly"})["card"]
    labels = {line.label for line in card.lines}
    assert "Plan" in labels and labels <= {made.own_label for made in FACTS.values() if made.own_label}
    assert not labels & {"MRR", "Potential", "Class"}


@pytest.mark.parametrize(
    ("key", "target", "data", "words"),
    [
        ("plans.workspace.set_discount", "panel", {**HALF, "percent": "10"}, "No amount changes by it now"),
        ("plans.workspace.set_discount", "noord", {**HALF, "percent": "0"}, "The full price holds here already"),
    ],
)
def test_what_has_no_effect_says_why_and_can_be_done_all_the_same(
    cast: Cast, key: str, target: str, data: dict[str, Any], words: str
) -> None:
    thing, verb = getattr(cast, target), ACTIONS[key]
    told = foresee(verb, Case(cast.ties, thing, NOW), data)
    assert words in told["idle"]
    page = sign_in("ties@agora.example").post(
        f"/panel/actions/{verb.target_slug}/{thing.public_id}/{verb.verb_name}/preview", data
    )
    assert f"<b>Has no effect:</b> {told['idle']}" in shown_by(page)
    run(key, cast.ties, thing.public_id, data, reason="All the same")


def test_a_discount_that_counts_is_not_called_idle(cast: Cast) -> None:
    assert foresee(ACTIONS[SET], Case(cast.ties, cast.haarlem, NOW), HALF)["idle"] == ""


def test_every_lever_says_how_it_is_taken_back(cast: Cast) -> None:
    """What people pull, on the cast's own targets, while the form is not filled in yet."""
    for key, made in ACTIONS.items():
        if not (made.in_menu or made.is_for_customers) or made.way_back:
            continue
        whose = cast.iris if made.permission else cast.ada
        actor = cast.maud if made.is_for_customers and made.permission else whose
        target = TARGETS[made.target_slug].fetch(whose, cast.target_id(made.target_slug))
        ending = find_ending(made, Case(actor, target, NOW), None)
        assert ending is not None, key
        assert ending.sentence.endswith(".") or ending.label, (key, ending)


def test_an_undo_has_its_instant_and_what_has_none_its_opposite(cast: Cast) -> None:
    told = foresee(ACTIONS[SET], Case(cast.ties, cast.haarlem, NOW), HALF)
    assert told["ending"].sentence.startswith("It can be undone until ")
    assert told["mailed"].endswith("by notice and mail, as each of them has chosen; that is not called back.")
    managed = ACTIONS["plans.account.cancel_subscription".replace("plans", "payments")]
    words = find_ending(managed, Case(cast.ties, cast.haarlem, NOW), None)
    assert words is not None and words.sentence.startswith("It cannot be undone. Until the end of what is paid")
    paid = find_ending(ACTIONS["payments.account.change_plan"], Case(cast.ties, cast.haarlem, NOW), None)
    assert paid is not None and (paid.sentence, paid.label) == (
        "It cannot be undone; the opposite is", "Withdraw change of plan",
    )  # fmt: skip


def test_customers_are_not_told_of_a_lever_that_is_not_theirs(cast: Cast) -> None:
    asked = find_ending(
        ACTIONS["training.organisation.ask_training"], Case(cast.maud, cast.haarlem.organisation, NOW), None
    )
    assert asked is not None and (asked.sentence, asked.label) == (
        "It cannot be undone by you. Tell us, and we do the opposite.",
        "",
    )
    own = find_ending(ACTIONS["requests.workspace.ask_upgrade"], Case(cast.maud, cast.panel, NOW), None)
    assert own is not None and own.label == "Withdraw request"


def test_several_rows_are_added_up(cast: Cast) -> None:
    ids = [cast.haarlem.public_id, cast.samen.public_id]
    page = sign_in("ties@agora.example").post(
        "/panel/actions/bulk/account/set_discount", {**HALF, "account": ids, "reason": ""}
    )
    assert page.status_code == 422
    words = shown_by(page)
    assert "Together" in words and "MRR € 150.00 → € 75.00" in words


def test_what_is_rare_is_folded_until_it_matters(cast: Cast) -> None:
    address = f"/panel/actions/account/{cast.haarlem.public_id}/set_billing_details"
    ties = sign_in("ties@agora.example")
    page = ties.get(address).content.decode()
    assert page.index('id="f-mails"') < page.index('<details class="more">') < page.index('id="f-peppol_id"')
    refused = ties.post(address, {"name": "Town", "peppol_id": "0190-1"}).content.decode()
    assert '<details class="more" open>' in refused
