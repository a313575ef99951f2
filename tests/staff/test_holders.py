"""A missing right names whom to ask: at each door, and to colleagues alone."""

from __future__ import annotations

from django.db import connection
from django.test.utils import CaptureQueriesContext

from bursar.access.holders import explain_to
from bursar.access.rights import Right
from bursar.actions import menu
from bursar.core.naming import Said
from bursar.staff.models import Role, StaffMember
from bursar.staff.queries import list_holders
from tests.cast import NOW, Cast, refusal_of, shown_by, sign_in

KEY, PATH = "plans.workspace.change_tier", "workspace/{}/change_tier"


def test_who_has_the_right_is_named_at_every_door(cast: Cast) -> None:
    whom = "You need the right “set tier”. Iris and Noor have it."
    assert refusal_of(KEY, cast.ties, cast.panel.public_id, {"tier": "guardian"}, reason="x").sentence == whom
    ties, path = sign_in("ties@agora.example"), PATH.format(cast.panel.public_id)
    assert whom in shown_by(ties.get(f"/panel/actions/{path}"))
    by_api = ties.post(f"/api/v1/workspace/{cast.panel.public_id}/actions/change_tier", "{}", "application/json")
    assert by_api.status_code == 403 and by_api.json()["sentence"] == whom
    assert whom in shown_by(ties.get(f"/panel/actions/menu/workspace/{cast.panel.public_id}"))
    assert "“manage staff”. Iris has it." in shown_by(ties.get("/panel/staff/"))


def test_at_most_three_are_named_and_no_customer_reads_any(cast: Cast) -> None:
    assert Said(explain_to(cast.ada, Right.ACT)).endswith("Iris, Noor and Ties have it.")
    assert explain_to(cast.lotte, Right.ACT) == "You need the right “pull everyday levers”."
    role = Role.objects.get(slug="auditor")
    role.rights = [*role.rights, Right.ACT.value]
    role.save()
    assert Said(explain_to(cast.ada, Right.ACT)).endswith("Ada, Iris, Noor and 1 more have it.")


def test_whoever_left_is_not_named_and_where_nobody_has_it_the_leads_are(cast: Cast) -> None:
    StaffMember.objects.filter(public_id=cast.noor.id).update(is_active=False)
    assert Said(explain_to(cast.ties, Right.SET_TIER)).endswith("Iris has it.")
    for role in Role.objects.all():
        role.rights = [right for right in role.rights if right != Right.SET_TIER]
        role.save()
    assert "set_tier" not in list_holders()
    assert Said(explain_to(cast.ties, Right.SET_TIER)).endswith("Nobody has it at present; Iris can give it.")


def test_a_menu_asks_once_whatever_is_grey(cast: Cast) -> None:
    with CaptureQueriesContext(connection) as caught:
        menu.build(cast.ada, "workspace", cast.panel.public_id, NOW)
    asked = [query for query in caught.captured_queries if "staff_role" in query["sql"] and "rights" in query["sql"]]
    assert len(asked) == 1
