"""Numbers without gaps, documents that never change, a ledger whose sums stand at invoices and accounts."""

from __future__ import annotations

import itertools
import multiprocessing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from stdnum import iso11649

from bursar.billing.documents.document import Document, DocumentKind
from bursar.billing.models import AccountCredit, Invoice, LedgerEntry, Series
from bursar.billing.rules import ledger
from bursar.billing.store import documents
from bursar.billing.store import ledger as books
from bursar.billing.store.documents import DayChanged, Issue, digest_of
from bursar.billing.store.ledger import Cause
from bursar.billing.verify import list_faults
from bursar.core.errors import Unavailable
from bursar.tenants.models import BillingAccount
from tests.billing.documents import samples
from tests.cast import NOW, Cast

FORK = multiprocessing.get_context("fork")
TODAY = samples.DAY


def made(kind: DocumentKind = DocumentKind.INVOICE, day: date = TODAY, **more: Any) -> Document:
    document = samples.invoice(reference="RF00") if kind is DocumentKind.INVOICE else samples.credit_note()
    return replace(document, number="", issued_on=day, **more)


def issue(cast: Cast, at: datetime = NOW, document: Document | None = None, **how: Any) -> Invoice:
    return documents.issue(cast.haarlem, document or made(day=at.date()), Issue(**how), lambda: at)


def test_a_document_is_frozen_under_its_number(cast: Cast) -> None:
    row = issue(cast, counts=True)
    row.refresh_from_db()
    assert (row.number, row.place, row.issued_on) == ("2026-000001", 1, TODAY)
    document = row.document
    assert document.number == row.number and document.reference == row.reference and iso11649.is_valid(row.reference)
    assert row.reference.endswith("2026000001")
    assert row.digest == digest_of(row.says) and len(row.digest) == 64
    assert (row.net, row.vat, row.gross) == (document.totals.net, document.totals.vat, document.totals.gross)
    assert (row.net, row.gross, row.open) == (Decimal(10800), Decimal(13068), Decimal(13068))
    assert (row.service_from, row.service_until) == (date(2026, 12, 1), date(2027, 11, 30))
    assert row.subscription_net == row.net
    assert issue(cast).number == "2026-000002" and issue(cast).service_from is None


def test_credit_notes_have_a_series_of_their_own_and_name_their_invoice(cast: Cast) -> None:
    first = issue(cast)
    note = issue(cast, document=made(DocumentKind.CREDIT_NOTE), corrects=first)
    assert (note.number, note.reference) == ("C2026-000001", "")
    with pytest.raises(IntegrityError), transaction.atomic():
        issue(cast, document=made(DocumentKind.CREDIT_NOTE))
    assert [(one.kind, one.last) for one in Series.objects.order_by("kind")] == [("credit_note", 1), ("invoice", 1)]


def test_each_year_begins_anew_and_what_was_undone_leaves_no_gap(cast: Cast) -> None:
    issue(cast)
    with pytest.raises(RuntimeError), transaction.atomic():
        issue(cast)
        raise RuntimeError
    assert issue(cast).number == "2026-000002"
    later = datetime(2027, 1, 4, 9, tzinfo=UTC)
    assert issue(cast, later).number == "2027-000001"


def test_the_day_is_that_of_issue_in_the_sellers_zone(cast: Cast) -> None:
    late = datetime(2026, 11, 24, 23, 30, tzinfo=UTC)  # half past midnight in Amsterdam
    with pytest.raises(DayChanged):
        issue(cast, late, made(day=date(2026, 11, 24)))
    assert issue(cast, late, made(day=date(2026, 11, 25))).issued_on == date(2026, 11, 25)
    with pytest.raises(Unavailable):
        issue(cast, NOW, made(day=TODAY))
    assert Invoice.objects.count() == 1 and Series.objects.get().last == 1


def test_the_year_of_a_number_is_the_sellers(cast: Cast) -> None:
    last, first = datetime(2026, 12, 31, 22, 59, tzinfo=UTC), datetime(2026, 12, 31, 23, tzinfo=UTC)
    assert issue(cast, last, made(day=date(2026, 12, 31))).number == "2026-000001"
    with pytest.raises(DayChanged):
        issue(cast, first, made(day=date(2026, 12, 31)))
    assert issue(cast, first, made(day=date(2027, 1, 1))).number == "2027-000001"
    note = made(DocumentKind.CREDIT_NOTE, date(2027, 1, 1))
    about = Invoice.objects.get(number="2026-000001")
    assert issue(cast, first, note, corrects=about).number == "C2027-000001"


def test_one_document_is_made_for_one_thing(cast: Cast) -> None:
    issue(cast, made_for="chg_1")
    with pytest.raises(IntegrityError), transaction.atomic():
        issue(cast, made_for="chg_1")
    assert issue(cast).number == "2026-000002"


