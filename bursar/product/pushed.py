"""What the product may push, one model a kind. Commercial terms are none of them: they come by `bursar import`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from bursar.core.fields import (
    Changed,
    CountryOrNone,
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
from bursar.product.records import words_of
from bursar.product.records.shared import kind_of

WorkspaceRole = Literal["owner", "admin", "member", "billing", "external", "observer"]
OrganisationRole = Literal["owner", "admin", "member", "billing"]


class Pushed(BaseModel):
    """`changed_at`: when the product changed it. What is stored as newer stays."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)
    changed_at: Changed = Field(examples=["2026-11-24T09:00:00Z"])


MadeHere = Annotated[
    Annotated[Text, Field(max_length=24)] | None,
    Field(
        description="For what was made in Bursar: its id there. From then on it goes by the product's id.",
        examples=[None],
    ),
]


class OrganisationIn(Pushed):
    name: Name = Field(examples=["Gemeente Haarlem"])
    country: CountryOrNone = Field("", examples=["NL"])
    creator: Id | None = Field(None, description="The external id of the person who made it.", examples=["per-1"])
    deleted: Tick = False
    bursar_id: MadeHere = None


class PersonIn(Pushed):
    name: Name = Field(examples=["Maud de Wit"])
    email: MailOrNone = Field("", examples=["maud@haarlem.example"])


class WorkspaceIn(Pushed):
    organisation: Id = Field(examples=["org-1"])
    name: Name = Field(examples=["Burgerberaad Klimaat"])
    type: Literal["internal", "external_client"] = "internal"
    visibility: Literal["open_to_organisation", "invite_only", "private"] = "open_to_organisation"
    data_owner: Id | None = Field(None, description="For external clients: the organisation that owns the data.")
    data_owner_email: MailOrNone = ""
    agreement_accepted_at: Happened | None = None
    needs_training: Tick = Field(
        False, description="Somebody who sits there must hold a licence. While nobody does, staff and customer read so."
    )
    deleted: Tick = False
    bursar_id: MadeHere = None

    @model_validator(mode="after")
    def has_owner_only_for_clients(self) -> WorkspaceIn:
        if self.type == "internal" and (self.data_owner or self.data_owner_email):
            raise ValueError("only a workspace for an external client has a data owner")
        return self


class OrganisationMemberIn(Pushed):
    role: OrganisationRole | None = Field(description="null: no member any more", examples=["admin"])


class WorkspaceMemberIn(Pushed):
    role: WorkspaceRole | None = Field(description="null: no member any more", examples=["member"])
    is_support: Tick = Field(
        False,
        description="A visit of the company's own support: free, no contact. Left out: as it is, and true for a "
        "colleague who is in a support session there.",
    )


class InvitationIn(Pushed):
    workspace: Id = Field(examples=["ws-1"])
    email: Mail = Field(
        examples=["ali@haarlem.example"], description="Kept while it is pending; one that has ended keeps no address."
    )
    role: WorkspaceRole = Field(examples=["member"])
    invited_by: Id | None = Field(None, description="The external id of the person who invited.", examples=["per-1"])
    invited_at: Happened = Field(examples=["2026-11-24T08:55:00Z"])
    state: Literal["pending", "accepted", "withdrawn", "expired"] = Field("pending", examples=["pending"])

    @model_validator(mode="after")
    def is_changed_after_it_was_made(self) -> InvitationIn:
        if self.changed_at < self.invited_at:
            raise ValueError("“changed_at” is before “invited_at”")
        return self


class LoginIn(Pushed):
    count: Annotated[Whole, Field(ge=0, le=100_000, description="Sign-ins on that UTC day so far.", examples=[3])]


class OrganisationItem(OrganisationIn):
    kind: Literal["organisation"]
    external_id: Id


class PersonItem(PersonIn):
    kind: Literal["person"]
    external_id: Id


class WorkspaceItem(WorkspaceIn):
    kind: Literal["workspace"]
    external_id: Id


class OrganisationMemberItem(OrganisationMemberIn):
    kind: Literal["organisation_member"]
    organisation: Id
    person: Id


class WorkspaceMemberItem(WorkspaceMemberIn):
    kind: Literal["workspace_member"]
    workspace: Id
    person: Id


class InvitationItem(InvitationIn):
    kind: Literal["invitation"]
    external_id: Id


class LoginItem(LoginIn):
    kind: Literal["login"]
    person: Id
    day: HappenedDay


Item = Annotated[
    OrganisationItem
    | PersonItem
    | WorkspaceItem
    | OrganisationMemberItem
    | WorkspaceMemberItem
    | InvitationItem
    | LoginItem,
    Field(discriminator="kind"),
]
_ITEM: TypeAdapter[Any] = TypeAdapter(Item)
PUSHED = tuple(kind_of(model) for model in get_args(get_args(Item)[0]))


def read_item(data: Any, now: datetime) -> Any:
    """`now`: bounds what can have happened. Raises ValueError with one sentence that names every fault."""
    try:
        return _ITEM.validate_python(data, context={"now": now})
    except ValidationError as error:
        raise ValueError("; ".join(words_of(fault) for fault in error.errors())) from None
