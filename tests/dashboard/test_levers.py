"""No button on a customer's page can only refuse: whatever stands there opens, with a key of Mollie's and without."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from bursar.access.models import User
from tests.cast import Cast, sign_in

LEVER, ELSEWHERE = "/actions/", ("/static/", "/account/", "/sign-", "/files/", "/panel", "/handbook", "/notices/")


def list_dead(client: Client) -> tuple[int, list[tuple[str, str, str]]]:
    """Goes wherever the pages lead. Returns how many levers stood there, and those that refuse: page, lever, words."""
    waiting, seen, levers, dead = ["/"], set[str](), set[str](), []
    while waiting:
        page = waiting.pop()
        answer = client.get(page)
        if not answer.headers.get("Content-Type", "").startswith("text/html") or answer.status_code != 200:
            continue
        for found in set(re.findall(r'href="(/[^"#]*)', answer.content.decode())):
            address = found.replace("&amp;", "&")
            if address.startswith(LEVER) and address not in levers:
                levers.add(address)
                opened = client.get(address)
                if opened.status_code != 200 or 'class="faults"' in opened.content.decode():
                    dead.append((page, address, re.sub(r"\s+", " ", opened.content.decode())[-600:]))
            path = address.partition("?")[0]
            if path not in seen and not address.startswith((LEVER, *ELSEWHERE)):
                seen.add(path)
                waiting.append(address)
    return len(levers), dead


@pytest.mark.parametrize("key", ["", "test_key"])
def test_no_button_can_only_refuse(cast: Cast, settings: Any, key: str) -> None:
    settings.BURSAR_MOLLIE_KEY = key
    emails = User.objects.filter(person__isnull=False).values_list("email", flat=True)
    found = {email: list_dead(sign_in(email)) for email in emails}
    assert sum(count for count, _ in found.values()) > 5
    assert {email: dead for email, (_, dead) in found.items() if dead} == {}