def test_the_ledger_stands_at_invoices_and_at_the_account(cast: Cast) -> None:
    first, second, account = issue(cast), issue(cast), cast.haarlem
    cause = Cause(TODAY, "bnk_1", "thanks")
    held = books.hold([first, second])
    over = first.gross + second.gross + 5
    booked = books.book(account, held, ledger.receive(over, [one.standing for one in held.values()]), cause, NOW)
    assert booked.settled == (held[first.pk], held[second.pk]) and booked.unsettled == ()
    assert books.get_credit(account) == 5
    rows = LedgerEntry.objects.filter(booking=booked.booking)
    assert {(row.kind, row.cause, row.reference, row.on) for row in rows} == {("received", "bnk_1", "thanks", TODAY)}
    first.refresh_from_db()
    assert (first.paid, first.open, first.settled_at) == (first.gross, 0, NOW)
    held = books.hold([first])
    back = books.book(account, held, ledger.take_back(Decimal(100), first.standing), cause, NOW + timedelta(hours=1))
    assert [one.pk for one in back.unsettled] == [first.pk] and held[first.pk].settled_at is None
    with pytest.raises(IntegrityError), transaction.atomic():
        books.book(account, {}, ledger.pay_back(Decimal(6)), cause, NOW)
    assert AccountCredit.objects.get().amount == 5


def faults_after(cast: Cast, sql: str) -> list[str]:
    """With something changed behind everybody's back; taken back again."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute(sql)
        found = list(list_faults())
        assert found == list(list_faults(cast.haarlem.public_id))
        transaction.set_rollback(True)
    return found


def test_what_was_changed_behind_the_ledgers_back_is_found(cast: Cast) -> None:
    first, second = issue(cast), issue(cast)
    held = books.hold([first])
    over = first.gross + 5
    books.book(cast.haarlem, held, ledger.receive(over, [first.standing]), Cause(TODAY), NOW)
    assert list(list_faults()) == []
    for sql, words in (
        ("UPDATE billing_invoice SET paid = paid - 1 WHERE place = 1", f"{first.number}: paid says"),
        ("UPDATE billing_accountcredit SET amount = 6", "the credit says 6.00"),
        ("DELETE FROM billing_ledgerentry WHERE invoice_id IS NULL", "its entries come to 0"),
        ("UPDATE billing_invoice SET says = jsonb_set(says, '{order_number}', '\"x\"') WHERE place = 2", "is not what"),
        ("UPDATE billing_invoice SET gross = gross + 1 WHERE place = 2", f"{second.number}: stands as"),
        ("DELETE FROM billing_invoice WHERE place = 2", "these are missing: [2]"),
        ("UPDATE billing_series SET last = 3", "3 numbers were given"),
        ("UPDATE billing_invoice SET issued_on = '2026-11-23' WHERE place = 2", "a day goes back"),
    ):
        found = faults_after(cast, sql)
        assert any(words in one for one in found), (sql, found)


def _issue_some(account: BillingAccount, seed: int, tries: int, told: Any) -> None:
    connection.close()
    random, kept = Random(seed), 0
    for _ in range(tries):
        kind = random.choice(list(DocumentKind))
        try:
            with transaction.atomic():
                invoice = Invoice.objects.filter(kind=DocumentKind.INVOICE.value).order_by("pk").first()
                corrects = invoice if kind is DocumentKind.CREDIT_NOTE else None
                if kind is DocumentKind.INVOICE or corrects:
                    documents.issue(account, made(kind), Issue(corrects=corrects), lambda: NOW)
                    if random.random() < 0.3:
                        raise RuntimeError
                    kept += 1
        except RuntimeError:
            pass
    told.put(kept)


@pytest.mark.django_db(transaction=True)
def test_four_processes_that_issue_and_roll_back_leave_numbers_without_gaps(transactional_db: None) -> None:
    cast = Cast.gather(NOW)
    issue(cast)
    told = FORK.Queue()
    connection.close()
    processes = [FORK.Process(target=_issue_some, args=(cast.haarlem, seed, 25, told)) for seed in range(4)]
    for one in processes:
        one.start()
    kept = sum(told.get(timeout=120) for _ in processes)
    for one in processes:
        one.join()
    assert Invoice.objects.count() == kept + 1 > 40
    for series in Series.objects.all():
        rows = list(series.invoices.order_by("place").values_list("place", "issued_on", "number"))
        assert [place for place, _, _ in rows] == list(range(1, series.last + 1))
        assert len({number for _, _, number in rows}) == len(rows)
        assert all(a <= b for (_, a, _), (_, b, _) in itertools.pairwise(rows))
