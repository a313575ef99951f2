"""Overdue invoices are asked for: by a person from a list, or by the clock; each level once, and never what is held."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from django.core import mail as django_mail
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from bursar.actions.run import preview, run
from bursar.billing import jobs
from bursar.billing.jobs import remind as remind_by_itself
from bursar.billing.models import BillingDetails, Hold, Invoice, Reminder, Sending
from bursar.billing.obstacles import list_obstacles
from bursar.billing.queries.addresses import list_addresses, list_reached
from bursar.billing.queries.sending import list_due
from bursar.core import clock
from bursar.core.errors import Blocked, Forbidden, Invalid, Refused
from bursar.tenants.models import BillingAccount, Person
from tests.billing.invoiced import SELLER, TOWN_HALL, carry_out, day_after_due, issued, know
from tests.cast import NOW, Cast, prove, refusal_of, sign_in
from tests.taken_back import check_way_back

REMIND, RECORD = "billing.invoice.remind", "billing.invoice.record_reminder"
HOLD, RELEASE = "billing.invoice.hold", "billing.invoice.release"
PAGE = "/panel/invoices/reminders/"


@pytest.fixture
def payer(cast: Cast, settings: Any) -> Cast:
    for name, value in SELLER.items():
        setattr(settings, name, value)
    know(cast.haarlem)
    return cast


@pytest.fixture
def row(payer: Cast) -> Invoice:
    return issued(payer.ties, payer.haarlem)


@contextmanager
def days_after_due(row: Invoice, days: int) -> Iterator[datetime]:
    at = datetime.combine(day_after_due(row, days), time(12), tzinfo=UTC)
    with clock.frozen(at):
        yield at


def letters() -> list[Any]:
    return [one for one in django_mail.outbox if "eminder" in one.subject or "erinnering" in one.subject]


def test_it_says_what_is_open_and_goes_once_a_level(payer: Cast, row: Invoice) -> None:
    with days_after_due(row, 6):
        refusal = refusal_of(REMIND, payer.ties, row.public_id)
        assert isinstance(refusal, Blocked) and "Level 1 may go from" in refusal.sentence
    with days_after_due(row, 7):
        run("billing.invoice.mark_paid", payer.iris, row.public_id, {"amount": "84.00", "on": NOW.date().isoformat()})
        assert "Reminder 1 of 2026-000001 goes to 1 address." in preview(REMIND, payer.ties, row.public_id, {}).sentence
        assert not Reminder.objects.exists()
        run(REMIND, payer.ties, row.public_id)
        carry_out()
        for who in (payer.ties, payer.iris):  # a double click, and a second colleague
            assert isinstance(refusal_of(REMIND, who, row.public_id), Blocked)
    (sent,) = letters()
    said = sent.body.replace("\N{NO-BREAK SPACE}", " ")
    assert sent.subject == "Reminder: invoice 2026-000001" and "€400.00" in said and "PO-7" in said and "IBAN" in said
    assert sent.attachments[0][0] == "invoice-2026-000001.pdf"
    for days in (21, 35):
        with days_after_due(row, days):
            run(REMIND, payer.ties, row.public_id)
    with days_after_due(row, 300):
        refusal = refusal_of(REMIND, payer.ties, row.public_id)
        assert isinstance(refusal, Blocked) and "All 3 levels have gone" in refusal.sentence
        assert list(Reminder.objects.order_by("level").values_list("level", "open")) == [(n, 400) for n in (1, 2, 3)]
        prove()


def test_the_same_level_twice_is_refused_by_the_database_too(row: Invoice) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        for _ in range(2):
            Reminder.objects.create(invoice=row, level=1, way="mail", on=NOW.date(), at=NOW, open=1)


def test_dutch_documents_are_reminded_of_in_dutch(payer: Cast) -> None:
    know(payer.haarlem, replace(TOWN_HALL, language="nl"))
    row = issued(payer.ties, payer.haarlem)
    with days_after_due(row, 8):
        run(REMIND, payer.ties, row.public_id)
        carry_out()
    assert letters()[0].subject == "Herinnering: factuur 2026-000001"


@pytest.mark.parametrize("how", ["paid", "credited", "written off", "credit note", "hold", "no address", "not staff"])
def test_who_is_never_reminded(payer: Cast, row: Invoice, how: str) -> None:
    target = row
    if how == "paid":
        run("billing.invoice.mark_paid", payer.iris, row.public_id, {"amount": "484.00", "on": NOW.date().isoformat()})
    elif how in ("credited", "credit note"):
        run("billing.invoice.credit", payer.iris, row.public_id, {}, reason="wrong")
        carry_out()
        target = Invoice.objects.get(corrects=row) if how == "credit note" else row
    elif how == "written off":
        run("billing.invoice.write_off", payer.iris, row.public_id, reason="gone")
    with days_after_due(row, 8) as now:
        if how == "hold":
            until = (now + timedelta(days=1)).date().isoformat()
            run(HOLD, payer.ties, row.public_id, {"note": "Being cleared up", "last_day": until})
        if how == "no address":
            know(payer.haarlem, replace(TOWN_HALL, mails=()))
            Person.objects.update(email="")
        before = Sending.objects.count()
        refusal = refusal_of(REMIND, payer.ada if how == "not staff" else payer.ties, target.public_id)
        assert isinstance(refusal, {"not staff": Forbidden, "no address": Refused}.get(how, Blocked))
        assert Sending.objects.count() == before and not Reminder.objects.exists() and not letters()


def test_a_hold_ends_by_itself_and_can_be_released(payer: Cast, row: Invoice) -> None:
    with days_after_due(row, 7) as now:
        until = (now + timedelta(days=3)).date()
        for wrong in (
            {"last_day": (now - timedelta(days=1)).date()},
            {"last_day": (now + timedelta(days=400)).date()},
            {"note": ""},
        ):
            data = {"note": "They promised to pay", "last_day": until, **wrong}
            assert isinstance(refusal_of(HOLD, payer.ties, row.public_id, data), Invalid) and not Hold.objects.exists()
        run(HOLD, payer.ties, row.public_id, {"note": "They promised to pay", "last_day": until})
        assert list_obstacles([row.pk], now) == {row.pk: "On hold through 18 December 2026: They promised to pay."}
        page = sign_in("ties@agora.example").get(f"{PAGE}?show=left").content.decode()
        assert "They promised to pay" in page and row.number in page
    with days_after_due(row, 10) as now:
        assert row.pk in list_obstacles([row.pk], now)
    with days_after_due(row, 11) as now:
        assert not list_obstacles([row.pk], now)
        assert isinstance(refusal_of(RELEASE, payer.ties, row.public_id), Blocked)
    with days_after_due(row, 9) as now:
        undo = run(RELEASE, payer.ties, row.public_id).undo
        assert not list_obstacles([row.pk], now) and undo is not None
        run(undo.key, payer.ties, row.public_id, undo.data)
        assert row.pk in list_obstacles([row.pk], now)
        again = run(HOLD, payer.ties, row.public_id, {"note": "Another word", "last_day": until}).undo
        assert again is not None and again.data["note"] == "They promised to pay"


def test_a_call_counts_as_the_next_level_and_sends_nothing(payer: Cast, row: Invoice) -> None:
    assert isinstance(refusal_of(RECORD, payer.ties, row.public_id, {"way": "phone", "on": NOW.date()}), Blocked)
    with days_after_due(row, 2) as now:
        for wrong in ({"way": "mail"}, {"way": ""}, {"on": now.date() + timedelta(days=1)}, {"on": "2026-01-01"}):
            data = {"way": "phone", "on": now.date(), **wrong}
            assert isinstance(refusal_of(RECORD, payer.ties, row.public_id, data), Invalid)
        assert not Reminder.objects.exists()
        run(RECORD, payer.ties, row.public_id, {"way": "phone", "on": now.date(), "note": "They look for it"})
    assert not letters()
    with days_after_due(row, 8):
        refusal = refusal_of(REMIND, payer.ties, row.public_id)
        assert "Level 2 may go from" in refusal.sentence
    with days_after_due(row, 21) as now:
        assert "Reminder 2" in run(REMIND, payer.ties, row.public_id).sentence
        page = sign_in("ties@agora.example").get(f"/panel/invoices/{row.public_id}").content.decode()
        assert "They look for it" in page and "by phone" in page
    with days_after_due(row, 300) as now:
        run(RECORD, payer.ties, row.public_id, {"way": "letter", "on": now.date()})
        run(RECORD, payer.ties, row.public_id, {"way": "talk", "on": now.date()})
        assert sorted(Reminder.objects.values_list("level", flat=True), key=str) == [1, 2, 3, None]


def test_by_itself_only_where_that_is_set(payer: Cast, row: Invoice, settings: Any) -> None:
    other, held = issued(payer.ties, payer.haarlem), issued(payer.ties, payer.haarlem)
    with days_after_due(row, 7) as now:
        run(HOLD, payer.ties, held.public_id, {"note": "x", "last_day": now.date() + timedelta(days=9)})
        remind_by_itself(now)
        assert not Reminder.objects.exists()
        settings.BURSAR_REMINDERS = True
        for _ in range(3):
            remind_by_itself(now)
            carry_out()
    assert set(Reminder.objects.values_list("invoice", "level")) == {(row.pk, 1), (other.pk, 1)} and len(letters()) == 2
    with days_after_due(row, 21) as now:
        remind_by_itself(now)
    assert Reminder.objects.filter(level=2).count() == 3 - 1 and Reminder.objects.filter(invoice=held).count() == 1


def test_what_would_go_to_nobody_is_not_tried_and_takes_nobodys_place(
    payer: Cast, row: Invoice, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who may have it is found for all of them as for one: by the details, else by people with billing rights."""
    settings.BURSAR_REMINDERS = True
    monkeypatch.setattr(jobs, "REMINDED_A_MINUTE", 1)
    other, tried = issued(payer.ties, payer.haarlem), list[str]()
    monkeypatch.setattr(jobs, "run", lambda key, actor, target, *rest: tried.append(target))
    accounts = {payer.oost.pk, payer.haarlem.pk, payer.samen.pk}
    every = BillingDetails.objects.all()
    with days_after_due(row, 7) as now:
        for rows, gone in (
            (every.filter(account=payer.oost), {"mails": []}),
            (Person.objects.all(), {"email": ""}),
            (every, {"mails": []}),
        ):
            rows.update(**gone)
            found = {one.pk for one in BillingAccount.objects.filter(pk__in=accounts) if list_addresses(one, now)}
            assert list_reached(accounts, now) == found
            tried.clear()
            remind_by_itself(now)
            left = [one.public_id for one in (row, other) if one.account_id in found]
            assert tried == left[:1]


