"""The catalogue: what ships, dated prices that leave sessions as they are, retiring and bringing back."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from bursar.actions.run import run
from bursar.core import clock
from bursar.training.models import Mode, Training, TrainingPrice
from bursar.training.queries.sessions import estimate
from bursar.training.rules import calc_price, list_parts
from tests.cast import NOW, Cast, prove, refusal_of, shown_by, sign_in
from tests.training.desk import asked, pull, training

TERMS = {"price": "800.00", "included": 6, "extra": "70.00"}


def terms(row: TrainingPrice) -> tuple[Decimal, int, Decimal]:
    return row.price, row.included, row.extra


def test_what_ships(cast: Cast) -> None:
    shipped = {one.mode: terms(one.prices.get()) for one in Training.objects.all()}
    assert shipped == {
        "online": (Decimal(675), 5, Decimal(60)),
        "in_person": (Decimal(2500), 10, Decimal(195)),
        "flex": (Decimal(50), 1, Decimal(50)),
    }
    assert all(one.grants_licence and one.retired_at is None for one in Training.objects.all())


@pytest.mark.parametrize(
    ("mode", "participants", "amount"),
    [("online", 0, 675), ("online", 5, 675), ("online", 7, 795), ("in_person", 11, 2695), ("flex", 3, 150)],
)
def test_what_a_session_costs(cast: Cast, mode: str, participants: int, amount: int) -> None:
    row = training(Mode(mode)).prices.get()
    assert calc_price(row.price, row.included, row.extra, participants) == Decimal(amount)


MONEY = st.decimals(0, 10_000, places=2)


@given(MONEY, st.integers(1, 50), MONEY, st.integers(0, 200))
def test_the_parts_of_a_price_come_to_it(price: Decimal, included: int, extra: Decimal, participants: int) -> None:
    parts = list_parts(price, included, extra, participants)
    assert sum(part.quantity * part.unit_price for part in parts) == calc_price(price, included, extra, participants)
    assert calc_price(price, included, extra, participants + 1) >= calc_price(price, included, extra, participants)
    assert calc_price(price, included, extra, included) == price and all(part.amount > 0 for part in parts)


def test_a_training_is_added_updated_retired_and_brought_back(cast: Cast) -> None:
    data = {"title": " Masterclass  facilitation ", "mode": "in_person", "grants_licence": False, **TERMS}
    made = run("training.company.add_training", cast.ties, "company", data)
    row = Training.objects.get(public_id=made.data["training"])
    assert (row.title, row.mode, row.grants_licence) == ("Masterclass facilitation", "in_person", False)
    assert terms(row.prices.get()) == (Decimal(800), 6, Decimal(70))
    outcome = pull(cast, "update", row, "training", title="Masterclass", mode="online", grants_licence=True)
    assert (row.title, row.mode, row.grants_licence) == ("Masterclass", "online", True)
    assert outcome.undo is not None
    run(outcome.undo.key, cast.ties, row.public_id, outcome.undo.data, undoes=outcome.line_id)
    row.refresh_from_db()
    assert row.title == "Masterclass facilitation"
    pull(cast, "retire", row, "training")
    assert row.retired_at == NOW
    retired = refusal_of("training.training.retire", cast.ties, row.public_id)
    assert (retired.status, retired.sentence) == (409, "It is retired already.")
    gone = {"training": row.public_id}
    refusal = refusal_of("training.organisation.request_session", cast.ties, cast.haarlem.organisation.public_id, gone)
    assert refusal.status == 422 and not row.sessions.exists()
    pull(cast, "bring_back", row, "training")
    assert row.retired_at is None
    assert refusal_of("training.training.bring_back", cast.ties, row.public_id).sentence == "It is offered already."
    asked(cast, **gone)
    prove()


def test_a_title_stands_once(cast: Cast) -> None:
    pull(cast, "retire", training(Mode.FLEX), "training")
    same = {"title": "FLEX training", "mode": "flex", **TERMS}
    refusal = refusal_of("training.company.add_training", cast.ties, "company", same)
    assert refusal.sentence == "A training is called “Flex training” already, and is retired: bring that back."
    unchanged = {"title": "Online training", "mode": "online", "grants_licence": True}
    online = training()
    assert refusal_of("training.training.update", cast.ties, online.public_id, unchanged).status == 409
    refusal = refusal_of(
        "training.training.update", cast.ties, online.public_id, {**unchanged, "title": "flex Training"}
    )
    assert "already" in refusal.sentence and Training.objects.count() == 3


def test_another_price_leaves_sessions_as_they_were(cast: Cast) -> None:
    before = asked(cast, participants=7)
    with clock.frozen(NOW + timedelta(hours=1)):
        pull(cast, "set_price", training(), "training", **TERMS)
        after = asked(cast, participants=7)
    assert (estimate(before, 0), estimate(after, 0)) == (Decimal(795), Decimal(870))
    assert terms(before.price) == (Decimal(675), 5, Decimal(60))


def test_a_price_of_the_very_instant_stays_somebodys(cast: Cast) -> None:
    pull(cast, "set_price", training(), "training", **TERMS)
    first = asked(cast)
    pull(cast, "set_price", training(), "training", **{**TERMS, "price": "900"})
    first.refresh_from_db()
    assert first.price.price == Decimal(800)
    assert TrainingPrice.objects.at(NOW + timedelta(seconds=1)).get(training=training()).price == Decimal(900)


def test_a_price_begins_on_a_day_and_drops_what_was_to_begin_later(cast: Cast) -> None:
    online = training()
    pull(cast, "set_price", online, "training", **TERMS, first_day="2027-01-01")
    assert asked(cast).price.price == Decimal(675)
    page = sign_in("ties@agora.example").get("/panel/training/catalogue")
    assert '800.00 for 6, +70.00 <span class="dim">from 1 Jan 2027</span>' in shown_by(page)
    pull(cast, "set_price", online, "training", **{**TERMS, "price": "700"}, first_day="2026-12-15")
    assert [row.price for row in online.prices.order_by("valid_from")] == [Decimal(675), Decimal(700)]
    with clock.frozen(NOW + timedelta(days=60)):
        assert asked(cast).price.price == Decimal(700)


@pytest.mark.parametrize(
    ("data", "status"),
    [
        ({**TERMS, "first_day": "2026-11-23"}, 409),
        ({"price": "675.00", "included": 5, "extra": "60"}, 409),
        ({**TERMS, "included": 0}, 422),
        ({**TERMS, "price": "-1"}, 422),
        ({**TERMS, "extra": "1.005"}, 422),
    ],
)
def test_a_price_that_cannot_be(cast: Cast, data: dict[str, object], status: int) -> None:
    before = list(TrainingPrice.objects.values_list())
    assert refusal_of("training.training.set_price", cast.ties, training().public_id, data).status == status
    assert list(TrainingPrice.objects.values_list()) == before


def test_auditors_read_the_catalogue_and_change_nothing(cast: Cast, client: Client) -> None:
    page = sign_in("ada@agora.example").get("/panel/training/catalogue")
    assert page.status_code == 200 and "In-person training" in shown_by(page) and "Add training…" not in shown_by(page)
    assert refusal_of("training.training.retire", cast.ada, training().public_id).status == 403
    assert refusal_of("training.training.retire", cast.maud.as_customer(), training().public_id).status == 404
    assert training().retired_at is None
