"""What hangs on a workspace when it is handed off: each is named before, and what is named is done."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from bursar.actions import second
from bursar.actions.dialog import foresee
from bursar.actions.models import Approval, ApprovalState
from bursar.actions.registry import ACTIONS
from bursar.actions.run import run
from bursar.actions.spec import Case
from bursar.audit.models import AuditLine
from bursar.billing.models import AccountCredit
from bursar.core import clock
from bursar.core.errors import Blocked
from bursar.notifications.models import Notification
from bursar.plans.models import PaymentTerms
from bursar.requests.models import UpgradeRequest
from bursar.support.models import SupportRequest, SupportSession, SupportSwitch
from bursar.tenants.models import Invitation, Organisation, Person, Workspace
from bursar.training.models import TrainingNeed
from tests.cast import NOW, Cast, bring_all, person, prove, refusal_of
from tests.notifications.telling import carry_out
from tests.partners.helpers import DAY, refer
from tests.partners.test_handoff import HAND_OFF, OLD, filled, hand_off, raad
from tests.payments import ledger
from tests.requests.helpers import ask, customer
from tests.support import helpers as support

__all__ = ["raad"]


def said(cast: Cast, raad: Workspace) -> str:
    return " ".join(foresee(ACTIONS[HAND_OFF], Case(cast.iris, raad, clock.now()), filled())["will"])


def test_what_runs_at_mollie_is_not_left_running(cast: Cast, raad: Workspace, settings: Any) -> None:
    """Without a key it could not be ended there, and the partner would be charged for what it has no more."""
    ledger.subscription(raad.account)
    PaymentTerms.objects.filter(account=raad.account).update(mode="self_serve", status="active")
    settings.BURSAR_MOLLIE_KEY = ""
    refusal = refusal_of(HAND_OFF, cast.iris, raad.public_id, filled(), reason="Both agreed")
    assert isinstance(refusal, Blocked) and "not set up" in refusal.sentence
    settings.BURSAR_MOLLIE_KEY = "test_key"
    assert "ends at Mollie now" in said(cast, raad)


def test_what_the_partner_asked_for_ends_and_the_client_asks_anew(cast: Cast, raad: Workspace) -> None:
    asked = ask("bea", raad, tier="guardian")
    assert "The request of Bea for Guardian ends" in said(cast, raad)
    asked.refresh_from_db()
    assert asked.is_pending, "the dialog changes nothing"
    early = refusal_of("requests.request.fall_away", cast.iris, asked.public_id)
    assert isinstance(early, Blocked) and "with those of whom it was asked" in early.sentence
    hand_off(cast, raad)
    asked.refresh_from_db()
    assert asked.state == "overtaken" and asked.decided_at == NOW
    carry_out()
    told = Notification.objects.filter(line__key="requests.request.fall_away").values_list("recipient_id", flat=True)
    assert list(told) == [asked.requester.public_id]
    raad.refresh_from_db()
    anew = ask("sam", raad, tier="guardian")
    assert anew.organisation.external_id == "samen" and UpgradeRequest.objects.count() == 2
    prove()


def test_what_the_partner_let_in_goes_and_whoever_was_in_hears_it(cast: Cast, raad: Workspace) -> None:
    support.ask(cast.noor, raad)
    support.pull("approve", customer("bea"), raad, request=SupportRequest.objects.get().public_id)
    support.ask(cast.iris, raad)
    support.pull("turn_on", customer("bea"), raad)
    support.join(cast.ties, raad)
    assert cast.ada.staff_id is not None
    SupportRequest.objects.create(
        workspace=raad, organisation=raad.organisation, staff_id=cast.ada.staff_id, note="x", requested_at=NOW,
        answer_until=NOW + timedelta(days=7),
    )  # fmt: skip
    words = said(cast, raad)
    for sentence in ("The visit of Ties ends", "Support access is turned off", "asked to come in; that ends"):
        assert sentence in words
    hand_off(cast, raad)
    raad.refresh_from_db()
    assert not support.is_in("ties@agora.example", raad)
    session = SupportSession.objects.get()
    assert (session.ended_at, session.end, SupportSwitch.objects.get().off_at) == (NOW, "over", NOW)
    states = SupportRequest.objects.order_by("id").values_list("state", flat=True)
    assert list(states) == ["taken_back", "taken_back", "unanswered"]
    line = AuditLine.objects.get(key=HAND_OFF)
    over = {f"support.workspace.{one}_over" for one in ("session", "switch", "request")}
    assert over <= set(AuditLine.objects.filter(at=line.at).values_list("key", flat=True)), "in the same instant"
    carry_out()
    told = Notification.objects.filter(line__key="support.workspace.session_over")
    assert list(told.values_list("recipient_id", flat=True)) == [cast.ties.id]
    prove()


def test_money_that_waits_for_a_second_person_stops_it(cast: Cast, raad: Workspace) -> None:
    waits = Approval.objects.create(
        action_key="billing.account.pay_back_credit", target_id=raad.account.public_id, account_id=raad.account_id,
        data={}, amount="750.00", why="Above the limit.", asker_id=cast.ties.id, asker="Ties", asked_at=NOW,
    )  # fmt: skip
    refusal = refusal_of(HAND_OFF, cast.iris, raad.public_id, filled(), reason="x")
    assert isinstance(refusal, Blocked)
    assert "“Pay credit back”, € 750.00, waits for a second person." in refusal.sentence
    second.decide(waits, ApprovalState.DENIED, cast.iris, NOW)
    hand_off(cast, raad)
    prove()


def test_invitations_of_the_partners_people_end(cast: Cast, raad: Workspace) -> None:
    bring_all(
        *person("ben", "Ben"),
        {"kind": "organisation_member", "organisation": "bureau", "person": "ben", "role": "member", "from": OLD},
    )
    asked: dict[str, Any] = {"workspace": raad, "role": "member", "invited_at": OLD, "changed_at": OLD}
    ben = Person.objects.get(external_id="ben").email
    Invitation.objects.create(external_id="i-ben", email=ben, **asked)
    Invitation.objects.create(external_id="i-new", email="new@client.example", **asked)
    assert "Invitations of the partner's people end: 1." in said(cast, raad)
    outcome = hand_off(cast, raad)
    assert outcome.data["withdrawn_invitations"] == ["i-ben"]
    states = dict(Invitation.objects.values_list("external_id", "state"))
    assert states == {"i-ben": "withdrawn", "i-new": "pending"}


def test_the_dialog_names_what_stays_and_what_goes_along(cast: Cast, raad: Workspace) -> None:
    quiet = said(cast, raad)
    for word in ("training", "credit", "referral", "Innovator"):
        assert word not in quiet
    TrainingNeed.objects.create(workspace=raad, since=OLD)
    AccountCredit.objects.update_or_create(account=raad.account, defaults={"amount": "12.10"})
    Organisation.objects.filter(external_id="oost").update(is_partner=True)
    refer(cast, raad.account, NOW.date() - 90 * DAY, Organisation.objects.get(external_id="oost"))
    until = {"tier": "guardian", "end_date": "2026-12-31"}
    run("plans.workspace.grant_tier", cast.noor, raad.public_id, until, reason="x")
    words = said(cast, raad)
    assert "That a training is needed there goes along." in words
    assert "Guardian until 31 December 2026 goes along." in words
    assert f"The referral entry of Universiteit Oost stays with {raad.account}" in words
    assert f"Its credit of € 12.10 stays with {raad.account}." in words
