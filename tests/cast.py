"""The named cast. Everybody comes in through the import door.

Haarlem pays yearly by Mollie (two workspaces, Changemaker; Maud owner, Ali member). Samen is free, its workspace at the
cap (Lotte). Oost is managed, unpaid, Guardian (Jan). Staff: Iris leads, Ties is base staff, Ada audits, Noor sets tiers.
"""

from __future__ import annotations

import csv as reader
import io
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from django.test import Client

from bursar.access.actor import Actor, system
from bursar.access.models import User
from bursar.actions.models import Approval, BulkRun
from bursar.actions.run import run
from bursar.actions.spec import Company, Outcome
from bursar.attention.models import OutreachTemplate
from bursar.audit.verify import list_faults
from bursar.billing import verify as billing
from bursar.billing.bank import read_statements
from bursar.billing.models import BankLine, Draft, Invoice
from bursar.billing.store import bank, documents, drafts
from bursar.billing.store.documents import Issue
from bursar.config.actors import actor_for
from bursar.core import clock, naming
from bursar.core.calendar import Month
from bursar.core.errors import Refusal
from bursar.core.proofs import PROOFS
from bursar.files import csv
from bursar.files import queries as files
from bursar.files.models import File
from bursar.notifications.models import Inbox
from bursar.outbox.models import OutboxRow
from bursar.partners.models import ReferralEntry
from bursar.partners.store import entries
from bursar.payments.models import MollieCustomer, Payment, PaymentLink, Refund, Subscription
from bursar.product.importing import Report, import_lines
from bursar.product.models import ApiKey
from bursar.requests.models import RequestKind, UpgradeRequest
from bursar.rollup.models import AccountMonth, SavedView
from bursar.rollup.project import project
from bursar.rollup.refresh import refresh
from bursar.rollup.verify import list_differences
from bursar.staff.models import ApiToken, StaffMember
from bursar.tenants.models import BillingAccount, Organisation, Person, Workspace, WorkspaceMembership
from bursar.training.models import Licence, Training, TrainingSession
from bursar.training.rules import find_last_day
from bursar.training.store import rosters, sessions
from bursar.training.store.licences import make_token
from bursar.webhooks.models import WebhookEndpoint, WebhookMessage
from bursar.webhooks.store import add_message

NOW = datetime(2026, 11, 24, 14, 2, 11, tzinfo=UTC)
PASSWORD = "the cast's long password"
STAFF = {"iris": "lead", "ties": "staff", "ada": "auditor", "noor": "success"}


def bring(*lines: dict[str, Any], strict: bool = False) -> Report:
    """Imports lines; instants may be datetimes."""
    return import_lines([json.dumps(line, default=str).encode() for line in lines], system("test"), strict=strict)


def bring_all(*lines: dict[str, Any]) -> None:
    report = bring(*lines)
    assert not report.bad, report.bad


def prove() -> None:
    """All verifies are silent."""
    now = clock.now()
    refresh(now)
    differences = [str(difference) for difference in list_differences(now)]
    assert not differences, differences
    faults = [*(str(fault) for fault in list_faults()), *billing.list_faults()]
    faults += [fault for prove_room in PROOFS.values() for fault in prove_room("")]
    assert not faults, faults


def fact(account: BillingAccount) -> AccountMonth:
    refresh(clock.now())
    return AccountMonth.objects.filter(account=account).latest("month")


def refusal_of(key: str, actor: Actor, target_id: str, data: dict[str, Any] | None = None, **more: Any) -> Refusal:
    """The refusal that the door answers with; fails when it does not refuse."""
    try:
        outcome = run(key, actor, target_id, data, **more)
    except Refusal as refusal:
        return refusal
    raise AssertionError(f"not refused: {outcome.sentence}")


def organisation(ref: str, name: str, since: datetime) -> list[dict[str, Any]]:
    return [{"kind": "organisation", "external_id": ref, "name": name, "created_at": since}]


def workspace(ref: str, org: str, name: str, since: datetime, **more: Any) -> list[dict[str, Any]]:
    return [{"kind": "workspace", "external_id": ref, "organisation": org, "name": name, "created_at": since, **more}]


def person(ref: str, name: str) -> list[dict[str, Any]]:
    return [{"kind": "person", "external_id": ref, "name": name, "email": f"{ref}@client.example"}]


def seat(ref: str, who: str, role: str, since: datetime) -> dict[str, Any]:
    return {"kind": "workspace_member", "workspace": ref, "person": who, "role": role, "from": since}


