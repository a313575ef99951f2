"""“Import”: send a file up, and see what came of those before."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from bursar.access.actor import Actor
from bursar.access.request import actor_of
from bursar.access.rights import Right
from bursar.core import clock
from bursar.product.actions.files import IMPORT
from bursar.product.models import ImportRun, ImportState
from bursar.product.queries import list_imports
from bursar.ui.navigation import NavEntry, register

register(
    NavEntry(
        key="import",
        label="Import",
        url_name="imports:page",
        order=98,
        group="house",
        icon="file-import",
        help="importing",
        right=Right.MANAGE_STAFF,
    )
)


@require_GET
def show_imports(request: HttpRequest) -> HttpResponse:
    actor, rule = actor_of(request), IMPORT.upload
    assert rule is not None
    context = {
        "may_import": actor.can(rule.right),
        "upload_url": reverse("files:upload", args=[IMPORT.name]),
        "accept": ",".join(rule.suffixes),
        "most_mb": rule.most // 1_000_000,
        "rows": [_row(one, actor) for one in list_imports()],
        "is_running": ImportRun.objects.filter(state=ImportState.RUNNING).exists(),
    }
    return render(request, "product/imports.html", context)


def _row(one: ImportRun, actor: Actor) -> dict[str, Any]:
    """The report is for whoever began it, while it lives."""
    report = one.report
    is_mine = report is not None and report.made_by_id == actor.user_id
    is_there = report is not None and (report.expires_at is None or report.expires_at > clock.now())
    url = reverse("files:download", args=[report.public_id]) if report and is_mine and is_there else ""
    is_counted = one.state != ImportState.RUNNING or one.lines > 0
    done = one.taken + one.left_out
    return {"one": one, "by": one.actor["name"], "report_url": url, "is_counted": is_counted, "done": done}
