"""Every page that a GET can show, as a lead, a customer and a stranger: wide in both schemes under axe, and on a phone.

Pages are found from the URL table, dialogs and menus from the registry: a new one is walked without a line being
written. A page that needs an id nobody here knows turns `test_no_page_is_left_out` red.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.conf import settings
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse

from bursar.access.models import User
from bursar.actions import bulk
from bursar.actions.registry import ACTIONS, TARGETS
from bursar.core import clock
from bursar.notifications.models import Mail, Notification
from bursar.outbox.store import deliver_due
from tests.browser.axe import AXE, SERIOUS
from tests.browser.tables import WIDTHS, list_cut
from tests.cast import PASSWORD, Cast, bring_all, sign_in
from tests.contract.test_policy import STRICT, policy_of
from tests.payments import ledger
from tests.requests.helpers import ask
from tests.support.helpers import ask as ask_in
from tests.support.helpers import customer, join, pull
from tests.walk import ROUTES, filled

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LEAD, CUSTOMER, NOBODY = "iris@agora.example", "lotte@client.example", ""
WHO = (LEAD, CUSTOMER, NOBODY)
CREDENTIAL = {  # what a browser's virtual authenticator answered once
    "id": "lTtqducShHjSKQ5ecwABs24TbDJlV6RZreKMTNAT-WM",
    "rawId": "lTtqducShHjSKQ5ecwABs24TbDJlV6RZreKMTNAT-WM",
    "type": "public-key",
    "response": {
        "transports": ["internal"],
        "clientDataJSON": "eyJ0eXBlIjoid2ViYXV0aG4uY3JlYXRlIiwiY2hhbGxlbmdlIjoiSzBhU3N2Y1ZrNlVMQUtGa2x5VDVkN3hFRnFvbGxTbTNsNmlTdXBLRGpuOCIsIm9yaWdpbiI6Imh0dHA6Ly9sb2NhbGhvc3Q6NTY1NjMiLCJjcm9zc09yaWdpbiI6ZmFsc2V9",
        "attestationObject": "o2NmbXRkbm9uZWdhdHRTdG10oGhhdXRoRGF0YVikSZYN5YgOjGh0NBcPZHZgW4_krrmihjLHmVzzuoMdl2NFAAAAAQECAwQFBgcIAQIDBAUGBwgAIJU7anbnEoR40ikOXnMAAbNuE2wyZVekWa3ijEzQE_ljpQECAyYgASFYIP1oX_YirjiGPMnODj7G9asS6BSGyMT-xVUK9rTCcaWVIlgg5QC4pz-nY66xQb1TGvdDfFnV2zCD1bJUN1jOkvl7SaA",
    },
    "clientExtensionResults": {"credProps": {}},
    "authenticatorAttachment": "platform",
}
QUESTIONS = {  # pages that look different when asked something
    "/panel/usage/": ["?q=zzz", "?month=2026-10", "?hide=mrr", "?workspaces=hide"],
    "/panel/book/": ["?q=zzz"],
    "/panel/jump": ["?q=ha"],
    "/panel/actions/bulk/<slug:slug>/<slug:verb>": ["?account={account}"],
}
# The switch in the bar does the same. Colours must stand still before they are measured.
DARKEN = "() => { document.documentElement.dataset.bsTheme = 'dark'; }"
LIGHTEN = "() => { document.documentElement.dataset.bsTheme = 'light'; }"
UNFOLD = "() => { for (const one of document.querySelectorAll('details')) one.open = true; }"
EMPTY = "() => document.querySelector('main').replaceChildren()"  # axe reads all of a page to judge a box of it
FOLD = "() => { for (const one of document.querySelectorAll('details.chip')) one.open = false; }"


@dataclass(frozen=True)
class Page:
    who: str
    path: str


class Visitors:
    """The cast's people with everything that a page may be about, and who sees which page."""

    def __init__(self, cast: Cast) -> None:
        self.cast = cast
        self.clients = {who: sign_in(who) if who else Client() for who in WHO}
        for who in (LEAD, CUSTOMER):  # just confirmed: nobody is asked again
            assert self.clients[who].post("/account/confirm/", {"password": PASSWORD}).status_code == 302
        lead = User.objects.get(email=LEAD)
        TOTP.activate(lead, "JBSWY3DPEHPK3PXP")
        RecoveryCodes.activate(lead)
        key = Authenticator.objects.create(
            user=lead, type=Authenticator.Type.WEBAUTHN, data={"name": "Key", "credential": CREDENTIAL}
        )
        cast.reset_panel(message="Go on.")
        self.iris = cast.iris
        made = bulk.start(
            "plans.account.set_discount",
            cast.iris,
            [cast.haarlem.public_id, cast.samen.public_id],
            {"kind": "scholarship", "percent": 50},
            "Spring",
            "",
        )
        self.more = {"run_id": made.public_id, "pk": str(key.pk), "public_id": cast.panel.public_id}
        self._bring_what_is_lottes()

    def _bring_what_is_lottes(self) -> None:
        """What a customer has: a workspace, an organisation of their own, a request, notices and the mail about them."""
        cast, lotte = self.cast, self.cast.lotte.id
        line = {"kind": "organisation_member", "organisation": "samen", "person": "lotte", "role": "owner"}
        bring_all({**line, "from": clock.now() - timedelta(minutes=1)})
        asked = ask("lotte", cast.panel)
        self._bring_support()
        deliver_due(clock.now())
        organisation = cast.samen.organisation.public_id
        ids = {"workspace": cast.panel.public_id, "account": cast.samen.public_id, "organisation": organisation}
        self.lottes = {**ids, "request": asked.public_id, "inbox": lotte}
        bought = ledger.charge(cast.samen, None, "first", "open", expires_at=clock.now() + timedelta(days=1))
        self.lottes["charge"] = self.more["charge_id"] = bought.public_id
        self.more["mail_id"] = Mail.objects.latest("id").public_id
        notices = {LEAD: cast.iris.id, CUSTOMER: lotte}
        self.notices = {who: Notification.objects.filter(recipient_id=of).latest("id") for who, of in notices.items()}

    def _bring_support(self) -> None:
        """The lead is in Lotte's workspace, and a colleague asks to be let in too."""
        panel = self.cast.panel
        pull("approve", customer("lotte"), panel, request=ask_in(self.cast.iris, panel).public_id)
        join(self.cast.iris, panel)
        ask_in(self.cast.ties, panel)

    def path_of(self, route: str) -> str:
        """A customer's own pages are about what is theirs."""
        if route.startswith(("/panel", "/api")):
            return filled(route, self.cast, {**self.more, "notice_id": self.notices[LEAD].public_id})
        own = {f"{slug}_id": public_id for slug, public_id in self.lottes.items()}
        lever = {"slug": "workspace", "target_id": self.lottes["workspace"], "verb": "ask_upgrade"}
        return filled(route, self.cast, {**self.more, **own, **lever, "notice_id": self.notices[CUSTOMER].public_id})

    def list_pages(self) -> Iterator[tuple[str, Page]]:
        """Each route with each whole page that somebody gets from it."""
        for route in ROUTES:
            if route.startswith(("/api/product/", "/metrics", "/healthz", "/readyz")):
                continue
            base = self.path_of(route)
            for asked in ["", *QUESTIONS.get(route, [])]:
                path = base + asked.format(account=self.cast.haarlem.public_id)
                for who in WHO:
                    answer = self.clients[who].get(path)
                    is_page = answer.status_code == 200 and b"<!doctype html>" in answer.content[:200].lower()
                    # a mail's own HTML stands in a sandbox where no script runs, axe's neither
                    if is_page and "sandbox" not in answer.headers["Content-Security-Policy"]:
                        assert route.startswith("/handbook/") or policy_of(answer) == STRICT, path
                        yield route, Page(who, path)


