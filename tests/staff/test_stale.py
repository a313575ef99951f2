"""What was lost ends what is open, at once; and a form of before a new sign-in loses nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, hotp_value, yield_hotp_counters_from_time
from django.test import Client

from bursar.access.actor import operator
from bursar.access.keys import digest_of
from bursar.access.models import User
from bursar.actions.run import run
from bursar.audit.models import AuditLine
from bursar.core import clock
from bursar.staff.models import ApiToken, Role, StaffMember
from bursar.staff.sign_in import make_link
from tests.cast import NOW, PASSWORD, Cast, prove, sign_in

TIES = "ties@agora.example"
SECRET = "JBSWY3DPEHPK3PXP"
OWN: Any = {"Origin": "http://testserver", "Referer": "http://testserver/panel/usage/?x=1"}
FROM_ELSEWHERE: Any = {"Origin": "https://evil.example", "Referer": "https://evil.example/"}


def signed_in(email: str = TIES) -> Client:
    client = Client()
    assert client.post("/sign-in/", {"login": email, "password": PASSWORD}).status_code == 302
    return client


def code_now() -> str:
    return f"{hotp_value(SECRET, next(iter(yield_hotp_counters_from_time()))):06d}"


def token_of(email: str = TIES) -> Any:
    member = StaffMember.objects.get(user__email=email)
    ApiToken.objects.create(member=member, name="t", digest=digest_of("s"), hint="s", rights=["read", "act"],
                            expires_at=NOW + timedelta(days=1))  # fmt: skip
    return {"Authorization": "Bearer s"}


def opened(client: Client, token: Any) -> tuple[int, int, int]:
    """The panel, the API by the session, and the API by a token of the same person."""
    return (
        client.get("/panel/usage/").status_code,
        client.get("/api/v1/rollup").status_code,
        Client().get("/api/v1/rollup", headers=token).status_code,
    )


# What is lost


def test_a_second_factor_that_is_gone_shuts_session_and_token_at_once(cast: Cast, settings: Any) -> None:
    """The session remembered once that there was one."""
    settings.BURSAR_SECOND_FACTOR = True
    user = User.objects.get(email=TIES)
    factor = TOTP.activate(user, SECRET).instance
    client, token = sign_in(TIES), token_of()
    assert opened(client, token) == (200, 200, 200)
    factor.delete()
    assert opened(client, token) == (302, 403, 403)
    assert client.get("/api/v1/rollup").json()["code"] == "second_factor"
    TOTP.activate(user, SECRET)
    assert opened(client, token) == (200, 200, 200)


def test_what_a_lost_factor_proved_is_proven_no_more(cast: Cast) -> None:
    iris = User.objects.get(email="iris@agora.example")
    factor = TOTP.activate(iris, SECRET).instance
    RecoveryCodes.activate(iris)
    stale = sign_in("iris@agora.example")
    address = f"/panel/actions/staff/{cast.ties.id}/deactivate"
    assert stale.post(address, {"confirm": code_now()}).status_code == 422  # confirmed; the reason is missing
    assert 'name="confirm"' not in stale.get(address).content.decode()
    assert Authenticator.objects.filter(pk=factor.pk).delete()[0]
    assert 'name="confirm"' in stale.get(address).content.decode()
    api = f"/api/v1/staff/{cast.ties.id}/actions/deactivate"
    answer = stale.post(api, json.dumps({"data": {}, "reason": "x"}), content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (403, "confirm")
    assert StaffMember.objects.get(public_id=cast.ties.id).is_active


def deactivate(cast: Cast) -> None:
    run("staff.staff.deactivate", cast.iris, cast.ties.id, {}, reason="Left us")


def sign_out(cast: Cast) -> None:
    run("staff.staff.sign_out", cast.iris, cast.ties.id, {}, reason="Lost laptop")


def reset_factor(cast: Cast) -> None:
    TOTP.activate(User.objects.get(email=TIES), SECRET)
    run("staff.staff.reset_factor", cast.iris, cast.ties.id, {}, reason="Lost phone")


def forget_password(cast: Cast) -> None:
    run("staff.company.add", operator("root"), "company", {"email": TIES, "name": "Ties", "role": "staff"})


def change_password(cast: Cast) -> None:
    own = signed_in()
    new = "a wholly other long password"
    posted = {"oldpassword": PASSWORD, "password1": new, "password2": new}
    assert own.post("/account/password/", posted).status_code == 302
    assert own.get("/panel/usage/").status_code == 200, "their own session goes on"


@pytest.mark.parametrize("lose", [deactivate, sign_out, reset_factor, forget_password, change_password])
def test_every_session_and_every_link_ends_at_once(cast: Cast, lose: Callable[[Cast], None]) -> None:
    client, link = signed_in(), make_link(User.objects.get(email=TIES), clock.now())
    assert client.get("/panel/usage/").status_code == 200
    lose(cast)
    assert client.get("/panel/usage/").status_code == 302
    part = client.get("/panel/usage/", headers={"HX-Request": "true"})
    assert (part.status_code, client.get("/api/v1/rollup").status_code) == (401, 401)
    assert Client().post(link).status_code == 410


def test_a_lost_role_narrows_session_and_token_at_once(cast: Cast) -> None:
    client, token = signed_in(), token_of()
    member = StaffMember.objects.get(user__email=TIES)
    address = f"/api/v1/workspace/{cast.panel.public_id}/actions/reset_usage"
    before = AuditLine.objects.count()

    def reset(one: Client, headers: Any) -> int:
        body = json.dumps({"data": {}, "reason": "x"})
        return one.post(address, body, content_type="application/json", headers=headers).status_code

    member.roles.set(Role.objects.filter(slug="auditor"))
    assert (reset(client, {}), reset(Client(), token)) == (403, 403) and opened(client, token) == (200, 200, 200)
    member.roles.clear()
    assert opened(client, token) == (404, 404, 401)
    assert AuditLine.objects.count() == before
    prove()


# A form of before


def checking(email: str = TIES) -> Client:
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.get(email=email), "bursar.staff.backend.SignInBackend")
    client.get("/panel/usage/")
    return client


def dialog(cast: Cast) -> str:
    return f"/panel/actions/workspace/{cast.panel.public_id}/reset_usage"


def test_a_part_of_a_page_is_told_to_take_the_new_keys(cast: Cast) -> None:
    client, before = checking(), AuditLine.objects.count()
    sent = {"reason": "Typed with care", "csrfmiddlewaretoken": "x" * 64}
    answer = client.post(dialog(cast), sent, headers={**OWN, "HX-Request": "true"})
    assert (answer.status_code, answer["Bursar-Stale"], answer["HX-Reswap"]) == (403, "yes", "none")
    assert AuditLine.objects.count() == before


def test_a_whole_page_is_sent_again_by_one_click_without_the_secrets_in_it(cast: Cast) -> None:
    client, before = checking(), AuditLine.objects.count()
    sent = {"reason": "Typed “with” care", "csrfmiddlewaretoken": "x" * 64, "confirm": "hunter2", "rights": ["a", "b"]}
    answer = client.post(dialog(cast), sent, headers=OWN)
    page = answer.content.decode()
    assert answer.status_code == 403 and "Send it again" in page and "Typed “with” care" in page and "Ties" in page
    assert page.count('name="rights"') == 2 and "hunter2" not in page and AuditLine.objects.count() == before
    keys = page.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
    assert (
        client.post(dialog(cast), {"reason": sent["reason"], "csrfmiddlewaretoken": keys}, headers=OWN).status_code
        == 302
    )
    assert AuditLine.objects.latest("id").reason == sent["reason"]


@pytest.mark.parametrize("headers", [FROM_ELSEWHERE, {}, {"Referer": "http://testserver.evil.example/"}])
def test_what_comes_from_elsewhere_is_not_offered_again(cast: Cast, headers: Any) -> None:
    client, before = checking(), AuditLine.objects.count()
    for more in ({}, {"HX-Request": "true"}):
        sent = {"reason": "forged", "csrfmiddlewaretoken": "x" * 64}
        answer = client.post(dialog(cast), sent, headers={**headers, **more})
        assert answer.status_code == 403 and "Bursar-Stale" not in answer.headers
        assert "forged" not in answer.content.decode() and "came from elsewhere" in answer.content.decode()
    assert AuditLine.objects.count() == before


def test_export_sign_out_and_a_second_sign_in_page(cast: Cast) -> None:
    client, old = checking(), {"csrfmiddlewaretoken": "x" * 64}
    export = client.post("/panel/usage/export", {"rows": "accounts", "query": "q=haarlem", **old}, headers=OWN)
    assert export.status_code == 403 and 'name="query" value="q=haarlem"' in export.content.decode()
    out = client.post("/sign-out/", old, headers=OWN)
    assert (out.status_code, out["Location"]) == (302, "/sign-out/")
    assert "Sign out" in client.get("/sign-out/").content.decode()
    own = {"login": TIES, "password": PASSWORD, **old}
    for then, place in (("/panel/at-risk/", "/panel/at-risk/"), ("https://evil.example/", "/"), ("", "/")):
        second = client.post("/sign-in/", {**own, "next": then}, headers=OWN)
        assert (second.status_code, second["Location"]) == (302, place)
    stranger = Client(enforce_csrf_checks=True)
    stranger.get("/sign-in/")
    once_more = stranger.post("/sign-in/?next=/panel/", own, headers=OWN)
    assert once_more["Location"] == "/sign-in/?next=/panel/"
    assert "Fill it in once more" in stranger.get("/sign-in/").content.decode()
    upload = client.post("/panel/files/upload/import", old, headers={**OWN, "Accept": "application/json"})
    assert upload.status_code == 403  # ties may not import; the sentence about the right comes first
    lead = checking("iris@agora.example")
    upload = lead.post("/panel/files/upload/import", old, headers={**OWN, "Accept": "application/json"})
    assert (upload.status_code, upload.json()["code"], upload["Bursar-Stale"]) == (403, "stale", "yes")


def test_signed_out_meanwhile_an_export_leads_back_to_its_page(cast: Cast) -> None:
    """Its own address takes no GET."""
    answer = Client().post("/panel/usage/export", {"rows": "accounts"}, headers=OWN)
    assert answer["Location"] == "/sign-in/?next=/panel/usage/%3Fx%3D1"
    answer = Client().post("/panel/usage/export", {"rows": "accounts"}, headers=FROM_ELSEWHERE)
    assert answer["Location"] == "/sign-in/?next=/panel/usage/export"
