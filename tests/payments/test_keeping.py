"""Everything as records and back: what is kept goes on as if nothing had happened, what is loaded behaves like the rest."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from bursar.mollie_sim.keeping import restore, save
from bursar.mollie_sim.records import KINDS, dump, load
from bursar.mollie_sim.server import serving
from bursar.mollie_sim.simulator import Simulator
from bursar.payments.gateway import Gateway
from bursar.payments.gateway.links import NewLink
from tests.payments.till import BACK, HTTP, KEY, START, Till, euros, new_key


def fill(till: Till) -> None:
    """Something of every kind, and something still to come of each."""
    till.control("config", mandate_days=3, delay=3600)
    first = till.paid_first()
    debited = till.subscribe(first, date(2026, 3, 6))
    till.wait(days=4, hours=1)
    till.subscribe(till.paid_first("creditcard"), date(2026, 4, 30), amount="5.00")
    till.gateway.refunds.create(new_key(), first.id, amount=euros("3.00"), description="Three")
    till.control(f"payments/{first.id}/chargeback", value="4.00")
    till.first()
    link = till.gateway.links.create(new_key(), NewLink(euros("75.00"), "Workshop", till.shop.url, BACK))
    HTTP.get(link.url)
    assert till.read(debited).status == "active"


def states(simulator: Simulator, days: int) -> Any:
    """How things stand some days on."""
    simulator.advance(timedelta(days=days))
    records = dump(simulator.world)
    return {kind: [(one.get("status"), one.get("amount")) for one in records[kind]] for kind in KINDS}


def test_what_is_kept_goes_on_as_if_nothing_had_happened(till: Till, tmp_path: Path) -> None:
    fill(till)
    path = tmp_path / "mollie.json"
    save(till.simulator, path)
    other = Simulator(till.simulator.clock.now(), send=till.simulator._send)
    restore(other, path)
    assert dump(other.world) == dump(till.simulator.world)
    assert other.post.waiting == till.simulator.post.waiting != []
    assert other.world.config == till.simulator.world.config
    with serving(other) as address:
        again = Gateway(address, KEY)
        assert again.payments.list().items[0].raw["id"] == till.gateway.payments.list().items[0].id
        made = [Till(one, Gateway(one.base, KEY), till.shop).customer().id for one in (other, till.simulator)]
        assert made[0] == made[1]
    for days in (1, 5, 40):
        assert states(other, days) == states(till.simulator, days)
    assert {status for status, _ in states(other, 0)["payments"]} == {"paid", "expired"}


def test_a_clock_that_runs_keeps_its_distance(tmp_path: Path) -> None:
    one, other = Simulator(), Simulator()
    one.advance(timedelta(days=100))
    save(one, tmp_path / "mollie.json")
    restore(other, tmp_path / "mollie.json")
    assert timedelta() <= other.clock.now() - one.clock.now() + timedelta(seconds=1) < timedelta(minutes=5)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    path = tmp_path / "mollie.json"
    restore(Simulator(), path)
    for text in ("{", "{}", json.dumps({"config": {}, "records": {"moons": []}, "webhooks": [], "ahead": 0})):
        path.write_text(text)
        with pytest.raises(ValueError, match="remove it to start afresh"):
            restore(Simulator(), path)


HISTORY: dict[str, Any] = {
    "customers": [{"id": "cst_h1", "mode": "test", "created_at": "2025-01-01T09:00:00+00:00", "name": "Ann"}],
    "mandates": [
        {
            "id": "mdt_h1", "mode": "test", "customer_id": "cst_h1", "method": "directdebit", "status": "valid",
            "created_at": "2025-01-01T09:00:00+00:00", "details": {}, "signed_on": "2025-01-01",
        }
    ],
    "subscriptions": [
        {
            "id": "sub_h1", "mode": "test", "customer_id": "cst_h1", "created_at": "2025-01-01T09:00:00+00:00",
            "amount": {"value": "121.00", "currency": "EUR"}, "interval": "1 month", "start": "2025-02-01",
            "description": "Bursar", "anchor": "2025-02-01", "next_date": "2026-04-01", "charged": 14, "made": 14,
        }
    ],
    "payments": [
        {
            "id": "tr_h1", "mode": "test", "created_at": "2026-03-01T06:00:00+00:00", "status": "paid",
            "amount": {"value": "121.00", "currency": "EUR"}, "description": "Bursar", "sequence": "recurring",
            "method": "directdebit", "paid_at": "2026-03-02T06:00:00+00:00", "customer_id": "cst_h1",
            "mandate_id": "mdt_h1", "subscription_id": "sub_h1",
        }
    ],
}  # fmt: skip


def test_a_history_that_is_loaded_goes_on_by_itself(till: Till) -> None:
    till.control("records", **HISTORY)
    assert [one.id for one in till.gateway.payments.list().items] == ["tr_h1"]
    till.control("payments/tr_h1/chargeback")
    till.wait(days=31)
    charges = till.gateway.subscriptions.list_payments("cst_h1", "sub_h1").items
    assert [one.status for one in charges] == ["paid", "paid"] and charges[0].created_at.date() == date(2026, 4, 1)
    assert till.gateway.subscriptions.get("cst_h1", "sub_h1").next_date == date(2026, 5, 1)
    assert till.gateway.payments.get("tr_h1").charged_back == euros("121.00").value


@pytest.mark.parametrize(
    ("kind", "change", "words"),
    [
        ("payments", {"customer_id": "cst_none"}, "there is no cst_none"),
        ("payments", {"colour": "red"}, "there is no field 'colour'"),
        ("payments", {"amount": {"value": "much", "currency": "EUR"}}, "tr_h1"),
        ("payments", {"paid_at": "yesterday"}, "yesterday"),
        ("payments", {"status": 7}, "“7” is no"),
        ("subscriptions", {"interval": "1 year"}, "1 year"),
        ("mandates", {"signed_on": None}, "mdt_h1"),
    ],
)
def test_a_history_with_a_fault_is_not_loaded_at_all(kind: str, change: dict[str, Any], words: str) -> None:
    simulator = Simulator(START)
    [record] = HISTORY[kind]
    with pytest.raises(ValueError, match=words):
        load(simulator.world, {**HISTORY, kind: [{**record, **change}]})
    assert not any(simulator.world.counts().values())
    load(simulator.world, HISTORY)
    with pytest.raises(ValueError, match="there already"):
        load(simulator.world, HISTORY)
    assert simulator.world.counts()["payments"] == 1
