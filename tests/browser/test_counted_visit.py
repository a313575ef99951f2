"""How much a typical visit costs the hand: each click and each key is counted, a value that is typed counts once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bursar.attention.models import Triage
from bursar.core import clock
from bursar.requests.models import RequestState, UpgradeRequest
from tests.browser.test_visit import kebab_of, sign_in
from tests.cast import Cast, bring_all, prove
from tests.requests.helpers import ask, ask_workspace

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
AT_MOST = 25


class Hand:
    """A person at the page. It can do nothing that is not counted."""

    def __init__(self, page: Any) -> None:
        self.page, self.done = page, list[str]()

    def click(self, what: Any) -> None:
        (self.page.locator(what) if isinstance(what, str) else what).first.click()
        self.done.append(f"click {what}")

    def press(self, key: str) -> None:
        self.page.keyboard.press(key)
        self.done.append(key)

    def type(self, value: str) -> None:
        """Where the focus is; the page has put it there."""
        assert self.page.evaluate("document.activeElement.matches('input, textarea')"), self.done
        self.page.keyboard.type(value)
        self.done.append(f"“{value}”")

    def pull(self, name: str, lever: str) -> None:
        self.click(kebab_of(self.page, name))
        self.click(self.page.locator("#menu [role=option]:visible", has_text=lever))
        self.page.wait_for_selector("#dialog[open] form")

    def send(self) -> None:
        self.press("Control+Enter")
        self.page.wait_for_selector("#dialog:not([open])", state="attached")


def test_the_typical_visit_takes_at_most_25_clicks_or_keys(committed: Cast, live_server: Any, page: Any) -> None:
    cast = committed
    owner = {"kind": "organisation_member", "organisation": "samen", "person": "lotte", "role": "owner"}
    bring_all({**owner, "from": clock.now() - timedelta(minutes=1)})
    upgrade, another = ask("lotte", cast.panel), ask_workspace("lotte", cast.samen.organisation)
    sign_in(page, live_server.url, "iris@agora.example")
    page.goto(f"{live_server.url}/panel/usage/")
    hand = Hand(page)

    hand.click(".head details.chip summary")  # a month, and its revenue
    hand.click(page.locator(".head details.chip div a").nth(1))
    page.wait_for_selector(".head:has-text('as at its end')")
    assert "MRR" in page.inner_text("#totals")

    hand.click("nav[aria-label=Panel] a:has-text('At-risk')")  # who needs somebody
    hand.click(page.locator("tbody", has=kebab_of(page, "Jeugdpanel")).locator("a[data-log]"))  # writes to the contact
    page.wait_for_selector(".toast-line, tbody.fresh")
    hand.pull("Jeugdpanel", "Reset usage")
    hand.type("Stopped in the middle of the youth council")
    hand.send()

    hand.click("nav[aria-label=Panel] a:has-text('Usage & billing')")
    hand.pull("Stichting Samen", "Discount")
    hand.type("50")
    hand.click("#f-reason")
    hand.type("Agreed by telephone")
    hand.send()

    hand.click("nav[aria-label=Panel] a:has-text('Requests')")
    hand.pull(str(upgrade), "Approve")
    hand.type("As agreed")
    hand.send()
    hand.pull(str(another), "Deny")
    hand.type("One panel is enough for now")
    hand.send()

    assert len(hand.done) <= AT_MOST, hand.done
    assert Triage.objects.filter(outreach_at__isnull=False, outreach_by__public_id=cast.iris.id).count() == 1
    states = {one.pk: one.state for one in UpgradeRequest.objects.all()}
    assert (states[upgrade.pk], states[another.pk]) == (RequestState.APPROVED, RequestState.DENIED)
    prove()
