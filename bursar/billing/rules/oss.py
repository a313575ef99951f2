"""Sales with VAT to buyers elsewhere in the EU: how near the one-stop shop is, and what proves where a buyer is. Pure.

Source: Directive 2006/112/EC, article 59c (the threshold, of this year or the last), and Implementing Regulation
282/2011, articles 24b and 24f (two items that do not contradict each other). An accountant reads this before go-live.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from bursar.billing.rules.places import find_area, say_country
from bursar.core.days import say_day
from bursar.core.money import euros

WARNED_FROM = Decimal("0.8")


class Reach(StrEnum):
    BELOW = "below"
    NEAR = "near"
    OVER = "over"


@dataclass(frozen=True)
class Sold:
    """EUR without VAT, credit notes subtracted. `oss`: from which day on the one-stop shop is used; None: not."""

    year: int
    this_year: Decimal
    last_year: Decimal
    threshold: Decimal
    oss: date | None

    @property
    def reach(self) -> Reach:
        most = max(self.this_year, self.last_year)
        if most > self.threshold:
            return Reach.OVER
        return Reach.NEAR if most >= self.threshold * WARNED_FROM else Reach.BELOW

    @property
    def is_to_warn(self) -> bool:
        return self.oss is None and self.reach is not Reach.BELOW


def say_sold(sold: Sold) -> str:
    """ "€ 8,400.00 of € 10,000.00 in 2026, € 0.00 in 2025" """
    amounts = f"{euros(sold.this_year)} of {euros(sold.threshold)} in {sold.year}"
    return f"{amounts}, {euros(sold.last_year)} in {sold.year - 1}"


def say_what_follows(sold: Sold) -> str:
    if sold.oss is not None:
        return f"The one-stop shop is used from {say_day(sold.oss)} on: such buyers pay their own country’s VAT."
    if sold.reach is Reach.OVER:
        return "Their own country’s VAT is due: register for the one-stop shop, and set BURSAR_OSS to its first day."
    if sold.reach is Reach.NEAR:
        return "Above the threshold their own country’s VAT is due: register for the one-stop shop in time."
    return "They pay the seller’s VAT."


@dataclass(frozen=True)
class Proofs:
    """Of where a buyer is: countries by ISO 3166, empty where nothing is known.

    `address`: of the billing details. `bank`: of the account or card that paid. `checkout`: where the browser was.
    `vat_id`: whose id was given, though it is not confirmed.
    """

    address: str
    bank: str = ""
    checkout: str = ""
    vat_id: str = ""

    @property
    def known(self) -> dict[str, str]:
        said = {"address": self.address, "bank": self.bank, "checkout": self.checkout, "VAT id": self.vat_id}
        return {name: country for name, country in said.items() if country}

    @property
    def against(self) -> dict[str, str]:
        """Those that say another country than the address."""
        return {name: one for name, one in self.known.items() if _state(one) != _state(self.address)}

    @property
    def is_enough(self) -> bool:
        return len(self.known) - len(self.against) >= 2

    @property
    def is_to_look_at(self) -> bool:
        return not self.is_enough or bool(self.against)


def _state(country: str) -> str:
    return find_area(country, "").state or country


def say_proofs(proofs: Proofs) -> str:
    """ "Germany: address, bank; but checkout: France" """
    agree = [name for name in proofs.known if name not in proofs.against]
    said = f"{say_country(proofs.address)}: {', '.join(agree)}"
    if proofs.against:
        said += "; but " + ", ".join(f"{name}: {say_country(one)}" for name, one in proofs.against.items())
    return said if proofs.is_enough else f"{said}; a second proof is missing"
