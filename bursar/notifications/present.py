"""What a notice says and where it leads, for a colleague and for a customer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse

from bursar.actions.registry import TARGETS
from bursar.audit.models import AuditLine
from bursar.audit.pages import customer_version, describe


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
    made = customer_version(line)
    if not is_staff:
        return Told(**made, reason="", path=_own_path(line))
    whole = describe(line)
    return Told(**{**made, "by": whole["actor"], "changes": whole["changes"]}, reason=line.reason, path=_path(line))


def _path(line: AuditLine) -> str:
    """The target's page; else that of what it touches; else its lines in the book."""
    target = TARGETS.get(line.target_kind)
    if target is not None and target.page:
        return reverse(target.page, args=[line.target_id])
    pages = {kind.model._meta.get_field("public_id").prefix: kind.page for kind in TARGETS.values() if kind.page}  # type: ignore[attr-defined]
    for touched in line.touches:
        if page := pages.get(touched.partition("_")[0]):
            return reverse(page, args=[touched])
    return f"{reverse('audit:book')}?q={line.target_id}"


def _own_path(line: AuditLine) -> str:
    target = TARGETS.get(line.target_kind)
    if target is not None and target.own_page:
        return reverse(target.own_page, args=[line.target_id])
    return reverse("dashboard:history")
