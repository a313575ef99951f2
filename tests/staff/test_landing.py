"""Where people land who asked for no page."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.cast import PASSWORD, Cast


@pytest.mark.parametrize(
    ("email", "wanted", "landing"),
    [
        ("ties@agora.example", "", "/panel/"),
        ("ties@agora.example", "/panel/book/", "/panel/book/"),
        ("lotte@client.example", "", "/"),
        ("lotte@client.example", "/history/", "/history/"),
    ],
)
def test_staff_land_at_their_work_customers_at_what_they_have(
    cast: Cast, email: str, wanted: str, landing: str
) -> None:
    made = Client().post("/sign-in/", {"login": email, "password": PASSWORD, "next": wanted})
    assert made.status_code == 302 and made["Location"] == landing


def test_the_way_from_the_front_door_names_no_page(cast: Cast) -> None:
    page = Client().get("/", follow=True).content.decode()
    assert 'name="next" value=""' in page
    assert 'name="next" value="/history/"' in Client().get("/history/", follow=True).content.decode()
