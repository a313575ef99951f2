"""What is no address at all is where nobody goes back to: it is passed over, and nothing breaks."""

from __future__ import annotations

import pytest
from django.test import Client

from bursar.access.models import User
from bursar.core.addresses import NOTHING, split_address
from tests.cast import PASSWORD, Cast, sign_in

NONE = "http://[::1"


def test_its_parts_are_empty() -> None:
    assert split_address(NONE) == NOTHING and split_address("https://a.example/x?y").netloc == "a.example"


@pytest.mark.parametrize("signed_in", [False, True])
def test_the_sign_in_page_leads_home(cast: Cast, signed_in: bool) -> None:
    client = sign_in("iris@agora.example") if signed_in else Client()
    answer = client.get("/sign-in/", {"next": NONE})
    assert answer.status_code == (302 if signed_in else 200)
    data = {"login": "iris@agora.example", "password": PASSWORD, "next": NONE}
    assert client.post("/sign-in/", data)["Location"] in ("/", "/panel/")


@pytest.mark.parametrize("header", ["Referer", "Origin"])
@pytest.mark.parametrize("path", ["/sign-in/", "/panel/usage/export", "/sign-out/"])
def test_a_form_from_nowhere_is_refused_and_changes_nothing(cast: Cast, header: str, path: str) -> None:
    for client in (Client(enforce_csrf_checks=True), Client()):
        answer = client.post(path, {"rows": "accounts", "next": NONE}, headers={header: NONE})
        assert answer.status_code in (200, 302, 403), answer.content
    staff = Client(enforce_csrf_checks=True)
    staff.force_login(User.objects.get(email="iris@agora.example"), "bursar.staff.backend.SignInBackend")
    assert staff.post(path, {"rows": "accounts", "next": NONE}, headers={header: NONE}).status_code in (302, 403)
