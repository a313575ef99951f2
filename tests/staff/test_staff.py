"""Roles, deactivating, tokens, and proving that it is still you."""

from __future__ import annotations

import html
import re
import threading
from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from allauth.usersessions.models import UserSession
from django.db import connection
from django.test import Client

from bursar.access.actor import operator
from bursar.access.models import User
from bursar.access.rights import Right
from bursar.actions.registry import ACTIONS, TARGETS
from bursar.actions.run import run
from bursar.audit.models import AuditLine
from bursar.config.actors import actor_for
from bursar.core import clock
from bursar.core.errors import Refusal
from bursar.staff.models import ApiToken, StaffMember
from bursar.staff.queries import get_staff
from bursar.staff.sign_in import make_link
from tests.cast import NOW, PASSWORD, Cast, refusal_of, sign_in

ROLES, OFF, ON = "staff.staff.set_roles", "staff.staff.deactivate", "staff.staff.reactivate"


def really_signed_in(email: str) -> Client:
    """Through the sign-in page, so that the session knows when that was."""
    client = Client()
    answer = client.post("/sign-in/", {"login": email, "password": PASSWORD})
    assert answer.status_code == 302, answer.content
    return client


@pytest.mark.parametrize(
    ("who", "asked", "lands"),
    [
        ("ties@agora.example", "", "/panel/"),
        ("ties@agora.example", "/", "/panel/"),
        ("ties@agora.example", "/history/", "/history/"),
        ("lotte@client.example", "", "/"),
    ],
)
def test_staff_land_in_the_panel_unless_they_asked_for_something_else(
    cast: Cast, who: str, asked: str, lands: str
) -> None:
    answer = Client().post("/sign-in/", {"login": who, "password": PASSWORD, "next": asked})
    assert answer.headers["Location"] == lands


def test_roles_change_at_once_and_can_be_undone(cast: Cast) -> None:
    done = run(ROLES, cast.iris, cast.ties.id, {"roles": ["staff", "finance"]}, reason="Helps Sam")
    ties = User.objects.get(email="ties@agora.example")
    found = get_staff(ties)
    assert found is not None and Right.APPROVE_REFUND in found.rights and done.undo is not None
    run(ROLES, cast.iris, cast.ties.id, done.undo.data, reason="Done", undoes=done.line_id)
    found = get_staff(ties)
    assert found is not None and found.roles == ("Staff",)


def test_nobody_changes_their_own_and_the_last_manager_stays(cast: Cast) -> None:
    before = AuditLine.objects.count()
    assert "their own" in refusal_of(ROLES, cast.iris, cast.iris.id, {"roles": ["staff"]}, reason="x").sentence
    assert "their own" in refusal_of(OFF, cast.iris, cast.iris.id, {}, reason="x").sentence
    assert refusal_of(ROLES, cast.noor, cast.ties.id, {"roles": ["lead"]}, reason="x").status == 403
    shell = operator("root")
    assert "last who can manage" in refusal_of(ROLES, shell, cast.iris.id, {"roles": ["staff"]}, reason="x").sentence
    assert "last who can manage" in refusal_of(OFF, shell, cast.iris.id, {}, reason="x").sentence
    assert "roles already" in refusal_of(ROLES, cast.iris, cast.ties.id, {"roles": ["staff"]}, reason="x").sentence
    assert AuditLine.objects.count() == before


