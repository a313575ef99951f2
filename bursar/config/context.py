from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from bursar.access.actor import Actor, ActorKind
from bursar.audit.queries import NEWEST
from bursar.core import clock, counted, heartbeat
from bursar.demo import load as demo


def installation(request: HttpRequest) -> dict[str, Any]:
    """What every page says: the company, whether the data is a demo, and whether the worker is late."""
    if request.headers.get("HX-Request"):
        return {"company": settings.BURSAR_COMPANY_NAME, "actor": getattr(request, "actor", None)}
    actor: Actor | None = getattr(request, "actor", None)
    is_staff = actor is not None and actor.kind is ActorKind.STAFF
    now, it = clock.now(), heartbeat.read_installation(actor.id if actor else "", NEWEST)
    return {
        "company": settings.BURSAR_COMPANY_NAME,
        "actor": actor,
        "signs_in_by_product": bool(settings.BURSAR_OIDC_SERVER),
        "is_staff_reader": is_staff,
        "frame": "ui/panel.html" if is_staff else "ui/customer.html" if actor else "ui/plain.html",
        "demo_data": it.is_demo,
        "demo_sign_ins": demo.SIGN_INS if it.is_demo and actor is None else [],
        "demo_password": demo.PASSWORD,
        "mail_stays_here": it.is_demo and is_staff and not settings.BURSAR_MAIL_LEAVES,
        "worker_late": is_staff and heartbeat.is_late(now, it.seen_at),
        "worker_seen_at": it.seen_at,
        "counts": it.counts,
        "counts_are_old": counted.is_old(now, it.counted_at, it.changed_at),
    }
