"""The product's keys on screen."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from bursar.access.request import actor_of
from bursar.access.rights import Right
from bursar.core import clock
from bursar.product.queries import list_keys
from bursar.ui.navigation import NavEntry, register

register(
    NavEntry(
        key="keys",
        label="API keys",
        url_name="product:keys",
        order=30,
        group="house",
        icon="key",
        help="api-keys",
    )
)


@require_GET
def show_keys(request: HttpRequest) -> HttpResponse:
    now, keys = clock.now(), list_keys()
    rows = [
        {"key": key, "is_live": key.is_live(now), "menu_url": reverse("actions:menu", args=["key", key.public_id])}
        for key in keys
    ]
    context = {
        "rows": rows,
        "may_manage": actor_of(request).can(Right.MANAGE_STAFF),
        "add_url": reverse("actions:dialog", args=["company", "company", "create_key"]),
    }
    return render(request, "product/keys.html", context)
