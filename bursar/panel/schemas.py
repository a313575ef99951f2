"""The shapes that the 360° endpoints answer with. Instants are ISO 8601 with their offset, amounts plain decimals."""

from __future__ import annotations

from ninja import Schema
from pydantic import Field


class RefOut(Schema):
    id: str
    name: str


class LabelOut(Schema):
    id: str
    label: str


class TermOut(Schema):
    what: str
    value: str
    where: str
    since: str = Field(alias="from")
    until: str | None
    last_day: str | None
    is_live: bool


class PersonLineOut(Schema):
    id: str
    name: str
    email: str
    places: list[str]
    has_seat: bool


class PeopleOut(Schema):
    count: int
    page: int
    people: list[PersonLineOut]


class InvitationOut(Schema):
    id: str
    email: str = Field(examples=["ali@haarlem.example"], description="Empty: it was erased.")
    role: str = Field(examples=["member"])
    workspace: RefOut
    invited_at: str = Field(examples=["2026-11-24T08:55:00+00:00"])
    invited_by: RefOut | None


class InvitedOut(Schema):
    """Invitations that wait for an answer. They are in no seat, price or other figure."""

    count: int
    page: int
    invitations: list[InvitationOut]


class PriceLineOut(Schema):
    tier: str
    seats: int
    rate_eur: str
    percent_off: int
    amount_eur: str
    is_floor: bool = Field(description="The one seat that a paid account pays at least.")


class PriceOut(Schema):
    cadence: str
    total_eur: str = Field(examples=["150.00"], description="Per month, without VAT.")
    frozen_at: str | None = Field(
        description="It counts as it stood then until what is paid ends, because nothing renews it."
    )
    lines: list[PriceLineOut]


class AccountMonthOut(Schema):
    month: str = Field(examples=["2026-10"])
    klass: str = Field(alias="class")
    reason: str
    tier: str
    seats: int
    workspaces: int
    recorded_hours: str
    mrr_eur: str
    potential_eur: str
    movement: str
    rule_version: int
    restated: bool
    ended_at: str | None = Field(description="The account ceased: it had no workspace since then, and did not pay.")


class AccountOut(Schema):
    id: str
    label: str
    scope: str
    organisation: RefOut
    months: list[AccountMonthOut]
    price: PriceOut | None = Field(description="Null when it cannot be worked out; the log says why.")
    terms: list[TermOut]
    workspaces: list[RefOut]
    people: PeopleOut
    invited: InvitedOut


class WorkspaceMonthOut(Schema):
    month: str
    tier: str
    seats: int
    recorded_hours: str
    ended_at: str | None


class ShareOut(Schema):
    kind: str = Field(description="person, more (all others with a name) or unnamed (the product did not say who)")
    id: str | None = Field(description="The person; null for a line that stands for several or for nobody.")
    name: str
    seconds: int


class RecordedByOut(Schema):
    period: str = Field(
        examples=["cap"],
        description="cap: what counts against the cap. month: what was recorded this month, if no cap.",
    )
    since: str | None = Field(description="The last reset, or the month's beginning; null: since ever.")
    seconds: int = Field(description="The sum of the lines.")
    lines: list[ShareOut] = Field(description="The ten who recorded most, all others as one, and what names nobody.")


class WorkspaceOut(Schema):
    id: str
    external_id: str | None
    name: str
    kind: str
    visibility: str
    account: LabelOut
    organisation: RefOut
    deleted_at: str | None
    counted_seconds: int
    cap_seconds: int | None
    state: str
    recorded_by: RecordedByOut
    months: list[WorkspaceMonthOut]
    terms: list[TermOut]
    people: PeopleOut
    invited: InvitedOut


class OwnWorkspaceOut(Schema):
    id: str
    name: str
    account: str
    is_deleted: bool


class OrganisationMemberOut(Schema):
    id: str
    name: str
    role: str


class OrganisationOut(Schema):
    id: str
    external_id: str | None
    name: str
    country: str
    is_partner: bool
    accounts: list[LabelOut]
    workspaces: list[OwnWorkspaceOut]
    members: list[OrganisationMemberOut]
    invited: InvitedOut


class MembershipOut(Schema):
    role: str
    where: str
    since: str = Field(alias="from")
    until: str | None
    last_day: str | None


class PersonOut(Schema):
    id: str
    external_id: str | None
    name: str
    email: str
    is_erased: bool
    memberships: list[MembershipOut]
    logins_30_days: int
