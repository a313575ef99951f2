"""Every action × everybody who might come, at every door: the answer in each cell is the expected one.

The expectation follows from the declarations (right, scope, reach of the fetch), never from a list kept beside them.
"""

from __future__ import annotations

import html
import json
from dataclasses import replace

import pytest

from bursar.access.actor import Actor, operator, system
from bursar.access.models import User
from bursar.access.rights import By, Own, Right, explain_missing, explain_out_of_reach
from bursar.actions import bulk
from bursar.actions.registry import ACTIONS
from bursar.actions.run import run
from bursar.actions.spec import Action, Reason
from bursar.audit.models import AuditLine
from bursar.config.actors import actor_for
from bursar.core.errors import Forbidden, NotFound, Refusal
from bursar.staff.matrix import build_matrix, list_shipped_roles
from bursar.tenants.models import Person, Workspace
from tests.cast import NOW, Cast, bring_all, client_workspace, person, refusal_of, seat
from tests.contract.crowd import BROKEN, CUSTOMERS, KEYS, ROLES, WHO, Crowd, actor_of_role, finds

LET_IN = 0  # to the form


def expected_action(who: str, action: Action, crowd: Crowd) -> int:
    """By the declaration alone; LET_IN: the form answers."""
    if who in ("anonymous", *KEYS):
        return 401
    if who in CUSTOMERS:
        return 404
    actor = crowd.actor_of("lead" if who == "token:read" else who)
    if who == "token:read":
        actor = replace(actor, rights=frozenset({Right.READ}))
    if not crowd.finds(actor, action.target_slug):  # everybody settles their own, and reaches nobody else's
        return 404
    rights = {Right.READ} if who == "token:read" else crowd.rights_of(who)
    if action.permission is not None and action.permission not in rights:
        return 403
    need = crowd.need_of(actor, action.key)
    if need is not None and need not in rights:
        return 403
    if action.danger and who != "token:read":
        return 403  # nobody here confirmed lately that it is them
    return LET_IN


def lacks(actor: Actor, action: Action, crowd: Crowd) -> bool:
    if not actor.can(action.permission):
        return True
    return crowd.finds(actor, action.target_slug) and not (
        (need := crowd.need_of(actor, action.key)) is None or actor.can(need)
    )


def missing_words(actor: Actor, action: Action, crowd: Crowd) -> str:
    if action.permission is not None and not actor.can(action.permission):
        return explain_missing(action.permission)
    need = crowd.need_of(actor, action.key)
    assert need is not None
    return explain_missing(need)


def fitting(action: Action) -> str:
    """A body that could do something, where the form asks for nothing."""
    reason = {"reason": "x"} if action.reason is not Reason.NONE else {}
    return json.dumps({"data": {}, **reason, **({"message": "x"} if action.message is Reason.REQUIRED else {})})


@pytest.mark.parametrize(
    ("body", "when_let_in"), [(BROKEN, 400), ('{"data": {"no_such_field": "x"}, "reason": "x"}', 422), ("", 0)]
)
def test_every_action_for_everybody(cast: Cast, crowd: Crowd, body: str, when_let_in: int) -> None:
    """Whoever may not pull it hears just that, whatever they send; whoever may hears what is wrong with it.

    The last body fits; it is sent by those alone who may not, so that nothing changes for the next in line.
    """
    before, wrong = AuditLine.objects.count(), []
    for key, action in sorted(ACTIONS.items()):
        path = f"/api/v1/{action.target_slug}/{crowd.id_of(action.target_slug)}/actions/{action.verb_name}"
        # one key stands for all of them, but once: none of them is let in
        for who in (one for one in WHO if one not in KEYS[1:] or body == BROKEN):
            expected = expected_action(who, action, crowd) or when_let_in
            if expected:
                status = crowd.ask(who, "POST", path, body or fitting(action)).status_code
                if status != expected:
                    wrong.append((key, who, status, expected))
    assert not wrong, wrong[:10]
    assert AuditLine.objects.count() == before


