"""The rules of VAT: whose a sale bears, what is known of a VAT id, what lines add up to. No Django, no clock."""

from bursar.billing.rules.places import VatArea, find_area
from bursar.billing.rules.rates import Rates
from bursar.billing.rules.totals import Line, RateTotal, Totals, add_up, split_gross
from bursar.billing.rules.vat import Buyer, ItemCategory, Seller, Treatment, VatDecision, decide_vat
from bursar.billing.rules.vat_ids import Answer, Standing, VatIdStatus, read_vat_id, say_state_of, why_not_vat_id

__all__ = [
    "Answer",
    "Buyer",
    "ItemCategory",
    "Line",
    "RateTotal",
    "Rates",
    "Seller",
    "Standing",
    "Totals",
    "Treatment",
    "VatArea",
    "VatDecision",
    "VatIdStatus",
    "add_up",
    "decide_vat",
    "find_area",
    "read_vat_id",
    "say_state_of",
    "split_gross",
    "why_not_vat_id",
]
