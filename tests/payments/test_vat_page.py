"""The VAT page: what is to be corrected, what was sold elsewhere in the EU, and what proves where buyers are."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bursar.actions.bulk import start
from bursar.actions.run import run
from bursar.billing.models import Invoice
from bursar.billing.queries import decide
from bursar.billing.rules.oss import Proofs, Reach, Sold, say_proofs, say_sold, say_what_follows
from bursar.config.deployment import list_findings
from bursar.core import clock
from bursar.payments.models import Charge
from bursar.payments.queries import abroad
from bursar.payments.rules.amounts import amounts_of, quote_as_stands
from tests.billing.bank_desk import arrive, paid
from tests.billing.payer import write_down
from tests.billing.test_proposing import seller
from tests.cast import NOW, Cast, shown_by, sign_in
from tests.payments.test_correct_vat import CORRECT, confirm, issued
from tests.payments.test_refunds import payment

__all__ = ["issued", "seller"]
TEN = Decimal(10_000)


def sold(this: str, last: str = "0", oss: date | None = None) -> Sold:
    return Sold(2026, Decimal(this), Decimal(last), TEN, oss)


def test_the_threshold_is_of_this_year_or_the_last() -> None:
    assert [sold(amount).reach for amount in ("0", "7999.99", "8000", "10000", "10000.01")] == [
        Reach.BELOW, Reach.BELOW, Reach.NEAR, Reach.NEAR, Reach.OVER,
    ]  # fmt: skip
    assert sold("0", "10000.01").reach is Reach.OVER and sold("0", "8000").is_to_warn
    assert not sold("12000", oss=date(2026, 1, 1)).is_to_warn
    assert say_sold(sold("8400", "2100")) == "€ 8,400.00 of € 10,000.00 in 2026, € 2,100.00 in 2025"
    assert "from 1 January 2027 on" in say_what_follows(sold("1", oss=date(2027, 1, 1)))
    said = {say_what_follows(sold(amount)) for amount in ("1", "8000", "12000")}
    assert len(said) == 3


@pytest.mark.parametrize(
    ("proofs", "enough", "words"),
    [
        (Proofs("DE"), False, "Germany: address; a second proof is missing"),
        (Proofs("DE", "DE"), True, "Germany: address, bank"),
        (Proofs("DE", "", "DE", "DE"), True, "Germany: address, checkout, VAT id"),
        (Proofs("DE", "FR"), False, "Germany: address; but bank: France; a second proof is missing"),
        (Proofs("DE", "DE", "FR"), True, "Germany: address, bank; but checkout: France"),
        (Proofs("FR", "MC"), True, "France: address, bank"),
    ],
)
def test_two_proofs_that_agree_are_enough_and_what_speaks_against_them_is_said(
    proofs: Proofs, enough: bool, words: str
) -> None:
    assert (proofs.is_enough, say_proofs(proofs)) == (enough, words)
    assert proofs.is_to_look_at == (not enough or "but" in words)


def sell(account: Any, gross: str, at: datetime = NOW, raw: dict[str, Any] | None = None, **more: Any) -> Charge:
    """A charge that was paid, as Mollie told of it."""
    quote = quote_as_stands([], Decimal(gross), decide(account.pk, at.date()))
    charge = Charge.objects.create(
        account=account, kind="link", state="paid", made_at=at, settled_at=at, **amounts_of(quote)
    )
    paid = payment(account, gross, charge=charge, raw=raw or {}, **more)
    assert paid.charge_id == charge.pk
    return charge


def test_charges_count_once_whoever_invoiced_them(cast: Cast, issued: Invoice) -> None:
    assert abroad.get_sold(NOW).this_year == issued.net
    home = sell(cast.samen, "121.00")
    assert not home.is_abroad
    sell(cast.oost, "121.00")
    sell(cast.oost, "242.00", refunded=Decimal(121))
    sell(cast.oost, "605.00", NOW - timedelta(days=365))
    invoiced = sell(cast.oost, "1210.00")
    invoiced.invoice = issued
    invoiced.save()
    found = abroad.get_sold(NOW)
    assert (found.this_year, found.last_year) == (issued.net + 100 + 100, 500)
    confirm(cast)
    with clock.frozen(NOW + timedelta(minutes=3)):
        run("billing.invoice.credit", cast.iris, issued.public_id, {"part": "10.00"}, reason="x")
    assert abroad.get_sold(NOW).this_year == found.this_year - 10, "credit notes are subtracted"


def test_a_year_begins_in_the_sellers_zone(cast: Cast) -> None:
    write_down(cast.ties, cast.oost, vat_id="")
    sell(cast.oost, "121.00", datetime.fromisoformat("2025-12-31T23:30:00+00:00"))
    found = abroad.get_sold(NOW)
    assert (found.this_year, found.last_year) == (100, 0)


def test_what_mollie_told_of_bank_and_browser_is_read(cast: Cast) -> None:
    write_down(cast.ties, cast.oost, vat_id="")
    for raw, expected in (
        ({"details": {"consumerAccount": "DE89370400440532013000"}, "countryCode": "DE"}, Proofs("DE", "DE", "DE")),
        ({"details": {"cardCountryCode": "FR"}}, Proofs("DE", "FR")),
        ({"details": {"consumerAccount": "payer17@example.org"}, "countryCode": "AT"}, Proofs("DE", "", "AT")),
        ({"details": None}, Proofs("DE")),
    ):
        sell(cast.oost, "12.10", raw=raw)
        assert abroad.load_sales(abroad.list_sales()[:1])[0].proofs == expected


def test_the_bank_account_that_paid_an_invoice_proves_its_country(cast: Cast, issued: Invoice) -> None:
    """Until the match is undone; what is credited is not sold any more."""
    client = sign_in("iris@agora.example")
    assert not abroad.list_sales()
    [line] = arrive(cast.iris, paid(issued, iban="DE89370400440532013000"))
    assert line.state == "matched"
    [sale] = client.get("/api/v1/vat/abroad").json()["sales"]
    assert (sale["charge"], sale["invoice"], sale["net_eur"]) == ("", issued.public_id, f"{issued.net:.2f}")
    assert sale["proofs"] == {"address": "DE", "bank": "DE", "VAT id": "DE"} and sale["is_enough"]
    page = shown_by(client.get("/panel/vat/abroad/"))
    assert f"Invoice {issued.number}" in page and "Germany: address, bank, VAT id" in page
    with clock.frozen(NOW + timedelta(minutes=1)):
        run("billing.bank_line.undo", cast.iris, line.public_id, reason="another's")
    assert not abroad.list_sales()
    with clock.frozen(NOW + timedelta(minutes=2)):
        data = {"on": NOW.date().isoformat()}
        run("billing.invoice.mark_paid", cast.iris, issued.public_id, data, reason="cash")
    [sale] = client.get("/api/v1/vat/abroad").json()["sales"]
    assert sale["proofs"] == {"address": "DE", "VAT id": "DE"}


def test_the_page_lists_and_warns(cast: Cast, issued: Invoice, settings: Any) -> None:
    client = sign_in("iris@agora.example")
    assert "No invoice bears VAT" in shown_by(client.get("/panel/vat/"))
    sell(cast.oost, "12.10", raw={"countryCode": "FR"})
    confirm(cast)
    settings.BURSAR_OSS_THRESHOLD = issued.net
    page = shown_by(client.get("/panel/vat/"))
    for words in (issued.number, "21 % VAT (Netherlands)", "no VAT (reverse charge)", "set BURSAR_OSS", "accepted by"):
        assert words in page
    assert f'name="invoice" value="{issued.public_id}"' in page
    assert abroad.count_to_look_at(NOW) == 2
    assert any("Sold elsewhere in the EU" in finding.sentence and finding.is_danger for finding in list_findings())
    settings.BURSAR_OSS = date(2027, 1, 1)
    assert "but checkout: France" in shown_by(client.get("/panel/vat/abroad/"))
    assert abroad.count_to_look_at(NOW) == 1


def test_programs_read_the_same(cast: Cast, issued: Invoice) -> None:
    sell(cast.oost, "12.10", raw={"countryCode": "FR"})
    confirm(cast)
    client = sign_in("iris@agora.example")
    told = client.get("/api/v1/vat").json()
    assert told["sold_abroad"]["this_year_eur"] == str(issued.net + 10) and told["sold_abroad"]["reach"] == "below"
    row = told["to_correct"][0]
    assert (row["number"], row["after"], row["why_not"]) == (issued.number, "no VAT (reverse charge)", "")
    sale = client.get("/api/v1/vat/abroad").json()["sales"][0]
    assert (sale["net_eur"], sale["proofs"]) == ("10.00", {"address": "DE", "checkout": "FR", "VAT id": "DE"})
    assert (sale["against"], sale["is_enough"]) == (["checkout"], True)


def test_its_lists_read_as_much_however_long_they_are(cast: Cast, issued: Invoice) -> None:
    confirm(cast)
    client, counts = sign_in("iris@agora.example"), []
    client.get("/panel/vat/")
    for _ in range(2):
        for _ in range(3):
            sell(cast.oost, "12.10", raw={"countryCode": "FR"})
        with CaptureQueriesContext(connection) as queries:
            client.get("/panel/vat/")
            client.get("/panel/vat/abroad/")
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_many_are_corrected_at_once(cast: Cast, issued: Invoice) -> None:
    confirm(cast)
    done = start(CORRECT, cast.iris, [issued.public_id], {}, "confirmed since")
    assert done is not None and Invoice.objects.filter(replaces=issued).count() == 1
