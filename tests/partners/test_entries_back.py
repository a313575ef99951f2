"""The referral ledger taken back: a wrong entry, a wrong change, a wrong end."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from bursar.actions.run import run
from bursar.core import clock
from bursar.partners.models import ReferralEntry
from bursar.plans.queries import get_discount
from tests.billing import issued
from tests.billing.documents import samples
from tests.billing.test_proposing import seller
from tests.cast import NOW, Cast, prove, refusal_of
from tests.partners.helpers import EDIT, END, REFER, TERMS, bureau, look, refer
from tests.taken_back import check_way_back

__all__ = ["seller"]
TODAY = NOW.date()
JULY = date(2026, 7, 1)
RESTORE, WITHDRAW = "partners.referral.restore", "partners.account.withdraw_referral"
OTHER: dict[str, Any] = {
    "share": 30,
    "cap": "500.00",
    "expires_on": "2027-03-31",
    "client_discount": 20,
    "notes": "By telephone",
}


def test_a_new_entry_is_withdrawn_with_its_discount(cast: Cast) -> None:
    data = {**TERMS, "client_discount": 15, "partner": bureau().public_id, "starts_on": TODAY.isoformat()}
    check_way_back(cast, REFER, cast.oost.public_id, data)
    check_way_back(cast, REFER, cast.oost.public_id, {**data, "client_discount": 0})
    assert not ReferralEntry.objects.exists()


def test_it_is_ended_once_money_counted(cast: Cast, seller: Any) -> None:
    data = {**TERMS, "partner": bureau().public_id, "starts_on": JULY.isoformat()}
    row = issued.invoice(cast.oost, date(2026, 8, 1), samples.seats())
    issued.pay(row, date(2026, 8, 20))
    made = run(REFER, cast.iris, cast.oost.public_id, data, reason="Agreement of May")
    entry = ReferralEntry.objects.get()
    assert look(entry)
    assert made.undo is not None
    late = refusal_of(WITHDRAW, cast.iris, cast.oost.public_id, made.undo.data, reason="x", undoes=made.line_id)
    assert late.status == 409 and ReferralEntry.objects.exists()


def test_a_change_is_taken_back_whole(cast: Cast) -> None:
    for client, terms in ((cast.oost, TERMS), (cast.haarlem, {**OTHER, "share": 5, "client_discount": 10})):
        entry = refer(cast, client, JULY, **terms)
        check_way_back(cast, EDIT, entry.public_id, OTHER)
        check_way_back(cast, EDIT, entry.public_id, {**OTHER, "client_discount": 0, "notes": ""})


def test_an_end_is_taken_back_with_the_discount(cast: Cast) -> None:
    entry = refer(cast, cast.oost, JULY, **OTHER)
    check_way_back(cast, END, entry.public_id, {"last_day": (TODAY + timedelta(days=3)).isoformat()})
    live = get_discount(NOW + timedelta(hours=4), account_id=cast.oost.pk)
    assert live is not None and (live.percent, live.end_date) == (20, date(2027, 3, 31))


def test_what_was_counted_by_it_is_counted_as_before(cast: Cast, seller: Any) -> None:
    entry = refer(cast, cast.oost, JULY, cap="20.00")
    row = issued.invoice(cast.oost, date(2026, 11, 1), samples.seats())
    issued.pay(row, TODAY)
    assert sum(look(entry)) == 20
    with clock.frozen(NOW + timedelta(hours=1)):
        done = run(EDIT, cast.iris, entry.public_id, {**TERMS, "share": 50, "cap": ""}, reason="x")
        assert sum(look(entry, clock.now())) == row.net / 2
    with clock.frozen(NOW + timedelta(hours=2)):
        assert done.undo is not None
        run(RESTORE, cast.iris, entry.public_id, done.undo.data, reason="x", undoes=done.line_id)
        assert sum(look(entry, clock.now())) == Decimal(20)
        prove()


def test_it_is_refused_when_something_else_came_of_it(cast: Cast) -> None:
    """The discount was changed by another lever; and the days are another entry's by now."""
    entry = refer(cast, cast.oost, JULY, client_discount=10)
    edited = run(EDIT, cast.iris, entry.public_id, {**TERMS, "client_discount": 30}, reason="x")
    assert edited.undo is not None
    half = {"kind": "partner", "percent": "50", "end_date": ""}
    with clock.frozen(NOW + timedelta(hours=1)):
        run("plans.account.set_discount", cast.ties, cast.oost.public_id, half, reason="x")
        late = refusal_of(RESTORE, cast.iris, entry.public_id, edited.undo.data, reason="x", undoes=edited.line_id)
        assert late.status == 409 and "changed since" in late.sentence
    other = refer(cast, cast.haarlem, JULY)
    ended = run(END, cast.iris, other.public_id, {"last_day": TODAY.isoformat()}, reason="x")
    assert ended.undo is not None
    with clock.frozen(NOW + timedelta(hours=20)):
        refer(cast, cast.haarlem, clock.now().date())
        late = refusal_of(RESTORE, cast.iris, other.public_id, ended.undo.data, reason="x", undoes=ended.line_id)
        assert late.status == 409 and "never overlap" in late.sentence
        other.refresh_from_db()
        assert other.expires_on == TODAY
