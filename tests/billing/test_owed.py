"""What an account owes beside its invoices: seen at every door, paid, given up, asked for again; and taken back."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse

from bursar.actions.run import run
from bursar.billing import banking
from bursar.billing.models import AccountCredit, BankLine, LedgerEntry
from bursar.billing.rules import ledger
from bursar.billing.rules.references import make_reference, say_reference
from bursar.billing.store import ledger as books
from bursar.billing.store.ledger import Cause, get_credit
from bursar.billing.verify import list_faults
from bursar.core import clock
from bursar.core.errors import Blocked, Forbidden, Refused
from bursar.tenants.models import BillingAccount
from tests.attention.test_page import api
from tests.billing.bank.writing import entry
from tests.billing.bank_desk import CONFIRM, UNDO, arrive
from tests.billing.test_proposing import seller
from tests.cast import NOW, Cast, body_of, prove, refusal_of, shown_by, sign_in
from tests.payments.test_refunds import finance
from tests.taken_back import check_way_back

__all__ = ["seller"]
PAID, OFF, AGAIN = (f"billing.account.{verb}" for verb in ("mark_owed_paid", "write_off_owed", "ask_owed_again"))
TODAY = NOW.date().isoformat()
OWED = Decimal("50.00")


def overdraw(account: BillingAccount, amount: Decimal = OWED) -> None:
    """Mollie refunded it, and the payer's bank took it back as well."""
    books.book(account, {}, ledger.overdraw(amount), Cause(NOW.date()), NOW)


@pytest.fixture
def oost(cast: Cast) -> BillingAccount:
    overdraw(cast.oost)
    return cast.oost


def stands(account: BillingAccount) -> tuple[Decimal, Decimal]:
    """Its credit, and what was given up."""
    row = AccountCredit.objects.get(account=account)
    return row.amount, row.given_up


def do(cast: Cast, key: str, account: BillingAccount, after: int = 1, **data: Any) -> Any:
    with clock.frozen(NOW + timedelta(minutes=after)):
        return run(key, cast.iris, account.public_id, data, reason="agreed")


def refused(cast: Cast, key: str, account: BillingAccount, **data: Any) -> Any:
    before = [list(table.objects.order_by("pk").values()) for table in (LedgerEntry, AccountCredit)]
    refusal = refusal_of(key, data.pop("by", cast.iris), account.public_id, data, reason="x")
    assert before == [list(table.objects.order_by("pk").values()) for table in (LedgerEntry, AccountCredit)]
    return refusal


def test_given_up_it_is_owed_no_more_and_may_be_asked_for_again(cast: Cast, oost: BillingAccount) -> None:
    assert isinstance(refused(cast, AGAIN, oost), Blocked)
    done = do(cast, OFF, oost)
    assert done.data == {"written_off": "50.00", "credit": "0.00"} and stands(oost) == (0, 50)
    assert isinstance(refused(cast, OFF, oost), Blocked) and isinstance(refused(cast, PAID, oost, on=TODAY), Blocked)
    assert isinstance(refused(cast, AGAIN, oost, amount="50.01"), Refused)
    do(cast, AGAIN, oost, 2, amount="20.00")
    assert stands(oost) == (-20, 30)
    do(cast, AGAIN, oost, 3, amount="30.00")
    assert stands(oost) == (-50, 0)
    prove()


def test_only_who_may_give_up_money_does(cast: Cast, oost: BillingAccount) -> None:
    assert isinstance(refused(cast, OFF, oost, by=cast.noor), Forbidden)
    assert isinstance(refused(cast, OFF, cast.haarlem), Blocked)


def test_giving_up_is_taken_back_and_not_once_something_moved(cast: Cast, oost: BillingAccount) -> None:
    check_way_back(cast, OFF, oost.public_id, {}, but=["LedgerEntry has"])
    assert stands(oost) == (-50, 0)
    done = run(OFF, cast.iris, oost.public_id, {}, reason="hopeless")
    books.book(oost, {}, ledger.receive(Decimal(5), []), Cause(NOW.date()), clock.now())
    assert done.undo is not None
    late = refusal_of(done.undo.key, cast.iris, oost.public_id, done.undo.data, reason="x", undoes=done.line_id)
    assert late.status == 409 and stands(oost) == (5, 50)


def test_money_by_bank_is_booked_in_part_and_taken_off_again(cast: Cast, oost: BillingAccount) -> None:
    assert isinstance(refused(cast, PAID, oost, amount="50.01", on=TODAY), Refused)
    assert "on" in refused(cast, PAID, oost, amount="1", on="2026-11-30").fields
    done = do(cast, PAID, oost, amount="30.00", on=TODAY, reference="their words")
    assert done.data == {"received": "30.00", "credit": "-20.00"}
    assert LedgerEntry.objects.get(kind="received").reference == "their words"
    check_way_back(cast, PAID, oost.public_id, {"on": TODAY}, but=["LedgerEntry has"])
    assert stands(oost) == (-20, 0)
    do(cast, PAID, oost, 300, on=TODAY)
    assert stands(oost) == (0, 0), "empty is all that is owed"
    prove()


def test_limits_count_what_is_owed_with_what_invoices_ask_for(cast: Cast, oost: BillingAccount, settings: Any) -> None:
    settings.BURSAR_WRITE_OFF_LIMIT = settings.BURSAR_MARK_PAID_LIMIT = Decimal(60)
    fien = finance("fien")
    assert not do(cast, PAID, oost, amount="50.00", on=TODAY).waits
    overdraw(oost, Decimal(40))
    waits = do(cast, PAID, oost, 2, amount="40.00", on=TODAY)
    assert waits.waits and "90.00 of this account are marked as paid" in waits.sentence and stands(oost) == (-40, 0)
    assert not do(cast, OFF, oost, 3).waits and stands(oost) == (0, 40)
    overdraw(oost, Decimal(30))
    waits = do(cast, OFF, oost, 4)
    assert waits.waits and "70.00 of this account are given up" in waits.sentence and stands(oost) == (-30, 40)
    run("approvals.approval.approve", fien, waits.data["approval"], {}, reason="it is gone")
    assert stands(oost) == (0, 70)
    prove()


