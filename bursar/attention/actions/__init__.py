"""The verbs of attention, one file a subject; loaded here so that the registry finds them."""

from bursar.attention.actions import export, likely, outreach, templates, triage

__all__ = ["export", "likely", "outreach", "templates", "triage"]
