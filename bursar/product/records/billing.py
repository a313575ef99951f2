"""Lines about who pays, and what was paid before."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from bursar.billing.rules import (
    COUNTRIES,
    read_legal_id,
    read_peppol_id,
    read_vat_id,
    why_not_legal_id,
    why_not_peppol_id,
    why_not_postcode,
    why_not_vat_id,
)
from bursar.core.fields import Country, EndDay, Happened, Id, Mail, Name, Whole
from bursar.core.money import ZERO
from bursar.payments.ids import IdKind, is_id
from bursar.product.records.shared import AccountRef, Line, Money, Record


class BillingDetailsRecord(Record):
    kind: Literal["billing_details"]
    account: AccountRef
    name: Name
    street: Name
    street_more: Line = ""
    postcode: Annotated[Line, Field(max_length=20)] = ""
    city: Annotated[Name, Field(max_length=100)]
    country: Country
    vat_id: Annotated[Line, Field(max_length=40)] = ""
    legal_id: Annotated[Line, Field(max_length=40)] = ""
    peppol_id: Annotated[Line, Field(max_length=80)] = ""
    order_number: Annotated[Line, Field(max_length=50)] = ""
    order_last_day: EndDay | None = None
    buyer_reference: Annotated[Line, Field(max_length=100)] = ""
    contract: Annotated[Line, Field(max_length=50)] = ""
    payment_days: Annotated[Whole, Field(ge=0, le=120)] | None = None
    language: Literal["en", "nl"] = "en"
    mails: Annotated[list[Mail], Field(max_length=5)] = []

    @model_validator(mode="after")
    def is_whole(self) -> BillingDetailsRecord:
        if self.country not in COUNTRIES:
            raise ValueError(f"there is no country “{self.country}” in ISO 3166")
        self.vat_id = read_vat_id(self.vat_id)
        self.legal_id, self.peppol_id = read_legal_id(self.legal_id), read_peppol_id(self.peppol_id)
        faults = [
            why_not_vat_id(self.vat_id) if self.vat_id else None,
            why_not_legal_id(self.legal_id) if self.legal_id else None,
            why_not_peppol_id(self.peppol_id) if self.peppol_id else None,
            why_not_postcode(self.country, self.postcode),
        ]
        if sentence := next(filter(None, faults), None):
            raise ValueError(sentence)
        return self


class PastPaymentRecord(Record):
    kind: Literal["past_payment"]
    external_id: Id
    account: AccountRef
    source: Literal["mollie", "bank"]
    type: Literal["first", "renewal", "seat", "upgrade", "retry", "method", "link", "invoice", "other"] = "other"
    amount: Money
    refunded: Money = ZERO
    charged_back: Money = ZERO
    method: Annotated[Line, Field(max_length=30)] = ""
    status: Literal["open", "pending", "authorized", "paid", "canceled", "expired", "failed"]
    reason: Annotated[Line, Field(max_length=60)] = ""
    description: Annotated[Line, Field(max_length=255)] = ""
    at: Happened
    paid_at: Happened | None = None
    failed_at: Happened | None = None

    @model_validator(mode="after")
    def is_whole(self) -> PastPaymentRecord:
        if self.source == "mollie" and not is_id(self.external_id, IdKind.PAYMENT):
            raise ValueError("the external_id of a payment of Mollie's is its id there, tr_…")
        if (self.status == "paid") != (self.paid_at is not None):
            raise ValueError("a payment has “paid_at” once it is paid, and only then")
        if self.status != "paid" and (self.refunded or self.charged_back):
            raise ValueError("only what was paid goes back")
        if any(then is not None and then < self.at for then in (self.paid_at, self.failed_at)):
            raise ValueError("“paid_at” or “failed_at” is before “at”")
        return self
