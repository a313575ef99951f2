"""The catalogue, with what each training costs now, and next."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from bursar.access.request import actor_of
from bursar.actions.menu import why_not
from bursar.actions.registry import ACTIONS
from bursar.actions.spec import Case, Company
from bursar.core import clock
from bursar.training.models import Training
from bursar.training.queries.catalogue import list_trainings


@require_GET
def show_catalogue(request: HttpRequest) -> HttpResponse:
    now = clock.now()
    context = {
        "rows": [_row(one, now) for one in list_trainings()],
        "add_url": reverse("actions:dialog", args=["company", "company", "add_training"]),
        "may_add": why_not(ACTIONS["training.company.add_training"], Case(actor_of(request), Company(), now)) is None,
    }
    return render(request, "training/catalogue.html", context)


def _row(training: Training, now: datetime) -> dict[str, Any]:
    """`present`: the price that holds; `following`: what is to begin, the nearest first."""
    prices = list(training.prices.all())
    return {
        "training": training,
        "present": next((one for one in prices if one.is_live(now)), None),
        "following": sorted((one for one in prices if one.valid_from > now), key=lambda one: one.valid_from),
        "menu_url": reverse("actions:menu", args=["training", training.public_id]),
    }
