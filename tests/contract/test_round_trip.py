"""Every action that declares a way back: done and taken back, all that the house holds is as it was before."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, NamedTuple

import pytest

from bursar.actions.models import UndoOffer
from bursar.actions.registry import ACTIONS
from bursar.audit.models import AuditLine
from bursar.audit.queries import list_notes
from bursar.core import clock
from bursar.tenants.models import Person
from tests.cast import NOW, Cast, refusal_of
from tests.taken_back import check_way_back, pull


class Sample(NamedTuple):
    """`first`: what is done before, as (key, data); `target`: where it is not the cast's own of that kind."""

    data: dict[str, Any] = {}
    first: tuple[tuple[str, dict[str, Any]], ...] = ()
    target: Callable[[Cast], str] | None = None


def _person(name: str) -> str:
    return Person.objects.get(external_id=name).public_id


HALF = {"kind": "scholarship", "percent": "50", "end_date": ""}
TAKEN = {"owner": "ties"}
PAYER = {
    "name": "Haarlem GmbH", "street": "Allee 1", "postcode": "10115", "city": "Berlin", "country": "DE",
    "vat_id": "DE136695976", "mails": "rechnung@haarlem.example",
}  # fmt: skip
PROOF = {"consultation": "WAPI1"}
RAISED = {"tier": "guardian", "end_date": "2026-12-24"}
SAMPLES: dict[str, list[Sample]] = {
    "attention.workspace.take": [Sample(TAKEN), Sample({"owner": "noor"}, (("take", TAKEN),))],
    "attention.workspace.release": [Sample(first=(("take", TAKEN),))],
    "attention.workspace.snooze": [
        Sample({"until": "2026-11-28"}),
        Sample({"until": ""}, (("snooze", {"until": "2026-11-30"}),)),
    ],
    "attention.workspace.wake": [Sample(first=(("snooze", {"until": "2026-11-28"}),))],
    "attention.workspace.note_outcome": [
        Sample({"outcome": "reached", "text": "Called"}),
        Sample({"outcome": "churned", "text": ""}, (("note_outcome", {"outcome": "no_answer", "text": ""}),)),
    ],
    "attention.workspace.log_outreach": [
        Sample({"subject": "Your hours"}),
        Sample({"subject": "Once more"}, (("log_outreach", {"subject": "Your hours"}),)),
    ],
    "attention.template.edit": [Sample({"subject": "Your hours", "body": "Good day."})],
    "billing.account.set_billing_details": [
        Sample(PAYER),
        Sample({**PAYER, "city": "Utrecht", "vat_id": "", "mails": ""}, (("set_billing_details", PAYER),)),
        Sample({**PAYER, "vat_id": "BE0428759497"}, (("set_billing_details", PAYER), ("accept_vat_id", PROOF))),
    ],
    "billing.account.accept_vat_id": [Sample(PROOF, (("set_billing_details", PAYER),))],
    "billing.account.pay_back_credit": [],  # tests/billing/test_settling.py
    "billing.account.mark_owed_paid": [],  # tests/billing/test_owed.py
    "billing.account.write_off_owed": [],
    "billing.draft.change": [],  # tests/billing/test_drafts.py
    "billing.invoice.note_handover": [],  # tests/billing/test_sending.py
    "billing.invoice.record_reminder": [],  # tests/billing/test_reminding.py
    "billing.invoice.write_off": [],  # entries are added, never taken out: tests/billing/test_settling.py
    "billing.bank_line.confirm": [],  # a match is turned round by bookings of its own: tests/billing/bank
    "billing.bank_line.split": [],
    "billing.bank_line.set_aside": [Sample({"note": "own transfer"})],
    "billing.invoice.hold": [Sample({"note": "promised", "last_day": "2026-12-01"})],
    "billing.invoice.release": [Sample(first=(("hold", {"note": "promised", "last_day": "2026-12-01"}),))],
    "partners.account.refer": [],  # needs a partner: tests/partners/test_entries_back.py
    "partners.referral.edit": [],
    "partners.referral.end": [],
    "plans.account.assign_manager": [Sample({"manager": "ties"})],
    "plans.account.clear_manager": [Sample(first=(("assign_manager", {"manager": "ties"}),))],
    "plans.account.set_discount": [Sample(HALF), Sample({**HALF, "percent": "30"}, (("set_discount", HALF),))],
    "plans.account.remove_discount": [Sample(first=(("set_discount", HALF),))],
    "plans.account.set_managed": [Sample({"cadence": "monthly"}, target=lambda cast: cast.samen.public_id)],
    "plans.account.set_self_serve": [Sample({"keep_until": "2027-01-31"}, target=lambda cast: cast.oost.public_id)],
    "plans.account.grant_trial": [Sample(target=lambda cast: cast.samen.public_id)],
    "plans.account.end_trial": [Sample(first=(("grant_trial", {}),), target=lambda cast: cast.samen.public_id)],
    "plans.workspace.change_tier": [Sample({"tier": "innovator"}, target=lambda cast: cast.lab.public_id)],
    "plans.workspace.grant_tier": [
        Sample(RAISED),
        Sample({**RAISED, "end_date": "2027-01-31"}, (("grant_tier", RAISED),)),
    ],
    "plans.workspace.end_grant": [Sample(first=(("grant_tier", RAISED),))],
    "plans.workspace.set_discount": [Sample(HALF)],
    "plans.workspace.remove_discount": [Sample(first=(("set_discount", HALF),))],
    "staff.staff.set_roles": [Sample({"roles": ["staff"]})],
    "staff.staff.deactivate": [Sample()],
    "staff.staff.reactivate": [Sample(first=(("deactivate", {}),))],
    "tenants.organisation.set_partner": [Sample({"partner": "yes"})],
    "tenants.workspace.add_note": [Sample({"text": "Calls back on Monday"})],
    "tenants.workspace.set_visibility": [Sample({"visibility": "private"})],
    "tenants.workspace.change_admin": [
        Sample({"new_admin": "ali", "old_admin": "maud"}, target=lambda cast: cast.klimaat.public_id)
    ],
    "training.attendee.mark_absent": [],  # needs a planned session: tests/training/test_rosters.py does it
    "training.attendee.mark_present": [],
    "training.licence.edit": [Sample({"valid_from": "2026-11-20", "last_day": "2027-06-30"})],
    "training.licence.revoke": [Sample()],
    "training.licence.reinstate": [Sample(first=(("revoke", {}),))],
    "training.session.add_attendees": [],  # tests/training/test_taken_back.py
    "training.session.schedule": [],
    "training.session.reschedule": [],
    "training.session.cancel": [],
    "training.session.reopen": [],
    "training.session.correct_day": [],  # needs a completed one: tests/training/test_completing.py does it
    "training.training.update": [Sample({"title": "Another", "mode": "online", "grants_licence": True})],
    "training.training.set_price": [Sample({"price": "500.00", "included": 4, "extra": "50.00"})],
    "training.training.retire": [Sample()],
    "training.training.bring_back": [Sample(first=(("retire", {}),))],
    "webhooks.endpoint.edit": [Sample({"url": "https://new.example/hook", "description": "New", "events": []})],
    "webhooks.endpoint.pause": [Sample()],
    "webhooks.endpoint.resume": [Sample({"waiting": "send"}, (("pause", {}),))],
}


