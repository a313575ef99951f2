"""Payment links, from the lever to the ledger: made once, known by their token, archived when they ask for too much."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from bursar.access.actor import Actor, system
from bursar.actions.run import preview, run
from bursar.billing.models import Invoice, LedgerEntry
from bursar.billing.obstacles import list_obstacles
from bursar.billing.store.ledger import get_credit
from bursar.core import clock
from bursar.core.errors import Blocked, Forbidden, Invalid, Refused
from bursar.core.ticks import TICKS
from bursar.payments.models import Call, Charge, Payment, PaymentLink
from bursar.payments.queries.drift import count_drift
from bursar.plans.models import PaidPeriod
from tests.billing.test_proposing import PUBLIC, seller
from tests.billing.test_settling import ISSUE, PAID
from tests.cast import NOW, Cast, bring_all, fact, prove, refusal_of, shown_by, sign_in
from tests.payments import ledger as rows
from tests.payments.buying import apply_all, set_details, snapshot
from tests.payments.counter import SOON, Counter
from tests.payments.till import HTTP

__all__ = ["seller"]
LINK, OF_ACCOUNT = "payments.invoice.issue_payment_link", "payments.account.issue_payment_link"
ARCHIVE, BOOKED = "payments.payment_link.archive", "payments.account.book_link_money"


@pytest.fixture
def issued(cast: Cast, counter: Counter, seller: Any) -> Invoice:
    """A year of Oost, which is managed."""
    counter.account = cast.oost
    set_details({cast.oost.pk: PUBLIC}, clock.now())
    data = {"with_seats": True, "cadence": "yearly", "first_day": clock.now().date().isoformat()}
    made = run(ISSUE, cast.ties, cast.oost.public_id, data, reason="agreed")
    return Invoice.objects.get(public_id=made.data["invoice"])


def book(counter: Counter) -> None:
    """The minute: what is new is applied, and the ledger follows."""
    apply_all()
    counter.wait(minutes=1)
    TICKS["payments.invoice"](clock.now())
    counter.work()


def link_for(counter: Counter, who: Actor, target: Any, **data: Any) -> PaymentLink:
    clock.set_fixed(clock.now() + SOON)
    key = LINK if isinstance(target, Invoice) else OF_ACCOUNT
    made = run(key, who, target.public_id, data).data["payment_link"]
    counter.work()
    return PaymentLink.objects.get(public_id=made)


def pay(counter: Counter, link: PaymentLink, outcome: str = "paid") -> Payment:
    """Whoever has the address opens it, and pays at Mollie's checkout."""
    opened = HTTP.get(link.url)
    assert opened.status_code == 303, opened.text
    checkout = opened.headers["Location"]
    HTTP.post(f"{counter.simulator.base}{checkout}", data={"method": "ideal", "outcome": outcome})
    counter.tell()
    return Payment.objects.latest("id")


def test_paid_it_settles_its_invoice_and_the_account_pays(cast: Cast, counter: Counter, issued: Invoice) -> None:
    link = link_for(counter, cast.ties, issued)
    assert (link.state, link.amount, link.invoice) == ("open", issued.gross, issued) and link.url
    assert link.expires_at == (clock.now() + timedelta(days=31)).replace(hour=0, minute=0, second=0, microsecond=0)
    assert "payment link until" in list_obstacles([issued.pk], clock.now())[issued.pk]
    paid = pay(counter, link)
    assert (paid.account, paid.link, paid.kind) == (cast.oost, link, "link")
    book(counter)
    issued.refresh_from_db()
    link.refresh_from_db()
    assert issued.open == 0 and issued.settled_at and link.state == "paid"
    charge = Charge.objects.get(account=cast.oost)
    assert (charge.kind, charge.state, charge.invoice, charge.gross) == ("link", "paid", issued, issued.gross)
    entry = LedgerEntry.objects.get()
    assert (entry.kind, entry.amount, entry.cause) == ("received", issued.gross, paid.public_id)
    assert fact(cast.oost).klass == "paying" and PaidPeriod.objects.filter(account=cast.oost).count() == 1
    assert (
        not list_obstacles([issued.pk], clock.now()) and Invoice.objects.count() == 1 and count_drift(clock.now()) == 0
    )
    prove()


