"""Every verb of plans. Importing this registers them."""

from bursar.plans.actions import discounts, ends, grants, lapses, managed, managers, tiers, trials

__all__ = ["discounts", "ends", "grants", "lapses", "managed", "managers", "tiers", "trials"]