@pytest.mark.django_db(transaction=True)
def test_two_leads_who_remove_each_other_at_once(committed: Cast) -> None:
    run(ROLES, committed.iris, committed.noor.id, {"roles": ["lead"]}, reason="Second lead")
    from bursar.config.actors import actor_for

    noor = actor_for(User.objects.get(email="noor@agora.example"))
    results: list[Any] = []
    barrier = threading.Barrier(2)

    def remove(who: Any, target: str) -> None:
        barrier.wait()
        try:
            results.append(run(OFF, who, target, {}, reason="x"))
        except Refusal as refusal:
            results.append(refusal)
        finally:
            connection.close()

    threads = [
        threading.Thread(target=remove, args=(committed.iris, committed.noor.id)),
        threading.Thread(target=remove, args=(noor, committed.iris.id)),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(isinstance(result, Refusal) for result in results) == 1
    assert StaffMember.objects.filter(is_active=True, roles__slug="lead").count() == 1


def test_deactivated_at_once_on_every_device_and_door(cast: Cast) -> None:
    ties = really_signed_in("ties@agora.example")
    assert ties.get("/panel/usage/").status_code == 200 and UserSession.objects.count() == 1
    run(OFF, cast.iris, cast.ties.id, {}, reason="Left us")
    assert ties.get("/panel/usage/").status_code == 302
    assert refusal_of(OFF, cast.iris, cast.ties.id, {}, reason="x").status == 409
    run(ON, cast.iris, cast.ties.id, {}, reason="Came back")
    assert really_signed_in("ties@agora.example").get("/panel/usage/").status_code == 200


def test_the_staff_page_and_the_matrix(cast: Cast) -> None:
    iris = sign_in("iris@agora.example")
    iris.get("/panel/usage/")
    page = iris.get("/panel/staff/").content.decode()
    assert "ties@agora.example" in page and "Success" in page and "Add staff…" in page
    assert StaffMember.objects.get(public_id=cast.iris.id).last_seen_at is not None
    matrix = iris.get("/panel/staff/roles").content.decode()
    assert "Change tier" in matrix and "set_tier" in matrix
    ada = sign_in("ada@agora.example").get("/panel/staff/").content.decode()
    assert 'aria-disabled="true" title="You need the right' in ada


# A token


def make_token(client: Client, **data: Any) -> Any:
    day = (NOW + timedelta(days=30)).date().isoformat()
    address = "/panel/actions/company/company/create_token"
    return client.post(address, {"name": "report", "rights": ["read"], "last_day": day, **data})


def bearer(secret: str) -> Any:
    return {"Authorization": f"Bearer {secret}"}


def test_a_token_acts_as_its_person_with_fewer_rights(cast: Cast) -> None:
    ties = really_signed_in("ties@agora.example")
    page = make_token(ties, rights=["read", "act"]).content.decode()
    secret = page.split("<code>")[1].split("</code>")[0]
    token = ApiToken.objects.get()
    assert secret.startswith("bst_") and token.digest not in page and token.hint == secret[-4:]
    assert all(secret not in str(line.changes) for line in AuditLine.objects.all())
    client = Client(enforce_csrf_checks=True)
    assert client.get("/api/v1/rollup", headers=bearer(secret)).status_code == 200
    address = f"/api/v1/workspace/{cast.panel.public_id}/actions/reset_usage"
    body = {"data": {}, "reason": "By program"}
    done = client.post(address, body, content_type="application/json", headers=bearer(secret))
    assert done.status_code == 200, done.content
    line = AuditLine.objects.get(key="usage.workspace.reset_usage")
    assert (line.door, line.actor_id) == ("api", cast.ties.id)
    assert ApiToken.objects.get().last_used_at is not None
    ApiToken.objects.update(rights=["read"])
    again = client.post(address, body, content_type="application/json", headers=bearer(secret))
    assert again.status_code == 403


def test_a_token_never_has_more_than_its_person_and_ends(cast: Cast) -> None:
    ties = really_signed_in("ties@agora.example")
    assert make_token(ties, rights=["manage_staff"]).status_code == 422
    assert make_token(ties, last_day="2028-01-01").status_code == 422
    assert not ApiToken.objects.exists()
    secret = make_token(ties).content.decode().split("<code>")[1].split("</code>")[0]

    def get() -> int:
        return Client().get("/api/v1/rollup", headers=bearer(secret)).status_code

    assert get() == 200 and Client().get("/panel/usage/", headers=bearer(secret)).status_code == 302
    with clock.frozen(NOW + timedelta(days=31)):
        assert get() == 401
    run("staff.token.revoke", cast.ties, ApiToken.objects.get().public_id)
    assert get() == 401 and Client().get("/api/v1/rollup", headers=bearer("bst_nothing")).status_code == 401
    assert refusal_of("staff.token.revoke", cast.noor, ApiToken.objects.get().public_id).status == 404


def test_a_session_needs_its_csrf_token(cast: Cast) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.get(email="ties@agora.example"), "bursar.staff.backend.SignInBackend")
    address = f"/api/v1/workspace/{cast.panel.public_id}/actions/reset_usage"
    body = {"data": {}, "reason": "x"}
    answer = client.post(address, body, content_type="application/json")
    assert answer.status_code == 403 and "CSRF" in answer.json()["sentence"]
    assert not AuditLine.objects.filter(key="usage.workspace.reset_usage").exists()


