from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from bursar.access.actor import ActorKind
from bursar.core import clock, heartbeat
from bursar.core.models import InstallationFact
from bursar.demo import load as demo


def installation(request: HttpRequest) -> dict[str, Any]:
    """What every page says: the company, whether the data is a demo, and whether the worker is late."""
    if request.headers.get("HX-Request"):
        return {"company": settings.BURSAR_COMPANY_NAME, "actor": getattr(request, "actor", None)}
    actor = getattr(request, "actor", None)
    is_demo = InstallationFact.objects.filter(name="demo").exists()
    return {
        "company": settings.BURSAR_COMPANY_NAME,
        "actor": actor,
        "signs_in_by_product": bool(settings.BURSAR_OIDC_SERVER),
        "is_staff_reader": actor is not None and actor.kind is ActorKind.STAFF,
        "demo_data": is_demo,
        "demo_sign_ins": demo.SIGN_INS if is_demo and actor is None else [],
        "demo_password": demo.PASSWORD,
        "worker_late": heartbeat.is_late(clock.now()) if actor and actor.kind is ActorKind.STAFF else False,
        "worker_seen_at": heartbeat.seen_at() if actor and actor.kind is ActorKind.STAFF else None,
    }
