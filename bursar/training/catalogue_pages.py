"""The catalogue, with what each training costs now, and next."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from bursar.core import clock
from bursar.training.models import Training
from bursar.training.queries.catalogue import list_trainings


@require_GET
def show_catalogue(request: HttpRequest) -> HttpResponse:
    now = clock.now()
    rows = [_row(one, now) for one in list_trainings()]
    add_url = reverse("actions:dialog", args=["company", "company", "add_training"])
    return render(request, "training/catalogue.html", {"rows": rows, "add_url": add_url})


def _row(training: Training, now: Any) -> dict[str, Any]:
    """`present`: the price that holds; `following`: what is to begin, the nearest first."""
    prices = list(training.prices.all())
    return {
        "training": training,
        "present": next((one for one in prices if one.is_live(now)), None),
        "following": sorted((one for one in prices if one.valid_from > now), key=lambda one: one.valid_from),
        "former": [one for one in prices if one.valid_until is not None and one.valid_until <= now],
        "menu_url": reverse("actions:menu", args=["training", training.public_id]),
    }
