"""What opens under an account's row, and how much a full page of rows weighs."""

from __future__ import annotations

import re
from datetime import timedelta

from bursar.rollup.queries.lines import NESTED, NESTED_IN_ALL, NESTED_LEAST
from bursar.tenants.models import BillingAccount
from bursar.ui.lists import PAGE_SIZE
from tests.cast import NOW, Cast, bring_all, organisation, person, seat, shown_by, sign_in, usage, workspace
from tests.rollup.test_page import more_accounts, statements

WEIGHT = 150_000  # bytes of HTML, before they are compressed


def detail_of(account: BillingAccount, query: str = "") -> str:
    return f"/panel/usage/rows/{account.public_id}/detail{query}"


def test_the_detail_says_in_words_what_the_row_shows_by_a_sign(cast: Cast) -> None:
    bring_all(*person("wil", "Wil Vermeer"), seat("klimaat", "wil", "admin", NOW - timedelta(days=2)))
    iris = sign_in("iris@agora.example")
    words = shown_by(iris.get(detail_of(cast.haarlem)))
    assert "A Mollie subscription is live." in words
    assert "wil@client.example" in words and "Admin contacts" in words
    row = shown_by(iris.get("/panel/usage/?q=haarlem"))
    assert "A Mollie subscription is live." not in row and "wil@client.example" not in row


def test_the_detail_is_of_the_month_that_is_looked_at(cast: Cast) -> None:
    iris = sign_in("iris@agora.example")
    bring_all(usage("klimaat", "late", NOW - timedelta(days=40), 4500))
    now, then = (shown_by(iris.get(detail_of(cast.haarlem, query))) for query in ("", "?month=2026-10"))
    assert "This month was changed after it closed" in then and "This month was changed" not in now


def test_the_details_statements_do_not_grow(cast: Cast) -> None:
    iris = sign_in("iris@agora.example")
    iris.get("/panel/usage/")
    before = statements(iris, detail_of(cast.haarlem))
    more_accounts(6)
    iris.get("/panel/usage/")
    account = BillingAccount.objects.get(organisation__external_id="o0")
    assert statements(iris, detail_of(account)) == before <= 12


def test_only_who_sees_an_account_sees_its_detail(cast: Cast) -> None:
    assert sign_in("lotte@client.example").get(detail_of(cast.haarlem)).status_code in (403, 404)
    assert sign_in("iris@agora.example").get("/panel/usage/rows/acc_nothing/detail").status_code == 404


def test_a_row_says_the_workspaces_own_facts_and_no_unlimited(cast: Cast) -> None:
    old = NOW - timedelta(days=3)
    bring_all(*person("wil", "Wil Vermeer"), seat("klimaat", "wil", "external", old))
    page = shown_by(sign_in("iris@agora.example").get("/panel/usage/?q=haarlem"))
    row = re.search(r'<tr class="nested">.*?</tr>', page)
    assert row
    words = " ".join(re.sub(r"<[^>]+>", " ", row[0]).split())
    assert words.startswith("Burgerberaad Klimaat Changemaker internal · open 3 seats 1 external"), words
    assert "unlimited" not in page


def test_a_full_page_is_light(cast: Cast) -> None:
    """Fifty accounts, each with five workspaces, a contact and long names: the weight of the house's first page."""
    old = NOW - timedelta(days=100)
    for n in range(PAGE_SIZE):
        places = [f"full-{n}-{place}" for place in range(NESTED)]
        bring_all(
            *organisation(f"full-{n}", f"Coöperatie Utrechtse Heuvelrug {n:02d}", old),
            *[line for at in places for line in workspace(at, f"full-{n}", f"Omgevingsvisie en klimaat {at[-1]}", old)],
            *person(f"full-{n}-p", f"Wilhelmina van den Berg {n}"),
            *[seat(at, f"full-{n}-p", "admin", old) for at in places],
            *[usage(at, f"{at}-u", NOW - timedelta(days=1), 2000) for at in places],
        )
    iris = sign_in("iris@agora.example")
    for query in ("?q=heuvelrug", "?q=heuvelrug&month=2026-10"):
        answer = iris.get(f"/panel/usage/{query}")
        assert answer.content.count(b'name="account"') == answer.content.count(b"2 more workspaces") == PAGE_SIZE
        assert answer.content.count(b'name="workspace"') == NESTED_LEAST * PAGE_SIZE == NESTED_IN_ALL
        assert len(answer.content) <= WEIGHT, len(answer.content)
    account = BillingAccount.objects.get(organisation__external_id="full-0")
    again = iris.get(f"/panel/usage/rows/{account.public_id}?shown={NESTED_LEAST}").content
    assert again.count(b'name="workspace"') == NESTED_LEAST and b"2 more workspaces" in again
    fewer = iris.get("/panel/usage/?q=heuvelrug 0").content
    assert fewer.count(b'name="workspace"') == 10 * NESTED and b"more workspace" not in fewer