@pytest.fixture
def visitors(committed: Cast) -> Visitors:
    return Visitors(committed)


class Walker:
    """One browser context in which all the visitors take turns."""

    def __init__(self, browser: Any, base: str, visitors: Visitors) -> None:
        self.base, self.visitors, self.found = base, visitors, list[str]()
        self.context = browser.new_context(viewport={"width": 1480, "height": 900}, reduced_motion="reduce")
        self.context.add_init_script(path=str(AXE))
        self.page = self.context.new_page()
        self.page.on("pageerror", lambda error: self.note("script", str(error)))
        self.page.on("console", self.hear)
        self.where = ""

    def hear(self, said: Any) -> None:
        is_known = (
            self.where.endswith("/api/v1/docs") and "inline style" in said.text
        )  # Swagger's own, refused by our CSP
        if said.type == "error" and not is_known:
            self.note("console", said.text)

    def note(self, what: str, words: str) -> None:
        self.found.append(f"{self.where}: {what}: {words}")

    def assert_sound(self) -> None:
        assert not self.found, "\n" + "\n".join(sorted(set(self.found)))

    def be(self, who: str) -> None:
        """First off the page of the one before: it may turn by itself, and would ask with another's cookies."""
        self.page.goto("about:blank")
        self.context.clear_cookies()
        jar = self.visitors.clients[who].cookies
        if settings.SESSION_COOKIE_NAME in jar:
            value = jar[settings.SESSION_COOKIE_NAME].value
            self.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": value, "url": self.base}])

    def go(self, who: str, path: str) -> None:
        self.where = f"{who or 'nobody'} at {path}"
        self.be(who)
        self.page.goto(self.base + path, wait_until="load")

    def audit(self, within: str = "body") -> None:
        """axe wide: everything in light, the colours again in dark."""
        for line in self.page.evaluate(SERIOUS, [within, []]):
            self.note("light", line)
        self.page.evaluate(DARKEN)
        for line in self.page.evaluate(SERIOUS, [within, ["color-contrast", "link-in-text-block"]]):
            self.note("dark", line)
        self.page.evaluate(LIGHTEN)

    def fits(self, width: int) -> None:
        self.page.set_viewport_size({"width": width, "height": 844})
        wide = self.page.evaluate(WIDTH, width)
        if wide > width:
            self.note(f"{width} px", f"is {wide} px wide: {self.page.evaluate(WIDEST, width)}")
        for line in list_cut(self.page, width):
            self.note("cut", line)
        for line in self.page.evaluate(UNDRAWN):
            self.note("icon", line)


