"""A dialog while somebody is in it: nothing moves under the pointer, the focus begins where it should, and what comes
late acts on nothing that came after it.
"""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from bursar.actions.run import run
from bursar.audit.models import AuditLine
from bursar.webhooks.models import WebhookEndpoint
from tests.browser.test_cards import open_dialog, top_of
from tests.browser.test_kebab import SHIFTS
from tests.browser.test_visit import kebab_of, sign_in
from tests.cast import Cast
from tests.requests.helpers import ask

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
BULK = "/panel/actions/bulk/account/set_discount"
TAKE, RELEASE = "attention.workspace.take", "attention.workspace.release"
FOCUSED = """() => { const at = document.activeElement; return at.name || at.innerText.trim() || at.tagName; }"""


@pytest.fixture
def lead(committed: Cast, live_server: Any, page: Any) -> Any:
    sign_in(page, live_server.url, "iris@agora.example")
    page.goto(f"{live_server.url}/panel/at-risk/")
    return page


def address_of(key: str, target: Any) -> str:
    _, slug, verb = key.split(".")
    return reverse("actions:dialog", args=[slug, target.public_id, verb])


def slow(page: Any, part: str, method: str = "GET") -> list[Any]:
    """Answers to these wait until the test lets them go: `held.pop().continue_()`."""
    held: list[Any] = []
    page.route(lambda url: part in url, lambda route: held.append(route) if route.request.method == method
               else route.continue_())  # fmt: skip
    return held


def wait_for_one(page: Any, held: list[Any]) -> None:
    for _ in range(100):
        if held:
            return
        page.wait_for_timeout(50)
    raise AssertionError("nothing was asked for")


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (390, 844)])
def test_nothing_moves_under_whoever_types(
    committed: Cast, live_server: Any, lead: Any, width: int, height: int
) -> None:
    """What will happen grows by more than half and shrinks again; one and several at once."""
    lead.set_viewport_size({"width": width, "height": height})
    lead.evaluate(SHIFTS)
    several = f"{BULK}?account={committed.haarlem.public_id}&account={committed.samen.public_id}"
    cases = [
        (address_of("plans.workspace.change_tier", committed.lab), "#f-tier", ["free", "changemaker"], 5),
        (address_of("plans.account.set_discount", committed.haarlem), "#f-percent", ["50", ""], 0),
        (several, "#f-percent", ["50", ""], 20),
    ]
    for address, field, values, at_least in cases:
        open_dialog(lead, address)
        lead.wait_for_timeout(100)
        lead.evaluate("window.shifted = 0")
        place, heights = top_of(lead, field), [lead.locator("#preview").bounding_box()["height"]]
        for value in values:
            with lead.expect_response("**/preview"):
                if field == "#f-tier":
                    lead.select_option(field, value)
                else:
                    lead.fill(field, value)
            lead.wait_for_timeout(150)
            heights.append(lead.locator("#preview").bounding_box()["height"])
            assert top_of(lead, field) == pytest.approx(place, abs=1), (address, value, heights)
        assert max(heights) - min(heights) >= at_least, (address, heights)
        assert lead.evaluate("window.shifted") < 0.01, address
        button = lead.locator("#dialog .button.main").bounding_box()
        assert button["y"] + button["height"] <= height, "it is in sight, whatever is told"
        lead.evaluate("document.querySelector('#dialog').close()")


def test_several_at_once_are_told_while_it_is_filled_in(committed: Cast, live_server: Any, lead: Any) -> None:
    open_dialog(lead, f"{BULK}?account={committed.haarlem.public_id}&account={committed.samen.public_id}")
    assert not lead.locator("#preview", has_text="€ 75.00").count()
    lead.fill("#f-percent", "50")
    lead.wait_for_selector("#preview .moves:has-text('€ 150.00 → € 75.00')")


def test_what_is_unfolded_opens_downwards_and_stays_in_the_window(committed: Cast, live_server: Any, lead: Any) -> None:
    open_dialog(lead, address_of("plans.account.set_discount", committed.haarlem))
    fold = "#dialog details.more:last-of-type > summary"
    place = top_of(lead, fold)
    lead.click(fold)
    lead.wait_for_selector("#f-message", state="visible")
    lead.wait_for_timeout(100)
    assert top_of(lead, fold) <= place + 1
    field, buttons = (lead.locator(one).bounding_box() for one in ("#f-message", "#dialog .buttons"))
    assert field["y"] + field["height"] <= buttons["y"] + 1, "and nothing of it is under the buttons"