WAYS = {
    "withdraw_note", "withdraw_outcome", "restore_snooze", "restore_terms", "restore_roles", "restore_grant",
    "restore_trial", "withdraw_outreach", "restore_billing_details", "withdraw_reminder", "reopen", "restore",
    "withdraw_referral", "restore_plan", "take_off", "keep_credit",
    "unbook_owed_paid",
}  # fmt: skip


def list_takeable() -> list[str]:
    """One of each verb: what is declared for several kinds of targets is tried at the first that has samples."""
    return sorted(key for key, action in ACTIONS.items() if action.inverse)


def test_every_way_back_is_tried() -> None:
    tried = {ACTIONS[key].verb for key in SAMPLES}
    untried = [key for key in list_takeable() if ACTIONS[key].verb not in tried]
    assert not untried, f"No sample does these and takes them back: {untried}"
    backs = {back for key in SAMPLES for back in ACTIONS[key].inverse}
    verbs = {ACTIONS[back].verb for back in backs}
    ways = {made.verb_name for made in ACTIONS.values() if made.way_back}
    assert not [key for key, made in ACTIONS.items() if made.way_back and made.verb not in verbs]
    assert ways == WAYS


def _filled(cast: Cast, data: dict[str, Any]) -> dict[str, Any]:
    """Names of the cast become ids."""
    ids = {"ties": cast.ties.id, "noor": cast.noor.id, "ali": "", "maud": ""}
    ids |= {name: _person(name) for name in ("ali", "maud")}
    return {name: ids.get(value, value) if isinstance(value, str) else value for name, value in data.items()}


@pytest.mark.parametrize(("key", "place"), [(key, n) for key, some in SAMPLES.items() for n in range(len(some))])
def test_done_and_taken_back_all_is_as_it_was(cast: Cast, key: str, place: int) -> None:
    sample, room = SAMPLES[key][place], key.rpartition(".")[0]
    target = sample.target(cast) if sample.target else cast.target_id(ACTIONS[key].target_slug)
    for verb, data in sample.first:
        pull(cast.iris, f"{room}.{verb}", target, _filled(cast, data))
    check_way_back(cast, key, target, _filled(cast, sample.data))


def test_a_way_back_needs_its_offer(cast: Cast) -> None:
    """Nobody writes a state of their own making by it: what was before is in the offer."""
    noted = pull(cast.iris, "tenants.workspace.add_note", cast.panel.public_id, {"text": "One"})
    before = AuditLine.objects.count()
    back = "tenants.workspace.withdraw_note"
    for data in ({}, {"line": "aud_0000000000000000"}, {"line": noted.line_id, "text": "Two"}):
        assert refusal_of(back, cast.iris, cast.panel.public_id, data).status in (409, 422)
    assert refusal_of(back, cast.iris, cast.lab.public_id, {"line": noted.line_id}).status == 409
    assert refusal_of(back, cast.ada, cast.panel.public_id, {"line": noted.line_id}).status == 403
    late = NOW + timedelta(hours=24, seconds=1)
    with clock.frozen(late):
        assert "24 hours" in refusal_of(back, cast.iris, cast.panel.public_id, {"line": noted.line_id}).sentence
    assert AuditLine.objects.count() == before and UndoOffer.objects.count() == 1
    assert [line.public_id for line in list_notes(cast.panel.public_id)] == [noted.line_id]
