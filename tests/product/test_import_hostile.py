"""Whatever a line holds, it is taken or named with a sentence; never a traceback, and the good ones beside it are taken."""

from __future__ import annotations

import random
from typing import Any

import orjson
import pytest
from django.conf import settings

from bursar.access.actor import system
from bursar.product.importing import import_lines
from tests.cast import Cast, prove
from tests.hostile import ODD_BODIES, Storm, written

LINES = (settings.ROOT / "docs" / "examples" / "import.ndjson").read_bytes().splitlines()


def spoilt(storm: Storm, number: int) -> list[bytes]:
    examples: list[Any] = [orjson.loads(line) for line in LINES]
    found = []
    for _ in range(number):
        line = storm.random.choice(examples)
        for _ in range(storm.random.choice((1, 1, 2))):
            line = storm.spoil(line)
        found.append(written(line).replace(b"\n", b" "))
    return [*found, *(body.replace(b"\n", b" ") for body in ODD_BODIES)]


@pytest.mark.parametrize("seed", [1, 2])
def test_spoilt_lines_are_named_and_the_others_taken(cast: Cast, seed: int) -> None:
    storm = Storm(cast, random.Random(seed))
    good = b'{"kind": "person", "external_id": "good-%d", "name": "Good"}'
    lines = spoilt(storm, 400)
    report = import_lines([*lines, *(good % number for number in range(3))], system("test"))
    assert report.done and all(report.bad.values())
    assert not set(range(len(lines) + 1, len(lines) + 4)) & set(report.bad), report.bad
    assert len(report.bad) > 300
    prove()
