"""The only pen of plans' tables. One module a subject; every function takes a set, and one is a set of one.

What comes from actions holds from now on, under the accounts' locks; `take_history…` is what files say of the past.
"""

from bursar.plans.store import discounts, managers, periods, prices, terms, tiers, told
from bursar.plans.store.terms import foresee_terms, set_payment_terms
from bursar.plans.store.tiers import end_grants, grant_tier, set_base_tier
from bursar.plans.store.told import mark_told

__all__ = [
    "discounts",
    "end_grants",
    "foresee_terms",
    "grant_tier",
    "managers",
    "mark_told",
    "periods",
    "prices",
    "set_base_tier",
    "set_payment_terms",
    "terms",
    "tiers",
    "told",
]