def test_what_sticks_lies_on_the_edges_of_the_window(committed: Cast, live_server: Any, lead: Any) -> None:
    """A dialog that is longer than the window: nothing of it shows above its title or below its buttons."""
    for width in (390, 1280):
        lead.set_viewport_size({"width": width, "height": 420})
        open_dialog(lead, address_of("plans.account.set_discount", committed.haarlem))
        lead.evaluate("document.querySelector('#dialog').scrollTop = 140")
        title, buttons = (lead.locator(one).bounding_box() for one in ("#dialog-title", "#dialog .buttons"))
        assert title["y"] == pytest.approx(0, abs=1) and buttons["y"] + buttons["height"] == pytest.approx(420, abs=1)
        lead.evaluate("document.querySelector('#dialog').close()")
        lead.wait_for_selector("#dialog:not([open])", state="attached")


def test_where_the_focus_begins(committed: Cast, live_server: Any, lead: Any) -> None:
    """A field that has to be filled in; else the button that does it; the way out, where it takes something away or
    cannot be undone; not where there is nothing to undo.
    """
    there = {"url": "https://product.example/hook", "description": "Product", "events": []}
    made = run("webhooks.company.create_endpoint", committed.iris, "company", there, reason="The product listens")
    endpoint = WebhookEndpoint.objects.get(public_id=made.data["endpoint"])
    run(TAKE, committed.ties, committed.panel.public_id, {"owner": committed.ties.id})
    kinds = [
        (RELEASE, committed.panel, "Release"),  # no field, and its opposite undoes it
        ("webhooks.endpoint.send_test", endpoint, "Send a test event"),
        ("tenants.workspace.add_note", committed.panel, "text"),
        ("usage.workspace.reset_usage", committed.panel, "reason"),  # only a reason
        ("plans.workspace.change_tier", committed.lab, "tier"),
        ("billing.account.try_documents_again", committed.haarlem, "Close"),  # nothing waits: it is off
        ("plans.account.set_managed", committed.samen, None),
    ]
    for key, target, name in kinds:
        lead.evaluate("(at) => htmx.ajax('GET', at, { target: '#dialog' })", address_of(key, target))
        lead.wait_for_selector("#dialog[open] .dialog")
        lead.wait_for_function("document.querySelector('#dialog').contains(document.activeElement)")
        at = lead.evaluate(FOCUSED)
        assert (at == name) if name else at not in ("When to use this", "BODY"), (key, at)
        lead.evaluate("document.querySelector('#dialog').close()")
        lead.wait_for_selector("#dialog:not([open])", state="attached")


def test_what_takes_away_begins_at_cancel(committed: Cast, live_server: Any, page: Any) -> None:
    """A customer's own, without any field: to withdraw is red, and Enter must not do it."""
    asked = ask("lotte", committed.panel)
    sign_in(page, live_server.url, "lotte@client.example")
    open_dialog(page, f"/actions/request/{asked.public_id}/withdraw")
    assert page.locator("#dialog .main.danger").count() and page.evaluate(FOCUSED) == "Cancel"


def test_a_refusal_shows_the_row_as_it_stands(committed: Cast, live_server: Any, lead: Any) -> None:
    """A colleague took it while the dialog was open."""
    row = lead.locator("tbody", has=kebab_of(lead, "Jeugdpanel"))
    row.get_by_text("Take…").click()
    lead.wait_for_selector("dialog[open] form")
    run(TAKE, committed.noor, committed.panel.public_id, {"owner": committed.noor.id})
    lead.click("#dialog .button.main")
    lead.wait_for_selector("#dialog .faults:has-text('quicker')")
    row.get_by_text("Noor").wait_for()
    assert not row.get_by_text("Take…").count() and lead.locator("#dialog[open]").count() == 1


def test_a_late_dialog_does_not_take_the_place_of_the_next(committed: Cast, live_server: Any, lead: Any) -> None:
    first, then = (address_of("tenants.workspace.add_note", one) for one in (committed.panel, committed.klimaat))
    held = slow(lead, first)
    lead.evaluate("(at) => { htmx.ajax('GET', at, { source: 'main', target: '#dialog' }) }", first)
    wait_for_one(lead, held)
    open_dialog(lead, then)
    lead.fill("#dialog [name=text]", "Called; wants a trial")
    held.pop().continue_()
    lead.wait_for_timeout(400)
    assert "Klimaat" in lead.inner_text("#dialog .to")
    assert lead.input_value("#dialog [name=text]") == "Called; wants a trial"


