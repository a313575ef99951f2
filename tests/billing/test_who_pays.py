"""Billing details through the doors: by staff, by customers, and what VIES says of the VAT id meanwhile."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client

from bursar.actions import dialog
from bursar.actions.registry import ACTIONS
from bursar.actions.run import preview, run
from bursar.actions.spec import Case
from bursar.audit.models import AuditLine
from bursar.audit.pages import customer_version
from bursar.billing import vies
from bursar.billing.models import BillingDetails
from bursar.billing.queries import get_details
from bursar.billing.rules import VatIdStatus
from bursar.core.errors import Forbidden, Invalid, NotFound, Refused
from bursar.dashboard.queries import history
from bursar.notifications.models import Mail
from bursar.product import texts
from bursar.product.traces import trace
from bursar.tenants import scope
from bursar.tenants.models import Person
from tests.billing.payer import GERMAN, GIVE, SET, TOWN, details_of, shown, write_down
from tests.billing.register import Register
from tests.cast import NOW, Cast, bring_all, person, prove, refusal_of, seat, sign_in
from tests.notifications.telling import carry_out
from tests.requests.helpers import customer


def test_staff_write_down_who_pays_and_the_book_keeps_what_it_was(cast: Cast) -> None:
    first = write_down(cast.ties, cast.haarlem)
    assert shown(first)["VAT id"] == ("", f"{GERMAN}, not confirmed yet")
    assert "VAT" not in shown(first) and "21 % VAT (Netherlands) is added to every amount." in first.sentence
    assert shown(first)["Mail for documents"] == ("", "ap@koeln.example")
    assert "not confirmed yet: VAT is charged until it is" in first.sentence
    second = write_down(cast.ties, cast.haarlem, street="Rathausplatz 1", mails="inkoop@koeln.example")
    assert shown(second)["Address"] == ("Rathausplatz 2, 50667 Köln, Germany", "Rathausplatz 1, 50667 Köln, Germany")
    assert "Name" not in shown(second) and "VAT id" not in shown(second)
    line = AuditLine.objects.get(public_id=second.line_id)
    assert line.concerns_money and line.customer_visible
    assert {"before": "ap@koeln.example", "after": ""}.items() <= line.changes[1].items()
    assert details_of(cast.haarlem).mails == ["inkoop@koeln.example"]
    prove()


def test_a_confirmed_id_means_reverse_charge_at_once(cast: Cast, register: Register, settings: Any) -> None:
    settings.BURSAR_SELLER_VAT_ID = "NL004495445B01"
    register.valid = {GERMAN}
    outcome = write_down(cast.maud, cast.haarlem, GIVE)
    assert shown(outcome)["VAT"] == ("21 % VAT (Netherlands)", "no VAT (reverse charge)")
    assert shown(outcome)["VAT id"][1] == f"{GERMAN}, valid, says VIES on 24 November 2026, number WAPI000000000001"
    assert outcome.data["vat"] == {"treatment": "reverse_charge", "rate": "0", "state": ""}
    assert details_of(cast.haarlem).consultation == "WAPI000000000001"


def test_a_silent_register_charges_vat_and_says_so(cast: Cast, register: Register) -> None:
    outcome = write_down(cast.maud, cast.haarlem, GIVE)
    assert "VIES did not answer" in outcome.sentence and "VAT is charged until it is" in outcome.sentence
    assert "and no answer came" in shown(outcome)["VAT id"][1]
    assert details_of(cast.haarlem).vat_status == VatIdStatus.UNKNOWN
    register.valid = {GERMAN}
    again = write_down(cast.maud, cast.haarlem, GIVE)
    assert shown(again)["VAT"][1] == "no VAT (reverse charge)", "the same once more asks again"
    assert isinstance(refusal_of(GIVE, cast.maud, cast.haarlem.public_id, TOWN), Refused)
    assert len(register.asked) == 2, "what is refused is not asked"


def test_an_id_that_the_register_calls_invalid_is_not_taken(cast: Cast, register: Register) -> None:
    register.invalid = {GERMAN}
    refusal = refusal_of(GIVE, cast.maud, cast.haarlem.public_id, TOWN)
    assert isinstance(refusal, Invalid) and "not valid" in refusal.fields["vat_id"][0]
    assert not BillingDetails.objects.exists() and not AuditLine.objects.filter(key=GIVE).exists()


def test_a_standing_id_that_became_invalid_holds_no_other_change_up(cast: Cast, register: Register) -> None:
    write_down(cast.ties, cast.haarlem)
    register.invalid = {GERMAN}
    outcome = write_down(cast.ties, cast.haarlem, city="Bonn")
    assert details_of(cast.haarlem).vat_status == VatIdStatus.INVALID
    assert shown(outcome)["VAT id"][1] == f"{GERMAN}, not valid, says VIES on 24 November 2026"


def test_the_register_is_asked_outside_every_transaction(
    committed: Cast, register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask, inside = vies.ask, []

    def look_and_ask(vat_id: str) -> vies.Word:
        inside.append(connection.in_atomic_block)
        return ask(vat_id)

    monkeypatch.setattr(vies, "ask", look_and_ask)
    write_down(committed.ties, committed.haarlem)
    assert inside == [False]


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("vat_id", "DE136695975", "check digits"),
        ("vat_id", "GB123456789", "member state"),
        ("postcode", "", "whose VAT is due"),
        ("postcode", "---", "whose VAT is due"),
        ("country", "EU", "is not in the list"),
        ("country", "UK", "is not in the list"),
        ("legal_id", "1234567", "8 digits, an OIN has 20"),
        ("peppol_id", "0190-1", "a scheme of four digits"),
        ("peppol_id", "0190:123", "has 20 digits"),
        ("payment_days", "121", "At most 120."),
        ("mails", "ap@koeln", "whole address"),
        ("mails", "a@x.example b@x.example c@x.example d@x.example e@x.example f@x.example", "At most 5"),
        ("name", "", "Fill this in."),
        ("name", "​", "nothing that can be seen"),
        ("city", "x" * 101, "At most 100"),
    ],
)
def test_what_cannot_be_is_said_at_its_field(cast: Cast, field: str, value: str, words: str) -> None:
    refusal = refusal_of(SET, cast.ties, cast.haarlem.public_id, {**TOWN, field: value}, reason="x")
    assert isinstance(refusal, Invalid) and words in refusal.fields[field][0]
    assert not BillingDetails.objects.exists()


def test_what_documents_say_of_the_buyer_and_who_may_say_it(cast: Cast) -> None:
    more = {"legal_id": "1234 5678", "peppol_id": "0106: 12345678", "order_number": "PO-7", "order_last_day": "2027-06-30",
            "buyer_reference": "Cost centre 4", "language": "nl", "vat_id": ""}  # fmt: skip
    own = write_down(cast.maud, cast.haarlem, GIVE, **more)
    row = details_of(cast.haarlem)
    assert (row.legal_id, row.peppol_id, row.language) == ("12345678", "0106:12345678", "nl")
    assert shown(own)["Purchase order number"] == ("", "PO-7, through 30 June 2027")
    assert shown(own)["Language of documents"] == ("English", "Dutch") and "Contract" not in shown(own)
    agreed = {"contract": "2026/4", "payment_days": "60"}
    assert isinstance(refusal_of(GIVE, cast.maud, cast.haarlem.public_id, {**TOWN, **more, **agreed}), Invalid)
    staff = write_down(cast.ties, cast.haarlem, **{**more, **agreed})
    assert shown(staff) == {"Contract": ("", "2026/4"), "Payment term": ("", "60 days")}
    write_down(cast.maud, cast.haarlem, GIVE, **{**more, "city": "Bonn"})
    assert (details_of(cast.haarlem).contract, details_of(cast.haarlem).payment_days) == ("2026/4", 60)


def test_places_without_postcodes_need_none(cast: Cast) -> None:
    outcome = write_down(cast.ties, cast.haarlem, country="HK", postcode="", vat_id="")
    assert shown(outcome)["VAT"][1] == "no VAT (outside the EU)"


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({"country": "BE", "postcode": "1000"}, "The VAT id is of Germany, the address in Belgium."),
        ({"country": "ES", "postcode": "35001", "vat_id": ""}, "the Canary Islands, outside the VAT area"),
        ({"country": "GB", "vat_id": "XI 123 4567 27"}, "Northern Ireland is for goods"),
    ],
)
def test_what_should_be_looked_at_is_said_before_and_after(cast: Cast, other: dict[str, str], words: str) -> None:
    foreseen = dialog.foresee(ACTIONS[SET], Case(cast.ties, cast.haarlem, NOW), {**TOWN, **other})
    assert words in " ".join(foreseen["will"])
    assert words in write_down(cast.ties, cast.haarlem, **other).sentence


def test_the_dialog_foresees_the_vat_and_asks_nobody(cast: Cast, register: Register) -> None:
    case = Case(cast.ties, cast.haarlem, NOW)
    foreseen = dialog.foresee(ACTIONS[SET], case, TOWN)
    assert foreseen["will"][-1].endswith("asked when you save. Once it is confirmed: no VAT (reverse charge).")
    assert "21 % VAT (Netherlands) is added to every amount." in foreseen["will"][0]
    outside = dialog.foresee(ACTIONS[SET], case, {**TOWN, "country": "US", "vat_id": ""})
    assert [(c.label, c.before, c.after) for c in outside["effects"]][-1] == (
        "VAT", "21 % VAT (Netherlands)", "no VAT (outside the EU)",
    )  # fmt: skip
    assert not register.asked and not BillingDetails.objects.exists()
    assert preview(SET, cast.ties, cast.haarlem.public_id, TOWN).changes


def test_who_may(cast: Cast) -> None:
    """Customers with billing rights at the account, staff with the right to act, and nobody else."""
    bring_all(seat("klimaat", "lotte", "observer", cast.klimaat.created_at) | {"workspace": "noord", "role": "member"})
    refusal = refusal_of(GIVE, customer("lotte"), cast.haarlem.public_id, TOWN)
    assert isinstance(refusal, Forbidden) and "owner, admin or billing person" in refusal.sentence
    assert isinstance(refusal_of(GIVE, customer("jan"), cast.haarlem.public_id, TOWN), NotFound)
    assert isinstance(refusal_of(GIVE, cast.iris, cast.haarlem.public_id, TOWN), Forbidden)
    assert isinstance(refusal_of(SET, cast.maud, cast.haarlem.public_id, TOWN, reason="x"), Forbidden)
    assert isinstance(refusal_of(SET, cast.ada, cast.haarlem.public_id, TOWN, reason="x"), Forbidden)
    assert not BillingDetails.objects.exists()
    bring_all(seat("noord", "jan", "billing", cast.noord.created_at))
    write_down(customer("jan"), cast.haarlem, GIVE)
    write_down(customer("ali"), cast.haarlem, GIVE, city="Bonn")
    assert details_of(cast.haarlem).city == "Bonn"


def test_others_with_billing_rights_hear_of_it_and_members_read_nothing(cast: Cast) -> None:
    write_down(cast.ties, cast.haarlem)
    carry_out()
    told = Mail.objects.filter(text__contains="Billing details changed")
    assert sorted(told.values_list("email", flat=True)) == ["ali@client.example", "maud@client.example"]
    bring_all(*person("lid", "Lid"), seat("klimaat", "lid", "member", cast.klimaat.created_at))
    lines = history.list_lines(history.reach_of(scope.load(customer("lid"), NOW)))
    shown_to_member = json.dumps([customer_version(line, "x", sees_money=False) for line in lines], default=str)
    assert "Billing" not in shown_to_member and "Köln" not in shown_to_member


def test_the_api_the_command_line_and_the_own_page_do_the_same(cast: Cast) -> None:
    address = f"/api/v1/account/{cast.haarlem.public_id}/actions/set_billing_details"
    body = {"data": TOWN, "reason": "They wrote"}
    answer = sign_in("ties@agora.example").post(address, json.dumps(body), content_type="application/json")
    assert answer.status_code == 200 and details_of(cast.haarlem).vat_id == GERMAN
    fields = [part for name, value in {**TOWN, "city": "Bonn"}.items() for part in ("--set", f"{name}={value}")]
    call_command("act", SET, cast.haarlem.public_id, *fields, "--reason", "x")
    assert details_of(cast.haarlem).city == "Bonn"
    own = f"/actions/account/{cast.haarlem.public_id}/give_billing_details"
    page = sign_in("maud@client.example").get(own)
    assert page.status_code == 200 and "Stadt Köln" in page.content.decode()
    done = sign_in("maud@client.example").post(own, {**TOWN, "city": "Ulm"})
    assert done.status_code == 302 and details_of(cast.haarlem).city == "Ulm"
    assert Client().post(own, TOWN).status_code in (302, 403) and details_of(cast.haarlem).city == "Ulm"


def test_a_persons_address_goes_with_them_and_the_book_stays_whole(cast: Cast) -> None:
    write_down(cast.ties, cast.haarlem, mails="Maud@client.example\nap@koeln.example")
    maud = Person.objects.get(external_id="maud")
    run("product.person.erase", cast.iris, maud.public_id, {"typed": maud.name}, reason="They asked")
    assert details_of(cast.haarlem).mails == ["ap@koeln.example"]
    details = get_details(cast.haarlem.pk)
    assert details is not None and details.name == "Stadt Köln"
    prove()


def test_a_payers_name_that_is_a_persons_goes_only_where_it_is_picked(cast: Cast) -> None:
    write_down(cast.ties, cast.haarlem, name="Maud", street="Maud Straat 2")
    write_down(cast.ties, cast.samen, name="Maudsley B.V.")
    row = details_of(cast.haarlem)
    found = texts.find(trace(Person.objects.get(external_id="maud")), 100)
    assert f"payer:{row.pk}" in [line.id for line in found.lines]
    assert f"payer:{details_of(cast.samen).pk}" not in [line.id for line in found.lines]
    maud = Person.objects.get(external_id="maud")
    data = {"typed": maud.name, "lines": [f"payer:{row.pk}"]}
    run("product.person.erase", cast.iris, maud.public_id, data, reason="They asked")
    after = details_of(cast.haarlem)
    assert (after.name, after.street) == ("Erased person", "Erased person Straat 2")
    assert details_of(cast.samen).name == "Maudsley B.V."