def test_a_bank_line_with_its_reference_is_suggested_confirmed_and_turned_round(
    cast: Cast, oost: BillingAccount
) -> None:
    reference = make_reference(oost.public_id)
    by_field, by_text = arrive(
        cast.iris, entry("20.00", references=(reference,)), entry("30.00", f"sorry {say_reference(reference)}")
    )
    for line in (by_field, by_text):
        [found] = line.suggestions.all()
        assert line.state == "waiting" and "owes beside its invoices" in found.reason
        run(CONFIRM, cast.iris, line.public_id, {}, reason="")
    assert stands(oost) == (0, 0)
    run(UNDO, cast.iris, by_text.public_id, {}, reason="wrong")
    assert stands(oost) == (-30, 0)
    prove()
    do(cast, PAID, oost, 60, on=TODAY)
    with clock.frozen(NOW + timedelta(hours=2)):
        banking.look(clock.now())
    assert not BankLine.objects.get(pk=by_text.pk).suggestions.exists(), "nothing is owed any more"


def test_every_page_says_it(cast: Cast, seller: Any) -> None:
    overdraw(cast.haarlem)
    reference = say_reference(make_reference(cast.haarlem.public_id))
    panel = f"/panel/accounts/{cast.haarlem.public_id}"
    own = reverse("dashboard:account", args=[cast.haarlem.public_id])
    staff, theirs = (
        shown_by(sign_in("iris@agora.example").get(panel)),
        shown_by(sign_in("maud@client.example").get(own)),
    )
    for page in (staff, theirs):
        assert "50.00" in page and reference in page
    assert "Mark what is owed as paid" in staff and "Write off what is owed" in staff
    assert "NL91 ABNA 0417 1643 00" in theirs and "More came back to you than you had paid" in theirs
    assert "Write off what is owed" not in shown_by(sign_in("ada@agora.example").get(panel))
    do(cast, OFF, cast.haarlem)
    staff, theirs = (
        shown_by(sign_in("iris@agora.example").get(panel)),
        shown_by(sign_in("maud@client.example").get(own)),
    )
    assert "are written off" in staff
    assert reference not in theirs and "written off" not in theirs, "that is between colleagues"


def test_page_file_and_programs_say_the_same(cast: Cast, oost: BillingAccount) -> None:
    books.book(cast.haarlem, {}, ledger.receive(Decimal("12.34"), []), Cause(NOW.date()), NOW)
    overdraw(cast.samen, Decimal(7))
    do(cast, OFF, cast.samen)
    iris = sign_in("iris@agora.example")
    page = shown_by(iris.get("/panel/invoices/balances/"))
    assert "Credit of all accounts: <b>€ 12.34</b>" in page and "owed beside invoices: <b>€ 50.00</b>" in page
    told = iris.get("/api/v1/balances").json()
    assert (told["count"], told["credit_eur"], told["owed_eur"]) == (2, "12.34", "50.00")
    assert [(one["account"], one["credit_eur"]) for one in told["balances"]] == [
        (oost.public_id, "-50.00"), (cast.haarlem.public_id, "12.34"),
    ]  # fmt: skip
    file = iris.get(iris.post("/panel/invoices/balances/export", {})["Location"])
    asked = run("billing.company.export_balances", cast.ada, "company", {"side": "owed"}).data
    assert asked["rows"] == 1, "whoever reads the panel may take it along"
    rows = list(csv.DictReader(io.StringIO(body_of(file).decode())))
    assert [(row["account_id"], row["credit_eur"]) for row in rows] == [
        (one["account"], one["credit_eur"]) for one in told["balances"]
    ]
    assert sum(Decimal(row["credit_eur"]) for row in rows) == sum(map(get_credit, (oost, cast.haarlem, cast.samen)))
    for side, account in (("owed", oost), ("credit", cast.haarlem)):
        [only] = iris.get(f"/api/v1/balances?side={side}").json()["balances"]
        assert only["account"] == account.public_id
        page = shown_by(iris.get(f"/panel/invoices/balances/?side={side}"))
        assert account.public_id in page and page.count('class="kebab"') == 1
    assert iris.get("/panel/invoices/balances/?side=both").status_code == 400
    prove()


def test_who_owes_needs_a_human_until_it_is_paid_or_given_up(cast: Cast, oost: BillingAccount) -> None:
    [row] = api("")["accounts"]
    assert (row["reason"], row["account"]) == ("owes_beside", str(oost))
    do(cast, OFF, oost)
    assert api("")["accounts"] == []


def test_verify_finds_a_sum_that_its_entries_do_not_come_to(oost: BillingAccount) -> None:
    assert not list(list_faults())
    AccountCredit.objects.filter(account=oost).update(given_up=1)
    assert list(list_faults()) == [f"{oost.public_id}: the given up says 1.00, its entries come to 0"]


def test_the_rule_takes_up_what_was_given_up_where_its_own_money_comes() -> None:
    entries = ledger.make_up(Decimal(30), Decimal(10))
    assert ledger.change_of_owed(entries) == -10 and ledger.change_of_given_up(entries) == -20
    assert ledger.change_of_credit(entries) == 10
