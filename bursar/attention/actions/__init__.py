"""The verbs of attention, one file a subject; loaded here so that the registry finds them."""

from bursar.attention.actions import export, outreach, templates, triage

__all__ = ["export", "outreach", "templates", "triage"]
