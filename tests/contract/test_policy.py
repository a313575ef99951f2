"""Every answer tells the browser to run and to show our own files alone. `STRICT` is asked of every page of the house
by tests/browser/test_every_page.py; here are the kinds of answers, and what a page may not hold under it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from tests.cast import Cast, sign_in

STRICT = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "manifest-src": "'self'",
    "base-uri": "'none'",
    "object-src": "'none'",
    "frame-ancestors": "'none'",
}
LOADED = re.compile(r'<script( type="module")? src="/static/')


def policy_of(answer: Any) -> dict[str, str]:
    return dict(part.strip().split(" ", 1) for part in answer.headers["Content-Security-Policy"].split(";"))


def assert_strict(answer: Any) -> None:
    assert policy_of(answer) == STRICT
    page = answer.content.decode()
    assert " style=" not in page and "<style" not in page and not re.search(r"<[^>]+ on\w+=", page)
    assert len(LOADED.findall(page)) == page.count("<script")


def test_every_kind_of_answer_is_under_the_strict_policy(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """A list, one thing, a dialog as a page, a customer's, one for nobody; what is missing, refused, or fails."""
    iris, maud, nobody = sign_in("iris@agora.example"), sign_in("maud@client.example"), Client()
    account = cast.haarlem.public_id
    for address in (
        "/panel/usage/",
        f"/panel/accounts/{account}",
        f"/panel/actions/account/{account}/set_discount",
        "/panel/usage/?month=x",
        "/no/such/page",
        "/api/v1/accounts/none",
        "/api/v1/docs",
    ):
        assert_strict(iris.get(address))
    for address in ("/", "/requests/", "/panel/"):
        assert_strict(maud.get(address))
    for address in ("/sign-in/", "/certificates/x", "/healthz"):
        assert_strict(nobody.get(address))
    monkeypatch.setattr("bursar.panel.book_pages.read_filters", lambda asked: 1 / 0)
    iris.raise_request_exception = False
    failed = iris.get("/panel/book/")
    assert failed.status_code == 500
    assert_strict(failed)