def test_the_search_finds_the_same_as_the_rule(payer: Cast, row: Invoice) -> None:
    for days in (0, 1, 6, 7, 8, 20, 21, 34, 35, 36, 80):
        with days_after_due(row, days) as now:
            is_due = list_due(now).filter(pk=row.pk).exists()
            assert is_due is not isinstance(_try(payer, row), Blocked), days


def _try(payer: Cast, row: Invoice) -> object:
    """What the door says; what it sent stays."""
    try:
        return run(REMIND, payer.ties, row.public_id)
    except Blocked as refusal:
        return refusal


def test_the_list_offers_them_and_says_why_others_are_left_out(payer: Cast, row: Invoice) -> None:
    client = sign_in("ties@agora.example")
    assert "Nobody is to be reminded today." in client.get(PAGE).content.decode()
    with days_after_due(row, 7) as now:
        page = client.get(PAGE).content.decode()
        assert row.number in page and "Level 1 of 3" in page and "no reminder goes by itself" in page
        data = {"invoice": [row.public_id], "to": "", "idempotency_key": "k-1"}
        assert client.post(reverse("actions:bulk", args=["invoice", "remind"]), data).status_code == 200
        assert Reminder.objects.count() == 1
        assert "Nobody is to be reminded today." in client.get(PAGE).content.decode()
        left = client.get(f"{PAGE}?show=left").content.decode()
        assert row.number in left and "Level 2 may go from 29 December 2026 on." in left
    assert client.get(f"{PAGE}?show=nonsense").status_code == client.get(f"{PAGE}?page=0").status_code == 400
    assert now


