"""A training from the catalogue to a certificate that anybody can verify, and that is revoked."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pypdfium2
import pytest
from django.conf import settings
from django.urls import reverse

from bursar.billing.seller import seller_day
from bursar.core import clock
from bursar.training.models import Licence, TrainingSession
from tests.browser.axe import audit
from tests.browser.test_visit import sign_in
from tests.cast import Cast, prove

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PHONE = {"width": 390, "height": 844}
FITS = "document.documentElement.scrollWidth <= window.innerWidth"


def phone_of(chromium: Any) -> Any:
    """Somebody on a telephone, with a session of their own."""
    page = chromium.new_context(viewport=PHONE, bypass_csp=True).new_page()
    page.set_default_timeout(15_000)
    return page


def send(page: Any, **filled: str) -> None:
    """Fills in the open dialog and sends it."""
    page.wait_for_selector("dialog[open]")
    for name, value in filled.items():
        field = page.locator(f"#dialog [name={name}]")
        if field.evaluate("one => one.tagName") == "SELECT":
            field.select_option(label=value)
        else:
            field.fill(value)
    page.locator("#dialog .button.main").click()
    page.wait_for_selector("dialog[open]", state="detached")


def draw(content: bytes) -> tuple[str, int]:
    """A certificate as a person looks at it: the text, and how many points of the page are dark."""
    page = pypdfium2.PdfDocument(content)[0]
    image = page.render(scale=1, grayscale=True).to_pil()
    return page.get_textpage().get_text_bounded(), sum(image.histogram()[:100])


def test_from_the_catalogue_to_a_revoked_certificate(
    committed: Cast, live_server: Any, page: Any, chromium: Any
) -> None:
    base, today = live_server.url, seller_day(clock.now())
    sign_in(page, base, "iris@agora.example")
    page.goto(base + reverse("training:catalogue"))
    page.click("text=Add training…")
    send(page, title="Moderating a round", price="400", included="4", extra="50")
    page.wait_for_selector("td:has-text('Moderating a round')")

    customer = phone_of(chromium)
    sign_in(customer, base, "maud@client.example")
    customer.goto(f"{base}/training/")
    assert "No training is planned." in customer.inner_text("#coming") and customer.evaluate(FITS)
    customer.click("text=Request a training…")
    send(customer, training="Moderating a round · online", participants="2")
    customer.wait_for_selector("#coming >> text=requested")

    page.goto(base + reverse("training:sessions"))
    page.wait_for_selector("nav[aria-label=Panel] a:has-text('Training 1')", state="attached")
    session = TrainingSession.objects.get()
    page.goto(base + reverse("training:session", args=[session.public_id]))
    page.locator(".tools a", has_text="Schedule…").click()
    day = (today + timedelta(days=1)).isoformat()
    send(page, day=day, at="10:00", minutes="90", link="https://meet.example/round")
    page.wait_for_selector(".tag:has-text('scheduled')")
    page.locator("#roster a", has_text="Add attendees…").click()
    page.wait_for_selector("dialog[open]")
    page.locator("#dialog label", has_text="Maud").click()
    send(page, addresses="Noa Nieuw <noa@new.example>")
    page.wait_for_selector("#roster >> text=Noa Nieuw")
    page.locator(".tools a", has_text="Complete session…").click()
    page.wait_for_selector("#preview:has-text('Maud gets a licence')")
    send(page, held_on=today.isoformat())
    page.wait_for_selector(".tag:has-text('completed')")
    assert Licence.objects.count() == 2

    verify_and_revoke(page, chromium, base)
    customer.goto(f"{base}/training/")
    text = customer.inner_text("#licences")
    assert "revoked" in text and "Noa Nieuw" in text and "active" in text and customer.evaluate(FITS)
    assert audit(customer, "training of a customer") == []
    prove()


def verify_and_revoke(page: Any, chromium: Any, base: str) -> None:
    """Maud's licence: its certificate, its public page for a stranger, and the same once it is revoked."""
    licence = Licence.objects.get(person__external_id="maud")
    page.goto(base + reverse("training:licence", args=[licence.public_id]))
    address = page.locator("a", has_text="PDF, en").get_attribute("href")
    text, dark = draw(page.request.get(base + address).body())
    assert "Maud" in text and "Moderating a round" in text and dark > 2_000
    public = page.locator("section a", has_text="/certificates/").get_attribute("href")

    stranger = phone_of(chromium)
    stranger.goto(public.replace(settings.BURSAR_ADDRESS, base))
    assert stranger.inner_text("h1") == "Valid" and "Maud" in stranger.inner_text("main") and stranger.evaluate(FITS)
    assert "Haarlem" not in stranger.content() and stranger.context.cookies() == []
    assert audit(stranger, "certificate") == []

    page.locator(".tools .kebab").click()
    page.locator("[role=option]", has_text="Revoke licence…").click()
    send(page, reason="She left")
    page.wait_for_selector(".facts >> text=revoked")
    stranger.reload()
    assert stranger.inner_text("h1") == "Revoked" and "Maud" in stranger.inner_text("main")