def test_a_part_stays_open_and_the_next_link_is_for_the_rest(cast: Cast, counter: Counter, issued: Invoice) -> None:
    pay(counter, link_for(counter, cast.ties, issued, amount="100.00", description="First part"))
    book(counter)
    issued.refresh_from_db()
    assert issued.paid == 100 and issued.settled_at is None
    rest = link_for(counter, cast.ties, issued)
    assert rest.amount == issued.open == issued.gross - 100
    prove()


def test_settled_otherwise_it_is_archived_at_once(cast: Cast, counter: Counter, issued: Invoice) -> None:
    link = link_for(counter, cast.ties, issued)
    on = clock.now().date().isoformat()
    clock.set_fixed(clock.now() + SOON)
    run(PAID, cast.iris, issued.public_id, {"amount": "10.00", "on": on}, reason="x")
    link.refresh_from_db()
    assert link.state == "ended" and "meanwhile" in link.why_ended
    assert not counter.simulator.world.links[link.mollie_id].is_archived, "Mollie is told after commit"
    counter.work()
    assert counter.simulator.world.links[link.mollie_id].is_archived
    assert HTTP.get(link.url).status_code == 200, "a page that says it is closed"


def test_paid_all_the_same_it_is_credit(cast: Cast, counter: Counter, issued: Invoice) -> None:
    """Somebody had the checkout open while the bank's money was booked."""
    link = link_for(counter, cast.ties, issued)
    checkout = HTTP.get(link.url).headers["Location"]
    on = clock.now().date().isoformat()
    clock.set_fixed(clock.now() + SOON)
    run(PAID, cast.iris, issued.public_id, {"amount": str(issued.gross), "on": on}, reason="x")
    counter.work()
    HTTP.post(f"{counter.simulator.base}{checkout}", data={"method": "ideal", "outcome": "paid"})
    counter.tell()
    book(counter)
    issued.refresh_from_db()
    assert issued.paid == issued.gross and get_credit(cast.oost) == link.amount
    assert count_drift(clock.now()) == 0
    prove()


def test_two_who_pay_the_same_link_at_once(cast: Cast, counter: Counter, issued: Invoice) -> None:
    link = link_for(counter, cast.ties, issued)
    both = [HTTP.get(link.url).headers["Location"] for _ in range(2)]
    for checkout in both:
        HTTP.post(f"{counter.simulator.base}{checkout}", data={"method": "ideal", "outcome": "paid"})
        counter.tell()
    book(counter)
    issued.refresh_from_db()
    assert issued.open == 0 and get_credit(cast.oost) == link.amount
    assert Charge.objects.filter(account=cast.oost).count() == 1
    prove()


def test_what_fails_or_is_left_moves_nothing(cast: Cast, counter: Counter, issued: Invoice) -> None:
    link = link_for(counter, cast.ties, issued)
    failed = pay(counter, link, "failed")
    book(counter)
    link.refresh_from_db()
    assert failed.status == "failed" and link.state == "open"
    assert not Charge.objects.exists() and not LedgerEntry.objects.exists() and not failed.to_apply


def test_taken_back_the_invoice_is_open_again(cast: Cast, counter: Counter, issued: Invoice) -> None:
    paid = pay(counter, link_for(counter, cast.ties, issued))
    book(counter)
    HTTP.post(f"{counter.simulator.base}/change/{paid.mollie_id}", data={"outcome": "chargeback"})
    counter.tell()
    book(counter)
    issued.refresh_from_db()
    assert issued.open == issued.gross and fact(cast.oost).klass != "paying"
    prove()
    again = link_for(counter, cast.ties, issued)
    assert again.state == "open"


def test_without_an_invoice_the_money_stands_as_credit_and_goes_back_from_there(cast: Cast, counter: Counter) -> None:
    link = link_for(counter, cast.ties, cast.oost, amount="50.00", description="Deposit")
    paid = pay(counter, link)
    book(counter)
    assert get_credit(cast.oost) == 50 and not Invoice.objects.exists()
    assert LedgerEntry.objects.get().cause == paid.public_id
    HTTP.post(f"{counter.simulator.base}/change/{paid.mollie_id}", data={"outcome": "chargeback"})
    counter.tell()
    book(counter)
    assert get_credit(cast.oost) == 0 and LedgerEntry.objects.count() == 2
    assert count_drift(clock.now()) == 0
    prove()


