"""Every verb of plans. Importing this registers them."""

from bursar.plans.actions import discounts, grants, lapses, managed, managers, tiers, trials

__all__ = ["discounts", "grants", "lapses", "managed", "managers", "tiers", "trials"]