def client_workspace(since: datetime) -> list[dict[str, Any]]:
    """“Raad” is a workspace that the partner Bureau made for Samen; it pays alone."""
    bureau = {
        "kind": "organisation",
        "external_id": "bureau",
        "name": "Bureau",
        "created_at": since,
        "is_partner": True,
    }
    return [bureau, *workspace("raad", "bureau", "Raad", since, type="external_client", data_owner="samen")]


def let_observe(workspace: Workspace, who: str, since: datetime) -> None:
    """An observer in an internal workspace: no door makes one any more, and those that stand stay."""
    who_id = Person.objects.get(external_id=who).pk
    WorkspaceMembership.objects.create(workspace=workspace, person_id=who_id, role="observer", valid_from=since)
    project({workspace.account_id: Month.of(since)}, clock.now())


def lines_of_cast(now: datetime) -> list[dict[str, Any]]:
    old = now - timedelta(days=200)
    haarlem = {"account": {"organisation": "haarlem"}}
    return [
        *[
            {"kind": "staff", "email": f"{who}@agora.example", "name": who.capitalize(), "role": role}
            for who, role in STAFF.items()
        ],
        *[line for who in ("maud", "ali", "lotte", "jan") for line in person(who, who.capitalize())],
        *organisation("haarlem", "Gemeente Haarlem", old),
        *organisation("samen", "Stichting Samen", old),
        *organisation("oost", "Universiteit Oost", old),
        *workspace("klimaat", "haarlem", "Burgerberaad Klimaat", old),
        *workspace("noord", "haarlem", "Wijkgesprekken Noord", old + timedelta(days=1)),
        *workspace("panel", "samen", "Jeugdpanel", old),
        *workspace("lab", "oost", "Woonlab", old),
        {"kind": "organisation_member", "organisation": "haarlem", "person": "maud", "role": "owner", "from": old},
        seat("klimaat", "maud", "owner", old),
        seat("klimaat", "ali", "member", old),
        seat("noord", "ali", "admin", old + timedelta(days=1)),
        seat("panel", "lotte", "owner", old),
        seat("lab", "jan", "admin", old),
        {"kind": "tier", "workspace": "klimaat", "tier": "changemaker", "from": old},
        {"kind": "tier", "workspace": "noord", "tier": "changemaker", "from": old + timedelta(days=1)},
        {"kind": "tier", "workspace": "lab", "tier": "guardian", "from": old},
        {"kind": "payment", **haarlem, "mode": "self_serve", "status": "active", "cadence": "yearly", "from": old},
        {
            "kind": "paid",
            **haarlem,
            "external_id": "p-1",
            "source": "mollie",
            "from": old,
            "booked_at": old,
            "until": old + timedelta(days=365),
            "net": "1800.00",
            "gross": "2178.00",
        },
        {"kind": "payment", "account": {"organisation": "oost"}, "mode": "managed", "from": old},
        usage("panel", "u-1", now - timedelta(days=3), 3720, "lotte"),
    ]


def body_of(answer: Any) -> bytes:
    """What a streamed answer holds."""
    return b"".join(answer.streaming_content)


def text_of(written: csv.Written) -> str:
    """What a CSV holds that nobody was given yet."""
    made = written.file
    return (made.data if made.pk is None else b"".join(files.read(File.objects.get(pk=made.pk)))).decode()


def shown_by(answer: Any) -> str:
    """The page as a browser reads it: where the template breaks a line means nothing."""
    return " ".join(answer.content.decode().split())


def sign_in(email: str) -> Client:
    """A browser in which this person is signed in already; the sign-in page has tests of its own."""
    client = Client()
    client.force_login(User.objects.get(email=email), "bursar.staff.backend.SignInBackend")
    return client


def export(client: Client, rows: str = "accounts", query: str = "") -> list[dict[str, str]]:
    """The rollup's CSV, asked for and fetched as a person does."""
    answer = client.get(client.post("/panel/usage/export", {"rows": rows, "query": query})["Location"])
    text = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]  # a file comes in pieces
    return list(reader.DictReader(io.StringIO(text)))


def confirmed(email: str) -> Actor:
    """A colleague who proved just now, and for as long as a test lasts, that it is them."""
    return replace(actor_for(User.objects.get(email=email)), confirmed_at=datetime(9999, 1, 1, tzinfo=UTC))


def usage(ref: str, event: str, at: datetime, seconds: int, who: str | None = None) -> dict[str, Any]:
    line = {"kind": "usage", "source": "recorder", "id": event, "workspace": ref, "at": at, "seconds": seconds}
    return {**line, "person": who} if who else line


