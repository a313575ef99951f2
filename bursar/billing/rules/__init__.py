"""The rules of VAT: whose a sale bears, what is known of a VAT id, what lines add up to. No Django, no clock."""

from bursar.billing.rules.buyers import (
    read_legal_id,
    read_peppol_id,
    scheme_of,
    split_peppol_id,
    why_not_legal_id,
    why_not_peppol_id,
)
from bursar.billing.rules.items import Categories, ItemCategory, ItemKind
from bursar.billing.rules.places import COUNTRIES, VatArea, find_area, say_country, why_not_postcode
from bursar.billing.rules.rates import Rates
from bursar.billing.rules.totals import Line, RateTotal, Totals, add_up, calc_vat_of_part, split_gross, split_part
from bursar.billing.rules.vat import Buyer, Seller, Treatment, VatDecision, decide_vat
from bursar.billing.rules.vat_ids import Answer, Standing, VatIdStatus, read_vat_id, say_state_of, why_not_vat_id
from bursar.billing.rules.words import explain_decision, say_decision, say_rate, say_standing

__all__ = [
    "COUNTRIES",
    "Answer",
    "Buyer",
    "Categories",
    "ItemCategory",
    "ItemKind",
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
    "calc_vat_of_part",
    "decide_vat",
    "explain_decision",
    "find_area",
    "read_legal_id",
    "read_peppol_id",
    "read_vat_id",
    "say_country",
    "say_decision",
    "say_rate",
    "say_standing",
    "say_state_of",
    "scheme_of",
    "split_gross",
    "split_part",
    "split_peppol_id",
    "why_not_legal_id",
    "why_not_peppol_id",
    "why_not_postcode",
    "why_not_vat_id",
]
