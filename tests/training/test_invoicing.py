"""A session is invoiced once, by what it costs; credited in full, it may be again."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from bursar.actions.registry import ACTIONS
from bursar.actions.run import run
from bursar.actions.spec import Case
from bursar.billing.models import Invoice
from bursar.billing.store import set_details
from bursar.core import clock
from bursar.tenants.models import Organisation
from bursar.training.actions.invoicing import InvoiceForm
from bursar.training.models import Mode, TrainingSession
from bursar.training.queries.sessions import estimate
from tests.billing.payer import write_down
from tests.billing.test_proposing import PUBLIC, seller
from tests.cast import NOW, Cast, bring_all, organisation, prove, refusal_of, sign_in
from tests.training.desk import PLAN, asked, planned, pull, training

__all__ = ["seller"]
KEY = "training.session.invoice"


def filled_in(cast: Cast, session: TrainingSession) -> dict[str, Any]:
    form = InvoiceForm(case=Case(cast.ties, session, NOW))
    return {name: form.get_initial_for_field(field, name) for name, field in form.fields.items()}


def invoice(cast: Cast, session: TrainingSession, **data: Any) -> Invoice:
    wanted = filled_in(cast, session) | {"e_invoice": False} | data
    made = run(KEY, cast.ties, session.public_id, {name: value for name, value in wanted.items() if value is not None})
    session.refresh_from_db()
    return Invoice.objects.get(public_id=made.data["invoice"])


@pytest.fixture
def payer(cast: Cast, seller: Any) -> Cast:
    set_details({cast.haarlem.pk: PUBLIC}, NOW)
    return cast


def test_its_lines_come_to_the_estimate(payer: Cast) -> None:
    session = planned(payer, "ali", mode=Mode.FLEX)
    pull(payer, "add_attendees", session, addresses="a@client.example b@client.example")
    row = invoice(payer, session)
    items = row.document.items
    assert [(item.kind, item.quantity, item.unit_price) for item in items] == [
        ("training", 1, Decimal(50)), ("training", 2, Decimal(50)),
    ]  # fmt: skip
    assert [item.description.replace("\N{NO-BREAK SPACE}", " ") for item in items] == [
        "Flex training, 2 december 2026", "Flex training, 2 december 2026: deelnemers boven 1",
    ]  # fmt: skip
    assert row.net == estimate(session, 3) == Decimal(150) and row.account == payer.haarlem
    assert session.invoice == row and row.subscription_net == 0
    prove()


def test_it_is_invoiced_once_until_that_is_credited_in_full(payer: Cast) -> None:
    session = planned(payer, "ali")
    first = invoice(payer, session)
    again = refusal_of(KEY, payer.ties, session.public_id, filled_in(payer, session) | {"e_invoice": False})
    assert (again.status, again.sentence) == (409, f"{first.number} asks for it already. Credit that in full first.")
    run("billing.invoice.credit", payer.iris, first.public_id, {"part": "10.00"}, reason="Agreed")
    assert refusal_of(KEY, payer.ties, session.public_id).status == 409
    assert Invoice.objects.filter(kind="invoice").count() == 1
    run("billing.invoice.credit", payer.iris, first.public_id, {"part": str(first.net - 10)}, reason="Agreed")
    second = invoice(payer, session)
    assert session.invoice == second and second != first
    prove()


def test_what_takes_the_place_of_its_invoice_asks_for_it(payer: Cast) -> None:
    write_down(payer.ties, payer.haarlem)  # a German town whose VAT id nobody has confirmed: VAT is charged
    session = planned(payer, "ali")
    first = invoice(payer, session)
    consulted = {"consultation": "WAPI-1"}
    run("billing.account.accept_vat_id", payer.iris, payer.haarlem.public_id, consulted, reason="The register says so")
    with clock.frozen(NOW + timedelta(minutes=1)):
        outcome = run("payments.invoice.correct_vat", payer.iris, first.public_id, reason="As agreed")
    first.refresh_from_db()
    replacement = Invoice.objects.get(replaces=first)
    assert first.credited == first.gross and outcome.sentence
    assert refusal_of(KEY, payer.ties, session.public_id).sentence.startswith(replacement.number)


@pytest.mark.parametrize("state", ["requested", "cancelled"])
def test_what_is_not_planned_is_not_invoiced(payer: Cast, state: str) -> None:
    session = asked(payer)
    if state == "cancelled":
        pull(payer, "cancel", session)
    assert refusal_of(KEY, payer.ties, session.public_id).status == 409
    assert not Invoice.objects.exists()


def test_without_details_nothing_is_issued(cast: Cast, seller: Any) -> None:
    session = planned(cast, "ali")
    refusal = refusal_of(KEY, cast.ties, session.public_id)
    assert (refusal.status, "billing details" in refusal.sentence) == (409, True)
    assert not Invoice.objects.exists() and session.invoice is None


def test_an_organisation_without_an_account_cannot_pay(cast: Cast, seller: Any) -> None:
    bring_all(*organisation("new", "Nieuw", NOW))
    place = Organisation.objects.get(external_id="new")
    place.accounts.all().delete()
    made = run("training.organisation.request_session", cast.ties, place.public_id, {"training": training().public_id})
    session = TrainingSession.objects.get(public_id=made.data["session"])
    pull(cast, "schedule", session, **PLAN)
    refusal = refusal_of(KEY, cast.ties, session.public_id)
    assert (refusal.status, refusal.sentence) == (409, "The organisation has no account that could pay.")
    page = sign_in("ties@agora.example").get(f"/panel/actions/session/{session.public_id}/invoice")
    assert page.status_code == 200 and refusal.sentence in page.content.decode()


def test_a_strange_payer_is_named_beside_the_field(payer: Cast) -> None:
    session = planned(payer, "ali")
    data = filled_in(payer, session) | {"account": payer.samen.public_id, "e_invoice": False}
    assert refusal_of(KEY, payer.ties, session.public_id, data).status == 422
    assert refusal_of(KEY, payer.ties, session.public_id, {**data, "account": "", "lines": []}).status == 422
    assert not Invoice.objects.exists()


def test_the_dialog_shows_the_document(payer: Cast) -> None:
    session = planned(payer, "ali")
    page = sign_in("ties@agora.example").get(f"/panel/actions/session/{session.public_id}/invoice")
    assert page.status_code == 200 and "Online training" in page.content.decode()
    assert ACTIONS[KEY].shows is not None and not Invoice.objects.exists()
