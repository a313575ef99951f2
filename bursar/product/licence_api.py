"""The product's door for licences: what somebody may work by."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field

from bursar.billing.seller import seller_day
from bursar.core import clock
from bursar.product import queries
from bursar.product.doors import REFUSALS, Id, key_of, needs
from bursar.product.models import Scope
from bursar.training.certificates import make_address
from bursar.training.licence_rules import state_of
from bursar.training.queries.licences import list_of_person, tell

router = Router(**needs(Scope.LICENCES))


class LicenceOut(Schema):
    """`valid_from` and `last_day` are days of the seller's, and both count. `organisation`: which sent them."""

    licence: str = Field(examples=["lic_5h2m8q0s4w7y1b6d"])
    organisation: str = Field(examples=["org-1"])
    training: str = Field(examples=["trn_3g9k2n6p0r4t8v1x"])
    title: str = Field(examples=["Online training"])
    state: str = Field(examples=["active"], description="active, expired or revoked")
    valid_from: date = Field(examples=["2027-03-10"])
    last_day: date = Field(examples=["2028-03-10"])
    certificate: str = Field(examples=["https://bursar.example/certificates/…"], description="Its public page.")


class LicencesOut(Schema):
    person: str = Field(examples=["per-1"])
    licences: list[LicenceOut] = Field(description="The one that ends last first. Events say what becomes of each.")


@router.get("/licences/{person}", response={200: LicencesOut, **REFUSALS}, operation_id="get_licences")
def read_licences(request: HttpRequest, person: Id) -> Any:
    """All that one person was granted, by the product's id of them. There are no names in it."""
    key_of(request)
    found, today = queries.get_person(person), seller_day(clock.now())
    rows = [
        {
            **tell(one),
            "state": state_of(one.last_day, one.revoked_at is not None, today).value,
            "certificate": make_address(one),
        }
        for one in list_of_person(found)
    ]
    return {"person": found.external_id, "licences": rows}