# Dangerous levers


def test_without_password_and_factor_only_a_fresh_link_opens_a_dangerous_lever(cast: Cast) -> None:
    user = User.objects.get(email="iris@agora.example")
    user.set_unusable_password()
    user.save()
    address = f"/panel/actions/staff/{cast.ties.id}/deactivate"
    stale = sign_in("iris@agora.example")
    answer = stale.post(address, {"reason": "Left us", "confirm": "anything"})
    assert answer.status_code == 403 and "Sign in afresh" in answer.content.decode()
    assert StaffMember.objects.get(public_id=cast.ties.id).is_active
    fresh = Client()
    assert fresh.post(make_link(user, clock.now())).status_code == 302
    assert fresh.post(address, {"reason": "Left us"}).status_code == 302
    assert not StaffMember.objects.get(public_id=cast.ties.id).is_active


def test_a_lost_second_factor_is_reset_by_a_colleague(cast: Cast) -> None:
    reset = "staff.staff.reset_factor"
    assert refusal_of(reset, cast.iris, cast.ties.id, reason="Lost").status == 409
    user = User.objects.get(email="ties@agora.example")
    TOTP.activate(user, "JBSWY3DPEHPK3PXP")
    RecoveryCodes.activate(user)
    browser = sign_in("ties@agora.example")
    UserSession.objects.create(user=user, ip="127.0.0.1", session_key=browser.session.session_key)
    assert refusal_of(reset, cast.noor, cast.ties.id, reason="Lost").status == 403
    assert refusal_of(reset, actor_for(user), cast.ties.id, reason="Lost").status == 403
    assert "Your sign-in" in refusal_of(reset, cast.iris, cast.iris.id, reason="Lost").sentence
    run(reset, cast.iris, cast.ties.id, reason="Phone stolen; called her back")
    assert not Authenticator.objects.filter(user=user).exists()
    assert browser.get("/panel/usage/").status_code == 302
    assert AuditLine.objects.get(key=reset).changes[0]["after"] == "none"


def test_a_dangerous_lever_asks_who_you_are_and_loses_nothing(cast: Cast) -> None:
    stale = sign_in("iris@agora.example")
    address = f"/panel/actions/staff/{cast.ties.id}/deactivate"
    assert 'name="confirm"' in stale.get(address).content.decode()
    answer = stale.post(address, {"reason": "Left us"})
    assert answer.status_code == 403 and "Left us" in answer.content.decode()
    wrong = stale.post(address, {"reason": "Left us", "confirm": "guess"})
    assert wrong.status_code == 403 and "neither your password" in wrong.content.decode()
    assert StaffMember.objects.get(public_id=cast.ties.id).is_active
    api = f"/api/v1/staff/{cast.ties.id}/actions/deactivate"
    refused = stale.post(api, {"data": {}, "reason": "x"}, content_type="application/json")
    assert refused.status_code == 403 and refused.json()["code"] == "confirm"
    assert stale.post(address, {"reason": "Left us", "confirm": PASSWORD}).status_code == 302
    assert not StaffMember.objects.get(public_id=cast.ties.id).is_active
    assert 'name="confirm"' not in stale.get(f"/panel/actions/staff/{cast.noor.id}/deactivate").content.decode()


def test_guessing_is_slowed_down(cast: Cast) -> None:
    stale = sign_in("iris@agora.example")
    address = f"/panel/actions/staff/{cast.ties.id}/deactivate"
    answers = [stale.post(address, {"reason": "x", "confirm": f"guess {n}"}).content.decode() for n in range(12)]
    assert "Too many tries" in answers[-1]
    client = Client()
    codes = [client.post("/sign-in/", {"login": "ties@agora.example", "password": f"no {n}"}) for n in range(8)]
    assert "Too many" in codes[-1].content.decode()
    assert client.post("/sign-in/", {"login": "ties@agora.example", "password": PASSWORD}).status_code != 302
    spent = [Client().post("/sign-in/link/nothing").status_code for _ in range(25)]
    assert spent[0] == 410 and spent[-1] == 429


