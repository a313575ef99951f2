"""Whoever guesses is slowed down, and told when to come back; whoever knows is let in all the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.test import Client

from bursar.access.keys import digest_of
from bursar.access.models import User
from bursar.config.middleware import BAD_TOKENS
from bursar.core import clock
from bursar.product.doors import BAD_KEYS
from bursar.staff.models import ApiToken, StaffMember
from bursar.staff.pages import LINK_TRIES
from bursar.staff.sign_in import make_link
from tests.cast import PASSWORD, Cast
from tests.product.test_door import make_key


@pytest.fixture(autouse=True)
def fresh(cast: Cast) -> None:
    cache.clear()


def token(secret: str, address: str = "127.0.0.1") -> Any:
    return Client().get("/api/v1/me", headers={"Authorization": f"Bearer {secret}"}, REMOTE_ADDR=address)


def key(secret: str, address: str = "127.0.0.1") -> Any:
    headers = {"Authorization": f"Bearer {secret}"}
    return Client().get("/api/product/v1/entitlements/panel", headers=headers, REMOTE_ADDR=address)


def link(secret: str, address: str = "127.0.0.1") -> Any:
    return Client().post(f"/sign-in/link/{secret}", REMOTE_ADDR=address)


@pytest.mark.parametrize(
    ("guess", "tries", "wrong"), [(token, BAD_TOKENS, 401), (key, BAD_KEYS, 401), (link, LINK_TRIES, 410)]
)
def test_guesses_are_slowed_down_by_address(guess: Callable[..., Any], tries: int, wrong: int) -> None:
    assert {guess(f"guess-{n}").status_code for n in range(tries)} == {wrong}
    for n in range(3):
        answer = guess(f"one-more-{n}")
        assert answer.status_code == 429 and 0 < int(answer["Retry-After"]) <= 60
        assert b"Too many tries" in answer.content
    assert guess("from-elsewhere", "192.0.2.7").status_code == wrong


def test_the_apis_refuse_in_their_own_shape(cast: Cast) -> None:
    for guess, tries in ((token, BAD_TOKENS), (key, BAD_KEYS)):
        answer = [guess("guess") for _ in range(tries + 1)][-1]
        assert answer["Content-Type"] == "application/json" and answer.json()["code"] == "too_many"


def test_whoever_knows_is_let_in_while_others_guess(cast: Cast) -> None:
    """Behind one office's address there are many; a guesser must not shut out the token or the key that lives."""
    lead = StaffMember.objects.get(public_id=cast.iris.id)
    ApiToken.objects.create(member=lead, name="t", digest=digest_of("mine"), hint="h", rights=["read"])
    living = make_key()
    for _ in range(BAD_TOKENS + 1):
        token("guess")
        key("guess")
    assert (token("guess").status_code, key("guess").status_code) == (429, 429)
    assert (token("mine").status_code, key(living).status_code) == (200, 200)


def test_a_link_that_lives_waits_with_the_guesses(cast: Cast) -> None:
    """A link is tried once by whoever has it; the address must not tell by its answer which one lives."""
    path = make_link(User.objects.get(email="ties@agora.example"), clock.now())
    for n in range(LINK_TRIES):
        link(f"guess-{n}")
    assert Client().post(path).status_code == 429
    assert Client().post(path, REMOTE_ADDR="192.0.2.7").status_code == 302


def sign_in(password: str, email: str = "ties@agora.example", address: str = "127.0.0.1") -> Any:
    return Client().post("/sign-in/", {"login": email, "password": password}, REMOTE_ADDR=address)


def test_passwords_for_one_person_are_slowed_down(cast: Cast) -> None:
    answers = [sign_in(f"guess number {n}") for n in range(12)]
    codes = [answer.status_code for answer in answers]
    assert codes[0] == 200 and codes[-1] == 429, codes
    refused = answers[-1]
    assert int(refused["Retry-After"]) == 300 and "Wait five minutes" in refused.content.decode()
    assert sign_in(PASSWORD).status_code == 429  # the right one does not tell itself apart
    assert sign_in(PASSWORD, "noor@agora.example", "192.0.2.7").status_code == 302
    assert "sessionid" not in refused.cookies and settings.SESSION_COOKIE_NAME not in refused.cookies


def test_one_address_that_tries_many_people_is_slowed_down(cast: Cast) -> None:
    answers = [sign_in("guess", f"nobody-{n}@agora.example") for n in range(40)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused and all(int(answer["Retry-After"]) >= 60 for answer in refused)
    assert {answer.status_code for answer in answers} == {200, 429}
