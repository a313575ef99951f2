"""Names in kept text: by reference, read when somebody looks, and no text of anybody is taken for a reference."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bursar.actions.spec import Outcome
from bursar.core import naming
from bursar.core.errors import Refused
from bursar.core.text import why_not_keep
from bursar.tenants.models import Person
from tests.cast import Cast


@pytest.fixture
def maud(cast: Cast) -> Person:
    return Person.objects.get(external_id="maud")


def test_a_sentence_is_read_with_the_name_and_kept_without_it(maud: Person) -> None:
    said = naming.Said(f"{naming.of(maud)} and {naming.say('system:clock', 'Bursar (clock)')} were here.")
    assert said == "Maud and Bursar (clock) were here."
    kept: dict[str, Any] = naming.keep({"sentence": said, "more": [said, 3, None]})
    assert "Maud" not in str(kept) and maud.public_id in kept["sentence"]
    assert naming.read(kept) == {"sentence": said, "more": [said, 3, None]}
    Person.objects.filter(pk=maud.pk).update(name="Maud & <co>")
    assert naming.read(kept["sentence"]).startswith("Maud & <co> and")
    assert naming.read(kept["sentence"], as_html=True).startswith("Maud &amp; &lt;co&gt; and")


def test_refusals_and_outcomes_say_it_too_and_a_copy_keeps_the_places(maud: Person) -> None:
    sentence = f"{naming.of(maud)} was quicker."
    refusal, outcome = Refused(sentence), Outcome(sentence)
    assert refusal.sentence == outcome.sentence == "Maud was quicker."
    assert naming.keep(refusal.sentence) == naming.keep(asdict(outcome)["sentence"]) == naming.keep(sentence)


def test_text_without_references_asks_nothing_and_many_ask_once_a_kind(cast: Cast, maud: Person) -> None:
    with CaptureQueriesContext(
        connection,
    ) as asked:
        assert naming.read(["plain", {"a": "{0} %s \\1"}]) == ["plain", {"a": "{0} %s \\1"}]
    assert len(asked) == 0
    texts = [naming.keep(f"{naming.of(maud)} {naming.say(cast.iris.id, 'Iris')} {n}") for n in range(20)]
    with CaptureQueriesContext(connection) as asked:
        assert naming.read(texts)[19] == "Maud Iris 19"
    assert len(asked) == 2


def test_who_is_not_there_reads_as_erased() -> None:
    assert naming.read(naming.mark("xyz_nobody")) == "Erased person"


def test_a_name_cannot_make_a_place_of_its_own(maud: Person) -> None:
    """The door takes no such text; and what came by another way is left out of the sentence."""
    forged = f"{naming.mark('per_x')}\x01"
    assert why_not_keep(forged)
    kept = naming.keep(naming.say(maud.public_id, f"A{forged}B"))
    assert kept == naming.mark(maud.public_id)


@pytest.mark.parametrize("length", range(30))
def test_no_half_reference_is_left_at_the_end_of_a_line(length: int) -> None:
    whole = f"ab{naming.mark('per_0123456789abcdef')}c"
    short = naming.cut(whole, length)
    assert len(short) <= length and short.count("\x02") == short.count("\x03") and whole.startswith(short)


def test_rewording_leaves_references_alone() -> None:
    text = f"per {naming.mark('per_per')} per"
    assert naming.reword([text], lambda piece: piece.replace("per", "x")) == [f"x {naming.mark('per_per')} x"]
