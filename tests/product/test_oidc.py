"""Customers' sign-in by OpenID Connect, against an issuer that keeps to the standard and speaks HTTP on this machine."""

from __future__ import annotations

import base64
import hashlib
import re
import socket
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import flask
import oidc_provider_mock
import pytest
import requests
from allauth.socialaccount.models import SocialAccount
from django.conf import settings as live
from django.test import Client
from joserfc.jwk import RSAKey
from oidc_provider_mock import _app as issuers_own

from bursar.access.models import User
from bursar.actions.run import run
from bursar.audit.models import AuditLine
from bursar.config.sign_in import providers
from bursar.staff.models import StaffMember
from bursar.tenants.models import Person
from tests.cast import Cast, sign_in

START = "/sign-in/oidc/product/login/"
BACK = "/sign-in/oidc/product/login/callback/"


def use(settings: Any, server: str) -> None:
    settings.BURSAR_OIDC_SERVER = server
    settings.SOCIALACCOUNT_PROVIDERS = providers(server, "bursar", "a secret", "Agora Voices")


@pytest.fixture
def issuer(settings: Any) -> Iterator[str]:
    with oidc_provider_mock.run_server_in_thread(require_nonce=True) as server:
        use(settings, f"http://localhost:{server.server_port}")
        yield settings.BURSAR_OIDC_SERVER


class Browser:
    """One person's, that goes to the issuer and comes back."""

    def __init__(self) -> None:
        self.client = Client()

    def start(self) -> str:
        """The address at the issuer that the button leads to."""
        answer = self.client.post(START)
        assert answer.status_code == 302, answer.content
        return str(answer["Location"])

    def at_issuer(self, address: str, subject: str, **form: str) -> str:
        """Where the issuer sends the browser back to."""
        answer = requests.post(address, data={"sub": subject, **form}, allow_redirects=False, timeout=5)
        assert answer.status_code == 302, answer.text
        return answer.headers["Location"]

    def come_back(self, address: str) -> Any:
        return self.client.get(f"{BACK}?{urlsplit(address).query}")

    def sign_in(self, subject: str) -> Any:
        return self.come_back(self.at_issuer(self.start(), subject))

    @property
    def is_signed_in(self) -> bool:
        return bool(self.client.get("/account/").status_code == 200)


@pytest.fixture
def browser(cast: Cast) -> Browser:
    return Browser()


def said(answer: Any) -> str:
    return re.sub(r"\s+", " ", answer.content.decode())


def changed(address: str, **values: str) -> str:
    """The address with some of its query's values replaced."""
    parts = urlsplit(address)
    return parts._replace(query=urlencode({**dict(parse_qsl(parts.query)), **values})).geturl()


def assert_refused(browser: Browser, answer: Any, status: int, words: str) -> None:
    assert (answer.status_code, words in said(answer)) == (status, True), said(answer)
    assert 'href="/sign-in/"' in said(answer)
    assert not browser.is_signed_in and not SocialAccount.objects.exists()


# In


