"""Whose VAT a sale of our services bears, and at which rate. One function; every charge and invoice keeps its answer.

Source: Directive 2006/112/EC, articles 44 (businesses: where the customer is), 58 (consumers: where they live, or with
the seller under the threshold), 59 (outside), 196 (reverse charge). An accountant reads this before go-live.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from bursar.billing.rules.items import ItemCategory
from bursar.billing.rules.places import VatArea, find_area, say_country
from bursar.billing.rules.rates import Rates
from bursar.billing.rules.vat_ids import VatIdStatus, say_state_of

NOTHING = Decimal(0)


class Treatment(StrEnum):
    CHARGED = "charged"
    REVERSE_CHARGE = "reverse_charge"
    OUTSIDE_SCOPE = "outside_scope"
    EXEMPT = "exempt"

    @property
    def ubl_category(self) -> str:
        """The code of UNCL 5305."""
        return _UBL[self]


_UBL = {
    Treatment.CHARGED: "S",
    Treatment.REVERSE_CHARGE: "AE",
    Treatment.OUTSIDE_SCOPE: "O",
    Treatment.EXEMPT: "E",
}


@dataclass(frozen=True)
class Seller:
    """`country`: a member state. `uses_oss`: charges consumers elsewhere in the EU their own rate."""

    country: str
    uses_oss: bool = False


@dataclass(frozen=True)
class Buyer:
    """`country`, `postcode`: of the billing address.

    `is_accepted`: a person with the right took an unknown id for valid.
    """

    country: str
    postcode: str = ""
    vat_id: str = ""
    status: VatIdStatus = VatIdStatus.NONE
    is_accepted: bool = False

    @property
    def has_proven_id(self) -> bool:
        return self.status == VatIdStatus.VALID or (self.status == VatIdStatus.UNKNOWN and self.is_accepted)


@dataclass(frozen=True)
class VatDecision:
    """`rate`: per cent. `state`: whose VAT it is, empty for none. `remarks`: what whoever decides should read."""

    treatment: Treatment
    rate: Decimal
    state: str
    is_oss: bool
    remarks: tuple[str, ...]
    inputs: Mapping[str, Any]

    @property
    def ubl_category(self) -> str:
        return self.treatment.ubl_category

    @property
    def counts_for_oss(self) -> bool:
        """Whether it bears VAT and goes elsewhere in the EU: below a threshold the seller's rate will do."""
        if self.treatment != Treatment.CHARGED or not self.inputs:
            return False
        buyer, seller = self.inputs["buyer"], self.inputs["seller"]
        return bool(find_area(buyer["country"], buyer["postcode"]).state != seller["country"])

    def as_json(self) -> dict[str, Any]:
        """What a charge keeps: answer and inputs."""
        return {
            "treatment": self.treatment.value,
            "rate": str(self.rate),
            "state": self.state,
            "is_oss": self.is_oss,
            "remarks": list(self.remarks),
            "inputs": dict(self.inputs),
        }

    @classmethod
    def read(cls, kept: Mapping[str, Any]) -> VatDecision:
        """From `as_json`."""
        treatment, rate = Treatment(kept["treatment"]), Decimal(kept["rate"])
        return cls(treatment, rate, kept["state"], kept["is_oss"], tuple(kept["remarks"]), kept["inputs"])


def decide_vat(seller: Seller, buyer: Buyer, category: ItemCategory, day: date, rates: Rates) -> VatDecision:
    """`day`: of supply, or of payment when that comes first. Raises LookupError where no rate is known."""
    area = find_area(buyer.country, buyer.postcode)
    treatment, place, is_oss = _place(seller, buyer, category, area)
    return VatDecision(
        treatment=treatment,
        rate=rates.on(place, day) if treatment == Treatment.CHARGED else NOTHING,
        state=place.partition("-")[0],
        is_oss=is_oss,
        remarks=tuple(_remark(seller, buyer, area)),
        inputs={"seller": asdict(seller), "buyer": asdict(buyer), "category": category.value, "day": day.isoformat()},
    )


def _place(seller: Seller, buyer: Buyer, category: ItemCategory, area: VatArea) -> tuple[Treatment, str, bool]:
    """How it is treated, by whose rate (a state or a region of one), and whether through the one-stop shop."""
    if not area.state:
        return Treatment.OUTSIDE_SCOPE, "", False
    is_abroad = area.state != seller.country
    if is_abroad and buyer.has_proven_id and say_state_of(buyer.vat_id) not in ("", seller.country):
        return Treatment.REVERSE_CHARGE, "", False
    if category == ItemCategory.EXEMPT:
        return Treatment.EXEMPT, "", False
    if is_abroad and seller.uses_oss:
        return Treatment.CHARGED, area.region or area.state, True
    return Treatment.CHARGED, seller.country, False


def _remark(seller: Seller, buyer: Buyer, area: VatArea) -> list[str]:
    said = []
    of_id = say_state_of(buyer.vat_id)
    if buyer.vat_id and of_id and of_id != (area.state or buyer.country):
        said.append(f"The VAT id is of {say_country(of_id)}, the address in {say_country(buyer.country)}.")
    if buyer.vat_id.startswith("XI"):
        said.append("A VAT id of Northern Ireland is for goods: for services its holder is outside the EU.")
    if area.left_out:
        said.append(f"The address lies in {area.left_out}, outside the VAT area of the EU.")
    if area.state not in ("", seller.country) and buyer.status == VatIdStatus.UNKNOWN and not buyer.is_accepted:
        said.append("The VAT id is not confirmed yet: VAT is charged until it is.")
    return said