@dataclass
class Cast:
    iris: Actor
    ties: Actor
    ada: Actor
    noor: Actor
    maud: Actor
    lotte: Actor
    haarlem: BillingAccount
    samen: BillingAccount
    oost: BillingAccount
    klimaat: Workspace
    noord: Workspace
    panel: Workspace
    lab: Workspace

    @classmethod
    def gather(cls, now: datetime = NOW) -> Cast:
        bring_all(*lines_of_cast(now))
        for who in ("maud", "lotte", "ali"):
            user = User.objects.create_user(f"{who}@client.example", who.capitalize(), PASSWORD)
            Person.objects.filter(external_id=who).update(user=user)
        for who in STAFF:
            user = User.objects.get(email=f"{who}@agora.example")
            user.set_password(PASSWORD)
            user.save()
        return cls.find()

    @classmethod
    def find(cls) -> Cast:
        """Those who are there already."""
        people: dict[str, Any] = {who: confirmed(f"{who}@agora.example") for who in STAFF}
        people |= {who: actor_for(User.objects.get(email=f"{who}@client.example")) for who in ("maud", "lotte")}
        accounts: dict[str, Any] = {
            name: Organisation.objects.get(external_id=name).accounts.get() for name in ("haarlem", "samen", "oost")
        }
        workspaces: dict[str, Any] = {
            name: Workspace.objects.get(external_id=name) for name in ("klimaat", "noord", "panel", "lab")
        }
        return cls(**people, **accounts, **workspaces)

    def target_id(self, slug: str) -> str:
        """The public id of something of this kind, for tests that walk the registry."""
        things: dict[str, Callable[[], Any]] = {
            "company": lambda: Company(),
            "bulk_run": lambda: BulkRun.objects.get_or_create(
                action_key="plans.account.set_discount",
                actor=self.iris.reference(),
                target_ids=[],
                data={},
                state="halted",
                defaults={"created_at": NOW, "worked_at": NOW},
            )[0],
            "account": lambda: self.haarlem,
            "workspace": lambda: self.panel,
            "organisation": lambda: self.haarlem.organisation,
            "person": lambda: Person.objects.get(external_id="lotte"),
            "key": lambda: ApiKey.objects.get_or_create(name="k", digest="k", hint="hint", scopes=[], created_by="x")[
                0
            ],
            "staff": lambda: StaffMember.objects.get(public_id=self.noor.id),
            "token": lambda: ApiToken.objects.get_or_create(
                member_id=self.ada.staff_id, name="t", digest="d", hint="hint", rights=["read"]
            )[0],
            "inbox": lambda: Inbox(recipient_id=self.ada.id),
            "delivery": lambda: OutboxRow.objects.get_or_create(
                kind="mail", key="m", defaults={"payload": {}, "state": "failed", "created_at": NOW, "due_at": NOW}
            )[0],
            "endpoint": self._endpoint,
            "message": lambda: (
                WebhookMessage.objects.first()
                or add_message(WebhookMessage(endpoint=self._endpoint(), type="usage.reset"), "{}", "x", NOW)
            ),
            "template": lambda: OutreachTemplate.objects.get(reason="at_cap"),
            "view": lambda: SavedView.objects.get_or_create(
                owner_id=self.iris.staff_id, name="Shared", is_shared=True, defaults={"created_at": NOW}
            )[0],
            "payment": self._payment,
            "refund": lambda: Refund.objects.get_or_create(
                payment=self._payment(),
                defaults={
                    "amount": "1.00",
                    "state": "asked",
                    "mode": "test",
                    "created_at": NOW,
                    "learned_at": NOW,
                    "asked_by_id": self.ties.staff_id,
                },
            )[0],
            "subscription": self._subscription,
            "payment_link": self._payment_link,
            "approval": self._approval,
            "invoice": self._invoice,
            "training": lambda: Training.objects.get(mode="online"),
            "session": self._session,
            "licence": self.licence,
            "attendee": lambda: self._session().roster.get(),
            "bank_file": lambda: self._bank_line().statement.file,
            "bank_line": self._bank_line,
            "draft": self._draft,
            "referral": self._referral,
            "request": lambda: UpgradeRequest.objects.get_or_create(
                kind=RequestKind.TIER_UPGRADE,
                organisation=self.haarlem.organisation,
                workspace=self.klimaat,
                requester=Person.objects.get(external_id="maud"),
                defaults={"tier": "guardian", "cadence": "yearly", "requested_at": NOW},
            )[0],
        }
        return str(things[slug]().public_id)

    def _session(self) -> TrainingSession:
        """Asked for by Haarlem, with Ali on the roster."""
        known = TrainingSession.objects.filter(organisation=self.haarlem.organisation).first()
        if known is None:
            online = Training.objects.get(mode="online")
            known = sessions.request(online, self.haarlem.organisation, sessions.Wish(), NOW)
            rosters.add_people(known, [Person.objects.get(external_id="ali")], NOW)
        return known

    def licence(self) -> Licence:
        """Ali's, imported."""
        known = Licence.objects.filter(organisation=self.haarlem.organisation).first()
        days = {"valid_from": NOW.date(), "last_day": find_last_day(NOW.date()), "granted_at": NOW}
        whose = {"person": Person.objects.get(external_id="ali"), "name": "Ali", "token": make_token()}
        online = Training.objects.get(mode="online")
        return known or Licence.objects.create(training=online, organisation=self.haarlem.organisation, **whose, **days)

    def _payment_link(self) -> PaymentLink:
        fields = {"amount": "50.00", "description": "A link", "mode": "test", "made_at": NOW, "learned_at": NOW}
        until = {"expires_at": NOW + timedelta(days=30)}
        return PaymentLink.objects.get_or_create(account=self.haarlem, token="ofTheCast", defaults={**fields, **until})[
            0
        ]

    def _approval(self) -> Approval:
        """Ties asked for it."""
        invoice = self._invoice()
        made, _ = Approval.objects.get_or_create(
            action_key="billing.invoice.mark_paid", target_id=invoice.public_id, account_id=invoice.account_id,
            defaults={
                "data": {"amount": str(invoice.open), "on": NOW.date().isoformat()}, "amount": invoice.open, "why": "Much",
                "asker_id": self.ties.id, "asker": naming.mark(self.ties.id), "asked_at": NOW,
            },
        )  # fmt: skip
        return made

    def _invoice(self) -> Invoice:
        from tests.billing.documents import samples

        known = Invoice.objects.filter(account=self.haarlem).first()
        document = replace(samples.invoice(), issued_on=NOW.date())
        return known or documents.issue(self.haarlem, document, Issue(), lambda: NOW)

    def _bank_line(self) -> BankLine:
        """One that waits, and names nobody."""
        from tests.billing.bank.writing import entry, statement, to_camt

        known = BankLine.objects.first()
        if known is None:
            sent = {"owner_kind": "bank-upload", "name": "november.xml", "sha256": "0" * 64, "created_at": NOW}
            file = bank.begin(File.objects.create(**sent), self.iris.reference(), NOW)
            bank.add(file, read_statements(to_camt(statement(entry("12.00", "dank u")))))
        return known or BankLine.objects.get()

    def _draft(self) -> Draft:
        from tests.billing.documents import samples

        known = Draft.objects.filter(account=self.haarlem).first()
        data = {"with_seats": True, "first_day": "2026-12-01"}
        return known or drafts.add(self.haarlem, "issue_invoice", data, samples.invoice(), NOW, self.ties.staff_id)

    def _referral(self) -> ReferralEntry:
        known = ReferralEntry.objects.filter(client=self.oost).first()
        values = {"partner": self.haarlem.organisation, "client": self.oost, "starts_on": NOW.date(), "created_at": NOW}
        return known or entries.add(values, 10, with_other=False)

    def _subscription(self) -> Subscription:
        """Of a customer whom nobody knows here."""
        seen = {"mode": "test", "learned_at": NOW}
        customer, _ = MollieCustomer.objects.get_or_create(mollie_id="cst_ofNobody", defaults=seen)
        charges = {
            "customer": customer,
            "status": "active",
            "amount": "25.00",
            "wanted": "25.00",
            "interval": "1 month",
        }
        return Subscription.objects.get_or_create(
            mollie_id="sub_ofNobody", defaults={**charges, **seen, "start_date": NOW.date(), "created_at": NOW}
        )[0]

    def _payment(self) -> Payment:
        paid = {"status": "paid", "amount": "2178.00", "method": "ideal", "kind": "first", "mode": "test", "at": NOW}
        return Payment.objects.get_or_create(
            account=self.haarlem, mollie_id="tr_ofTheCast", defaults={**paid, "paid_at": NOW, "learned_at": NOW}
        )[0]

    def _endpoint(self) -> WebhookEndpoint:
        return WebhookEndpoint.objects.get_or_create(
            description="Product", defaults={"url": "https://product.example/hook", "created_at": NOW}
        )[0]

    def reset_panel(self, **more: Any) -> Outcome:
        return run("usage.workspace.reset_usage", self.ties, self.panel.public_id, reason="Council meeting", **more)
