"""The lines of an import file, one model a kind. docs/import.md shows an example of each."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, model_validator

from bursar.core.calendar import end_of
from bursar.core.fields import (
    Amount,
    Country,
    End,
    EndDay,
    Happened,
    HappenedDay,
    Id,
    Mail,
    MailOrNone,
    Name,
    Text,
    Tick,
    Whole,
)
from bursar.core.registry import Registry
from bursar.product.records.billing import BillingDetailsRecord, PastPaymentRecord
from bursar.product.records.partners import ReferralRecord
from bursar.product.records.shared import AccountRef, Agreed, Dated, Money, Record, Tier, kind_of
from bursar.product.records.training import LicenceRecord, SessionRecord, TrainingRecord


class OrganisationRecord(Record):
    kind: Literal["organisation"]
    external_id: Id
    name: Name
    country: Country = "NL"
    is_partner: Tick = False
    creator: Id | None = None
    created_at: Happened
    deleted_at: Happened | None = None


class PersonRecord(Record):
    kind: Literal["person"]
    external_id: Id
    name: Name
    email: MailOrNone = ""


class WorkspaceRecord(Record):
    kind: Literal["workspace"]
    external_id: Id
    organisation: Id
    name: Name
    type: Literal["internal", "external_client"] = "internal"
    visibility: Literal["open_to_organisation", "invite_only", "private"] = "open_to_organisation"
    own_account: Tick = False
    data_owner: Id | None = None
    data_owner_email: MailOrNone = ""
    agreement_accepted_at: Happened | None = None
    created_at: Happened
    deleted_at: Happened | None = None


class AccountRecord(Record):
    kind: Literal["account"]
    account: AccountRef
    label: Name


class OrganisationMemberRecord(Dated):
    kind: Literal["organisation_member"]
    organisation: Id
    person: Id
    role: Literal["owner", "admin", "member", "billing"]


class WorkspaceMemberRecord(Dated):
    kind: Literal["workspace_member"]
    workspace: Id
    person: Id
    role: Literal["owner", "admin", "member", "billing", "external", "observer"]
    is_support: Tick = False


class InvitationRecord(Record):
    kind: Literal["invitation"]
    external_id: Id
    workspace: Id
    email: Mail
    role: Literal["owner", "admin", "member", "billing", "external", "observer"]
    invited_by: Id | None = None
    invited_at: Happened
    state: Literal["pending", "accepted", "withdrawn", "expired"] = "pending"
    ended_at: Happened | None = None

    @model_validator(mode="after")
    def is_whole(self) -> InvitationRecord:
        if (self.state == "pending") != (self.ended_at is None):
            raise ValueError("an invitation has “ended_at” once it is no longer pending, and only then")
        if self.ended_at is not None and self.ended_at < self.invited_at:
            raise ValueError("“ended_at” is before “invited_at”")
        return self


class LoginRecord(Record):
    kind: Literal["login"]
    person: Id
    day: HappenedDay
    count: Annotated[Whole, Field(ge=1, le=100_000)]


class StaffRecord(Record):
    kind: Literal["staff"]
    email: Mail
    name: Name
    role: Id


class TierRecord(Dated):
    kind: Literal["tier"]
    workspace: Id
    tier: Tier


class GrantRecord(Dated):
    kind: Literal["grant"]
    workspace: Id
    tier: Tier
    type: Literal["reverse_trial", "approval"]
    until: End
    granted_by: Mail | None = None


class DiscountRecord(Agreed):
    kind: Literal["discount"]
    account: AccountRef | None = None
    workspace: Id | None = None
    type: Literal["scholarship", "staff_discount", "trial", "partner"]
    percent: Annotated[Whole, Field(ge=0, le=100)]
    end_date: EndDay | None = None

    @model_validator(mode="after")
    def is_whole(self) -> DiscountRecord:
        if (self.account is None) == (self.workspace is None):
            raise ValueError("name either an account or a workspace")
        if self.type == "trial" and self.end_date is None:
            raise ValueError("a trial discount needs an end_date")
        if self.end_date is not None and self.end_date < self.start.date():
            raise ValueError("the end_date is before “from”")
        if self.end_date is not None and self.until is not None and self.until > end_of(self.end_date):
            raise ValueError("“until” is after the end_date, the last day on which it holds")
        return self


class PaymentRecord(Dated):
    kind: Literal["payment"]
    account: AccountRef
    mode: Literal["self_serve", "managed"]
    status: Literal["none", "pending", "active", "past_due", "cancelled"] = "none"
    cadence: Literal["yearly", "monthly", ""] = ""
    paid_until: End | None = None
    past_due_since: Happened | None = None
    lapses_at: End | None = None

    @model_validator(mode="after")
    def is_whole(self) -> PaymentRecord:
        if self.mode == "managed" and self.status != "none":
            raise ValueError("a managed account has the status none")
        if self.status == "past_due" and self.past_due_since is None:
            raise ValueError("past_due needs past_due_since")
        if self.status == "cancelled":
            if self.paid_until is None:
                raise ValueError("cancelled needs paid_until")
            self.lapses_at = self.lapses_at or self.paid_until
        return self


class PriceRecord(Agreed):
    kind: Literal["price"]
    account: AccountRef
    tier: Tier
    cadence: Literal["yearly", "monthly"]
    rate: Annotated[Amount, Field(ge=0, le=100_000, multiple_of=1)]


class PaidRecord(Agreed):
    kind: Literal["paid"]
    external_id: Id
    account: AccountRef
    source: Literal["mollie", "managed"]
    until: End
    net: Money
    gross: Money
    booked_at: Happened
    credited_at: Happened | None = None


class ManagerRecord(Dated):
    kind: Literal["manager"]
    account: AccountRef
    staff: Mail


class ResetRecord(Record):
    kind: Literal["reset"]
    workspace: Id
    at: Happened
    by: Name
    reason: Annotated[Text, Field(min_length=1, max_length=2000)]


class UsageRecord(Record):
    kind: Literal["usage"]
    source: Id
    id: Name
    workspace: Id
    at: Happened
    seconds: Annotated[Whole, Field(ge=0, le=31 * 24 * 3600)]
    person: Id | None = None


# In the order in which they are applied: what others name comes first, whatever the order in the file.
_RECORDS: tuple[type[Record], ...] = (
    PersonRecord, OrganisationRecord, WorkspaceRecord, AccountRecord, OrganisationMemberRecord, WorkspaceMemberRecord,
    InvitationRecord, LoginRecord, StaffRecord, TierRecord, PaymentRecord, GrantRecord, DiscountRecord, PriceRecord,
    PaidRecord, BillingDetailsRecord, PastPaymentRecord, ManagerRecord, ResetRecord, UsageRecord,
    TrainingRecord, SessionRecord, LicenceRecord, ReferralRecord,
)  # fmt: skip

KINDS: Registry[type[Record]] = Registry("kind of line")
for _record in _RECORDS:
    KINDS.add(kind_of(_record), _record)
KINDS.close()


def read_record(data: Any, now: datetime) -> Record:
    """`now`: bounds what can have happened. Raises ValueError with one sentence that names every fault."""
    if not isinstance(data, dict):
        raise ValueError("a line is a JSON object")
    kind = data.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        raise ValueError(f"there is no kind {str(kind)[:40]!r}; known are {', '.join(KINDS)}")
    try:
        return KINDS[kind].model_validate(data, context={"now": now})
    except ValidationError as error:
        raise ValueError("; ".join(words_of(fault) for fault in error.errors())) from None


def words_of(fault: Any) -> str:
    """One of pydantic's faults as a sentence: where, and what."""
    where = ".".join(str(part) for part in fault["loc"])
    said = str(fault["msg"]).removeprefix("Value error, ")
    return f"{where}: {said}" if where else said