def test_a_dialog_stays_while_it_is_sent(committed: Cast, live_server: Any, lead: Any) -> None:
    """What it is answered has to be told; Escape and a click beside it wait for that."""
    run(TAKE, committed.iris, committed.panel.public_id, {"owner": committed.iris.id})
    held = slow(lead, "/release", "POST")
    open_dialog(lead, address_of(RELEASE, committed.panel))
    lead.keyboard.press("Enter")
    wait_for_one(lead, held)
    lead.keyboard.press("Escape")
    lead.keyboard.press("Escape")
    lead.mouse.click(5, 5)
    assert lead.locator("#dialog[open]").count() == 1
    held.pop().continue_()
    lead.wait_for_selector(".toast-line.good")
    lead.wait_for_selector("#dialog:not([open])", state="attached")
    assert AuditLine.objects.filter(key=RELEASE).count() == 1


def test_the_palette_stays_away_from_what_is_filled_in(committed: Cast, live_server: Any, lead: Any) -> None:
    open_dialog(lead, address_of("tenants.workspace.add_note", committed.panel))
    lead.fill("#dialog [name=text]", "Called")
    lead.keyboard.press("Control+k")
    assert not lead.locator("#palette[open]").count()
    assert lead.input_value("#dialog [name=text]") == "Called"


def test_a_dialog_that_leads_to_its_opposite_is_untouched(committed: Cast, live_server: Any, lead: Any) -> None:
    """Another in the place of one that is open: nothing of it is filled in yet, so Escape closes it."""
    open_dialog(lead, address_of("plans.workspace.change_tier", committed.lab))
    lead.evaluate("(at) => htmx.ajax('GET', at, { target: '#dialog' })",
                  address_of("plans.account.set_discount", committed.haarlem))  # fmt: skip
    lead.wait_for_selector("#dialog[open] #f-percent")
    lead.keyboard.press("Escape")
    lead.wait_for_selector("#dialog:not([open])", state="attached")


def test_a_menu_that_failed_closes_no_menu_that_came_after(committed: Cast, live_server: Any, lead: Any) -> None:
    held = slow(lead, f"/menu/workspace/{committed.panel.public_id}")
    lead.goto(f"{live_server.url}/panel/usage/?sort=account")
    kebab_of(lead, "Jeugdpanel").click()
    wait_for_one(lead, held)
    kebab_of(lead, "Gemeente Haarlem").click()
    lead.wait_for_selector("#menu [role=option]")
    held.pop().fulfill(status=500, body="")
    lead.wait_for_timeout(300)
    assert lead.locator("#menu:popover-open").count() == 1 and lead.locator("#menu [role=option]").count()


def test_every_kebab_says_its_target_without_a_script(committed: Cast, live_server: Any, chromium: Any) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    sign_in(page, live_server.url, "iris@agora.example")
    for path in ("/panel/usage/", "/panel/at-risk/", "/panel/partners/"):
        page.goto(f"{live_server.url}{path}")
        said = [one.get_attribute("aria-label") or "" for one in page.locator(".kebab").all()]
        assert all(name.startswith("Actions for ") for name in said), (path, said)
    page.goto(f"{live_server.url}/panel/usage/")
    for name in ("Gemeente Haarlem", "Burgerberaad Klimaat", "Jeugdpanel"):
        assert page.get_by_label(f"Actions for {name}", exact=True).count() == 1
    context.close()


def test_an_undo_that_fails_is_told(committed: Cast, live_server: Any, lead: Any) -> None:
    """Its line stays until there is an answer: what has left the page tells nobody that nothing came."""
    run(TAKE, committed.iris, committed.panel.public_id, {"owner": committed.iris.id})
    lead.route(lambda url: "undo=" in url, lambda route: route.fulfill(status=500, body=""))
    open_dialog(lead, address_of(RELEASE, committed.panel))
    lead.keyboard.press("Enter")
    lead.click(".toast-line.good a")
    lead.wait_for_selector(".toast-line.bad:has-text('Something broke')")
