"""Prepared mails: filled in, opened or sent, logged; and the templates behind them."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core import mail
from django.core.mail import EmailMultiAlternatives

from bursar.actions.run import run
from bursar.attention.models import OutreachTemplate, Triage
from bursar.attention.reasons import REASONS
from bursar.attention.rules import why_not_text
from bursar.audit.models import AuditLine
from bursar.core import clock
from bursar.core.errors import Blocked, Invalid
from bursar.notifications.models import Mail
from bursar.outbox.models import OutboxRow
from bursar.outbox.store import deliver_due
from bursar.tenants.models import Person
from tests.attention.test_page import api
from tests.cast import NOW, Cast, refusal_of, sign_in

SEND, LOG, EDIT = "attention.workspace.send_outreach", "attention.workspace.log_outreach", "attention.template.edit"


def sent() -> list[EmailMultiAlternatives]:
    return list(getattr(mail, "outbox", []))


def test_what_ships_fits_every_reason(cast: Cast) -> None:
    templates = {template.reason: template for template in OutreachTemplate.objects.all()}
    assert set(templates) == set(REASONS)
    for reason, template in templates.items():
        fills = REASONS[reason].fills
        assert why_not_text(fills, template.subject, is_subject=True) is None
        assert why_not_text(fills, template.body) is None


def test_write_opens_ones_own_mail_program_filled_in(cast: Cast) -> None:
    page = sign_in("ties@agora.example").get("/panel/at-risk/").content.decode()
    address = next(
        part.split('"')[0] for part in page.split('href="') if part.startswith("mailto:") and "subject" in part
    )
    opened = urlsplit(address.replace("&amp;", "&"))
    fields = {name: values[0] for name, values in parse_qs(opened.query).items()}
    assert opened.path == "lotte@client.example" and "+" not in opened.query
    assert fields["subject"] == "Jeugdpanel has reached its recording cap"
    assert fields["body"].startswith("Dear Lotte,\n\nJeugdpanel has recorded 1 h 02 of the 1 h that the Free tier")
    assert "21 November 2026" in fields["body"] and fields["body"].endswith("Ties\nAgora Voices")


def test_that_it_was_opened_is_logged_by_the_link_behind_it(cast: Cast) -> None:
    address = f"/panel/actions/workspace/{cast.panel.public_id}/log_outreach"
    answer = sign_in("ties@agora.example").post(address, {"subject": "Your cap"}, headers={"HX-Request": "true"})
    assert answer.status_code == 204 and "changed" in answer["HX-Trigger"]
    row = api()["workspaces"][0]
    assert (row["last_outreach"], row["last_outreach_at"]) == ("Your cap", NOW.isoformat())
    assert AuditLine.objects.get(key=LOG).changes[0]["after"] == "Your cap"
    assert not OutboxRow.objects.filter(kind="mail").exists() and sent() == []


def fields(cast: Cast) -> dict[str, Any]:
    lotte = Person.objects.get(external_id="lotte").public_id
    return {"to": lotte, "subject": "Your cap\n at Agora", "text": "Dear Lotte,\n\nshall we talk?"}


def test_send_goes_out_once_as_shown_with_answers_to_the_sender(cast: Cast) -> None:
    outcome = run(SEND, cast.ties, cast.panel.public_id, fields(cast), idempotency_key="once")
    run(SEND, cast.ties, cast.panel.public_id, fields(cast), idempotency_key="once")
    row = OutboxRow.objects.get(kind="mail")
    assert row.payload["line"] == outcome.line_id and sent() == []
    deliver_due(clock.now())
    (made,) = sent()
    assert (made.subject, made.body) == ("Your cap at Agora", "Dear Lotte,\n\nshall we talk?")
    assert made.to == ["Lotte <lotte@client.example>"] and made.reply_to == ["ties@agora.example"]
    mail = Mail.objects.get()
    assert made.extra_headers["Message-ID"] == mail.message_id and mail.kind == "letter"
    assert (mail.recipient_id, mail.text) == (fields(cast)["to"], made.body)
    line = AuditLine.objects.get(key=SEND)
    assert line.changes[0]["after"] == "Your cap at Agora" and not line.customer_visible
    assert line.changes[1]["after"] == "" and "Lotte" in {name.text for name in line.name_rows.all()}, "erasable"
    assert Triage.objects.get().outreach_subject == "Your cap at Agora"


def test_the_dialog_shows_exactly_the_mail(cast: Cast) -> None:
    dialog = sign_in("ties@agora.example").get(f"/panel/actions/workspace/{cast.panel.public_id}/send_outreach")
    text = dialog.content.decode()
    assert (
        "Jeugdpanel has reached its recording cap" in text and "Dear Lotte," in text and "lotte@client.example" in text
    )


def test_erasing_the_person_takes_the_mail_along(cast: Cast) -> None:
    run(SEND, cast.ties, cast.panel.public_id, fields(cast))
    lotte = Person.objects.get(external_id="lotte")
    run("product.person.erase", cast.iris, lotte.public_id, {"typed": "Lotte"}, reason="She asked")
    assert not OutboxRow.objects.filter(kind="mail").exists()
    assert "Lotte" not in sign_in("iris@agora.example").get("/panel/book/").content.decode()


@pytest.mark.parametrize(
    ("field", "value"), [("to", "per_nobody"), ("to", ""), ("subject", ""), ("subject", "x" * 201), ("text", "")]
)
def test_what_cannot_be_sent_is_told_beside_its_field(cast: Cast, field: str, value: str) -> None:
    refusal = refusal_of(SEND, cast.ties, cast.panel.public_id, {**fields(cast), field: value})
    assert isinstance(refusal, Invalid) and list(refusal.fields) == [field]
    assert not OutboxRow.objects.filter(kind="mail").exists() and not Triage.objects.exists()


def test_nobody_to_write_to(cast: Cast) -> None:
    Person.objects.filter(external_id="lotte").update(email="")
    refusal = refusal_of(SEND, cast.ties, cast.panel.public_id, {})
    assert isinstance(refusal, Blocked) and "no admin contact" in refusal.sentence
    page = sign_in("ties@agora.example").get("/panel/at-risk/")
    assert page.status_code == 200 and "no address" in page.content.decode()
    settled = refusal_of(SEND, cast.ties, cast.klimaat.public_id, {})
    assert isinstance(settled, Blocked) and "Nothing asks" in settled.sentence


def test_a_template_is_edited_for_everybody_and_checked(cast: Cast) -> None:
    template = OutreachTemplate.objects.get(reason="at_cap")
    good = {"subject": "About {workspace}", "body": "Dear {contact},\r\n\r\nhello. {{x}}"}
    for field, value in (("subject", "{contact}"), ("body", "{nobody}"), ("body", "{")):
        refusal = refusal_of(EDIT, cast.ties, template.public_id, {**good, field: value})
        assert isinstance(refusal, Invalid) and list(refusal.fields) == [field]
    run(EDIT, cast.ties, template.public_id, good)
    page = sign_in("ties@agora.example").get("/panel/at-risk/").content.decode()
    assert "About%20Jeugdpanel" in page and "hello.%20%7Bx%7D" in page
    preview = (
        sign_in("ties@agora.example")
        .post(f"/panel/actions/template/{template.public_id}/edit/preview", good)
        .content.decode()
    )
    assert "what the template says already" in preview
    changed = (
        sign_in("ties@agora.example")
        .post(f"/panel/actions/template/{template.public_id}/edit/preview", {**good, "body": "Dear {contact}, new"})
        .content.decode()
    )
    assert "Dear Maud Jansen, new" in changed and "Subject: About Burgerberaad Klimaat" in changed
    shown = sign_in("ada@agora.example").get("/panel/at-risk/templates/").content.decode()
    assert "About {workspace}" in shown