def test_every_dialog_for_whoever_may_not(cast: Cast, crowd: Crowd) -> None:
    """The page's own submit: the sentence about the right, before any about the form or about confirming."""
    before, wrong = AuditLine.objects.count(), []
    for key, action in sorted(ACTIONS.items()):
        path = f"{action.target_slug}/{crowd.id_of(action.target_slug)}/{action.verb_name}"
        for who in ROLES:
            if expected_action(who, action, crowd) == 403 and lacks(crowd.actor_of(who), action, crowd):
                answer = crowd.clients[who].post(f"/panel/actions/{path}", {"reason": "x" * 3000, "confirm": "guess"})
                if (
                    answer.status_code != 403
                    or html.escape(missing_words(crowd.actor_of(who), action, crowd)) not in answer.content.decode()
                ):
                    wrong.append((key, who, answer.status_code))
                if crowd.clients[who].post(f"/panel/actions/{path}/preview", {"odd": "x"}).status_code != 403:
                    wrong.append((f"{key}, preview", who, 200))
        for who in CUSTOMERS if not action.is_for_customers else ():
            if crowd.clients[who].post(f"/actions/{path}", {}).status_code != 404:
                wrong.append((key, who, 404))
    assert not wrong, wrong[:10]
    assert AuditLine.objects.count() == before


def test_every_bulk_for_whoever_may_not(cast: Cast, crowd: Crowd) -> None:
    wrong = []
    for key, action in ((key, action) for key, action in sorted(ACTIONS.items()) if action.bulk):
        slug, picked = action.target_slug, crowd.id_of(action.target_slug)
        for who in (who for who in ROLES if not crowd.actor_of(who).can(action.permission)):  # whatever the row is
            page = crowd.clients[who].post(f"/panel/actions/bulk/{slug}/{action.verb_name}", {slug: picked})
            body = json.dumps({"action": key, "ids": [], "data": {"no_such_field": "x"}})
            if (page.status_code, crowd.ask(who, "POST", "/api/v1/bulk", body).status_code) != (403, 403):
                wrong.append((key, who, page.status_code))
    assert not wrong, wrong[:10]


def test_the_right_decides_when_the_body_fits(cast: Cast, crowd: Crowd) -> None:
    """Through the door itself, where no schema stands before the permission."""
    wrong = [
        (key, role, sentence)
        for role in ROLES
        for key in sorted(ACTIONS)
        for sentence in _odd_answers(role, key, crowd)
    ]
    assert not wrong, wrong[:10]


def _odd_answers(role: str, key: str, crowd: Crowd) -> list[str]:
    actor, action = crowd.actor_of(role), ACTIONS[key]
    try:
        run(key, actor, crowd.id_of(action.target_slug), {"no_such_field": "x"}, reason="x")
    except Forbidden as refusal:
        return [] if lacks(actor, action, crowd) else [refusal.sentence]
    except Refusal as refusal:
        return [refusal.sentence] if lacks(actor, action, crowd) else []
    return ["got through with a field that does not exist"]


# What customers do, by their role at a workspace or at the organisation: DOMAIN 8. It stands here once more, as the domain says it.
PAYING = {key for key, action in ACTIONS.items() if action.permission is Own.PAY}
LETTING_IN = {key for key, action in ACTIONS.items() if action.permission is Own.LET_IN}
CLIENT_SPACE = "partners.organisation.create_client_workspace"
OPENED = {
    "owner": {"requests.workspace.ask_upgrade", *LETTING_IN},
    "admin": {"requests.workspace.ask_upgrade", *LETTING_IN},
    "billing": {"requests.workspace.ask_upgrade"},
    "member": {"requests.workspace.ask_upgrade"},
    "external": set(),
    "observer": set(),
    "organisation owner": {
        "requests.organisation.ask_workspace",
        "training.organisation.ask_training",
        CLIENT_SPACE,
        *PAYING,
        *LETTING_IN,
    },
    "organisation admin": {
        "requests.organisation.ask_workspace",
        "training.organisation.ask_training",
        CLIENT_SPACE,
        *PAYING,
        *LETTING_IN,
    },
    "organisation billing": PAYING,
    "organisation member": set(),
}


CELLS = [(who, at) for who in sorted(OPENED) for at in ("panel", "raad")]
CELLS = [(who, at) for who, at in CELLS if at == ("raad" if who == "observer" else "panel" if " " in who else at)]