def test_the_panel_can_require_a_second_factor(cast: Cast, settings: Any) -> None:
    settings.BURSAR_SECOND_FACTOR = True
    ties = sign_in("ties@agora.example")
    assert ties.get("/panel/usage/")["Location"] == "/account/2fa/"
    assert ties.get("/api/v1/rollup").json()["code"] == "second_factor"
    from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret

    TOTP.activate(User.objects.get(email="ties@agora.example"), generate_totp_secret())
    assert ties.get("/panel/usage/").status_code == 200


def test_secrets_of_authenticators_are_encrypted(cast: Cast) -> None:
    from allauth.mfa.models import Authenticator
    from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret

    secret = generate_totp_secret()
    TOTP.activate(User.objects.get(email="ties@agora.example"), secret)
    assert secret not in str(Authenticator.objects.get(type="totp").data)


def test_every_answer_carries_the_headers(cast: Cast) -> None:
    for client, address in ((Client(), "/sign-in/"), (sign_in("iris@agora.example"), "/panel/usage/")):
        headers = client.get(address).headers
        assert "script-src 'self';" in headers["Content-Security-Policy"] and "unsafe" not in str(headers)
        assert headers["X-Frame-Options"] == "DENY" and headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin" and headers["Referrer-Policy"] == "same-origin"
    assert "no-store" in headers["Cache-Control"]


def test_who_forgot_their_password_gets_a_link_from_the_shell_alone_and_sets_a_new_one(cast: Cast) -> None:
    data = {"email": "ties@agora.example", "name": "Ties", "role": "staff"}
    before = User.objects.get(email="ties@agora.example").password
    assert "bursar staff add" in refusal_of("staff.company.add", cast.iris, "company", data).sentence
    assert User.objects.get(email="ties@agora.example").password == before
    done = run("staff.company.add", operator("root"), "company", data)
    fresh = Client()
    assert fresh.post("/sign-in/", {"login": data["email"], "password": PASSWORD}).status_code == 200
    assert fresh.post(done.secret).status_code == 302
    assert "Set one" in fresh.get("/account/").content.decode()
    new = {"password1": "quite-Another-9281", "password2": "quite-Another-9281"}
    assert fresh.post("/account/password/set/", new).status_code == 302
    assert Client().post("/sign-in/", {"login": data["email"], "password": new["password1"]}).status_code == 302


def test_roles_say_rights_in_words(cast: Cast) -> None:
    page = sign_in("iris@agora.example").get("/panel/staff/roles").content.decode()
    assert 'Manage staff <code class="dim">manage_staff</code>' in page and "Read the staff panel" in page


def test_the_matrix_folds_by_what_is_acted_on_and_loses_no_action(cast: Cast) -> None:
    """Each stands once; what is typed is found by name, former name, target or right, and stands unfolded."""
    iris = sign_in("iris@agora.example")

    def rows(query: str) -> tuple[list[str], str]:
        page = iris.get(f"/panel/staff/roles{query}").content.decode()
        return re.findall(r'<td class="name" title="[^"]*">([^<]*)</td>', page), page

    names, page = rows("")
    assert sorted(names) == sorted(html.escape(made.title) for made in ACTIONS.values())
    groups = {TARGETS[made.target_slug].label for made in ACTIONS.values()}
    assert page.count('<details class="group">') == len(groups) and "open><summary" not in page
    for typed, name in (
        ("change ti", "Change tier"),
        ("dunning", "Retry charge"),
        ("approve refund", "Pay credit back"),
    ):
        names, page = rows(f"?q={typed}")
        assert name in names and len(names) < 20 and page.count('<details class="group" open>') >= 1, typed
    names, page = rows("?q=zzz")
    assert names == [] and "No action is called like that." in page


PAGES = [
    "/account/2fa/", "/account/2fa/totp/activate/", "/account/2fa/webauthn/add/", "/account/2fa/webauthn/",
    "/account/password/", "/account/sessions/", "/account/confirm/",
]  # fmt: skip


@pytest.mark.parametrize("address", PAGES)
def test_the_sign_in_pages_lead_back_and_repeat_no_label_as_a_placeholder(cast: Cast, address: str) -> None:
    page = really_signed_in("ties@agora.example").get(address, follow=True).content.decode()
    assert "Back to your sign-in" in page and "placeholder=" not in page


def test_the_sign_in_says_what_to_do_with_a_forgotten_password(cast: Cast) -> None:
    page = Client().get("/sign-in/").content.decode()
    assert "Forgotten your password?" in page and "bursar staff add" in page and "sign in from the product" in page