WIDTH = """async (width) => {
  const wide = () => document.documentElement.scrollWidth;
  for (let tries = 0; wide() > width && tries < 20; tries++) await new Promise((go) => setTimeout(go, 25));  // charts follow
  return wide();
}"""
UNDRAWN = """() => [...document.querySelectorAll(".icon")].filter((one) => !getComputedStyle(one).maskImage.startsWith("url"))
  .map((one) => `${one.className} is none of the sheet`)"""
WIDEST = """(width) => [...document.querySelectorAll("body *")].filter((one) => one.getBoundingClientRect().right > width + 1
  && !one.closest(".table-frame, details:not([open]) > div")).slice(0, 3).map((one) => one.outerHTML.slice(0, 90)).join(" and ")"""


@pytest.fixture
def walker(chromium: Any, live_server: Any, visitors: Visitors) -> Iterator[Walker]:
    walker = Walker(chromium, live_server.url, visitors)
    yield walker
    walker.context.close()


def test_every_page_is_accessible_and_fits(walker: Walker, visitors: Visitors) -> None:
    seen: set[str] = set()
    for route, one in visitors.list_pages():
        seen.add(route)
        walker.page.set_viewport_size({"width": 1480, "height": 900})
        walker.go(one.who, one.path)
        walker.page.evaluate(UNFOLD)
        walker.audit()
        walker.page.evaluate(FOLD)
        for width in (1480, *WIDTHS):
            walker.fits(width)
    missing = {"/", "/panel/usage/", "/panel/staff/", "/account/2fa/totp/activate/", "/sign-in/"} - seen
    assert not missing, missing
    walker.assert_sound()


def test_every_dialog_and_menu_is_accessible_and_fits(walker: Walker, visitors: Visitors) -> None:
    cast = visitors.cast
    walker.go(LEAD, "/panel/usage/")
    for keys, box in (("Control+k", "#palette"), ("?", "#dialog")):
        walker.where = box
        walker.page.keyboard.press(keys)
        walker.page.wait_for_selector(f"{box}[open]")
        walker.audit(box)
        walker.page.keyboard.press("Escape")
        walker.page.wait_for_selector(f"{box}:not([open])", state="attached")
    walker.page.evaluate(EMPTY)
    ids = {slug: cast.iris.id if slug == "inbox" else cast.target_id(slug) for slug in TARGETS}
    for action in ACTIONS.values():
        address = [action.target_slug, ids[action.target_slug], action.verb_name]
        show(walker, "#dialog", reverse("actions:dialog", args=address))
    for action in (one for one in ACTIONS.values() if one.bulk):
        several = reverse("actions:bulk", args=[action.target_slug, action.verb_name])
        show(walker, "#dialog", f"{several}?{action.target_slug}={ids[action.target_slug]}")
    show(walker, "#dialog", reverse("actions:bulk_run", args=[visitors.more["run_id"]]))
    for slug, public_id in ids.items():
        show(walker, "#menu", reverse("actions:menu", args=[slug, public_id]))
    show(walker, "#menu", reverse("rollup:seats", args=[cast.haarlem.public_id]))
    walker.go(CUSTOMER, "/")
    walker.page.evaluate(EMPTY)
    for action in (one for one in ACTIONS.values() if one.is_for_customers):
        address = [action.target_slug, visitors.lottes[action.target_slug], action.verb_name]
        show(walker, "#dialog", reverse("actions:dialog", args=address, current_app="own_actions"))
    walker.assert_sound()