def test_there_and_back(browser: Browser, issuer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    proofs: list[str] = []
    check = issuers_own.AuthorizationCodeGrant.validate_token_request

    def noted(self: Any) -> Any:
        proofs.append(flask.request.form["code_verifier"])
        return check(self)

    monkeypatch.setattr(issuers_own.AuthorizationCodeGrant, "validate_token_request", noted)
    page = Client().get("/sign-in/")
    assert START in said(page) and issuer in page["Content-Security-Policy"]
    asked = parse_qs(urlsplit(browser.start()).query)
    assert (asked["response_type"], asked["scope"], asked["client_id"]) == (["code"], ["openid"], ["bursar"])
    assert asked["code_challenge_method"] == ["S256"] and len(asked["nonce"][0]) >= 22 and asked["state"][0]
    again = parse_qs(urlsplit(address := browser.start()).query)
    assert all(again[name] != asked[name] for name in ("state", "nonce", "code_challenge"))
    answer = browser.come_back(browser.at_issuer(address, "lotte"))
    assert (answer.status_code, answer["Location"]) == (302, "/") and browser.is_signed_in
    digest = base64.urlsafe_b64encode(hashlib.sha256(proofs[0].encode()).digest()).decode().rstrip("=")
    assert [digest] == again["code_challenge"]
    person = Person.objects.get(external_id="lotte")
    assert browser.client.session["_auth_user_id"] == str(person.user_id)
    assert browser.client.get("/panel/usage/").status_code == 404


def test_somebody_who_comes_for_the_first_time_and_again(browser: Browser, issuer: str) -> None:
    person = Person.objects.get(external_id="maud")
    Person.objects.filter(pk=person.pk).update(user=None, email="maud@new.example")
    users = User.objects.count()
    for _ in range(2):
        assert Browser().sign_in("maud").status_code == 302
    person.refresh_from_db()
    assert person.user is not None and person.user.email == "maud@new.example"
    assert User.objects.count() == users + 1 and SocialAccount.objects.count() == 1
    assert not {"name", "email"} & set(SocialAccount.objects.get().extra_data["id_token"])


def test_the_address_in_the_token_opens_nothing(browser: Browser, issuer: str) -> None:
    """Verified or not, it is neither asked for nor looked at: the subject alone says who it is."""
    for is_verified in (True, False):
        claims = {"email": "iris@agora.example", "email_verified": is_verified, "name": "Iris"}
        requests.put(f"{issuer}/users/nobody", json=claims, timeout=5)
        assert_refused(browser, browser.sign_in("nobody"), 403, "You are not known here yet")
    requests.put(f"{issuer}/users/lotte", json={**claims, "email_verified": False}, timeout=5)
    assert browser.sign_in("lotte").status_code == 302
    assert browser.client.session["_auth_user_id"] == str(Person.objects.get(external_id="lotte").user_id)


# Not in


def test_nobody_that_the_product_told_us_of(browser: Browser, issuer: str) -> None:
    users = User.objects.count()
    assert_refused(browser, browser.sign_in("a-stranger"), 403, "You are not known here yet")
    assert User.objects.count() == users


def test_somebody_deactivated(browser: Browser, issuer: str) -> None:
    User.objects.filter(person__external_id="lotte").update(is_active=False)
    assert_refused(browser, browser.sign_in("lotte"), 403, "You are not known here yet")


def test_a_colleague_who_is_a_customer_too(browser: Browser, issuer: str) -> None:
    """The product's word must not open the panel."""
    lotte = Person.objects.get(external_id="lotte")
    assert lotte.user is not None
    StaffMember.objects.create(user=lotte.user)
    assert_refused(browser, browser.sign_in("lotte"), 403, "You are not known here yet")


def test_an_erased_person(cast: Cast, browser: Browser, issuer: str) -> None:
    assert browser.sign_in("maud").status_code == 302
    maud = Person.objects.get(external_id="maud")
    run("product.person.erase", cast.iris, maud.public_id, {"typed": "Maud"}, reason="She asked")
    assert_refused(browser, browser.sign_in("maud"), 403, "You are not known here yet")


def test_when_they_say_no_at_the_issuer(browser: Browser, issuer: str) -> None:
    back = browser.at_issuer(browser.start(), "lotte", action="deny")
    assert "error=access_denied" in back
    assert "state=" not in back  # the standard wants it back, and this issuer leaves it out here
    state = dict(parse_qsl(urlsplit(browser.start()).query))["state"]
    for address in (back, changed(back, state=state)):
        assert_refused(browser, browser.come_back(address), 403, "did not confirm who you are")


@pytest.mark.parametrize("error", ["server_error", "invalid_scope", "<b>x</b>"])
def test_when_the_issuer_says_no(browser: Browser, issuer: str, error: str) -> None:
    state = dict(parse_qsl(urlsplit(browser.start()).query))["state"]
    answer = browser.come_back(f"{BACK}?{urlencode({'error': error, 'state': state})}")
    assert_refused(browser, answer, 403, "did not confirm who you are")
    assert "<b>x" not in said(answer)


@pytest.mark.parametrize("state", ["", "guessed", "\x00", "é" * 300])
def test_a_state_that_is_not_ours(browser: Browser, issuer: str, state: str) -> None:
    back = browser.at_issuer(browser.start(), "lotte")
    words = "means nothing" if "\0" in state else "Start again"
    answer = browser.come_back(changed(back, state=state))
    assert (answer.status_code, words in said(answer)) == (400, True) and not browser.is_signed_in


def test_another_browsers_way_back(browser: Browser, issuer: str) -> None:
    """Somebody who hands us their own code must not sign us in as them."""
    theirs = Browser()
    back = theirs.at_issuer(theirs.start(), "lotte")
    browser.start()
    assert_refused(browser, browser.come_back(back), 400, "Start again")


def test_a_nonce_that_is_not_ours(browser: Browser, issuer: str) -> None:
    back = browser.at_issuer(changed(browser.start(), nonce="another"), "lotte")
    assert_refused(browser, browser.come_back(back), 403, "could not be proven")


def test_a_code_twice_or_made_up(browser: Browser, issuer: str) -> None:
    made_up = changed(browser.at_issuer(browser.start(), "lotte"), code="made-up")
    assert_refused(browser, browser.come_back(made_up), 403, "could not be proven")
    back = browser.at_issuer(browser.start(), "lotte")
    assert browser.come_back(back).status_code == 302
    again = Browser()
    state = dict(parse_qsl(urlsplit(again.start()).query))["state"]
    answer = again.come_back(changed(back, state=state))
    assert (answer.status_code, again.is_signed_in) == (403, False) and "could not be proven" in said(answer)
    same = browser.come_back(back)
    assert same.status_code == 400 and "Start again" in said(same)


def test_a_code_for_somebody_elses_client(browser: Browser, issuer: str) -> None:
    back = browser.at_issuer(changed(browser.start(), client_id="another"), "lotte")
    assert_refused(browser, browser.come_back(back), 403, "could not be proven")


ANOTHER = RSAKey.generate_key(2048).as_dict(private=True)


@pytest.mark.parametrize(
    ("forged", "why"),
    [
        ({"iss": "https://another.example"}, "Invalid issuer"),
        ({"key": ANOTHER}, "Signature verification failed"),
        ({"kid": "another"}, "names no key"),
        ({"aud": ["another"]}, "Audience doesn't match"),
        ({"aud": ["bursar", "another"]}, "made for somebody else"),
        ({"exp": -3600}, "expired"),
    ],
    ids=["issuer", "signature", "key", "audience", "audiences", "expired"],
)
def test_a_token_that_proves_nothing(
    browser: Browser, issuer: str, forged: dict[str, Any], why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest, noted = issuers_own.OpenIDCode.get_jwt_config, []
    monkeypatch.setattr(
        issuers_own.OpenIDCode, "get_jwt_config", lambda self, grant, client=None: {**honest(self, grant), **forged}
    )
    log = SimpleNamespace(warning=lambda event, code, why: noted.append(why))
    monkeypatch.setattr("bursar.product.adapter.log", log)
    assert_refused(browser, browser.sign_in("lotte"), 403, "could not be proven")
    assert len(noted) == 1 and why in noted[0], noted


def test_an_answer_without_a_token(browser: Browser, issuer: str) -> None:
    back = browser.at_issuer(changed(browser.start(), scope="email"), "lotte")
    assert_refused(browser, browser.come_back(back), 403, "could not be proven")


# The issuer away, or another


def test_an_issuer_that_is_away(browser: Browser, settings: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    use(settings, f"http://127.0.0.1:{port}")
    assert_refused(browser, browser.client.post(START), 503, "cannot be reached for the moment")


def test_an_issuer_that_goes_away_meanwhile(browser: Browser, settings: Any) -> None:
    with oidc_provider_mock.run_server_in_thread() as server:
        use(settings, f"http://localhost:{server.server_port}")
        back = browser.at_issuer(browser.start(), "lotte")
    assert_refused(browser, browser.come_back(back), 503, "cannot be reached for the moment")


def test_an_issuer_that_is_not_the_one_or_none(browser: Browser, issuer: str, settings: Any) -> None:
    use(settings, issuer.replace("localhost", "127.0.0.1"))
    settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"][0]["settings"]["server_url"] = (
        f"{issuer}/.well-known/openid-configuration"
    )
    assert_refused(browser, browser.client.post(START), 403, "could not be proven")
    use(settings, f"{issuer}/realm")
    assert_refused(browser, browser.client.post(START), 503, "cannot be reached for the moment")


def test_without_an_issuer_there_is_no_such_door(browser: Browser) -> None:
    assert live.BURSAR_OIDC_SERVER is None
    for method, address in (("get", START), ("post", START), ("get", BACK)):
        assert getattr(browser.client, method)(address).status_code == 404
    assert START not in said(browser.client.get("/sign-in/"))


def test_a_second_factor_is_still_asked(browser: Browser, issuer: str) -> None:
    from allauth.mfa.totp.internal.auth import TOTP

    TOTP.activate(User.objects.get(person__external_id="lotte"), "JBSWY3DPEHPK3PXP")
    answer = browser.sign_in("lotte")
    assert answer["Location"].startswith("/account/2fa/authenticate/") and not browser.is_signed_in


def test_the_book_and_a_session_that_was_there(cast: Cast, issuer: str) -> None:
    """Whoever was signed in at this browser is not, once somebody else comes in."""
    lines = AuditLine.objects.count()
    browser = Browser()
    browser.client = sign_in("ali@client.example")
    assert browser.sign_in("lotte").status_code == 302
    assert browser.client.session["_auth_user_id"] == str(Person.objects.get(external_id="lotte").user_id)
    assert AuditLine.objects.count() == lines
