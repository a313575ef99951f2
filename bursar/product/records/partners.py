"""Lines about what partners get of what their clients pay."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from bursar.core.fields import EndDay, HappenedDay, Id, Text, Tick, Whole
from bursar.product.records.shared import AccountRef, Money, Record


class ReferralRecord(Record):
    """Known by its client and its first day. A discount that goes with it is a line of its own."""

    kind: Literal["referral"]
    partner: Id
    account: AccountRef
    share: Annotated[Whole, Field(ge=1, le=100)]
    starts_on: HappenedDay
    expires_on: EndDay | None = None
    cap: Money | None = None
    with_other: Tick = False
    notes: Annotated[Text, Field(max_length=2000)] = ""

    @model_validator(mode="after")
    def ends_after_it_starts(self) -> ReferralRecord:
        if self.expires_on is not None and self.expires_on < self.starts_on:
            raise ValueError("“expires_on” is before “starts_on”")
        return self
