"""The pages of one's own sign-in, in words of ours."""

from __future__ import annotations

import pytest
from django.test import Client

from bursar.ui.templatetags.ui import browser
from tests.cast import PASSWORD, Cast, sign_in


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:131.0) Gecko/20100101 Firefox/131.0", "Firefox on Windows"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) AppleWebKit/605.1 Version/17.5 Safari/605.1", "Safari on a Mac"),
        ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/130.0 Safari/537.36 Edg/130.0", "Edge on Linux"),
        ("curl/8.5.0", "curl/8.5.0"),
        ("", "unknown"),
    ],
)
def test_a_browser_is_named_plainly(sent: str, shown: str) -> None:
    assert browser(sent) == shown


def test_sessions_password_and_factor_speak_plainly(cast: Cast) -> None:
    ties = Client(headers={"User-Agent": "Mozilla/5.0 (X11; Linux) Firefox/131.0"})
    ties.post("/sign-in/", {"login": "ties@agora.example", "password": PASSWORD})
    sessions = ties.get("/account/sessions/").content.decode()
    assert "this one" in sessions and "Firefox on Linux" in sessions and "Sign out" in sessions
    factor = ties.get("/account/2fa/").content.decode()
    assert "Authenticator app" in factor and "Set up" in factor and "You get them with the first factor." in factor
    password = ties.get("/account/password/").content.decode()
    assert "Current password" in password and "New password (again)" in password
    assert 'href="/panel/">Back to the start' in password
    lotte = sign_in("lotte@client.example").get("/account/").content.decode()
    assert 'href="/">Back to the start' in lotte
