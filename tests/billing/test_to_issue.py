"""To issue: who stands there and why, what its levers do, and that the same days and seats are asked for once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bursar.actions import bulk
from bursar.actions.run import preview, run
from bursar.actions.spec import Case
from bursar.billing.actions.standing import standing_of
from bursar.billing.models import Draft, Invoice
from bursar.billing.queries.to_issue import list_asked
from bursar.billing.rules.to_issue import Why, list_due
from bursar.billing.seller import seller_day
from bursar.billing.store import set_details
from bursar.billing.to_issue import SOURCES, ToIssue, get_ahead, list_to_issue
from bursar.core import clock
from bursar.core.errors import Blocked, Invalid, Refused
from bursar.plans.added import DAYS_OF, calc_part
from bursar.rollup.models import AccountMonth
from bursar.rollup.refresh import refresh
from bursar.tenants.models import BillingAccount, Organisation
from tests.billing.test_proposing import PUBLIC, seller
from tests.cast import NOW, Cast, bring_all, fact, organisation, person, prove, refusal_of, seat, sign_in, workspace

__all__ = ["seller"]
ISSUE, SEATS = "billing.account.issue_invoice", "billing.account.invoice_extra_seats"
ISSUE_DUE, DRAFT_DUE = "billing.account.issue_due", "billing.account.draft_due"
OLD = NOW - timedelta(days=100)
DAY = timedelta(days=1)


@pytest.fixture
def payer(cast: Cast, seller: Any) -> Cast:
    """Oost, a managed account whose details are known; nothing of its plan was ever invoiced."""
    set_details({cast.oost.pk: PUBLIC}, NOW)
    return cast


def account(ref: str, tier: str = "changemaker", people: int = 1, **payment: Any) -> BillingAccount:
    names = [f"{ref}-{place}" for place in range(people)]
    terms = {"kind": "payment", "account": {"organisation": ref}, "mode": "managed", "from": OLD, **payment}
    bring_all(
        *organisation(ref, ref.capitalize(), OLD), *workspace(ref, ref, f"Space {ref}", OLD), terms,
        *[line for name in names for line in person(name, f"Person {name}")],
        *[seat(ref, name, "admin", OLD) for name in names],
        {"kind": "tier", "workspace": ref, "tier": tier, "from": OLD},
    )  # fmt: skip
    made = Organisation.objects.get(external_id=ref).accounts.get()
    set_details({made.pk: PUBLIC}, NOW)
    return made


def issue(cast: Cast, key: str = ISSUE, who: BillingAccount | None = None, **data: Any) -> Invoice:
    asked = {"with_seats": True, **data} if key == ISSUE else data
    outcome = run(key, cast.ties, (who or cast.oost).public_id, asked, reason="agreed")
    return Invoice.objects.get(public_id=outcome.data["invoice"])


def sit(ref: str, count: int, at: datetime = NOW - 2 * DAY, role: str = "member") -> None:
    """More people sit there, from `at` on."""
    names = [f"late-{ref}-{role}-{place}-{at:%j}" for place in range(count)]
    bring_all(*[line for name in names for line in person(name, name)], *[seat(ref, name, role, at) for name in names])


def rows(of: BillingAccount | None = None) -> list[tuple[str, str]]:
    found = [row for row in list_to_issue(clock.now()) if of is None or row.account_id == of.pk]
    return [(row.why.value, row.words) for row in found]


def whys(of: BillingAccount) -> list[str]:
    return [why for why, _ in rows(of)]


def test_what_stands_there_and_what_takes_it_away(payer: Cast) -> None:
    assert whys(payer.oost) == ["first"] and whys(payer.haarlem) == [] and len(rows()) == 1
    first = issue(payer, first_day="2026-11-01", cadence="monthly")
    assert rows(payer.oost) == [("renewal", "Service ends on 30 November 2026")]
    issue(payer)
    assert whys(payer.oost) == []
    refusal = refusal_of(ISSUE, payer.ties, payer.oost.public_id, {"with_seats": True}, reason="sent twice")
    assert isinstance(refusal, Invalid) and "30 November 2027" in str(refusal.fields["first_day"])
    assert Invoice.objects.count() == 2
    with clock.frozen(NOW + timedelta(days=400)):
        refresh(clock.now())
        assert rows(payer.oost) == [("renewal", "Service ended on 30 November 2027")]
    run("billing.invoice.credit", payer.iris, Invoice.objects.latest("pk").public_id, {}, reason="wrong")
    run("billing.invoice.credit", payer.iris, first.public_id, {}, reason="wrong")
    assert whys(payer.oost) == ["first"], "credited in full, nothing is asked for"


def test_what_was_paid_by_an_invoice_from_elsewhere_is_renewed_from_here(payer: Cast) -> None:
    paid = {"kind": "paid", "external_id": "i-1", "account": {"organisation": "oost"}, "source": "managed", "net": "1",
            "gross": "1", "from": OLD, "until": datetime(2026, 12, 20, tzinfo=NOW.tzinfo), "booked_at": OLD}  # fmt: skip
    bring_all(paid)
    assert rows(payer.oost) == [("renewal", "Service ends on 19 December 2026")]
    assert issue(payer).service_from == date(2026, 12, 20) and whys(payer.oost) == []


def test_pilots_trials_discounts_and_the_free_are_told_apart(payer: Cast) -> None:
    pilot, free = account("pilot", "pilot"), account("free", "free")
    trial = account("trial", "free")
    grant = {"kind": "grant", "workspace": "trial", "tier": "changemaker", "type": "reverse_trial"}
    bring_all({**grant, "from": NOW - DAY, "until": NOW + 20 * DAY})
    given = account("given")
    all_of_it = {"kind": "discount", "account": {"organisation": "given"}, "type": "scholarship", "percent": 100}
    bring_all({**all_of_it, "from": OLD})
    assert [whys(one) for one in (pilot, free, trial, given)] == [["pilot"], [], [], []]
    invoice = issue(payer, ISSUE_DUE, pilot)
    assert [(item.kind.value, item.net) for item in invoice.document.items] == [("pilot", 349)]
    assert whys(pilot) == [] and invoice.subscription_net == 0
    assert isinstance(refusal_of(ISSUE_DUE, payer.ties, pilot.public_id, {}), Blocked)


def test_extra_seats_are_asked_once_by_days_and_belong_to_their_invoice(payer: Cast) -> None:
    base = issue(payer, first_day="2026-11-01", cadence="yearly")
    assert base.seats == 1 and whys(payer.oost) == []
    refusal = refusal_of(SEATS, payer.ties, payer.oost.public_id, {}, reason="x")
    assert isinstance(refusal, Blocked) and base.number in str(refusal.sentence)
    sit("lab", 3)
    assert rows(payer.oost) == [("seats", f"3 seats above the 1 that {base.number} asks for")]
    before = fact(payer.oost)
    extra = issue(payer, SEATS)
    assert base.service_until is not None
    days = (base.service_until - NOW.date()).days + 1
    rate = Decimal(12 * 150)
    assert extra.net == calc_part(3 * rate, days, DAYS_OF["yearly"]) and extra.seats == 3
    [item] = extra.document.items
    assert (item.kind.value, item.quantity, item.service_from, item.service_until) == (
        "seats", 3, NOW.date(), base.service_until)  # fmt: skip
    assert base.number in item.description and extra.adds_to == base
    assert (extra.service_from, extra.subscription_net) == (None, 0), "it counts for no class and no MRR"
    after = fact(payer.oost)
    assert (after.klass, after.mrr) == (before.klass, before.mrr)
    assert whys(payer.oost) == [] and list_asked([payer.oost.pk])[payer.oost.pk][0].seats == 4
    assert isinstance(refusal_of(SEATS, payer.ties, payer.oost.public_id, {}, reason="x"), Blocked)
    sit("lab", 1, NOW - timedelta(hours=1))
    assert issue(payer, SEATS).seats == 1
    run("billing.invoice.credit", payer.iris, extra.public_id, {}, reason="wrong")
    assert rows(payer.oost)[0][1].startswith("3 seats above the 2"), "credited, they are asked for no more"
    assert Invoice.objects.filter(kind="invoice").count() == 3
    prove()


def test_from_another_day_and_with_what_is_refused(payer: Cast) -> None:
    base = issue(payer, first_day="2026-11-01", cadence="monthly")
    sit("lab", 1)
    for day in ("2026-10-31", "2026-12-01"):
        refusal = refusal_of(SEATS, payer.ties, payer.oost.public_id, {"first_day": day}, reason="x")
        assert isinstance(refusal, Invalid) and base.number in str(refusal.fields["first_day"])
    extra = issue(payer, SEATS, first_day="2026-11-16", order_number="PO-3")
    assert extra.net == calc_part(Decimal(172), 15, 30) == 86 and extra.document.order_number == "PO-3"
    assert Invoice.objects.count() == 2


def test_less_than_a_euro_is_not_asked_for(payer: Cast) -> None:
    discount = {"kind": "discount", "account": {"organisation": "oost"}, "type": "partner", "percent": 95, "from": OLD}
    bring_all(discount)
    issue(payer, first_day="2026-10-26", cadence="monthly")
    sit("lab", 1)
    refusal = refusal_of(SEATS, payer.ties, payer.oost.public_id, {}, reason="x")
    assert isinstance(refusal, Refused) and "€ 1.00" in str(refusal.sentence) and Invoice.objects.count() == 1


def test_a_price_that_rose_within_the_period_is_not_asked_of_added_seats(payer: Cast) -> None:
    from bursar.plans.models import TierTerms

    issue(payer, first_day="2026-11-01", cadence="monthly")
    old = TierTerms.objects.get(tier="guardian", valid_until=None)
    TierTerms.objects.filter(pk=old.pk).update(valid_until=NOW - DAY)
    fresh = {"tier": "guardian", "tier_rank": old.tier_rank, "yearly": 300, "monthly": 344}
    TierTerms.objects.create(**fresh, valid_from=NOW - DAY)
    sit("lab", 1)
    assert issue(payer, SEATS, first_day="2026-11-01").net == 172


def test_many_in_one_go_and_each_once(payer: Cast) -> None:
    town, village = account("town", people=3), account("village")
    ids = [one.public_id for one in (payer.oost, town, village, payer.samen)]
    for _ in range(2):
        made = bulk.start(ISSUE_DUE, payer.ties, ids, {}, "autumn", idempotency_key="once")
    assert [row.status for row in bulk.list_rows(made)] == [200, 200, 200, 409]
    assert Invoice.objects.count() == 3 and rows() == []
    again = bulk.start(ISSUE_DUE, payer.ties, ids, {"what": ""}, "autumn", idempotency_key="again")
    assert {row.status for row in bulk.list_rows(again)} == {409} and Invoice.objects.count() == 3
    assert Invoice.objects.get(account=town).seats == 3
    prove()


def test_many_are_drafted_once_and_seats_when_they_are_asked_for(payer: Cast) -> None:
    town = account("town")
    ids = [payer.oost.public_id, town.public_id]
    for statuses in ([200, 200], [409, 409]):
        made = bulk.start(DRAFT_DUE, payer.ties, ids, {})
        assert [row.status for row in bulk.list_rows(made)] == statuses
    assert Draft.objects.count() == 2 and not Invoice.objects.exists() and len(rows()) == 2
    issue(payer, first_day="2026-11-01", cadence="yearly")
    sit("lab", 2)
    wrong = {"what": "renewal"}
    assert isinstance(refusal_of(DRAFT_DUE, payer.ties, payer.oost.public_id, wrong), Refused)
    run(DRAFT_DUE, payer.ties, payer.oost.public_id, {"what": "seats"})
    draft = Draft.objects.get(verb="invoice_extra_seats")
    assert draft.document.items[0].quantity == 2
    sit("lab", 1, NOW - timedelta(hours=2))
    outcome = run("billing.draft.issue", payer.ties, draft.public_id, reason="x")
    assert Invoice.objects.get(public_id=outcome.data["invoice"]).seats == 3, "as things stand then"
    refusal = refusal_of("billing.draft.change", payer.ties, draft.public_id, {"with_seats": True})
    assert isinstance(refusal, Blocked)


def test_the_facts_and_the_account_itself_say_the_same(payer: Cast) -> None:
    """What is listed by the facts of the month is what the account's own levers find."""
    first, pilot, mixed = account("first"), account("pilot", "pilot"), account("mixed", people=2)
    bring_all(*workspace("side", "mixed", "Side", OLD), *person("guest", "Guest"), seat("side", "guest", "admin", OLD))
    for one in (payer.oost, mixed):
        issue(payer, ISSUE, one, first_day="2026-11-01", cadence="monthly")
    sit("mixed", 2)
    sit("side", 3)
    every = BillingAccount.objects.all()
    assert rows(mixed)[-1] == (
        "seats",
        f"2 seats above the 2 that {Invoice.objects.get(account=mixed).number} asks for",
    )
    for one in every:
        standing = standing_of(Case(payer.ties, one, clock.now()))
        assert [due.why.value for due in list_due(standing, seller_day(clock.now()), get_ahead())] == whys(one), one
    assert [whys(one) for one in (first, pilot, payer.oost)] == [["first"], ["pilot"], ["renewal"]]


