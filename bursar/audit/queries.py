"""Every read of the book but the proof of it (`verify.py`)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from django.db.models import Func, Prefetch, Q, QuerySet

from bursar.audit import rules
from bursar.audit.models import AuditLine, AuditName, AuditSeal

NEWEST = f"SELECT max(at) FROM {AuditLine._meta.db_table}"
"""By the index of its newest lines: when anything was done last."""


def lines() -> QuerySet[AuditLine]:
    """Newest first, names at hand."""
    names = Prefetch("name_rows", AuditName.objects.order_by("slot"))
    return AuditLine.objects.prefetch_related(names).order_by("-at", "-id")


def list_timeline(public_id: str) -> QuerySet[AuditLine]:
    """Lines about an account, workspace, organisation or person."""
    return lines().filter(touches__contains=[public_id])


def list_notes(public_id: str) -> QuerySet[AuditLine]:
    """What colleagues noted about a thing, or about what belongs to it, and have not withdrawn. An outcome is one."""
    noted = list_timeline(public_id).filter(Q(key__endswith=".add_note") | Q(key__endswith=".note_outcome"))
    back = list_timeline(public_id).order_by().filter(key__regex=r"\.withdraw_(note|outcome)$")
    return noted.exclude(public_id__in=back.annotate(of=Func("touches", function="unnest")).values("of"))


def list_customer_history(public_ids: list[str], leaving: Collection[str] = ()) -> QuerySet[AuditLine]:
    """What customers may know of: visible lines whose target is one of the given ids.

    Not every line that touches an account: another workspace's lines are none of this person's business. But by those
    of the keys `leaving` a thing goes from some whom it touches, who read of that for the last time.
    """
    theirs = Q(target_id__in=public_ids) | Q(key__in=leaving)
    return lines().filter(theirs, customer_visible=True, touches__overlap=public_ids)


def list_touches(public_id: str) -> list[str]:
    """The public ids that one line belongs to; none when there is no such line."""
    return AuditLine.objects.filter(public_id=public_id).values_list("touches", flat=True).first() or []


def without_money(found: QuerySet[AuditLine], target_ids: list[str]) -> QuerySet[AuditLine]:
    """Leaves out what is about money at the given targets: for readers who have no billing rights there."""
    old = Q(format=1, label__iregex=rules.OLD_MONEY_WORDS)
    return found.exclude(Q(target_id__in=target_ids) & (Q(concerns_money=True) | old))


def search(
    *,
    text: str = "",
    about: Collection[str] = (),
    key: str = "",
    actor: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
) -> QuerySet[AuditLine]:
    """`text`: a public id, of a line too, or part of a name or of the reason. `about`: public ids that it means too."""
    found = lines()
    if text:
        named = AuditName.objects.filter(text__icontains=text).values("line_id")
        is_meant = Q(touches__overlap=[text, *about]) | Q(public_id=text) | Q(group=text)
        found = found.filter(is_meant | Q(reason__icontains=text) | Q(id__in=named))
    if key:
        found = found.filter(key=key)
    if actor:
        found = found.filter(actor_id=actor)
    if since:
        found = found.filter(at__gte=since)
    if until:
        found = found.filter(at__lt=until)
    return found


def list_keys() -> list[tuple[str, str]]:
    """The actions that occur in the book: (key, label), for the filter."""
    return list(AuditLine.objects.order_by("key").values_list("key", "label").distinct("key"))


def get_last_seal() -> AuditSeal | None:
    return AuditSeal.objects.order_by("-number").first()


def list_settled(rows: Iterable[Any]) -> set[str]:
    """Public ids of those about which the book has a line: somebody changed them here, or what belongs to them.

    An import has lines about the company alone.
    """
    ids = [row.public_id for row in rows]
    found = AuditLine.objects.filter(touches__overlap=ids).values_list("touches", flat=True) if ids else []
    return {one for touches in found for one in touches} & set(ids)
