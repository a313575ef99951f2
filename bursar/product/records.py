"""The lines of an import file, one model a kind. docs/import.md shows an example of each."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, model_validator

Id = Annotated[str, Field(min_length=1, max_length=100)]
Name = Annotated[str, Field(min_length=1, max_length=200)]
Mail = Annotated[str, Field(max_length=254, pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")]
Tier = Literal["free", "pilot", "innovator", "changemaker", "guardian"]
Money = Annotated[Decimal, Field(ge=0, max_digits=12, decimal_places=2)]


def _plausible(at: datetime) -> datetime:
    if not 2000 <= at.year <= 2199:
        raise ValueError("must be between the years 2000 and 2199")
    return at.astimezone(UTC)


def _no_nul(text: str) -> str:
    if "\0" in text:
        raise ValueError("holds a character that cannot be kept")
    return text


Instant = Annotated[AwareDatetime, AfterValidator(_plausible)]


class Record(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    @model_validator(mode="after")
    def ends_after_start(self) -> Record:
        start, end = getattr(self, "start", None), getattr(self, "until", None)
        if start is not None and end is not None and end <= start:
            raise ValueError("“until” must be later than “from”")
        for value in self.__dict__.values():
            if isinstance(value, str):
                _no_nul(value)
        return self


class AccountRef(BaseModel):
    """The pooled account of an organisation, or a workspace's own."""

    model_config = ConfigDict(extra="forbid")
    organisation: Id | None = None
    workspace: Id | None = None

    @model_validator(mode="after")
    def names_one(self) -> AccountRef:
        if (self.organisation is None) == (self.workspace is None):
            raise ValueError("name either an organisation or a workspace")
        return self


class OrganisationRecord(Record):
    kind: Literal["organisation"]
    external_id: Id
    name: Name
    country: Annotated[str, Field(pattern="^[A-Z]{2}$")] = "NL"
    is_partner: bool = False
    creator: Id | None = None
    created_at: Instant
    deleted_at: Instant | None = None


class PersonRecord(Record):
    kind: Literal["person"]
    external_id: Id
    name: Name
    email: Mail | Literal[""] = ""


class WorkspaceRecord(Record):
    kind: Literal["workspace"]
    external_id: Id
    organisation: Id
    name: Name
    type: Literal["internal", "external_client"] = "internal"
    visibility: Literal["open_to_organisation", "invite_only", "private"] = "open_to_organisation"
    own_account: bool = False
    data_owner: Id | None = None
    data_owner_email: Mail | Literal[""] = ""
    agreement_accepted_at: Instant | None = None
    created_at: Instant
    deleted_at: Instant | None = None


class AccountRecord(Record):
    kind: Literal["account"]
    account: AccountRef
    label: Name


class Dated(Record):
    start: Instant = Field(alias="from")
    until: Instant | None = None


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
    is_support: bool = False


class InvitationRecord(Record):
    kind: Literal["invitation"]
    external_id: Id
    workspace: Id
    email: Mail
    role: Literal["owner", "admin", "member", "billing", "external", "observer"]
    invited_by: Id | None = None
    invited_at: Instant
    state: Literal["pending", "accepted", "withdrawn", "expired"] = "pending"
    ended_at: Instant | None = None

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
    day: date
    count: Annotated[int, Field(ge=1, le=100_000)]


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
    until: Instant
    granted_by: Mail | None = None


class DiscountRecord(Dated):
    kind: Literal["discount"]
    account: AccountRef | None = None
    workspace: Id | None = None
    type: Literal["scholarship", "staff_discount", "trial", "partner"]
    percent: Annotated[int, Field(ge=0, le=100)]
    end_date: date | None = None

    @model_validator(mode="after")
    def is_whole(self) -> DiscountRecord:
        if (self.account is None) == (self.workspace is None):
            raise ValueError("name either an account or a workspace")
        if self.type == "trial" and self.end_date is None:
            raise ValueError("a trial discount needs an end_date")
        if self.end_date is not None and self.end_date < self.start.date():
            raise ValueError("the end_date is before “from”")
        return self


class PaymentRecord(Dated):
    kind: Literal["payment"]
    account: AccountRef
    mode: Literal["self_serve", "managed"]
    status: Literal["none", "pending", "active", "past_due", "cancelled"] = "none"
    cadence: Literal["yearly", "monthly", ""] = ""
    paid_until: Instant | None = None
    past_due_since: Instant | None = None
    lapses_at: Instant | None = None

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


class PriceRecord(Dated):
    kind: Literal["price"]
    account: AccountRef
    tier: Tier
    cadence: Literal["yearly", "monthly"]
    rate: Annotated[Decimal, Field(ge=0, le=100_000, multiple_of=1)]


class PaidRecord(Record):
    kind: Literal["paid"]
    external_id: Id
    account: AccountRef
    source: Literal["mollie", "managed"]
    start: Instant = Field(alias="from")
    until: Instant
    net: Money
    gross: Money
    booked_at: Instant
    credited_at: Instant | None = None


class ManagerRecord(Dated):
    kind: Literal["manager"]
    account: AccountRef
    staff: Mail


class ResetRecord(Record):
    kind: Literal["reset"]
    workspace: Id
    at: Instant
    by: Name
    reason: Annotated[str, Field(min_length=1, max_length=2000)]


class UsageRecord(Record):
    kind: Literal["usage"]
    source: Id
    id: Annotated[str, Field(min_length=1, max_length=200)]
    workspace: Id
    at: Instant
    seconds: Annotated[int, Field(ge=0, le=31 * 24 * 3600)]
    person: Id | None = None


# In the order in which they are applied: what others name comes first, whatever the order in the file.
KINDS: dict[str, type[Record]] = {
    "person": PersonRecord,
    "organisation": OrganisationRecord,
    "workspace": WorkspaceRecord,
    "account": AccountRecord,
    "organisation_member": OrganisationMemberRecord,
    "workspace_member": WorkspaceMemberRecord,
    "invitation": InvitationRecord,
    "login": LoginRecord,
    "staff": StaffRecord,
    "tier": TierRecord,
    "payment": PaymentRecord,
    "grant": GrantRecord,
    "discount": DiscountRecord,
    "price": PriceRecord,
    "paid": PaidRecord,
    "manager": ManagerRecord,
    "reset": ResetRecord,
    "usage": UsageRecord,
}


def read_record(data: Any) -> Record:
    """Raises ValueError with one sentence that names every fault."""
    if not isinstance(data, dict):
        raise ValueError("a line is a JSON object")
    kind = data.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        raise ValueError(f"there is no kind {str(kind)[:40]!r}; known are {', '.join(KINDS)}")
    try:
        return KINDS[kind].model_validate(data)
    except ValidationError as error:
        raise ValueError("; ".join(words_of(fault) for fault in error.errors())) from None


def words_of(fault: Any) -> str:
    """One of pydantic's faults as a sentence: where, and what."""
    where = ".".join(str(part) for part in fault["loc"])
    said = str(fault["msg"]).removeprefix("Value error, ")
    return f"{where}: {said}" if where else said
