"""A visit is no seat, no contact, no login signal and no recipient: at the figures, at risk, and whatever is pushed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from bursar.access.models import User
from bursar.actions.spec import Notice
from bursar.audit.models import AuditLine
from bursar.core import clock
from bursar.notifications.recipients import list_recipients
from bursar.rollup.models import AccountMonth, WorkspaceMonth
from bursar.rollup.refresh import refresh
from bursar.tenants.models import Person, WorkspaceMembership
from bursar.tenants.queries import customer_of, list_admin_contacts
from tests.cast import NOW, Cast, bring_all, fact, person, prove, sign_in
from tests.requests.helpers import Product
from tests.support.helpers import customer, join, pull


def figures(cast: Cast) -> list[Any]:
    refresh(clock.now())
    of_account = AccountMonth.objects.filter(account=cast.haarlem).order_by("month").values()
    of_workspace = WorkspaceMonth.objects.filter(workspace=cast.klimaat).order_by("month").values()
    times = {"next_change_at", "refreshed_at", "projected_at", "updated_at"}
    return [{k: v for k, v in row.items() if k not in times} for row in [*of_account, *of_workspace]]


def known_to_the_product(cast: Cast) -> Person:
    """Ties has a person of his own there, by the same address."""
    bring_all({"kind": "person", "external_id": "ties-there", "name": "Ties", "email": "ties@agora.example"})
    return Person.objects.get(external_id="ties-there")


def test_a_visit_moves_no_figure_and_makes_no_member(cast: Cast) -> None:
    before = figures(cast)
    pull("turn_on", customer("maud"), cast.klimaat)
    join(cast.ties, cast.klimaat)
    assert figures(cast) == before and fact(cast.haarlem).seats == 2
    assert not WorkspaceMembership.objects.filter(person__user__staff__isnull=False).exists()
    prove()
    with clock.frozen(NOW + timedelta(days=2)):
        pull("ask", cast.iris, cast.panel, note="Look")
        prove()


def test_what_the_product_pushes_of_a_visitor_is_a_visit(cast: Cast) -> None:
    """The product lets them in as an admin, and pushes that: without a word it would be a seat, and the contact."""
    who = known_to_the_product(cast)
    before, contacts = figures(cast), list_admin_contacts([cast.haarlem.pk], NOW)
    pull("turn_on", customer("maud"), cast.klimaat)
    join(cast.ties, cast.klimaat)
    product = Product("push")
    said = {"role": "admin", "changed_at": NOW.isoformat()}
    assert product.put("workspaces/klimaat/members/ties-there", said).json()["result"] == "created"
    row = WorkspaceMembership.objects.get(person=who)
    assert row.is_support and row.role == "admin"
    assert (
        product.put(f"people/ties-there/logins/{NOW.date()}", {"count": 40, "changed_at": NOW.isoformat()}).status_code
        == 201
    )
    assert figures(cast) == before and fact(cast.haarlem).seats == 2
    assert list_admin_contacts([cast.haarlem.pk], NOW) == contacts
    assert not customer_of(who, NOW).account_ids, "they are no customer of it either"
    assert product.put("workspaces/klimaat/members/ties-there", said).json()["result"] == "unchanged"
    line = AuditLine.objects.filter(key="support.workspace.join").get()
    told = list_recipients(Notice.WORKSPACE_ADMINS, line, {})
    assert [one.name for one in told] == ["Maud"]
    prove()


def test_the_product_may_say_so_itself(cast: Cast) -> None:
    bring_all(*person("visitor", "Visitor"))
    product = Product("push")
    said = {"role": "admin", "is_support": True, "changed_at": NOW.isoformat()}
    assert product.put("workspaces/klimaat/members/visitor", said).json()["result"] == "created"
    assert fact(cast.haarlem).seats == 2
    said = {"role": "member", "changed_at": NOW.isoformat()}
    assert product.put("workspaces/klimaat/members/visitor", said).json()["result"] == "updated"
    assert WorkspaceMembership.objects.get(person__external_id="visitor", valid_until=None).is_support, (
        "not said: stays"
    )
    said = {"role": "member", "is_support": False, "changed_at": NOW.isoformat()}
    assert product.put("workspaces/klimaat/members/visitor", said).json()["result"] == "updated"
    assert fact(cast.haarlem).seats == 3


def test_a_visitor_is_no_login_signal_at_risk(cast: Cast) -> None:
    known_to_the_product(cast)
    pull("turn_on", customer("lotte"), cast.panel)
    join(cast.ties, cast.panel)
    product, iris = Product("push"), sign_in("iris@agora.example")
    before = iris.get("/api/v1/at-risk?q=Jeugdpanel").json()["workspaces"][0]
    product.put("workspaces/panel/members/ties-there", {"role": "admin", "changed_at": NOW.isoformat()})
    product.put(f"people/ties-there/logins/{NOW.date()}", {"count": 40, "changed_at": NOW.isoformat()})
    after = iris.get("/api/v1/at-risk?q=Jeugdpanel").json()["workspaces"][0]
    assert after == before and after["contact"] == "Lotte" and after["admin_logins_30_days"] in ("", "0")


def test_a_colleague_hears_nothing_as_a_customer(cast: Cast) -> None:
    pull("turn_on", customer("lotte"), cast.panel)
    join(cast.ties, cast.panel)
    line = AuditLine.objects.latest("id")
    staff = set(User.objects.filter(staff__isnull=False).values_list("public_id", flat=True))
    for notice in (Notice.WORKSPACE_ADMINS, Notice.BILLING):
        assert not {one.who for one in list_recipients(notice, line, {})} & staff
