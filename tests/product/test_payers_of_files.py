"""Billing details and past payments that files tell, and which source says how an account pays."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from bursar.actions.run import run
from bursar.audit.models import AuditLine
from bursar.billing.models import BillingDetails
from bursar.billing.rules import VatIdStatus
from bursar.core import clock
from bursar.payments.models import MollieCustomer, Payment
from bursar.plans.models import PaidPeriod, PaymentTerms
from tests.billing.payer import GERMAN, SET, TOWN, details_of, write_down
from tests.cast import NOW, Cast, bring, bring_all, prove

HAARLEM = {"account": {"organisation": "haarlem"}}
TOLD: dict[str, Any] = {
    "kind": "billing_details", **HAARLEM, "name": "Stadt Köln", "street": "Rathausplatz 2", "postcode": "50667",
    "city": "Köln", "country": "de", "vat_id": "DE 136 695 976", "mails": ["ap@koeln.example"],
}  # fmt: skip
PAST: dict[str, Any] = {
    "kind": "past_payment", "external_id": "tr_7UhSN1zuXS", **HAARLEM, "source": "mollie", "type": "renewal",
    "amount": "1089.00", "refunded": "89.00", "method": "directdebit", "status": "paid",
    "at": NOW - timedelta(days=60), "paid_at": NOW - timedelta(days=56),
}  # fmt: skip


def test_details_of_a_file_are_held_and_the_id_is_not_believed(cast: Cast) -> None:
    bring_all(TOLD)
    row = details_of(cast.haarlem)
    assert (row.name, row.country, row.vat_id, row.mails) == ("Stadt Köln", "DE", GERMAN, ["ap@koeln.example"])
    assert row.vat_status == VatIdStatus.UNKNOWN and row.is_of_file
    with clock.frozen(NOW + timedelta(hours=1)):
        bring_all(TOLD)
        assert details_of(cast.haarlem).changed_at == NOW, "the same again changes nothing"
        bring_all({**TOLD, "city": "Bonn"}, {**TOLD, "city": "Ulm"})
    assert details_of(cast.haarlem).city == "Ulm", "the last line rules"
    prove()


def test_what_was_written_down_here_since_stays(cast: Cast) -> None:
    bring_all(TOLD)
    write_down(cast.ties, cast.haarlem, city="Bonn")
    report = bring(TOLD, {**TOLD, "account": {"organisation": "oost"}})
    assert report.taken == 1 and "written down here since" in report.bad[1]
    assert details_of(cast.haarlem).city == "Bonn" and details_of(cast.oost).city == "Köln"
    assert not bring({**TOLD, "city": "Bonn"}).bad, "the same is no contradiction"


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({"vat_id": "DE136695975"}, "check digits"),
        ({"postcode": ""}, "whose VAT is due"),
        ({"country": "EU"}, "no country “EU”"),
        ({"country": "XX"}, "no country “XX”"),
        ({"mails": [f"a{n}@x.example" for n in range(6)]}, "at most 5"),
        ({"mails": ["nobody"]}, "mails.0"),
        ({"name": "x" * 201}, "200"),
        ({"account": {"organisation": "nowhere"}}, "no account"),
    ],
)
def test_details_that_cannot_be_are_refused(cast: Cast, other: dict[str, Any], words: str) -> None:
    report = bring({**TOLD, **other})
    assert words in report.bad[1] and not BillingDetails.objects.exists()


def test_past_payments_fill_the_mirror_and_move_nothing(cast: Cast) -> None:
    bank = {**PAST, "external_id": "NL-2026-44", "source": "bank", "type": "invoice", "method": ""}
    failed = {**PAST, "external_id": "tr_failed", "status": "failed", "paid_at": None, "refunded": 0,
              "reason": "insufficient_funds", "failed_at": NOW}  # fmt: skip
    bring_all(PAST, bank, failed)
    rows = {row.external_id: row for row in Payment.objects.all()}
    one = rows["tr_7UhSN1zuXS"]
    assert (one.account, one.mollie_id, one.amount, one.refunded, one.kind, one.to_apply) == (
        cast.haarlem, "tr_7UhSN1zuXS", Decimal("1089.00"), Decimal("89.00"), "renewal", False,
    )  # fmt: skip
    assert (one.applied_status, one.applied_refunded) == ("paid", Decimal("89.00"))
    assert (rows["NL-2026-44"].mollie_id, rows["NL-2026-44"].source) == ("", "bank")
    assert rows["tr_failed"].reason == "insufficient_funds"
    bring_all(PAST, bank, failed)
    assert Payment.objects.count() == 3
    bring_all({**PAST, "charged_back": "1000.00"})
    assert Payment.objects.get(external_id="tr_7UhSN1zuXS").charged_back == 1000
    prove()


def test_what_mollie_told_itself_stays(cast: Cast) -> None:
    bring_all(PAST)
    Payment.objects.update(answered_at=NOW, external_id="")
    assert not bring(PAST).bad
    report = bring({**PAST, "amount": "1.00", "refunded": 0})
    assert report.bad[1] == "Mollie told this payment itself, and what it says stays (amount, refunded)."
    assert Payment.objects.get().amount == 1089


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({"external_id": "17"}, "tr_"),
        ({"external_id": "tr_../x"}, "tr_"),
        ({"paid_at": None}, "only then"),
        ({"status": "open"}, "only then"),
        ({"status": "failed", "paid_at": None}, "only what was paid goes back"),
        ({"paid_at": NOW - timedelta(days=61)}, "before “at”"),
        ({"status": "refunded"}, "status"),
        ({"amount": "-1.00"}, "amount"),
        ({"amount": "1.001"}, "amount"),
        ({"type": "subscription"}, "type"),
    ],
)
def test_payments_that_cannot_be_are_refused(cast: Cast, other: dict[str, Any], words: str) -> None:
    report = bring({**PAST, **other})
    assert words in report.bad[1] and not Payment.objects.exists()


def test_from_its_first_checkout_on_mollie_says_how_an_account_pays(cast: Cast) -> None:
    """Files of terms are refused line by line, and what is paid by invoice is still theirs to tell."""
    MollieCustomer.objects.create(
        account=cast.haarlem, mode="test", mollie_id="cst_a", rules_since=NOW - timedelta(days=1), learned_at=NOW
    )
    terms = {"kind": "payment", **HAARLEM, "mode": "self_serve", "status": "cancelled", "paid_until": NOW, "from": NOW}
    paid = {
        "kind": "paid", **HAARLEM, "external_id": "p-2", "source": "mollie", "from": NOW, "booked_at": NOW,
        "until": NOW + timedelta(days=30), "net": "1.00", "gross": "1.21",
    }  # fmt: skip
    before = list(PaymentTerms.objects.order_by("id").values()), PaidPeriod.objects.count()
    others = {**terms, "account": {"organisation": "samen"}, "status": "active"}
    report = bring(terms, paid, {**paid, "external_id": "p-3", "source": "managed"}, others)
    words = "Mollie says how this account pays, since 23 November 2026: leave this line out."
    assert report.bad == {1: words, 2: words} and report.taken == 2
    ours = PaymentTerms.objects.exclude(account=cast.samen).order_by("id")
    assert list(ours.values()) == before[0] and PaidPeriod.objects.count() == before[1] + 1
    prove()


def test_a_customer_at_mollie_that_never_paid_here_changes_nothing(cast: Cast) -> None:
    MollieCustomer.objects.create(account=cast.haarlem, mode="test", mollie_id="cst_a", learned_at=NOW)
    assert not bring({"kind": "payment", **HAARLEM, "mode": "managed", "from": NOW}).bad


def test_details_of_a_file_can_be_changed_as_any_others(cast: Cast) -> None:
    bring_all(TOLD)
    outcome = run(SET, cast.ties, cast.haarlem.public_id, {**TOWN, "city": "Bonn"}, reason="x")
    assert AuditLine.objects.get(public_id=outcome.line_id).changes[0]["before"].endswith("50667 Köln, Germany")
    assert not details_of(cast.haarlem).is_of_file
