"""What is asked before each page of a customer: which accounts and workspaces are theirs."""

from __future__ import annotations

from typing import Any

import pytest

from bursar.tenants.models import Person
from bursar.tenants.queries import customer_of
from tests.cast import NOW, Cast, bring_all


@pytest.mark.parametrize(
    ("who", "role_above", "statements", "accounts", "workspaces"),
    [
        ("lotte", "", 2, {"samen"}, {"panel"}),
        ("ali", "", 2, {"haarlem"}, {"klimaat", "noord"}),
        ("ali", "member", 3, {"haarlem", "oost"}, {"klimaat", "noord"}),
        ("ali", "billing", 3, {"haarlem", "oost"}, {"klimaat", "noord"}),
        ("ali", "admin", 4, {"haarlem", "oost"}, {"klimaat", "noord", "lab"}),
        ("maud", "", 4, {"haarlem"}, {"klimaat", "noord"}),
    ],
)
def test_seats_and_organisations_in_few_statements(
    cast: Cast, django_assert_num_queries: Any, who: str, role_above: str, statements: int,
    accounts: set[str], workspaces: set[str],
) -> None:  # fmt: skip
    """`role_above`: theirs at Universiteit Oost, beside their seats."""
    if role_above:
        row = {"organisation": "oost", "person": who, "role": role_above, "from": NOW.replace(month=9)}
        bring_all({"kind": "organisation_member", **row})
    known = Person.objects.get(external_id=who)
    with django_assert_num_queries(statements):
        found = customer_of(known, NOW)
    assert found.account_ids == found.own_account_ids == {getattr(cast, name).pk for name in accounts}
    assert found.workspace_ids == {getattr(cast, name).pk for name in workspaces}
