"""Payouts of Mollie's at the bank: recognised, explained to the cent, and never a payment of any invoice."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bursar.billing.models import BankLine, LedgerEntry
from bursar.core import clock
from bursar.core.errors import Blocked
from bursar.mollie_sim.simulator import Simulator
from bursar.payments.gateway import caller, forget
from bursar.payments.models import Payout
from bursar.payments.paid_out import explain_payouts
from bursar.payments.rules.payouts import Made, add_up, calc_fees, why_not_whole
from tests.billing.bank.writing import entry
from tests.billing.bank_desk import arrive
from tests.cast import NOW, Cast, refusal_of, shown_by, sign_in
from tests.payments.till import Till, euros, new_key

TOKEN = "access_ofTheTill"
PAGE = "/panel/payments/bank/?show=payout"
CENTS = st.integers(1, 10**7).map(lambda count: Decimal(count) / 100)


@pytest.fixture
def live(simulator: Simulator, address: str, till: Till, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Till:
    settings.BURSAR_MOLLIE_URL, settings.BURSAR_MOLLIE_KEY = address, "live_ofTheTill"
    settings.BURSAR_MOLLIE_TOKEN = TOKEN
    monkeypatch.setattr(caller, "PATIENT", None)
    forget()
    return Till(simulator, type(till.gateway)(address, "live_ofTheTill", TOKEN), till.shop)


def settled(live: Till) -> Any:
    """Two payments, of one of which a part went back, and a part was charged back; 0.29 were kept of each."""
    paid = live.paid_first()
    live.paid_first()
    live.gateway.refunds.create(new_key(), paid.id, amount=euros("1.00"), description="A euro")
    live.control(f"payments/{paid.id}/chargeback", value="2.00")
    live.wait(days=3)
    return live.gateway.settlements.get(live.control("settlements", fee="0.29")["id"])


def arrived(cast: Cast, amount: Decimal, reference: str) -> BankLine:
    text = f"Mollie payout {reference}"
    [line] = arrive(cast.iris, entry(f"{amount}", text, name="Stichting Mollie Payments"))
    return line


def test_without_a_token_it_is_marked_and_leaves_the_queue(cast: Cast, settings: Any) -> None:
    settings.BURSAR_MOLLIE_TOKEN = ""
    line = arrived(cast, Decimal("118.00"), "1234567.2611.01")
    assert (line.state, line.settlement) == ("payout", "1234567.2611.01")
    explain_payouts(NOW)
    refusal = refusal_of("billing.bank_line.split", cast.iris, line.public_id, {"parts": "x"}, reason="x")
    assert isinstance(refusal, Blocked) and "booked already" in refusal.sentence
    assert not Payout.objects.exists() and not LedgerEntry.objects.exists()
    page = shown_by(sign_in("iris@agora.example").get(PAGE))
    assert "settlement 1234567.2611.01" in page and "With an access token" in page


def test_with_one_it_is_explained_to_the_cent(cast: Cast, live: Till) -> None:
    found = settled(live)
    line = arrived(cast, found.amount.value, found.reference)
    assert line.state == "payout"
    explain_payouts(NOW)
    one = Payout.objects.get(line=line)
    assert (one.problem, one.settlement_id, one.counts) == (
        "", found.id, {"payments": 2, "refunds": 1, "chargebacks": 1},
    )  # fmt: skip
    assert (one.refunds, one.chargebacks, one.fees) == (Decimal("1.00"), Decimal("2.00"), Decimal("0.58"))
    assert one.payments - one.refunds - one.chargebacks - one.fees == one.amount == line.amount
    page = shown_by(sign_in("iris@agora.example").get(PAGE))
    assert "Mollie’s fees" in page and "−0.58" in page and "2 payments" in page
    assert not LedgerEntry.objects.exists()


def test_what_does_not_add_up_is_said(cast: Cast, live: Till) -> None:
    found = settled(live)
    line = arrived(cast, found.amount.value + 1, found.reference)
    explain_payouts(NOW)
    assert "it paid out" in Payout.objects.get(line=line).problem


def test_one_that_mollie_does_not_list_is_asked_for_again_later(cast: Cast, live: Till) -> None:
    live.paid_first()
    line = arrived(cast, Decimal("5.00"), "1234567.2699.77")
    for hours, tries in ((0, 1), (1, 1), (13, 2)):
        with clock.frozen(NOW + timedelta(hours=hours)):
            explain_payouts(clock.now())
        one = Payout.objects.get(line=line)
        assert one.tries == tries and one.problem == "Mollie lists no settlement 1234567.2699.77."


def test_while_mollie_is_away_it_stays_a_payout(cast: Cast, live: Till) -> None:
    live.control("faults", kind="down", times=50, path="/v2/settlements")
    line = arrived(cast, Decimal("5.00"), "1234567.2699.77")
    explain_payouts(NOW)
    assert Payout.objects.get(line=line).problem == "Mollie could not be asked; it is asked again."


@given(st.lists(CENTS), st.lists(CENTS), st.lists(CENTS), st.lists(CENTS), CENTS)
def test_what_adds_up_is_whole_and_a_cent_more_is_not(
    payments: list[Decimal], refunds: list[Decimal], chargebacks: list[Decimal], fees: list[Decimal], odd: Decimal
) -> None:
    amount = sum(payments, Decimal(0)) - sum([*refunds, *chargebacks, *fees], Decimal(0))
    costs = [{"amountGross": {"value": f"{fee:.4f}"}} for fee in fees]
    periods = {"2026": {"11": {"costs": costs}, "12": {}}}
    made = add_up(amount, payments, [-one for one in refunds], [-one for one in chargebacks], periods)
    assert (made.rest, why_not_whole(made, amount)) == (0, "")
    assert why_not_whole(made, amount + odd)
    assert why_not_whole(Made(amount + odd, made.payments, made.refunds, made.chargebacks, made.fees), amount + odd)


def test_fees_are_rounded_once() -> None:
    third = {"costs": [{"amountGross": {"value": "0.0033"}}] * 3}
    assert calc_fees({"2026": {"11": third}}) == Decimal("0.01")