def test_what_was_applied_and_is_charged_back_then_is_owed_until_it_is_paid_again(
    cast: Cast, counter: Counter, issued: Invoice
) -> None:
    paid = pay(counter, link_for(counter, cast.ties, cast.oost, amount="50.00", description="Deposit"))
    book(counter)
    run("billing.invoice.apply_credit", cast.ties, issued.public_id, {"amount": "50.00"}, reason="x")
    HTTP.post(f"{counter.simulator.base}/change/{paid.mollie_id}", data={"outcome": "chargeback"})
    counter.tell()
    book(counter)
    issued.refresh_from_db()
    assert (issued.paid, get_credit(cast.oost)) == (50, -50)
    page = sign_in("iris@agora.example").get(f"/panel/accounts/{cast.oost.public_id}").content.decode()
    assert "owed beside the invoices" in page and "50.00" in page
    assert link_for(counter, cast.ties, cast.oost, invoice="", amount="").amount == 50, "as much is proposed"
    prove()
    run("billing.invoice.reverse_payment", cast.ties, issued.public_id, {"amount": "50.00"}, reason="x")
    issued.refresh_from_db()
    assert (issued.paid, get_credit(cast.oost)) == (0, 0), "the credit that paid it is there no more: it is open again"
    prove()


def test_without_its_webhook_the_links_own_list_tells(cast: Cast, counter: Counter, issued: Invoice) -> None:
    """Nothing is heard, and what Mollie shows of the payment names another address than ours."""
    link = link_for(counter, cast.ties, issued)
    counter.is_deaf = True
    opened = HTTP.get(link.url).headers["Location"]
    HTTP.post(f"{counter.simulator.base}{opened}", data={"method": "ideal", "outcome": "paid"})
    for one in counter.simulator.world.payments.values():
        one.webhook_url = "https://elsewhere.example/hook"
    counter.simulator.tick()
    counter.wait(days=1, minutes=5)
    TICKS["payments.links"](clock.now())
    counter.work()
    paid = Payment.objects.get()
    assert (paid.link, paid.account, paid.kind, paid.status) == (link, cast.oost, "link", "paid")
    book(counter)
    issued.refresh_from_db()
    assert issued.open == 0


def test_the_hook_with_a_token_that_nobody_knows_learns_nothing(counter: Counter) -> None:
    form = "application/x-www-form-urlencoded"
    for token in ("x", "y" * 43, "z" * 500):
        answer = Client().post(f"/mollie/hook/{token}", "id=tr_abc123", form)
        assert (answer.status_code, answer.content) == (200, b"")
    assert not PaymentLink.objects.exists()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"amount": "99999.00"}, "is more"),
        ({"last_day": "2026-11-01"}, "today or later"),
        ({"last_day": "2027-11-01"}, "at most 180 days"),
        ({"amount": "0"}, "At least 0.01"),
    ],
)
def test_what_cannot_be_asked_for_is_refused(
    cast: Cast, counter: Counter, issued: Invoice, data: dict[str, str], words: str
) -> None:
    before = snapshot()
    refusal = refusal_of(LINK, cast.ties, issued.public_id, data)
    faults = " ".join(text for texts in getattr(refusal, "fields", {}).values() for text in texts)
    assert isinstance(refusal, Refused | Invalid) and words in f"{refusal.sentence} {faults}"
    assert snapshot() == before and not PaymentLink.objects.exists()


def test_one_at_a_time_and_whoever_asks_twice(cast: Cast, counter: Counter, issued: Invoice) -> None:
    """Double click, and two people."""
    first = [run(LINK, cast.ties, issued.public_id, {}, idempotency_key="once").data["payment_link"] for _ in "12"]
    assert first[0] == first[1] and PaymentLink.objects.count() == 1
    refusal = refusal_of(LINK, cast.iris, issued.public_id, {})
    assert isinstance(refusal, Blocked) and "is open until" in refusal.sentence
    assert isinstance(refusal_of(OF_ACCOUNT, cast.iris, cast.oost.public_id, {"invoice": issued.public_id}), Refused)
    assert isinstance(refusal_of(LINK, cast.ada, issued.public_id, {}), Forbidden)
    counter.work()
    assert len(counter.simulator.world.links) == 1 == Call.objects.filter(op="link.create").count()
    link = PaymentLink.objects.get()
    run(ARCHIVE, cast.ties, link.public_id, {}, reason="wrong amount")
    counter.work()
    assert "archived: By hand." in refusal_of(ARCHIVE, cast.ties, link.public_id, {}, reason="x").sentence
    assert link_for(counter, cast.iris, issued, amount="20.00").state == "open"


