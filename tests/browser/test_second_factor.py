"""A second factor in a real browser: an authenticator app, and a passkey on the browser's virtual authenticator."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value

from tests.browser.test_visit import sign_in
from tests.cast import PASSWORD, Cast

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def code_of(secret: str, step: int = 0) -> str:
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // 30 + step)))


def confirm(page: Any) -> None:
    """Before a factor is added one proves who one is."""
    page.wait_for_url(re.compile("/account/confirm/"))
    page.fill("input[name=password]", PASSWORD)
    page.click("button:has-text('Confirm')")


def sign_out(page: Any, base: str) -> None:
    page.goto(f"{base}/account/")
    page.context.clear_cookies()


def test_an_authenticator_app(committed: Cast, live_server: Any, page: Any, settings: Any) -> None:
    settings.BURSAR_SECOND_FACTOR = True
    base = live_server.url
    sign_in(page, base, "iris@agora.example")
    page.goto(f"{base}/panel/usage/")
    page.wait_for_url(f"{base}/account/2fa/")
    assert "second factor" in page.inner_text("main")
    page.goto(f"{base}/account/2fa/totp/activate/")
    confirm(page)
    secret = page.input_value("#authenticator_secret")
    page.fill("input[name=code]", code_of(secret))
    page.click("button:has-text('Switch on')")
    page.wait_for_url(re.compile("recovery-codes"))
    codes = page.input_value("#recovery_codes").split()
    with page.expect_download() as download:
        page.click("a:has-text('Download')")
    assert len(codes) == 10 and Path(download.value.path()).read_text().split() == codes
    page.check("#codes_saved")
    page.goto(f"{base}/panel/usage/")
    assert "Usage & billing" in page.inner_text("h1")

    sign_out(page, base)
    page.goto(f"{base}/sign-in/")
    page.fill("#login", "iris@agora.example")
    page.fill("#password", PASSWORD)
    page.click("button:has-text('Sign in')")
    page.wait_for_url(re.compile("/account/2fa/authenticate"))
    page.goto(f"{base}/panel/usage/")
    assert "/panel/" not in page.url
    page.goto(f"{base}/account/2fa/authenticate/")
    assert page.evaluate("document.activeElement.name") == "code"
    page.fill("input[name=code]", "000000")
    page.click("button[type=submit]:not([form])")
    page.wait_for_selector("text=This code does not hold")
    page.fill("input[name=code]", code_of(secret, 1))
    page.click("button[type=submit]:not([form])")
    page.wait_for_url(f"{base}/panel/usage/")


def test_a_passkey(committed: Cast, live_server: Any, page: Any) -> None:
    base = live_server.url
    cdp = page.context.new_cdp_session(page)
    cdp.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    options |= {"isUserVerified": True, "automaticPresenceSimulation": True}
    cdp.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    sign_in(page, base, "iris@agora.example")
    page.goto(f"{base}/account/2fa/webauthn/add/")
    confirm(page)
    assert page.input_value("input[name=name]") == "Passkey"
    page.fill("input[name=name]", "My laptop")
    page.click("#mfa_webauthn_add")
    page.wait_for_url(re.compile("recovery-codes|/webauthn/$"))
    assert Authenticator.objects.filter(type="webauthn").count() == 1
    sign_out(page, base)
    page.goto(f"{base}/sign-in/")
    page.fill("#login", "iris@agora.example")
    page.fill("#password", PASSWORD)
    page.click("button:has-text('Sign in')")
    page.wait_for_url(re.compile("/account/2fa/authenticate"))
    page.click("#mfa_webauthn_authenticate")
    page.wait_for_url(f"{base}/panel/usage/")
