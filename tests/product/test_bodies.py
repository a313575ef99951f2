"""How large a batch may be: what a day of a large product weighs is taken, what only fills memory is not."""

from __future__ import annotations

import gzip
import json
import resource
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings

from bursar.audit.models import AuditLine
from bursar.product.api import BODY_AT_MOST
from bursar.usage.models import UsageEvent
from tests.cast import Cast
from tests.product.test_door import call, event, make_key

MB = 1_000_000
DJANGOS_OWN = 2.5 * MB


def batch(bytes_at_least: float) -> bytes:
    """Ten events, wide by what the product may write beside them."""
    width = int(bytes_at_least / 10)
    return json.dumps([event(n, note="x" * width) for n in range(10)]).encode()


def plain(body: bytes) -> tuple[bytes, dict[str, str]]:
    return body, {}


def packed(body: bytes) -> tuple[bytes, dict[str, str]]:
    return gzip.compress(body, 1), {"Content-Encoding": "gzip"}


def peak() -> int:
    """Of this process so far, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


@pytest.fixture
def key(cast: Cast) -> str:
    return make_key()


@pytest.mark.parametrize("size", [DJANGOS_OWN + 1, 19 * MB])
@pytest.mark.parametrize("send", [plain, packed])
def test_a_large_batch_is_taken(key: str, send: Callable[[bytes], Any], size: float) -> None:
    body, headers = send(batch(size))
    answer = call("POST", "/usage", body, key, **headers)
    assert (answer.status_code, answer.json()["taken"]) == (200, 10), answer.content[:300]
    assert settings.DATA_UPLOAD_MAX_MEMORY_SIZE == BODY_AT_MOST


@pytest.mark.parametrize("send", [plain, packed])
def test_the_largest_and_one_byte_more(key: str, send: Callable[[bytes], Any]) -> None:
    events = json.dumps([event(1)]).encode()
    for size, status in ((BODY_AT_MOST, 200), (BODY_AT_MOST + 1, 413)):
        body, headers = send(events.ljust(size))
        assert call("POST", "/usage", body, key, **headers).status_code == status


def test_a_packed_body_that_is_too_large_before_it_is_unpacked(key: str) -> None:
    body = gzip.compress(b"x" * (BODY_AT_MOST + MB), 0)
    answer = call("POST", "/usage", body, key, **{"Content-Encoding": "gzip"})
    assert answer.status_code == 413


@pytest.mark.parametrize("path", ["/usage", "/batch", "/sign-in-links"])
def test_too_large_is_refused_quietly(key: str, path: str, caplog: pytest.LogCaptureFixture) -> None:
    lines = AuditLine.objects.count()
    answer = call("POST", path, b" " * (BODY_AT_MOST + 1), key)
    assert answer.status_code == 413 and answer["Content-Type"] == "application/json"
    assert answer.json() == {
        "code": "too_large",
        "sentence": "The body is larger than 20 MB. Send less at once.",
        "fields": {},
    }
    assert not [record for record in caplog.records if record.levelname in ("WARNING", "ERROR", "CRITICAL")]
    assert AuditLine.objects.count() == lines


def bomb(megabytes: int) -> bytes:
    """A gzip of so many megabytes of nothing, made without holding them."""
    packer, part = zlib.compressobj(9, wbits=31), bytes(MB)
    return b"".join(packer.compress(part) for _ in range(megabytes)) + packer.flush()


def test_a_gzip_bomb_is_refused_without_unpacking_it(key: str, caplog: pytest.LogCaptureFixture) -> None:
    """Two gigabytes in two megabytes: what is unpacked ends at the limit."""
    body, headers = bomb(2000), {"Content-Encoding": "gzip"}
    assert len(body) < 3 * MB
    before = peak()
    answer = call("POST", "/usage", body, key, **headers)
    assert answer.status_code == 413 and answer.json()["code"] == "too_large"
    assert peak() - before < 100 * MB, peak() - before
    assert not [record for record in caplog.records if record.levelname in ("WARNING", "ERROR", "CRITICAL")]
    assert not UsageEvent.objects.filter(event_id__startswith="e-").exists()


@pytest.mark.parametrize(
    "more", [gzip.compress(b'[{"id": "second"}]', mtime=0), b"rubbish"], ids=["another part", "rubbish"]
)
def test_a_gzip_with_something_behind_it(key: str, more: bytes) -> None:
    """A second part would be lost without a word."""
    body = gzip.compress(json.dumps([event(1)]).encode())
    for sent in (body + more, body[:-4]):
        answer = call("POST", "/usage", sent, key, **{"Content-Encoding": "gzip"})
        assert answer.status_code == 400 and "cut off" in answer.json()["sentence"]