def count_of(client: Any) -> int:
    with CaptureQueriesContext(connection) as asked:
        assert client.get("/panel/invoices/to-issue/").status_code == 200
    return len(asked)


def test_the_page_asks_as_often_for_many_accounts_as_for_one(payer: Cast) -> None:
    client = sign_in("ties@agora.example")
    issue(payer, first_day="2026-11-01", cadence="yearly")
    sit("lab", 1)
    account("one")
    pilot = account("pilot-one", "pilot")
    mixed = account("mixed-one")
    assert pilot and mixed
    count_of(client)
    few = count_of(client)
    for place in range(6):
        account(f"more-{place}", people=place + 1)
        account(f"pilot-{place}", "pilot")
    assert count_of(client) == few


def test_the_page_its_filter_and_its_levers(payer: Cast) -> None:
    client = sign_in("ties@agora.example")
    page = client.get("/panel/invoices/to-issue/").content.decode()
    assert "Universiteit Oost" in page and "Nothing was ever invoiced" in page and "1,800.00" in page
    at = f"/panel/actions/account/{payer.oost.public_id}/issue_invoice"
    assert at in page and 'class="paper"' in client.get(at).content.decode()
    assert "Universiteit Oost" not in client.get("/panel/invoices/to-issue/?why=seats").content.decode()
    assert client.get("/panel/invoices/to-issue/?why=odd").status_code == 400
    assert client.get("/panel/invoices/to-issue/?page=0").status_code == 400
    assert "/panel/invoices/to-issue/" in client.get("/panel/invoices/")["Location"]