def test_the_list_takes_as_many_statements_for_many(payer: Cast, row: Invoice) -> None:
    client, counts = sign_in("ties@agora.example"), []
    with days_after_due(row, 7):
        client.get(PAGE)  # notes that the session lives
    for more in (1, 6):
        for _ in range(more):
            issued(payer.ties, payer.haarlem, e_invoice=True)
        with days_after_due(row, 7):
            took = []
            for tab in ("due", "left", "undelivered", "to_hand_in"):
                with CaptureQueriesContext(
                    connection,
                ) as seen:
                    assert client.get(f"{PAGE}?show={tab}").status_code == 200
                took.append(len(seen))
            counts.append(took)
    assert counts[0] == counts[1]


def test_only_staff_see_it(payer: Cast, row: Invoice) -> None:
    for address in (PAGE, f"/panel/invoices/{row.public_id}"):
        assert sign_in("maud@client.example").get(address).status_code in (302, 403, 404)
        assert sign_in("ada@agora.example").get(address).status_code == 200


def test_what_was_recorded_at_the_wrong_invoice_is_withdrawn(payer: Cast, row: Invoice) -> None:
    with days_after_due(row, 6) as now:
        called = {"way": "phone", "on": now.date().isoformat(), "note": "Called"}
        check_way_back(payer, RECORD, row.public_id, called, but=["InstallationFact"])
        again = run(RECORD, payer.ties, row.public_id, {"way": "phone", "on": now.date().isoformat()})
    with days_after_due(row, 7):
        assert again.undo is not None and Reminder.objects.count() == 1
        Reminder.objects.create(invoice=row, level=2, way="mail", on=clock.now().date(), at=clock.now(), open=row.open)
        late = refusal_of(again.undo.key, payer.ties, row.public_id, again.undo.data, undoes=again.line_id)
        assert late.status == 409 and Reminder.objects.count() == 2
