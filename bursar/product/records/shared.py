"""What lines of several kinds share."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, model_validator

from bursar.core.fields import Amount, End, Happened, Id, Text

Tier = Literal["free", "pilot", "innovator", "changemaker", "guardian"]
Line = Annotated[Text, Field(max_length=200)]
Money = Annotated[Amount, Field(ge=0, max_digits=12, decimal_places=2)]


class Record(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    @model_validator(mode="after")
    def ends_after_start(self) -> Record:
        start, end = getattr(self, "start", None), getattr(self, "until", None)
        if start is not None and end is not None and end <= start:
            raise ValueError("“until” must be later than “from”")
        made, gone = getattr(self, "created_at", None), getattr(self, "deleted_at", None)
        if made is not None and gone is not None and gone < made:
            raise ValueError("“deleted_at” is before “created_at”")
        return self


def kind_of(model: type[BaseModel]) -> str:
    """The one name that its field `kind` may hold."""
    name: str = get_args(model.model_fields["kind"].annotation)[0]
    return name


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


class Dated(Record):
    """A state that began."""

    start: Happened = Field(alias="from")
    until: End | None = None


class Agreed(Dated):
    """What may be agreed on before it begins."""

    start: End = Field(alias="from")