@pytest.mark.parametrize(("fault", "later"), [("lost", {"minutes": 5}), ("lost", {"hours": 2}), ("down", {"hours": 2})])
def test_killed_between_commit_and_the_call_or_after_it_one_link_is_made(
    cast: Cast, counter: Counter, issued: Invoice, fault: str, later: dict[str, int]
) -> None:
    """Later than an hour Mollie knows our key no more: its list is looked through for the address that we gave."""
    run(LINK, cast.ties, issued.public_id, {})
    assert PaymentLink.objects.get().state == "making" and not counter.simulator.world.links
    counter.fault(fault, 1)
    counter.work()
    counter.sweep(**later)
    link = PaymentLink.objects.get()
    assert link.state == "open" and len(counter.simulator.world.links) == 1


def test_archived_before_mollie_was_told_it_is_never_made(cast: Cast, counter: Counter, issued: Invoice) -> None:
    made = run(LINK, cast.ties, issued.public_id, {}).data["payment_link"]
    clock.set_fixed(clock.now() + SOON)
    run(ARCHIVE, cast.ties, made, {}, reason="x")
    counter.work()
    assert not counter.simulator.world.links and PaymentLink.objects.get().state == "ended"
    assert {call.state for call in Call.objects.all()} == {"done"}


def test_refused_by_mollie_it_says_so_and_another_can_be_made(cast: Cast, counter: Counter, issued: Invoice) -> None:
    run(LINK, cast.ties, issued.public_id, {"last_day": clock.now().date().isoformat()})
    counter.wait(days=1)  # nobody could pay by it any more
    assert PaymentLink.objects.get().state == "refused"
    assert link_for(counter, cast.ties, issued).state == "open"


def test_it_stands_on_the_pages(cast: Cast, counter: Counter, issued: Invoice) -> None:
    told = preview(OF_ACCOUNT, cast.ties, cast.oost.public_id, {"invoice": issued.public_id})
    assert f"for {issued.number}" in told.sentence and not PaymentLink.objects.exists()
    browser = sign_in("ties@agora.example")
    page = f"/panel/accounts/{cast.oost.public_id}"
    assert "Payment links" not in browser.get(page).content.decode()
    run(LINK, cast.ties, issued.public_id, {})
    assert "being made" in browser.get(page).content.decode().lower()
    counter.work()
    link = PaymentLink.objects.get()
    shown = browser.get(page).content.decode()
    assert link.url in shown and "Open until" in shown and 'hx-trigger="every 2s"' not in shown
    with clock.frozen(clock.now() + timedelta(days=40)):
        assert "Expired" in browser.get(page).content.decode()
    assert Client().get("/pay/thanks").status_code == 200
    bring_all({"kind": "organisation_member", "organisation": "oost", "person": "ali", "role": "billing", "from": NOW})
    asked = rows.charge(cast.oost, None, kind="link", state="open")
    waiting = shown_by(sign_in("ali@client.example").get(f"/pay/{asked.public_id}"))
    assert "the link that you were sent can be opened again" in waiting and "you can go on" not in waiting
    assert link.amount == issued.gross


def test_the_books_of_a_link_are_a_jobs_alone(cast: Cast, counter: Counter, issued: Invoice) -> None:
    """Nobody books them by hand, and booked once there is nothing new."""
    pay(counter, link_for(counter, cast.ties, cast.oost, amount="50.00", invoice=""))
    book(counter)
    charge = Charge.objects.get()
    data = {"charge": charge.public_id}
    assert isinstance(refusal_of(BOOKED, cast.iris, cast.oost.public_id, data), Forbidden)
    refusal = refusal_of(BOOKED, system("test"), cast.oost.public_id, data)
    assert isinstance(refusal, Refused) and "says what Mollie does" in refusal.sentence
    assert LedgerEntry.objects.count() == 1
