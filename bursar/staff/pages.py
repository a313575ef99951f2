"""One's own sign-in, and the staff list."""

from __future__ import annotations

from allauth.account.utils import perform_login
from allauth.core.internal.httpkit import get_client_ip
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from bursar.access import confirm
from bursar.access.models import User
from bursar.access.request import actor_of
from bursar.access.rights import Right
from bursar.core import clock
from bursar.core.limits import is_over
from bursar.staff import queries
from bursar.staff.matrix import build_matrix, group_rows, list_rights
from bursar.staff.sign_in import redeem
from bursar.ui.navigation import NavEntry, register

LINK_TRIES = 20

register(
    NavEntry(
        key="staff",
        label="Staff",
        url_name="staff_list",
        order=20,
        group="house",
        icon="users-group",
        help="staff-and-roles",
    )
)


@never_cache
@require_http_methods(["GET", "POST"])
def follow_link(request: HttpRequest, token: str) -> HttpResponse:
    """GET only asks: mail programs open links by themselves. POST signs in, once; a second factor is still asked."""
    if request.method == "GET":
        return render(request, "staff/follow_link.html")
    if is_over("sign-in link", get_client_ip(request) or "", LINK_TRIES, 60):
        return render(request, "429.html", status=429)
    user = redeem(token, clock.now())
    if user is None:
        return render(request, "staff/link_is_spent.html", status=410)
    response: HttpResponse = perform_login(request, user, email_verification="none", redirect_url="/")
    confirm.note_sign_in(request, "link")
    return response


@login_required
@require_GET
def show_account(request: HttpRequest) -> HttpResponse:
    assert isinstance(request.user, User)
    context = {
        "has_password": request.user.has_usable_password(),
        "has_factor": queries.has_second_factor(request.user.pk),
        "tokens": queries.tokens_of(actor_of(request))[:50],
    }
    return render(request, "staff/account.html", context)


@require_GET
def show_staff(request: HttpRequest) -> HttpResponse:
    members = queries.list_members()
    for member in members:
        member.menu_url = reverse("actions:menu", args=["staff", member.public_id])  # type: ignore[attr-defined]
        member.book_url = f"{reverse('panel:book')}?actor={member.public_id}"  # type: ignore[attr-defined]  # for the list alone
    context = {
        "members": members,
        "may_manage": actor_of(request).can(Right.MANAGE_STAFF),
        "add_url": reverse("actions:dialog", args=["company", "company", "add"]),
    }
    return render(request, "staff/list.html", context)


@require_GET
def show_roles(request: HttpRequest) -> HttpResponse:
    roles, q = list(queries.list_roles()), request.GET.get("q", "").strip()[:100]
    groups = group_rows(build_matrix(roles), q)
    context = {"roles": roles, "q": q, "groups": groups, "rights_of": list_rights(roles)}
    return render(request, "staff/roles.html", context)
