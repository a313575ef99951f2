from __future__ import annotations

from typing import Any

import pytest

from bursar.actions.models import BulkRun
from bursar.audit.models import AuditLine
from bursar.plans.models import Discount
from tests.cast import Cast, prove, shown_by, sign_in

HALF: dict[str, Any] = {"kind": "scholarship", "percent": "50", "end_date": ""}
ADDRESS = "/panel/actions/bulk/account/set_discount"


def test_from_the_picked_rows_to_a_result_for_each(cast: Cast) -> None:
    ties = sign_in("ties@agora.example")
    ids = [cast.haarlem.public_id, cast.samen.public_id]
    dialog = ties.get(ADDRESS, {"account": ids}).content.decode()
    assert "Gemeente Haarlem" in dialog and "Stichting Samen" in dialog and "2 accounts" in dialog
    assert not Discount.objects.exists()
    answer = ties.post(ADDRESS, {"account": ids, **HALF, "reason": "Spring"}, headers={"HX-Request": "true"})
    text = answer.content.decode()
    assert text.count(">done<") == 2 and cast.haarlem.public_id in answer["HX-Trigger"]
    assert AuditLine.objects.filter(group=BulkRun.objects.get().public_id).count() == 2
    again = ties.post(ADDRESS, {"account": ids, **HALF, "reason": "Spring"}).content.decode()
    assert again.count(">not done<") == 2 and "holds already" in again
    prove()


def test_what_will_happen_is_told_while_it_is_filled_in(cast: Cast) -> None:
    ties = sign_in("ties@agora.example")
    ids = [cast.haarlem.public_id, cast.samen.public_id]
    told = shown_by(ties.post(f"{ADDRESS}/preview", {"account": ids, **HALF}, headers={"HX-Request": "true"}))
    assert "MRR € 150.00 → € 75.00" in told and "Together" in told and "Stichting Samen" in told
    half = shown_by(ties.post(f"{ADDRESS}/preview", {"account": ids, "kind": "scholarship", "percent": ""}))
    assert "→" not in half and "Stichting Samen" in half
    refused = sign_in("ada@agora.example").post(f"{ADDRESS}/preview", {"account": ids, **HALF})
    assert "€ 75.00" not in shown_by(refused)
    assert (
        not Discount.objects.exists()
        and not BulkRun.objects.exists()
        and not AuditLine.objects.filter(key="plans.account.set_discount")
    )


@pytest.mark.parametrize(
    ("posted", "status", "words"),
    [
        ({**HALF, "reason": ""}, 422, "Say why"),
        ({**HALF, "percent": "101", "reason": "x"}, 422, "At most 100"),
    ],
)
def test_bad_input_changes_nothing(cast: Cast, posted: dict[str, Any], status: int, words: str) -> None:
    answer = sign_in("ties@agora.example").post(ADDRESS, {"account": [cast.haarlem.public_id], **posted})
    assert answer.status_code == status and words in answer.content.decode()
    assert not Discount.objects.exists() and not BulkRun.objects.exists()


def test_who_may_and_what_may(cast: Cast) -> None:
    ada, ties = sign_in("ada@agora.example"), sign_in("ties@agora.example")
    ids = {"account": [cast.haarlem.public_id], **HALF, "reason": "x"}
    assert ada.post(ADDRESS, ids).status_code == 403
    assert ties.get(ADDRESS).status_code == 400
    assert ties.get("/panel/actions/bulk/workspace/change_admin?workspace=x").status_code == 404
    assert ties.get(ADDRESS, {"account": ["acc_nothing"]}).status_code == 404
    assert not Discount.objects.exists()


def test_a_colleagues_run_is_not_shown(cast: Cast) -> None:
    ties = sign_in("ties@agora.example")
    ties.post(ADDRESS, {"account": [cast.haarlem.public_id], **HALF, "reason": "x"})
    address = f"/panel/actions/bulk-runs/{BulkRun.objects.get().public_id}"
    assert ties.get(address).status_code == 200 and sign_in("noor@agora.example").get(address).status_code == 404
