"""What the law asks to keep is kept and no longer; what is left proves numbers, sums and the book."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any

import pytest

from bursar.actions.run import run
from bursar.audit.models import AuditLine
from bursar.billing import verify
from bursar.billing.actions import removing
from bursar.billing.jobs import remove_documents
from bursar.billing.models import Handover, Invoice, LedgerEntry, Reminder, Sending
from bursar.billing.store.documents import digest_of
from bursar.core import clock
from bursar.core.errors import Blocked, Forbidden
from bursar.files.models import Chunk, File
from tests.billing.invoiced import SELLER, carry_out, issued, know
from tests.cast import NOW, Cast, prove, refusal_of, sign_in

KEY = "billing.company.remove_documents"
LAST_DAY, AFTER = date(2033, 12, 31), date(2034, 1, 1)


@pytest.fixture
def paid(cast: Cast, settings: Any) -> Invoice:
    """Settled, and credited in part, with everything that can hang on it."""
    for name, value in SELLER.items():
        setattr(settings, name, value)
    know(cast.haarlem)
    row = issued(cast.ties, cast.haarlem, e_invoice=True)
    data = {"amount": "484.00", "on": NOW.date().isoformat(), "reference": "from J. Jansen"}
    run("billing.invoice.mark_paid", cast.iris, row.public_id, data, reason="x")
    run("billing.invoice.credit", cast.iris, row.public_id, {"part": "100.00"}, reason="x")
    carry_out()
    row.refresh_from_db()
    return row


@contextmanager
def day(at: date) -> Iterator[datetime]:
    now = datetime(at.year, at.month, at.day, 12, tzinfo=UTC)
    with clock.frozen(now):
        yield now


def test_seven_years_after_its_year_what_it_says_goes_and_what_proves_stays(cast: Cast, paid: Invoice) -> None:
    digest, says = paid.digest, paid.says
    with day(LAST_DAY) as now:
        remove_documents(now)
        paid.refresh_from_db()
        assert paid.says == says and File.objects.filter(owner_kind="document").count() == 4
        assert isinstance(refusal_of(KEY, cast.iris, "company"), Forbidden)
    with day(AFTER) as now:
        remove_documents(now)
        paid.refresh_from_db()
        assert (paid.says, paid.pdf, paid.e_invoice, paid.removed_at) == ({}, None, None, now)
        assert (paid.number, paid.digest, paid.gross, paid.paid) == ("2026-000001", digest, 484, 363)
        assert digest_of(says) == paid.digest, "a copy kept elsewhere can be proved"
        assert not File.objects.filter(owner_kind="document").exists() and not Chunk.objects.exists()
        assert not any(model.objects.exists() for model in (Sending, Reminder, Handover))
        assert not LedgerEntry.objects.exclude(reference="").exists() and LedgerEntry.objects.exists()
        (line,) = AuditLine.objects.filter(key=KEY)
        assert "2 removed: 2026-000001 to C2026-000001" in str(line.changes)
        remove_documents(now)
        assert AuditLine.objects.filter(key=KEY).count() == 1
        assert not list(verify.list_faults())
        for key in ("billing.invoice.credit", "billing.invoice.send_again"):
            refusal = refusal_of(key, cast.iris, paid.public_id, {}, reason="x")
            assert isinstance(refusal, Blocked) and "retention ended" in refusal.sentence
        page = sign_in("ties@agora.example").get(f"/panel/invoices/{paid.public_id}")
        assert "Its retention ended" in page.content.decode()
        assert sign_in("ties@agora.example").get(f"/panel/accounts/{cast.haarlem.public_id}").status_code == 200


def test_what_asks_for_money_still_stays(cast: Cast, paid: Invoice) -> None:
    data = {"amount": "10.00"}
    run("billing.invoice.reverse_payment", cast.iris, paid.public_id, data, reason="x")
    with day(AFTER) as now:
        remove_documents(now)
        paid.refresh_from_db()
        assert paid.says and Invoice.objects.exclude(removed_at=None).get().kind == "credit_note"


def test_documents_of_the_one_stop_shop_stay_ten_years(cast: Cast, paid: Invoice) -> None:
    for item in paid.says["items"]:
        item["vat"]["is_oss"] = True
    Invoice.objects.filter(pk=paid.pk).update(says=paid.says, digest=digest_of(paid.says))
    for at, is_there in ((AFTER, True), (date(2036, 12, 31), True), (date(2037, 1, 1), False)):
        with day(at) as now:
            remove_documents(now)
            paid.refresh_from_db()
            assert bool(paid.says) is is_there, at


def test_it_goes_in_batches_and_an_end_by_hand_is_found(
    cast: Cast, paid: Invoice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(removing, "AT_ONCE", 1)
    with day(AFTER) as now:
        remove_documents(now)
        assert AuditLine.objects.filter(key=KEY).count() == 2 and not list(verify.list_faults())
    Invoice.objects.update(removed_at=NOW)
    assert [fault for fault in verify.list_faults() if "its retention had not ended" in fault]
    assert not [fault for fault in verify.list_faults() if "is still there" in fault]


def test_words_that_went_before_their_time_are_found(cast: Cast, paid: Invoice) -> None:
    prove()
    Invoice.objects.filter(pk=paid.pk).update(says={})
    assert "2026-000001: what it says is not what was issued" in list(verify.list_faults())
