"""What is about money is declared, stored in the line, and read by people with billing rights alone; and old lines."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command

from bursar.actions import bulk
from bursar.actions.closing import list_declaration_faults
from bursar.actions.registry import ACTIONS
from bursar.actions.run import run
from bursar.audit import rules
from bursar.audit.models import AuditLine
from bursar.tenants.models import Person, Workspace
from tests.audit.test_book import faults, tamper
from tests.cast import NOW, Cast, bring_all, prove, refusal_of, seat, sign_in, usage, workspace

RESET = "usage.workspace.reset_usage"
PRICE, CHARGE = "It is nine hundred euro a year.", "You are in charge of the panel."


@pytest.fixture
def panel(cast: Cast) -> Cast:
    """Ali is a plain member of the panel beside Lotte, its owner."""
    bring_all(seat("panel", "ali", "member", NOW.replace(month=10)))
    return cast


def read(who: str) -> str:
    return sign_in(f"{who}@client.example").get("/history/").content.decode()


# The words


def test_what_is_ticked_for_billing_people_stays_with_them(panel: Cast) -> None:
    run(RESET, panel.ties, panel.panel.public_id, reason="x", message=PRICE, message_for_billing=True)
    line = AuditLine.objects.latest("id")
    assert (line.concerns_money, line.message_for_billing, line.format) == (False, True, rules.FORMAT)
    assert PRICE in read("lotte") and PRICE not in read("ali") and "Usage reset" in read("ali")
    prove()


def test_a_word_decides_nothing(panel: Cast) -> None:
    """“charge” is no money; the change of admin is told whole."""
    ali = Person.objects.get(external_id="ali").public_id
    data = {"new_admin": ali, "old_admin": "", "keep_old": "on"}
    run("tenants.workspace.change_admin", panel.ties, panel.panel.public_id, data, reason="x", message=CHARGE)
    bring_all(seat("panel", "ali", "member", NOW))
    assert CHARGE in read("ali") and CHARGE in read("lotte")


def test_a_line_about_money_is_kept_whole_from_who_has_no_billing_rights(panel: Cast) -> None:
    half = {"kind": "scholarship", "percent": "50", "end_date": ""}
    run("plans.workspace.set_discount", panel.ties, panel.panel.public_id, half, reason="x", message=CHARGE)
    assert AuditLine.objects.latest("id").concerns_money is True
    assert "Discount set" in read("lotte") and CHARGE in read("lotte")
    assert "Discount set" not in read("ali") and CHARGE not in read("ali")


def test_a_change_about_money_is_kept_back_alone(panel: Cast) -> None:
    run("plans.workspace.change_tier", panel.noor, panel.panel.public_id, {"tier": "guardian"}, reason="x")
    changes = {change["label"]: change["concerns_money"] for change in AuditLine.objects.latest("id").changes}
    assert changes == {"Tier": False, "Payment": True}
    assert "self-serve" in read("lotte")
    assert "Guardian" in read("ali") and "self-serve" not in read("ali")


# The doors


def test_the_tick_at_every_door(panel: Cast) -> None:
    address, said = f"/panel/actions/workspace/{panel.panel.public_id}/reset_usage", {"reason": "x", "message": PRICE}
    ties = sign_in("ties@agora.example")
    assert 'name="message_for_billing"' in ties.get(address).content.decode()
    assert ties.post(address, {**said, "message_for_billing": "1"}, headers={"HX-Request": "true"}).status_code == 204
    assert AuditLine.objects.latest("id").message_for_billing
    data = {"new_admin": Person.objects.get(external_id="ali").public_id, "old_admin": "", "keep_old": "on"}
    api = f"/api/v1/workspace/{panel.panel.public_id}/actions/change_admin"
    body = json.dumps({"data": {**data, "keep_old": True}, **said, "message_for_billing": True})
    assert ties.post(api, body, content_type="application/json").status_code == 200
    assert AuditLine.objects.latest("id").message_for_billing
    tier = ("plans.workspace.change_tier", panel.lab.public_id, "--set", "tier=changemaker", "--reason", "x")
    call_command("act", *tier, "--message", PRICE, "--message-for-billing")
    assert AuditLine.objects.latest("id").message_for_billing
    reset = "usage.workspace.reset_usage"
    bring_all(*workspace("vrij", "samen", "Vrij", NOW - timedelta(days=9)), usage("vrij", "u-2", NOW, 600))
    free = Workspace.objects.get(external_id="vrij").public_id
    made = bulk.start(reset, panel.ties, [free], {}, "x", PRICE, True)
    assert made.results.get().status == 200, made.results.get().sentence
    assert AuditLine.objects.get(key=reset, target_id=free).message_for_billing


def test_where_there_is_nothing_to_tick(panel: Cast) -> None:
    """On a line about money the message follows the line; what is written to a requester is theirs."""
    discount = f"/panel/actions/workspace/{panel.panel.public_id}/set_discount"
    page = sign_in("ties@agora.example").get(discount).content.decode()
    assert "message_for_billing" not in page and "only people with billing rights" in page
    assert not ACTIONS["requests.request.deny"].asks_for_whom
    lines = AuditLine.objects.count()
    account = panel.samen.public_id
    refusal: Any = refusal_of("tenants.account.add_note", panel.ties, account, {"text": "x"}, message_for_billing=True)
    assert refusal.status == 422 and "message_for_billing" in refusal.fields
    api = f"/api/v1/workspace/{panel.panel.public_id}/actions/set_discount"
    body = {"data": {"kind": "scholarship", "percent": 50}, "reason": "x", "message_for_billing": True}
    answer = sign_in("ties@agora.example").post(api, json.dumps(body), content_type="application/json")
    assert answer.status_code == 422 and AuditLine.objects.count() == lines


# The declaration


def test_who_forgets_to_say_so_is_named() -> None:
    odd = replace(ACTIONS[RESET], concerns_money=None)
    assert list_declaration_faults(odd) == [
        f"{RESET}: does not say whether it is about money (`concerns_money`), and customers see it"
    ]


# Lines of before


def make_old(line: AuditLine, **fields: Any) -> None:
    """As an earlier release wrote it: format 1, which hashed less and said nothing of money."""
    values = {name: getattr(line, name) for name in rules.HASHED_FIELDS[1]} | fields
    values["names"] = {slot: digest for slot, (_, digest) in line.names.items()}
    values["changes"] = [
        {name: value for name, value in change.items() if name != "concerns_money"} for change in line.changes
    ]
    hashed = rules.line_hash({**values, "format": 1})
    tamper(
        "UPDATE audit_auditline SET format = 1, concerns_money = NULL, message_for_billing = false, hash = %s, "
        "message = %s, changes = %s, names = %s WHERE id = %s",
        hashed, values["message"], json.dumps(values["changes"]), json.dumps(values["names"]), line.pk,
    )  # fmt: skip
    tamper("UPDATE audit_audithead SET hash = %s WHERE stream = %s", hashed, line.stream)


def test_old_lines_hold_under_their_format_and_keep_the_old_judgement(panel: Cast) -> None:
    panel.reset_panel(message=CHARGE)
    make_old(AuditLine.objects.latest("id"))
    assert not faults()
    assert "Usage reset" in read("ali") and CHARGE not in read("ali"), "“charge” was withheld, and still is"
    assert CHARGE in read("lotte")
    run("plans.workspace.change_tier", panel.noor, panel.panel.public_id, {"tier": "guardian"}, reason="x")
    assert AuditLine.objects.latest("id").format == rules.FORMAT and not faults()


@pytest.mark.parametrize(
    ("column", "value"), [("concerns_money", "true"), ("message_for_billing", "true"), ("format", "1"), ("format", "9")]
)
def test_what_says_who_reads_it_cannot_be_edited_unseen(panel: Cast, column: str, value: str) -> None:
    line = panel.reset_panel(message=PRICE).line_id
    tamper(f"UPDATE audit_auditline SET {column} = {value} WHERE public_id = %s", line)
    assert ("format 9" if value == "9" else "was edited") in faults()
