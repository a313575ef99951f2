"""A browser that still asks when its test is over: it is answered first, then the database is emptied."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import path

from bursar.access.models import User
from bursar.config.urls import urlpatterns as shipped
from tests.cast import Cast

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
begun = threading.Event()
ended: list[str] = []


def slow(request: HttpRequest) -> HttpResponse:
    """Long after the test is over it still reads, and then writes."""
    begun.set()
    time.sleep(2)
    found = User.objects.filter(email="iris@agora.example").exists()
    User.objects.create(email="left-behind@agora.example")
    ended.append(f"met {'its own' if found else 'another'} database")
    return HttpResponse("slow")


urlpatterns = [path("slow", slow), *shipped]


@pytest.fixture(scope="module")
def afterwards(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Of a wider scope than the database of the test: this ends after it was emptied."""
    yield
    assert ended == ["met its own database"]
    with django_db_blocker.unblock():
        try:
            assert not User.objects.exists()
        finally:
            connection.close()


def test_what_a_browser_asks_at_the_very_end_is_answered_before_the_flush(
    afterwards: None, committed: Cast, live_server: Any, page: Any, settings: Any
) -> None:
    settings.ROOT_URLCONF = sys.modules[__name__]
    page.goto(f"{live_server.url}/sign-in/")
    page.evaluate("void fetch('/slow')")
    assert begun.wait(15) and not ended
