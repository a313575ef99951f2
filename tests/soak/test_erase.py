"""The dialog of “Erase person” stays quick in an installation that has sent much mail and keeps many answers."""

from __future__ import annotations

import time

import pytest
from django.db import connection

from bursar.actions.models import IdempotencyKey
from bursar.notifications.models import Mail
from bursar.tenants.models import Person
from tests.cast import NOW, Cast, sign_in

pytestmark = pytest.mark.soak

MAILS = 100_000
LIMIT_S = 3.0
NAMES = ("Jan", "e", "tier", "another", '"', "%", "{")
WORDS = "The workspace Burgerberaad Klimaat is on another tier now. " * 25


def _fill() -> None:
    for start in range(0, MAILS, 5000):
        numbers = range(start, start + 5000)
        Mail.objects.bulk_create(
            Mail(message_id=f"<{n}@x>", recipient_id="per_x", subject="Tier changed", text=f"{WORDS} {n}",
                 html=f"<p>{WORDS}</p>", created_at=NOW)
            for n in numbers
        )  # fmt: skip
        IdempotencyKey.objects.bulk_create(
            IdempotencyKey(actor_id="stf_x", key=str(n), digest="d", created_at=NOW,
                           outcome={"sentence": WORDS[:120], "changes": [], "effects": [], "data": {"n": n}})
            for n in numbers
        )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def test_whatever_they_are_called(cast: Cast, capsys: pytest.CaptureFixture[str]) -> None:
    _fill()
    iris, jan = sign_in("iris@agora.example"), Person.objects.get(external_id="jan")
    address = f"/panel/actions/person/{jan.public_id}/erase"
    iris.get(address)
    for name in NAMES:
        jan.name = name
        jan.save()
        began = time.monotonic()
        page = iris.get(address)
        took = time.monotonic() - began
        with capsys.disabled():
            print(f"{name!r}: {took:.2f} s, {len(page.content):,} bytes")  # noqa: T201
        assert page.status_code == 200 and took < LIMIT_S and len(page.content) < 200_000
