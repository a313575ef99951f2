"""What a notice says and where it leads, for a colleague and for a customer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse

from bursar.actions.registry import ACTIONS, TARGETS, Target
from bursar.actions.spec import Notice
from bursar.audit.models import AuditLine
from bursar.audit.pages import customer_version, describe
from bursar.core import naming


@dataclass(frozen=True)
class Told:
    """`path` leads to the thing. `reason` is empty for customers."""

    label: str
    target: str
    by: str
    at: datetime
    changes: list[dict[str, Any]]
    message: str
    reason: str
    path: str

    @property
    def sentence(self) -> str:
        return f"{self.label}: {self.target}"


def tell(line: AuditLine, is_staff: bool) -> Told:
    return _told(line, is_staff, customer_version(line), describe(line))


def tell_by_reference(line: AuditLine, is_staff: bool) -> Told:
    """As `tell`, for what is kept: people stand in it by reference too."""
    return _told(line, is_staff, customer_version(line, say=naming.say), describe(line, say=naming.say))


def _told(line: AuditLine, is_staff: bool, made: dict[str, Any], whole: dict[str, Any]) -> Told:
    shown = {name: made[name] for name in ("label", "target", "by", "at", "changes", "message")}
    if not is_staff:
        return Told(**shown, reason="", path=_own_path(line))
    return Told(**{**shown, "by": whole["actor"], "changes": whole["changes"]}, reason=line.reason, path=path_of(line))


def _subject(line: AuditLine) -> tuple[str, str]:
    """The kind and id of what the line is best looked at: what leads, else its own target."""
    leading = {prefix_of(kind): kind.slug for kind in TARGETS.values() if kind.leads}
    for touched in line.touches:
        if slug := leading.get(touched.partition("_")[0]):
            return slug, touched
    return line.target_kind, line.target_id


def prefix_of(kind: Target) -> str:
    """Of the public ids of this kind; empty for the company and other things without."""
    fields = kind.model._meta.get_fields() if hasattr(kind.model, "_meta") else []
    return next((field.prefix for field in fields if field.name == "public_id"), "")


def path_of(line: AuditLine) -> str:
    """The subject's page; else that of what the line touches; else its lines in the book."""
    slug, public_id = _subject(line)
    if slug in TARGETS and TARGETS[slug].page:
        return reverse(TARGETS[slug].page, args=[public_id])
    pages = {prefix_of(kind): kind.page for kind in TARGETS.values() if kind.page}
    for touched in line.touches:
        if page := pages.get(touched.partition("_")[0]):
            return reverse(page, args=[touched])
    return f"{reverse('panel:book')}?q={line.target_id}"


def _own_path(line: AuditLine) -> str:
    """Of what left some who are told of it, to where all of them read it."""
    slug, public_id = _subject(line)
    has_left = line.key in ACTIONS and Notice.FORMER in ACTIONS[line.key].tell
    if slug in TARGETS and TARGETS[slug].own_page and not has_left:
        return reverse(TARGETS[slug].own_page, args=[public_id])
    return reverse("dashboard:history")
