"""The kebab: what is likely stands on top, what is not possible stands apart, and all of it costs few statements."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

from django.db import connection
from django.test.utils import CaptureQueriesContext

from bursar.actions import menu
from bursar.actions.registry import ACTIONS, LIKELY, TARGETS
from bursar.actions.run import run
from bursar.attention.likely import LEVERS
from bursar.attention.reasons import REASONS
from bursar.billing.store import documents
from bursar.billing.store.documents import Issue
from bursar.core import clock
from bursar.rollup.refresh import refresh
from tests.billing.documents import samples
from tests.cast import NOW, Cast, shown_by, sign_in
from tests.requests.helpers import ask

PAID = "billing.invoice.mark_paid"
PIECES = re.compile(r'role="option".*?</a>', re.S)


def likely(cast: Cast, slug: str, target_id: str) -> list[tuple[str, str]]:
    return [(entry.key, entry.why) for entry in menu.build(cast.iris, slug, target_id, NOW)[0].likely]


def test_at_the_cap_the_way_on_stands_first(cast: Cast) -> None:
    found = likely(cast, "workspace", cast.panel.public_id)
    assert found == [("usage.workspace.reset_usage", "at cap"), ("plans.account.grant_trial", "at cap"),
                     ("plans.workspace.grant_tier", "at cap")]  # fmt: skip
    own, account, _ = menu.build(cast.iris, "workspace", cast.panel.public_id, NOW)
    shown = [entry.key for some in (own.likely, *own.possible.values()) for entry in some]
    assert len(shown) == len(set(shown)) and account.likely == ()
    assert "plans.account.grant_trial" in [entry.key for some in account.possible.values() for entry in some]
    assert likely(cast, "workspace", cast.klimaat.public_id) == []


def test_what_is_blocked_is_never_likely(cast: Cast) -> None:
    run("plans.account.grant_trial", cast.iris, cast.samen.public_id, {}, reason="Pilot")
    found = likely(cast, "workspace", cast.panel.public_id)
    assert "plans.account.grant_trial" not in dict(found)
    assert [
        entry for part in menu.build(cast.ada, "workspace", cast.panel.public_id, NOW) for entry in part.likely
    ] == []


def test_who_asked_waits_and_is_answered_from_the_row(cast: Cast) -> None:
    request_id = cast.target_id("request")
    answers = menu.build(cast.iris, "request", request_id, NOW)[0].likely
    workspace_id = TARGETS["request"].fetch(cast.iris, request_id).workspace.public_id
    found = menu.build(cast.iris, "workspace", workspace_id, NOW)[0].likely[: len(answers)]
    assert answers and [entry.url for entry in found] == [entry.url for entry in answers]
    assert {entry.kind for entry in found} == {"Request"} and {entry.name for entry in found} == {answers[0].name}
    assert all(entry.why.startswith("asked for Guardian on ") for entry in found)
    assert {entry.code for entry in found} <= {"ap", "de"}
    run("requests.request.deny", cast.iris, request_id, {}, reason="No", message="Not now, we are sorry.")
    assert not [key for key, _ in likely(cast, "workspace", workspace_id) if key.startswith("requests.")]


def test_an_open_invoice_is_likely_what_the_kebab_of_its_account_is_for(cast: Cast) -> None:
    document = replace(samples.invoice(), issued_on=NOW.date())
    row = documents.issue(cast.oost, document, Issue(), lambda: NOW)
    found = menu.build(cast.iris, "account", cast.oost.public_id, NOW)[0].likely
    assert [(entry.key, entry.name) for entry in found if entry.kind == "Invoice"] == [(PAID, row.number)]
    assert likely(cast, "invoice", row.public_id)[0][0] == PAID
    assert row.due_on is not None
    late = datetime.combine(row.due_on, time(12), UTC) + timedelta(days=1)
    with clock.frozen(late):
        refresh(late)
        assert PAID in [entry.key for entry in menu.build(cast.iris, "invoice", row.public_id, late)[0].likely]
    other = cast.target_id("invoice")  # of an account that pays by Mollie
    assert likely(cast, "invoice", other) and likely(cast, "account", cast.haarlem.public_id) == []


def test_hints_name_actions_that_there_are() -> None:
    assert set(LEVERS) == set(REASONS)
    assert {key for keys in LEVERS.values() for key in keys} <= {a.key for a in ACTIONS.values() if a.in_menu}
    assert {name.partition(".")[2] for name in LIKELY} <= set(TARGETS)


def test_what_cannot_be_done_is_folded_with_its_reason(cast: Cast) -> None:
    answer = sign_in("ties@agora.example").get(
        f"/panel/actions/menu/workspace/{cast.klimaat.public_id}", headers={"HX-Request": "true"}
    )
    text, page = shown_by(answer), answer.content.decode()
    own = menu.build(cast.ties, "workspace", cast.klimaat.public_id, NOW)[0]
    assert f"{len(own.not_now)} not possible now" in text and own.not_now
    options = PIECES.findall(page)
    assert options and not any("Not now:" in option or "set tier" in option for option in options)
    folded = page.partition("<details")[2].partition("</details>")[0]
    assert folded.count("Not now:") == len(own.not_now) and "<a " not in folded


def test_one_word_twice_says_of_what(cast: Cast) -> None:
    page = sign_in("iris@agora.example").get(
        f"/panel/actions/menu/workspace/{cast.klimaat.public_id}", headers={"HX-Request": "true"}
    )
    discounts = [option for option in PIECES.findall(page.content.decode()) if "Discount…" in option]
    assert len(discounts) == 2
    assert "Workspace · Burgerberaad Klimaat" in discounts[0] and "Account · Gemeente Haarlem" in discounts[1]


def test_without_a_script_it_is_one_page_with_anchors(cast: Cast) -> None:
    answer = sign_in("iris@agora.example").get(f"/panel/actions/menu/workspace/{cast.panel.public_id}")
    page, text = answer.content.decode(), shown_by(answer)
    for slug in ("workspace", "account", "organisation"):
        assert f'href="#of-{slug}"' in page and f'id="of-{slug}"' in page
    assert "Likely now" in text and "at cap" in text and "Not possible now" in text
    assert "Counting starts at zero" in text and 'role="option"' not in page


def test_a_menu_costs_the_same_statements_at_every_size(cast: Cast) -> None:
    """Of rows, however many of them the account has; what the row and its account share is loaded once."""
    iris = sign_in("iris@agora.example")

    def count(target_id: str) -> int:
        with CaptureQueriesContext(connection) as caught:
            assert (
                iris.get(f"/panel/actions/menu/workspace/{target_id}", headers={"HX-Request": "true"}).status_code
                == 200
            )
        said = [query["sql"].replace('"', "") for query in caught.captured_queries]
        assert len([sql for sql in said if "FROM plans_paymentterms WHERE account_id = ANY" in sql]) == 1
        return len(caught)

    count(cast.klimaat.public_id)  # what is cached from one request to the next
    alone, beside = count(cast.panel.public_id), count(cast.klimaat.public_id)
    ask("maud", cast.klimaat, "guardian")
    waiting = count(cast.klimaat.public_id)
    assert beside <= 70 and alone <= 85
    assert waiting <= beside + 6, "what hangs on the row is asked by what the row has loaded"