@pytest.mark.parametrize(("who", "at"), CELLS)
def test_every_customers_action_by_their_role(cast: Cast, who: str, at: str) -> None:
    """Out of reach is 404, out of their role 403 with the sentence, and else the form answers: through the door.

    At an internal workspace and at one for an external client; observers sit in no other.
    """
    old, (role, above) = NOW.replace(month=9), ("", who.split()[1]) if " " in who else (who, "")
    bring_all(*person("who", "Who"), *client_workspace(old))
    cast = replace(cast, panel=Workspace.objects.get(external_id=at))
    if role:
        bring_all(seat(at, "who", role, old))
    if above:
        row = {"organisation": "haarlem", "person": "who", "role": above, "from": old}
        bring_all({"kind": "organisation_member", **row})
    user = User.objects.create_user("who@client.example", "Who")
    Person.objects.filter(external_id="who").update(user=user)
    actor, before, wrong = actor_for(user).as_customer(), AuditLine.objects.count(), []
    assert finds(actor, "workspace" if role else "organisation", cast)
    for key, action in sorted(ACTIONS.items()):
        if not isinstance(action.permission, Own) or action.target_slug == "request":
            continue
        refusal = refusal_of(key, actor, cast.target_id(action.target_slug), {"no_such_field": "x"})
        if not finds(actor, action.target_slug, cast):
            right = isinstance(refusal, NotFound)
        elif key in OPENED[who]:
            right = not isinstance(refusal, Forbidden | NotFound)
        else:
            right = isinstance(refusal, Forbidden) and refusal.sentence == explain_out_of_reach(action.permission)
        if not right:
            wrong.append((key, refusal.status, refusal.sentence))
    assert not wrong, wrong
    assert AuditLine.objects.count() == before


def test_what_no_role_opens_is_refused_to_every_human(cast: Cast, crowd: Crowd) -> None:
    """Base staff stood in the matrix for actions that refuse every human."""
    by = {key: action for key, action in ACTIONS.items() if isinstance(action.permission, By)}
    assert {"product.company.import", "plans.account.tell_grant_end", "webhooks.endpoint.switch_off"} <= set(by)
    rows = {row.action.key: row for row in build_matrix(list_shipped_roles())}
    for key, action in by.items():
        assert (
            not any(may for _, may in rows[key].cells)
            and action.permission
            and rows[key].words == action.permission.label
        )
        target = crowd.id_of(action.target_slug)
        for role in ROLES:
            assert isinstance(refusal_of(key, crowd.actor_of(role), target, {}), Forbidden), (key, role)
        shell = refusal_of(key, operator("root"), target, {"no_such_field": "x"})
        assert isinstance(shell, Forbidden) is (action.permission is not By.SHELL), (key, shell)
        assert not isinstance(refusal_of(key, system("clock"), target, {"no_such_field": "x"}), Forbidden)


def test_a_right_that_the_form_asks_for_is_a_403_at_every_door(cast: Cast, crowd: Crowd) -> None:
    """Sharing a view takes the right to act; keeping it for oneself takes none."""
    auditor, shared = crowd.clients["auditor"], {"name": "Mine", "query": "", "shared": True}
    before = AuditLine.objects.count()
    address = "company/company/save_view"
    by_api = auditor.post(
        "/api/v1/company/company/actions/save_view", json.dumps({"data": shared}), content_type="application/json"
    )
    by_page = auditor.post(f"/panel/actions/{address}", {**shared, "shared": "on"})
    assert (by_api.status_code, by_page.status_code) == (403, 403)
    sentence = by_api.json()["sentence"]
    assert sentence.startswith("You need the right “pull everyday levers”. Without it your views are yours alone. ")
    assert sentence.endswith(" have it.")  # whom to ask
    assert isinstance(refusal_of("rollup.company.save_view", actor_of_role("auditor"), "company", shared), Forbidden)
    assert AuditLine.objects.count() == before
    assert auditor.post(f"/panel/actions/{address}", {"name": "Mine", "query": ""}).status_code == 302


def test_a_missing_right_is_a_403_in_the_row_of_a_bulk(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second trial within a year takes `override`: the row says so, and the others are done."""
    key = "plans.account.grant_trial"
    monkeypatch.setitem(ACTIONS.things, key, replace(ACTIONS[key], bulk=True))
    run("plans.account.grant_trial", cast.ties, cast.samen.public_id, reason="x")
    run("plans.account.end_trial", cast.ties, cast.samen.public_id, reason="x")
    made = bulk.start("plans.account.grant_trial", cast.ties, [cast.samen.public_id, "acc_nothing"], {}, "x")
    assert [row.status for row in made.results.order_by("id")] == [403, 404]
