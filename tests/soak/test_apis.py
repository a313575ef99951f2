"""Both APIs under schemathesis: whatever their own descriptions allow, and what they forbid, is answered as described.

Never a 5xx, never a status, content type or body that the description does not name. Half of the calls go to things
that exist, so that they reach past the first 404.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from bursar.access.keys import digest_of
from bursar.access.rights import Right
from bursar.actions.registry import TARGETS
from bursar.product.models import ApiKey, Scope
from bursar.staff.models import ApiToken, StaffMember
from tests.cast import Cast, prove
from tests.walk import PLAIN

pytestmark = [pytest.mark.soak, pytest.mark.django_db(transaction=True)]
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
EXAMPLES = 40
SECRET = "a secret that only this test knows"
KNOWN = {
    "organisation": "haarlem", "organisation_id": "haarlem", "workspace": "panel", "person": "maud", "external_id": "panel",
    "day": "2026-11-02", "month": "2026-10", "kind": "new",
}  # fmt: skip


@pytest.fixture(autouse=True)
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bursar.config.middleware.BAD_TOKENS", 10**9)


def test_the_admin_api(committed: Cast) -> None:
    lead = StaffMember.objects.get(public_id=committed.iris.id)
    token = ApiToken.objects.create(
        member=lead, name="soak", digest=digest_of(SECRET), hint="h", rights=[right.value for right in Right]
    )

    def stay() -> None:
        """Levers may turn off the very person who pulls them; the next call is to get in all the same."""
        ApiToken.objects.filter(pk=token.pk).update(revoked_at=None)
        StaffMember.objects.filter(pk=lead.pk).update(is_active=True)

    def place(operation: str, name: str) -> str | None:
        slug = PLAIN.get(name, name.removesuffix("_id"))
        if name == "target_id":
            slug = operation.split("/")[1]
        return committed.target_id(slug) if slug in TARGETS else KNOWN.get(name)

    explore("/api/v1/openapi.json", place, stay)
    prove()


def test_the_products_api(committed: Cast) -> None:
    ApiKey.objects.create(name="soak", digest=digest_of(SECRET), hint="h", scopes=Scope.values, created_by="t")
    explore("/api/product/v1/openapi.json", lambda operation, name: KNOWN.get(name), lambda: None)
    prove()


def explore(address: str, place: Callable[[str, str], str | None], before_each: Callable[[], None]) -> None:
    """Every operation by itself; all of them are told of, not the first alone."""
    headers = {"Authorization": f"Bearer {SECRET}"}
    from bursar.config.wsgi import application  # not before: it brings the web's time limits

    schema = schemathesis.openapi.from_wsgi(address, application, headers=headers)
    faults: list[str] = []
    seen = 0
    for found in schema.get_all_operations():
        operation: Any = found.ok()  # type: ignore[union-attr]  # a schema that cannot be read is loud
        seen += 1
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            fault = first_fault(operation, mode, place, headers, before_each)
            if fault:
                faults.append(f"{operation.label}, {mode.value}: {fault}")
    assert seen > 5
    assert not faults, f"{len(faults)}\n" + "\n".join(faults)


def first_fault(
    operation: Any,
    mode: GenerationMode,
    place: Callable[[str, str], str | None],
    headers: dict[str, str],
    before_each: Callable[[], None],
) -> str:
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode), is_known=st.booleans())
    def ask(case: Any, is_known: bool) -> None:
        before_each()
        if is_known:
            for name in case.path_parameters or {}:
                case.path_parameters[name] = place(operation.path, name) or case.path_parameters[name]
        case.call_and_validate(headers=headers, checks=CHECKS)

    try:
        ask()
    except (Exception, BaseExceptionGroup) as error:
        if type(error).__name__ == "Unsatisfiable":  # nothing that could be wrong
            return ""
        return " | ".join(sorted({" ".join(str(one).split())[:400] for one in leaves(error)}))
    return ""


def leaves(error: BaseException) -> list[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        return [leaf for one in error.exceptions for leaf in leaves(one)]
    return [error]
