from __future__ import annotations

from datetime import timedelta
from typing import Any

from bursar.actions import bulk
from bursar.actions.models import BulkRun
from bursar.actions.run import run
from bursar.core import clock
from bursar.plans.models import Discount
from tests.cast import NOW, Cast, fact, prove, refusal_of, sign_in

SET = "plans.account.set_discount"
HALF: dict[str, Any] = {"kind": "scholarship", "percent": "50", "end_date": ""}


def test_a_discount_is_taken_back_and_brought_back(cast: Cast) -> None:
    first = run(SET, cast.ties, cast.haarlem.public_id, HALF, reason="agreed")
    assert first.undo is not None and first.undo.key == "plans.account.remove_discount"
    with clock.frozen(NOW + timedelta(hours=1)):
        second = run(SET, cast.ties, cast.haarlem.public_id, {**HALF, "percent": "70"}, reason="more")
        assert second.undo is not None
        undone = run(SET, cast.noor, cast.haarlem.public_id, second.undo.data, reason="Oops", undoes=second.line_id)
        assert fact(cast.haarlem).mrr == 75 and undone.undo is not None
        prove()


def test_only_while_it_stands_as_it_was_left(cast: Cast) -> None:
    first = run(SET, cast.ties, cast.haarlem.public_id, HALF, reason="agreed")
    remove = "plans.account.remove_discount"
    with clock.frozen(NOW + timedelta(minutes=5)):
        run(SET, cast.noor, cast.haarlem.public_id, {**HALF, "percent": "30"}, reason="less")
        late = refusal_of(remove, cast.ties, cast.haarlem.public_id, {}, reason="back", undoes=first.line_id)
        assert late.status == 409 and "done here since" in late.sentence
    assert refusal_of(remove, cast.ties, cast.samen.public_id, {}, reason="x", undoes=first.line_id).status == 409
    assert Discount.objects.filter(valid_until=None).get().percent == 30


def test_offered_for_a_day_in_the_kebab_and_the_toast(cast: Cast) -> None:
    ties = sign_in("ties@agora.example")
    address = f"/panel/actions/account/{cast.haarlem.public_id}/set_discount"
    answer = ties.post(address, {**HALF, "reason": "agreed"}, headers={"HX-Request": "true"})
    assert answer.status_code == 204 and "undo=aud_" in answer["HX-Trigger"]
    menu_address = f"/panel/actions/menu/account/{cast.haarlem.public_id}"
    menu = ties.get(menu_address).content.decode()
    assert "Undo “Discount”" in menu
    assert "Undo “Discount”" not in sign_in("ada@agora.example").get(menu_address).content.decode()
    undo_url = menu.split("remove_discount?undo=")[1].split('"')[0]
    dialog = ties.get(
        f"/panel/actions/account/{cast.haarlem.public_id}/remove_discount?undo={undo_url}"
    ).content.decode()
    assert "Undo: Remove discount" in dialog
    with clock.frozen(NOW + timedelta(hours=25)):
        assert "Undo “Discount”" not in ties.get(menu_address).content.decode()


def test_a_tier_change_and_its_way_back(cast: Cast) -> None:
    key = "plans.workspace.change_tier"
    run(key, cast.noor, cast.lab.public_id, {"tier": "changemaker"}, reason="deal")
    assert fact(cast.oost).potential == 75
    first = run(key, cast.noor, cast.lab.public_id, {"tier": "innovator"}, reason="deal")
    assert first.undo is not None and first.undo.data == {"tier": "changemaker"}
    run(key, cast.noor, cast.lab.public_id, first.undo.data, reason="oops", undoes=first.line_id)
    assert fact(cast.oost).potential == 75
    prove()


def test_a_bulk_run_is_taken_back_row_by_row(cast: Cast) -> None:
    targets = [cast.haarlem.public_id, cast.samen.public_id, cast.oost.public_id]
    run(SET, cast.ties, cast.samen.public_id, {**HALF, "percent": "10"}, reason="before")
    with clock.frozen(NOW + timedelta(minutes=1)):
        made = bulk.start(SET, cast.ties, targets, HALF, "All of them")
        run(SET, cast.noor, cast.oost.public_id, {**HALF, "percent": "20"}, reason="less")
    with clock.frozen(NOW + timedelta(minutes=2)):
        done = run("actions.bulk_run.take_back", cast.noor, made.public_id, {}, reason="Wrong list")
        bulk.resume_as_stored(done.data["run"])
        rows = {row.target_id: row for row in bulk.list_rows(BulkRun.objects.get(public_id=done.data["run"]))}
        assert [rows[target].status for target in targets] == [200, 200, 409]
        assert "done here since" in rows[cast.oost.public_id].sentence
        live = dict(Discount.objects.filter(valid_until=None).values_list("account__public_id", "percent"))
        assert live == {cast.samen.public_id: 10, cast.oost.public_id: 20}
        again = refusal_of("actions.bulk_run.take_back", cast.noor, made.public_id, {}, reason="x")
        assert again.status == 409 and "taken back already" in again.sentence
        redo = refusal_of("actions.bulk_run.take_back", cast.noor, done.data["run"], {}, reason="x")
        assert redo.status == 409 and BulkRun.objects.count() == 2
        page = sign_in("noor@agora.example").get(f"/panel/actions/bulk-runs/{done.data['run']}").content.decode()
        assert "Undo Discount" in page and "1 left as it was" in page
        prove()
