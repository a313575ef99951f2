"""Every verb of plans. Importing this registers them."""

from bursar.plans.actions import discounts, managed, managers, tiers, trials

__all__ = ["discounts", "managed", "managers", "tiers", "trials"]
