"""Entries of the referral ledger from a file: once, corrected until somebody sees to them here, refused with a sentence."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from bursar.actions.run import run
from bursar.partners.models import ReferralEntry, ReferralTerms
from bursar.partners.store.accruing import accrue
from tests.cast import NOW, Cast, bring, bring_all, prove
from tests.partners.helpers import EDIT, TERMS, amounts, bureau
from tests.payments import ledger

SINCE = (NOW - timedelta(days=120)).date()
LINE: dict[str, Any] = {
    "kind": "referral", "partner": "bureau", "account": {"organisation": "samen"}, "share": 10,
    "starts_on": SINCE.isoformat(), "cap": "250.00", "notes": "By phone.",
}  # fmt: skip


def test_it_is_taken_once_corrected_and_comes_to_what_was_received(cast: Cast) -> None:
    bureau()
    bring_all(LINE)
    bring_all({**LINE, "share": 20, "with_other": True})
    entry = ReferralEntry.objects.get()
    assert (entry.client_id, entry.starts_on, entry.cap, entry.notes) == (
        cast.samen.pk, SINCE, Decimal("250.00"), "By phone.")  # fmt: skip
    terms = ReferralTerms.objects.get(entry=entry)
    assert (terms.share, terms.with_other) == (20, True)
    owed = ledger.charge(cast.samen, SINCE + timedelta(days=30), "upgrade", settled_at=NOW)
    ledger.payment(cast.samen, NOW - timedelta(days=80), owed=owed, method="creditcard", to_book=False)
    accrue(entry.partner_id, NOW)
    assert sum(amounts(entry)) > 0
    prove()


def test_what_was_changed_here_since_stays(cast: Cast) -> None:
    bureau()
    bring_all(LINE)
    entry = ReferralEntry.objects.get()
    run(EDIT, cast.iris, entry.public_id, {**TERMS, "share": 15, "cap": "300.00", "notes": "x"}, reason="Agreed anew")
    report = bring({**LINE, "cap": "900.00"})
    assert "It was changed here since" in report.bad[1]
    entry.refresh_from_db()
    assert entry.cap == Decimal("300.00")


def test_what_cannot_be_is_refused_with_a_sentence(cast: Cast) -> None:
    bureau()
    bring_all(LINE)
    lines = [
        {**LINE, "partner": "haarlem", "starts_on": (SINCE - timedelta(days=9)).isoformat()},
        {**LINE, "starts_on": (SINCE + timedelta(days=9)).isoformat()},
        {**LINE, "partner": "nobody"},
        {**LINE, "expires_on": (SINCE - timedelta(days=1)).isoformat()},
        {**LINE, "share": 101},
    ]
    bad = [bring(line).bad[1] for line in lines]
    words = ["is no partner", "never overlap", "there is no partner “nobody”", "“expires_on” is before", "share"]
    assert all(word in sentence for word, sentence in zip(words, bad, strict=True)), bad
    assert ReferralEntry.objects.count() == 1
