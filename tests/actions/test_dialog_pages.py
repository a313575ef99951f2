"""The dialog's answers: what else on the page they fetch anew."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from bursar.actions.run import run
from tests.cast import NOW, Cast, sign_in

SET, HALF = "plans.account.set_discount", {"kind": "scholarship", "percent": "50", "end_date": ""}
HTMX = {"HX-Request": "true"}


def changed(answer: Any) -> list[str]:
    found: list[str] = json.loads(answer.headers.get("HX-Trigger", "{}")).get("changed", {}).get("ids", [])
    return found


def test_whoever_was_slower_sees_how_it_stands(cast: Cast) -> None:
    """The row behind the dialog too; what was only filled in wrongly fetches nothing."""
    noor, account = sign_in("noor@agora.example"), cast.haarlem.public_id
    address, seen = f"/panel/actions/account/{account}/set_discount", (NOW - timedelta(seconds=9)).isoformat()
    opened = noor.get(address, headers=HTMX)
    assert changed(opened) == []
    run(SET, cast.ties, account, HALF, reason="Agreed")
    late = noor.post(address, {**HALF, "percent": "30", "reason": "x", "seen": seen}, headers=HTMX)
    assert late.status_code == 409 and account in changed(late)
    wrong = noor.post(address, {**HALF, "percent": "101", "reason": "x"}, headers=HTMX)
    assert wrong.status_code == 422 and changed(wrong) == []


def test_what_is_off_by_now_says_so_to_the_row_as_well(cast: Cast) -> None:
    """Opened by a button of a page that does not know it yet."""
    page = sign_in("ties@agora.example").get(f"/panel/actions/workspace/{cast.panel.public_id}/release", headers=HTMX)
    assert 'class="faults"' in page.content.decode() and cast.panel.public_id in changed(page)