def test_what_the_system_could_not_issue_stands_there_too(payer: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    failed = ToIssue(payer.haarlem.pk, Why.FAILED, "tr_1: the e-invoice would be refused", NOW.date(),
                     url="/panel/payments/", lever="Payment")  # fmt: skip
    found: dict[str, Callable[[datetime], list[ToIssue]]] = {"test": lambda now: [failed]}
    monkeypatch.setattr(SOURCES, "things", {**SOURCES.things, **found})
    page = sign_in("ties@agora.example").get("/panel/invoices/to-issue/").content.decode()
    assert "tr_1: the e-invoice would be refused" in page and "Not issued by itself" in page
    assert 'href="/panel/payments/">Payment' in page


def test_a_self_serve_account_stays_as_it_is_and_is_not_asked_twice(payer: Cast) -> None:
    set_details({payer.haarlem.pk: PUBLIC}, NOW)
    paid_until = NOW + timedelta(days=160)
    terms = {"kind": "payment", "account": {"organisation": "haarlem"}, "mode": "self_serve", "status": "active"}
    bring_all({**terms, "cadence": "yearly", "from": NOW - timedelta(days=199), "paid_until": paid_until})
    before = fact(payer.haarlem)
    evening = {"kind": "training", "description": "An evening", "unit_price": "500.00"}
    invoice = issue(payer, ISSUE, payer.haarlem, with_seats=False, lines=[evening])
    run("billing.invoice.mark_paid", payer.iris, invoice.public_id, {"amount": "605.00", "on": NOW.date()}, reason="x")
    after = fact(payer.haarlem)
    assert [getattr(after, name) for name in ("mode", "klass", "mrr", "status", "seats")] == [
        getattr(before, name) for name in ("mode", "klass", "mrr", "status", "seats")]  # fmt: skip
    data = {"with_seats": True, "first_day": "2028-01-01"}
    refusal = refusal_of(ISSUE, payer.ties, payer.haarlem.public_id, data, reason="x")
    assert isinstance(refusal, Refused) and "Mollie" in str(refusal.sentence) and Invoice.objects.count() == 1
    bring_all({**terms, "status": "cancelled", "cadence": "yearly", "from": NOW - DAY, "paid_until": paid_until})
    early = {"with_seats": True, "first_day": NOW.date().isoformat()}
    refusal = refusal_of(ISSUE, payer.ties, payer.haarlem.public_id, early, reason="x")
    assert isinstance(refusal, Refused) and "paid until" in str(refusal.sentence) and Invoice.objects.count() == 1
    prove()


def test_a_preview_issues_nothing_and_keeps_nothing(payer: Cast) -> None:
    for key in (ISSUE_DUE, DRAFT_DUE):
        assert "Gemeente Haarlem" in preview(key, payer.ties, payer.oost.public_id, {}).sentence
    assert not Invoice.objects.exists() and not Draft.objects.exists()


def test_without_facts_nothing_stands_there(payer: Cast) -> None:
    AccountMonth.objects.update(fault="It broke.")
    assert rows() == []


def test_programs_read_the_same_rows_and_issue_by_what_they_name(payer: Cast) -> None:
    """In a number of statements that does not depend on how many there are."""
    reader = sign_in("ada@agora.example")

    def read(query: str = "") -> tuple[dict[str, Any], int]:
        with CaptureQueriesContext(connection) as asked:
            return reader.get(f"/api/v1/to-issue{query}").json(), len(asked)

    read()
    found, before = read()
    mine = [row for row in found["to_issue"] if row["account"] == payer.oost.public_id]
    assert [(row["why"], row["words"]) for row in mine] == rows(payer.oost) and found["count"] == len(found["to_issue"])
    for number in range(3):
        account(f"more{number}")
    again, after = read()
    assert again["count"] == found["count"] + 3 and after == before
    assert {row["why"] for row in read("?why=first")[0]["to_issue"]} == {"first"}
    assert read("?page=2")[0]["to_issue"] == [] and reader.get("/api/v1/to-issue?why=odd").status_code == 422
    [first] = [row for row in again["to_issue"] if row["account"] == payer.oost.public_id]
    assert f"billing.account.{first['action']}" == ISSUE
    issued = issue(payer, **first["data"])
    assert f"{issued.net:.2f}" == first["net_eur"] and rows(payer.oost) == []
