"""Which accounts need a human, why, in which order; and what a snooze remembers."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from bursar.actions.run import run
from bursar.attention.filters import Ask
from bursar.attention.models import Triage
from bursar.attention.queries import Lists
from bursar.attention.reasons import ACCOUNT_REASONS, REASONS
from bursar.billing.rules import ledger
from bursar.billing.store import documents
from bursar.billing.store import ledger as books
from bursar.billing.store.documents import Issue
from bursar.billing.store.ledger import Cause
from bursar.core import clock
from bursar.payments.models import Charge, Mandate, MollieCustomer, Payment, Subscription
from bursar.plans.ends import EndKind, foresee
from bursar.plans.queries import load_account, load_catalogue
from bursar.rollup.models import AccountMonth
from bursar.tenants.models import BillingAccount, Organisation
from tests.attention.test_page import api
from tests.billing.documents import samples
from tests.cast import NOW, Cast, bring_all, organisation, person, prove, seat, sign_in, workspace

DAY = timedelta(days=1)
OLD = NOW - 100 * DAY
SNOOZE = "attention.account.snooze"


def account(ref: str, tier: str = "changemaker", **payment: Any) -> BillingAccount:
    """An organisation with one workspace and one admin; `payment`: its terms, self-serve without any status if empty."""
    bring_all(
        *organisation(ref, ref.capitalize(), OLD),
        *workspace(ref, ref, f"Space {ref}", OLD),
        *person(ref, f"Admin of {ref}"),
        seat(ref, ref, "admin", OLD),
        {"kind": "tier", "workspace": ref, "tier": tier, "from": OLD},
        *([terms(ref, OLD, **payment)] if payment else []),
    )
    return Organisation.objects.get(external_id=ref).accounts.get()


def terms(ref: str, since: datetime, **more: Any) -> dict[str, Any]:
    found = {"kind": "payment", "account": {"organisation": ref}, "mode": "self_serve", "cadence": "yearly"}
    return {**found, "from": since, **more}


def discount(ref: str, percent: int, kind: str = "scholarship", days: int | None = None, **more: Any) -> dict[str, Any]:
    last = {} if days is None else {"end_date": (NOW + days * DAY).date().isoformat()}
    line = {"kind": "discount", "account": {"organisation": ref}, "type": kind, "percent": percent, "from": OLD}
    return {**line, **last, **more}


def grant(ref: str, days: int, tier: str = "guardian", kind: str = "approval") -> dict[str, Any]:
    line = {"kind": "grant", "workspace": ref, "tier": tier, "type": kind}
    return {**line, "from": NOW - 5 * DAY, "until": NOW + days * DAY}


def reasons(query: str = "") -> dict[str, str]:
    """Account → all its reasons, in the order of the list."""
    rows = api(query)["accounts"]
    return {row["account"]: " ".join([row["reason"], row["further_reasons"]]).strip() for row in rows}


def subscribe(account: BillingAccount, **mandate: Any) -> Subscription:
    """As Mollie would have it: it charges by this mandate in a month."""
    asked = {"mode": "test", "learned_at": NOW, "created_at": OLD}
    ref = account.organisation.external_id
    customer = MollieCustomer.objects.create(account=account, mollie_id=f"cst_{ref}", mode="test", learned_at=NOW)
    made = Mandate.objects.create(
        customer=customer, mollie_id=f"mdt_{ref}", method="creditcard", **{"status": "valid", **mandate}, **asked
    )
    return Subscription.objects.create(
        account=account, customer=customer, mollie_id=f"sub_{ref}", mollie_mandate_id=made.mollie_id, is_meant=True,
        status="active", amount=1, wanted=1, interval="1 month", start_date=NOW.date(), cadence="monthly",
        next_date=(NOW + 30 * DAY).date(), **asked,
    )  # fmt: skip


def bring_one_of_each() -> None:
    subscribe(account("mandate", status="active"), card_expires=(NOW + 7 * DAY).date())
    subscribe(account("nothing", status="active"))
    bring_all(*workspace("nothing", "nothing", "Space nothing", OLD, deleted_at=NOW - 2 * DAY))
    account("trial", "free")
    bring_all(grant("trial", 2, "changemaker", "reverse_trial"))
    account("discount", status="active")
    bring_all(discount("discount", 50, days=10))
    account("tier", status="cancelled", paid_until=NOW + 2 * DAY)
    account("nobody")
    account("invoice", mode="managed")
    paid = {"kind": "paid", "external_id": "i-1", "account": {"organisation": "invoice"}, "source": "managed"}
    bring_all({**paid, "from": OLD, "until": NOW - 5 * DAY, "booked_at": OLD, "net": "1", "gross": "1"})
    invoiced = Organisation.objects.get(external_id="invoice").accounts.get()
    documents.issue(invoiced, replace(samples.invoice(), issued_on=NOW.date()), Issue(counts=True), lambda: NOW)
    account("renewal", mode="managed")
    renews = {**paid, "external_id": "i-2", "account": {"organisation": "renewal"}}
    bring_all({**renews, "from": OLD, "until": NOW + 10 * DAY, "booked_at": OLD, "net": "1", "gross": "1"})
    account("payment", status="past_due", past_due_since=NOW - 4 * DAY)
    books.book(account("owes", "free"), {}, ledger.overdraw(Decimal(5)), Cause(NOW.date()), NOW - DAY)


def test_the_order_of_the_reasons(cast: Cast) -> None:
    bring_one_of_each()
    assert reasons() == {
        "Payment": "payment_failed",
        "Invoice": "invoice_overdue",
        "Owes": "owes_beside",
        "Nothing": "charged_for_nothing",
        "Nobody": "nobody_pays",
        "Renewal": "renewal_not_invoiced",
        "Mandate": "mandate_ending",
        "Tier": "tier_ending",
        "Discount": "discount_ending",
        "Trial": "trial_ending",
    }
    assert list(reasons().values()) == [reason.key for reason in ACCOUNT_REASONS]
    ends = {row["account"]: row["last_day"] for row in api("")["accounts"]}
    assert ends["Mandate"] == (NOW + 7 * DAY).date().isoformat()
    for reason in ACCOUNT_REASONS:
        assert list(reasons(f"reason={reason.key}").values()) == [reason.key]
    prove()


def test_only_reasons_that_show_a_sign_are_asked_and_each_with_rows_shows_one(cast: Cast) -> None:
    def signs() -> set[str]:
        found = Lists(Ask(), clock.now(), None)
        return {reason.key for reason in ACCOUNT_REASONS if found.may_have(reason)}

    assert signs() == set() and reasons() == {}
    bring_one_of_each()
    assert signs() == {reason.key for reason in ACCOUNT_REASONS} == set(reasons().values())


def test_what_is_charged_for_nothing_is_seen_where_the_figures_cannot_be_computed(cast: Cast) -> None:
    empty = account("nothing", status="active")
    subscribe(empty)
    bring_all(*workspace("nothing", "nothing", "Space nothing", OLD, deleted_at=NOW - 2 * DAY))
    subscribe(account("full", status="active"))
    for workspaces in (1, 0):
        AccountMonth.objects.update(fault="It broke.", workspaces=workspaces)
        assert reasons() == {"Nothing": "charged_for_nothing"}


def test_a_mandate_that_is_no_longer_valid_ends_too(cast: Cast) -> None:
    subscribe(account("invalid", status="active"), status="invalid")
    assert reasons() == {"Invalid": "mandate_ending"}
    subscribe(account("fine", status="active"), card_expires=(NOW + 31 * DAY).date())
    assert reasons() == {"Invalid": "mandate_ending"}
    Subscription.objects.update(end_asked_at=NOW)
    assert reasons() == {}


def test_a_failed_payment_says_how_often_and_why(cast: Cast) -> None:
    debtor = account("debtor", status="past_due", past_due_since=NOW - 4 * DAY)
    charge = Charge.objects.create(
        account=debtor, kind="renewal", state="failed", made_at=NOW - 4 * DAY, net=100, vat=21, gross=121, tries=2
    )
    for days, reason in ((4, "AC04"), (1, "insufficient_funds")):
        Payment.objects.create(
            account=debtor, charge=charge, mollie_id=f"tr_{days}", kind="renewal", mode="test", amount=121,
            status="failed", method="creditcard", reason=reason, at=NOW - days * DAY, learned_at=NOW, to_apply=False,
        )  # fmt: skip
    (row,) = api("")["accounts"]
    assert row["payment_failure"] == "failed 2 times, last: not enough money behind the card"
    page = sign_in("iris@agora.example").get("/panel/at-risk/").content.decode()
    assert "failed 2 times, last: not enough money behind the card" in page
    Payment.objects.filter(reason="insufficient_funds").update(status="paid", charged_back=121)
    assert api("")["accounts"][0]["payment_failure"] == "taken back by the payer's bank"


def test_an_account_stands_once_and_says_all_its_reasons(cast: Cast) -> None:
    account("both", status="past_due", past_due_since=NOW - 4 * DAY)
    bring_all(discount("both", 50, days=10))
    assert reasons() == {"Both": "payment_failed discount_ending"}
    assert reasons("reason=discount_ending") == {"Both": "payment_failed discount_ending"}
    page = sign_in("iris@agora.example").get("/panel/at-risk/").content.decode()
    assert "payment failed" in page and "discount ending" in page


@pytest.mark.parametrize(
    ("lines", "is_listed"),
    [
        ([], True),
        ([discount("acme", 100, "trial", days=-3)], True),
        ([discount("acme", 100, "trial", days=3)], False),
        ([discount("acme", 50)], True),
        ([discount("acme", 100)], False),
        ([discount("acme", 100, workspace="acme", account=None)], False),
        ([grant("acme", 9)], False),
        ([grant("acme", -1)], True),
        ([terms("acme", NOW - DAY, lapses_at=NOW + 9 * DAY)], False),
        ([terms("acme", NOW - DAY, status="pending")], False),
        ([terms("acme", NOW - DAY, status="active")], False),
        ([terms("acme", NOW - DAY, mode="managed")], False),
        ([terms("acme", NOW - 9 * DAY, status="cancelled", paid_until=NOW - DAY)], False),
        ([terms("acme", NOW - 9 * DAY, status="cancelled", paid_until=NOW - 3 * DAY),
          {"kind": "tier", "workspace": "acme", "tier": "guardian", "from": NOW - DAY}], True),
        ([{"kind": "tier", "workspace": "acme", "tier": "pilot", "from": NOW - DAY}], False),
    ],
)  # fmt: skip
def test_nobody_pays(cast: Cast, lines: list[dict[str, Any]], is_listed: bool) -> None:
    account("acme")
    bring_all(*[{name: value for name, value in line.items() if value is not None} for line in lines])
    assert ("nobody_pays" in reasons().get("Acme", "")) is is_listed
    prove()


def test_nobody_pays_since_what_ended_last(cast: Cast) -> None:
    account("acme")
    bring_all(discount("acme", 100, "trial", days=-3))
    (row,) = api("reason=nobody_pays")["accounts"]
    assert row["since"] == "2026-11-22T00:00:00+00:00"


@pytest.mark.parametrize(
    ("lines", "ends_at"),
    [
        ([terms("acme", NOW - DAY, lapses_at=NOW + 2 * DAY)], NOW + 2 * DAY),
        ([terms("acme", NOW - DAY, lapses_at=NOW + 4 * DAY)], None),
        ([grant("acme", 2)], NOW + 2 * DAY),
        ([grant("acme", 4)], None),
        ([grant("acme", 2), terms("acme", NOW - DAY, lapses_at=NOW + DAY)], NOW + 2 * DAY),
        ([grant("acme", 2, "changemaker")], None),
        ([grant("acme", 2, "guardian", "reverse_trial")], None),
    ],
)
def test_tier_ending_agrees_with_what_people_are_told(
    cast: Cast, lines: list[dict[str, Any]], ends_at: datetime | None
) -> None:
    made = account("acme")
    bring_all(*lines)
    rows = {row["account"]: row for row in api("reason=tier_ending")["accounts"]}
    assert (rows["Acme"]["ends_at"] if "Acme" in rows else None) == (ends_at.isoformat() if ends_at else None)
    if ends_at:
        kinds = (EndKind.GRANT, EndKind.PLAN)
        state = load_account(made.pk)
        assert any(foresee(kind, state, load_catalogue(), ends_at, NOW) for kind in kinds)


@pytest.mark.parametrize(
    ("lines", "is_listed"),
    [
        ([discount("acme", 50, days=13)], True),
        ([discount("acme", 50, days=14)], False),
        ([discount("acme", 0, days=9, workspace="acme", account=None), discount("acme", 50)], False),
        ([discount("acme", 50, days=9, workspace="acme", account=None)], True),
        ([discount("acme", 50, days=9, workspace="acme", account=None), discount("acme", 50)], False),
        ([discount("acme", 50, days=9), discount("acme", 20, workspace="acme", account=None)], False),
        ([discount("acme", 50, days=9), {"kind": "tier", "workspace": "acme", "tier": "free", "from": NOW - DAY}], False),
    ],
)  # fmt: skip
def test_discount_ending_agrees_with_what_people_are_told(
    cast: Cast, lines: list[dict[str, Any]], is_listed: bool
) -> None:
    made = account("acme", status="active")
    bring_all(*[{name: value for name, value in line.items() if value is not None} for line in lines])
    assert ("discount_ending" in reasons().get("Acme", "")) is is_listed
    last_day = next(line["end_date"] for line in lines if "end_date" in line)
    end = datetime.fromisoformat(f"{last_day}T00:00:00+00:00") + DAY
    told = foresee(EndKind.DISCOUNT, load_account(made.pk), load_catalogue(), end, NOW)
    is_dearer = told is not None and told.prices is not None and told.prices[1] > told.prices[0]
    assert is_listed is (is_dearer and end <= NOW + 14 * DAY)


def test_the_last_day_stands_on_the_row_and_in_the_file(cast: Cast) -> None:
    account("acme", status="active")
    bring_all(discount("acme", 50, days=10))
    (row,) = api()["accounts"]
    assert (row["ends_at"], row["last_day"]) == ("2026-12-05T00:00:00+00:00", "2026-12-04")
    page = sign_in("iris@agora.example").get("/panel/at-risk/").content.decode()
    assert "ends 4 December 2026" in page and "5 December" not in page


def test_a_snooze_remembers_the_reason(cast: Cast) -> None:
    made = account("acme", status="active")
    bring_all(discount("acme", 50, days=10))
    run(SNOOZE, cast.ties, made.public_id, {})
    assert Triage.objects.get().snoozed_reason == "discount_ending"
    assert reasons() == {} and list(reasons("tab=snoozed")) == ["Acme"]
    bring_all(terms("acme", NOW - 9 * DAY, status="cancelled", paid_until=NOW + 2 * DAY))
    assert reasons() == {"Acme": "tier_ending discount_ending"}, "a worse reason ends the snooze"


def test_a_snooze_for_a_reason_that_is_no_more_hides_nothing(cast: Cast) -> None:
    made = account("acme")
    run(SNOOZE, cast.ties, made.public_id, {})
    assert reasons() == {}
    Triage.objects.update(snoozed_reason="gone")
    assert list(reasons()) == ["Acme"]


def test_snoozes_of_the_release_before_keep_their_meaning(cast: Cast) -> None:
    """The stored ranks become reasons; and the release before can still write its column."""
    before, after = [("attention", "0002_shipped_templates")], [("attention", "0004_templates_of_ends")]
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        MigrationExecutor(connection).migrate(before)
        insert = "INSERT INTO attention_triage ({}_id, snoozed_rank, snoozed_at, outcome, outreach_subject) VALUES (%s, %s, %s, '', '')"
        pairs = [("account", cast.haarlem.pk, 3), ("account", cast.samen.pk, 1), ("account", cast.oost.pk, 0)]
        pairs += [("workspace", cast.panel.pk, 2), ("workspace", cast.lab.pk, 4)]
        for slug, key, rank in pairs:
            cursor.execute(insert.format(slug), [key, rank, NOW])
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        MigrationExecutor(connection).migrate(after)
        columns = ("account_id", "workspace_id", "snoozed_reason")  # those that there were then
        found = {(account, workspace): why for account, workspace, why in Triage.objects.values_list(*columns)}
        assert found == {
            (cast.haarlem.pk, None): "trial_ending",
            (cast.samen.pk, None): "payment_failed",
            (cast.oost.pk, None): "",
            (None, cast.panel.pk): "at_cap",
            (None, cast.lab.pk): "recently_downgraded",
        }
        cursor.execute(insert.format("workspace"), [cast.noord.pk, 2, NOW])
    call_command("makemigrations", "--check", "--dry-run", "attention", verbosity=0)


def test_the_lists_take_as_many_statements_for_many_accounts(cast: Cast, django_assert_max_num_queries: Any) -> None:
    from django.test.utils import CaptureQueriesContext

    page = sign_in("iris@agora.example")

    def count() -> int:
        with CaptureQueriesContext(connection) as found:
            assert page.get("/panel/at-risk/").status_code == 200
        return len(found)

    account("first")
    count()
    one = count()
    bring_one_of_each()
    page.get("/panel/at-risk/")
    assert count() == one


def test_every_reason_has_words_for_people(cast: Cast) -> None:
    assert all(reason.label and reason.order and "sender" in reason.fills for reason in REASONS.values())
    with clock.frozen(NOW):
        bring_one_of_each()
        rows = api()["accounts"]
    assert all(row["since"] or row["ends_at"] for row in rows)