def show(walker: Walker, box: str, address: str) -> None:
    """What the address answers to htmx, in its place on the page, wide and on a phone."""
    walker.where = f"{address} in {box}"
    walker.page.set_viewport_size({"width": 1480, "height": 900})
    status = walker.page.evaluate(
        """async ([box, address]) => {
            const answer = await fetch(address, { headers: { "HX-Request": "true" } });
            const place = document.querySelector(box);
            place.innerHTML = await answer.text();
            if (place.showModal) { if (!place.open) place.showModal(); } else place.showPopover();
            return answer.status;
        }""",
        [box, address],
    )
    if status == 200:
        walker.audit(box)
        walker.fits(390)
        own = walker.page.evaluate(
            f"(() => {{ const b = document.querySelector('{box}'); return b.scrollWidth - b.clientWidth; }})()"
        )
        if own > 0:
            walker.note("390 px", f"{own} px are cut off")
    elif status != 404:
        walker.note("status", str(status))
    walker.page.evaluate(
        "(box) => { const b = document.querySelector(box); b.close ? b.close() : b.hidePopover(); }", box
    )


REFUSALS = sorted(one.name for one in Path(settings.ROOT).glob("bursar/ui/templates/*.html"))


@pytest.mark.parametrize("name", REFUSALS)
def test_the_pages_of_refusal(walker: Walker, name: str) -> None:
    """In Bursar's own type and in the reader's theme, also those that are made without asking the database."""
    body = render_to_string(name, {"sentence": "There is no such month.", "again": "/panel/", "company": "Agora"})
    walker.page.route("**/made-up", lambda route: route.fulfill(body=body, content_type="text/html"))
    walker.page.emulate_media(color_scheme="dark")
    walker.go(NOBODY, "/made-up")
    assert walker.page.evaluate("document.documentElement.dataset.bsTheme") == "dark"
    assert walker.page.evaluate("getComputedStyle(document.body).fontSize") == "13px"
    assert walker.page.locator("main a[href='/']").count() == 1
    walker.audit()
    walker.fits(390)
    walker.assert_sound()


def test_no_page_is_left_out(visitors: Visitors) -> None:
    """Each address that is not for programs shows somebody something, or stands in this list with its reason."""
    silent = []
    for route in ROUTES:
        if route.startswith(("/api/", "/handbook/")):  # a site that is built apart: tests/browser/test_handbook.py
            continue
        path = visitors.path_of(route)
        answers = [visitors.clients[who].get(path) for who in WHO]
        if not any(one.status_code in (200, 405) or is_redirect(one) for one in answers):
            silent.append(route)
    assert silent == [
        "/account/2fa/recovery-codes/download/",  # codes are shown once
        "/actions/bulk-runs/<slug:run_id>",  # staff's alone
        "/actions/bulk/<slug:slug>/<slug:verb>",
        "/actions/menu/<slug:slug>/<slug:target_id>",
        "/panel/actions/bulk/<slug:slug>/<slug:verb>",  # wants picked rows: walked with a question
        "/panel/files/<slug:file_id>",
        "/panel/partners/<slug:organisation_id>/self-billing/<slug:quarter>",  # nobody was settled with by one
        "/panel/partners/<slug:organisation_id>/self-billing/<slug:quarter>/e-invoice",
        "/partner-programme/<slug:organisation_id>/self-billing/<slug:quarter>",
        "/partner-programme/<slug:organisation_id>/self-billing/<slug:quarter>/e-invoice",
        "/sign-in/oidc/<slug:provider_id>/login/",  # tests/product/test_oidc.py has an issuer
        "/sign-in/oidc/<slug:provider_id>/login/callback/",
        "/sign-in/with/login/error/",  # a 403 page, as it should be
        "/training/licences/<slug:licence_id>/certificate",  # of another house; tests/browser/test_training.py has one
        "/training/sessions/<slug:session_id>/calendar",  # none of theirs has a day
    ]


def is_redirect(answer: Any) -> bool:
    return 300 <= answer.status_code < 400 and "/sign-in/?next=" not in answer["Location"]
