"""A document reaches people: the mail with its files, sent again, and what staff see of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail as django_mail
from django.core.mail import EmailMultiAlternatives
from django.urls import reverse

from bursar.actions.registry import ACTIONS
from bursar.actions.run import preview, run
from bursar.audit.models import AuditLine
from bursar.billing.jobs import note_sent
from bursar.billing.models import Handover, Hold, Invoice, Reminder, Sending
from bursar.billing.queries.sending import count_undelivered, list_sent
from bursar.billing.store import Details
from bursar.core import clock
from bursar.core.errors import Blocked, Forbidden, Invalid, Refused
from bursar.notifications.models import Mail
from bursar.outbox.models import OutboxRow, OutboxState
from bursar.tenants.models import Person
from tests.billing.invoiced import SELLER, TOWN_HALL, carry_out, issue, issued, know
from tests.cast import NOW, Cast, prove, refusal_of, shown_by, sign_in
from tests.taken_back import check_way_back

AGAIN, NOTE = "billing.invoice.send_again", "billing.invoice.note_handover"
OFFICE = "ap@haarlem.example"


@pytest.fixture
def payer(cast: Cast, settings: Any) -> Cast:
    for name, value in SELLER.items():
        setattr(settings, name, value)
    know(cast.haarlem)
    return cast


def letters(to: str = OFFICE) -> list[EmailMultiAlternatives]:
    """Mail with files, as it left."""
    found = [one for one in django_mail.outbox if isinstance(one, EmailMultiAlternatives) and one.attachments]
    return [one for one in found if to in one.to[0]]


def test_its_mail_carries_the_pdf_and_says_what_to_pay(payer: Cast) -> None:
    row = issue(payer.ties, payer.haarlem)
    assert not letters() and not Sending.objects.exists(), "nothing leaves before its files are there"
    carry_out()
    (sent,) = letters()
    assert sent.subject == "Invoice 2026-000001 of Agora Voices B.V."
    ((name, content, media_type),) = sent.attachments
    assert (name, media_type) == ("invoice-2026-000001.pdf", "application/pdf") and content[:5] == b"%PDF-"
    row.refresh_from_db()
    assert row.pdf is not None
    said = str(sent.body).replace("\N{NO-BREAK SPACE}", " ")
    for words in (
        "€484.00",
        "8 December 2026",
        "NL91 ABNA 0417 1643 00",
        "Order number: PO-7",
        f"RF{row.reference[2:4]}",
    ):
        assert words in said, words
    row_of_mail = OutboxRow.objects.get(key=Sending.objects.get().public_id)
    assert set(row_of_mail.payload) == {"mail"} and Mail.objects.get(email=OFFICE).files == [row.pdf.public_id]
    line = AuditLine.objects.get(key="billing.invoice.send_out")
    assert row.number in str(line.changes) and line.customer_visible


def test_an_e_invoice_goes_along_in_the_documents_language(payer: Cast) -> None:
    know(payer.haarlem, replace(TOWN_HALL, language="nl"))
    row = issued(payer.ties, payer.haarlem, e_invoice=True)
    (sent,) = letters()
    assert [one[0] for one in sent.attachments] == ["invoice-2026-000001.pdf", "invoice-2026-000001.xml"]
    assert sent.subject.startswith("Factuur 2026-000001") and "Geachte heer of mevrouw" in sent.body
    assert "UBL" in sent.body and 'lang="nl"' in str(sent.alternatives[0][0])
    assert Handover.objects.get(invoice=row).state == "to_hand_in"


def test_a_credit_note_is_mailed_and_asks_for_nothing(payer: Cast) -> None:
    row = issued(payer.ties, payer.haarlem)
    run("billing.invoice.credit", payer.iris, row.public_id, {}, reason="wrong")
    carry_out()
    note = letters()[1]
    assert note.subject == "Credit note C2026-000001 of Agora Voices B.V." and row.number in note.body
    assert "IBAN" not in note.body and note.attachments[0][0] == "credit-note-C2026-000001.pdf"


def test_without_an_address_billing_people_get_it_and_without_them_staff_see_that_nobody_did(payer: Cast) -> None:
    know(payer.haarlem, replace(TOWN_HALL, mails=()))
    issued(payer.ties, payer.haarlem)
    assert [one.to for one in letters("maud@")] == [["maud@client.example"]]
    Person.objects.filter(external_id="maud").update(email="")
    Person.objects.filter(external_id="ali").update(email="")
    row = issued(payer.ties, payer.haarlem)
    assert not row.sendings.exists()
    client, at = sign_in("ties@agora.example"), f"/panel/invoices/{row.public_id}"
    assert "Nobody got it yet. Give an address" in shown_by(client.get(at))
    know(payer.haarlem, TOWN_HALL)
    assert "Nobody got it yet. Send it by the kebab." in shown_by(client.get(at))
    know(payer.haarlem, replace(TOWN_HALL, mails=()))
    assert isinstance(refusal_of(AGAIN, payer.ties, row.public_id, {"to": ""}), Refused)


def test_made_twice_it_is_sent_once(payer: Cast) -> None:
    row = issued(payer.ties, payer.haarlem)
    OutboxRow.objects.filter(kind="billing.files").update(state=OutboxState.WAITING)
    carry_out()
    assert len(letters()) == 1 and Sending.objects.count() == 1
    assert OutboxRow.objects.get(kind="billing.files").state == OutboxState.DONE
    assert isinstance(refusal_of("billing.invoice.send_out", payer.iris, row.public_id), Forbidden)


def test_what_breaks_on_the_way_leaves_nothing_and_is_done_again(payer: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files, sendings and mail are one transaction: none of them is there without the others."""
    from bursar.billing.store import sending

    whole, times = sending.send, []

    def break_first(*args: Any) -> Any:
        made = whole(*args)
        times.append(made)
        if len(times) == 1:
            raise OSError("the disk is full")
        return made

    monkeypatch.setattr(sending, "send", break_first)
    row = issue(payer.ties, payer.haarlem)
    carry_out()
    row.refresh_from_db()
    assert row.pdf is None and not Sending.objects.exists() and not letters()
    with clock.frozen(NOW + timedelta(minutes=2)):
        carry_out()
    row.refresh_from_db()
    assert row.pdf is not None and len(letters()) == Sending.objects.count() == 1


def test_send_again_goes_where_one_says_and_the_trail_keeps_it(payer: Cast) -> None:
    row = issued(payer.ties, payer.haarlem)
    said = preview(AGAIN, payer.ties, row.public_id, {"to": ""})
    assert said.sentence == "2026-000001 goes to 1 address." and said.changes[-1].after == OFFICE
    assert len(letters()) == 1
    outcome = run(AGAIN, payer.ties, row.public_id, {"to": "new@haarlem.example, maud@client.example"})
    assert [change.after_ref != "" for change in outcome.changes if change.label == "Sent to"] == [False, True]
    carry_out()
    assert len(letters("new@")) == len(letters("maud@")) == 1
    sent = list_sent([row.pk])[row.pk]
    assert [(one.sending.email, one.sending.kind, one.state) for one in sent] == [
        ("maud@client.example", "again", "sent"), ("new@haarlem.example", "again", "sent"), (OFFICE, "issued", "sent"),
    ]  # fmt: skip
    page = sign_in("ties@agora.example").get(f"/panel/invoices/{row.public_id}").content.decode()
    assert "new@haarlem.example" in page and "Sent again" in page


@pytest.mark.parametrize("to", ["no address", " ".join(f"a{n}@client.example" for n in range(11))])
def test_what_is_no_address_is_not_sent_to(payer: Cast, to: str) -> None:
    row = issued(payer.ties, payer.haarlem)
    assert isinstance(refusal_of(AGAIN, payer.ties, row.public_id, {"to": to}), Invalid)
    assert Sending.objects.count() == 1


def test_who_may_send_and_when(payer: Cast) -> None:
    row = issue(payer.ties, payer.haarlem)
    assert isinstance(refusal_of(AGAIN, payer.ties, row.public_id, {"to": OFFICE}), Blocked)
    carry_out()
    assert isinstance(refusal_of(AGAIN, payer.ada, row.public_id, {"to": OFFICE}), Forbidden)
    assert Sending.objects.count() == 1


def test_in_bulk_each_goes_to_its_own(payer: Cast) -> None:
    know(payer.oost, Details("Oost", "S 1", "1011 AA", "Amsterdam", "NL", mails=("fin@oost.example",)))
    rows = [issued(payer.ties, payer.haarlem), issued(payer.ties, payer.oost)]
    client, ids = sign_in("ties@agora.example"), [row.public_id for row in rows]
    dialog = client.get(reverse("actions:bulk", args=["invoice", "send_again"]), {"invoice": ids}).content.decode()
    assert 'name="to"' in dialog and f">{OFFICE}</textarea>" not in dialog.replace("\n", "")
    answer = client.post(
        reverse("actions:bulk", args=["invoice", "send_again"]), {"invoice": ids, "to": "", "idempotency_key": "k-1"}
    )
    assert answer.status_code == 200
    carry_out()
    assert len(letters()) == len(letters("fin@oost.example")) == 2


def test_a_failed_address_is_seen_until_it_was_sent_elsewhere(payer: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    from smtplib import SMTPRecipientsRefused

    def refuse(message: EmailMultiAlternatives) -> int:
        if OFFICE in message.to[0]:
            raise SMTPRecipientsRefused({OFFICE: (550, b"no such mailbox")})
        return 1

    monkeypatch.setattr(EmailMultiAlternatives, "send", refuse)
    row = issued(payer.ties, payer.haarlem)
    (sent,) = list_sent([row.pk])[row.pk]
    assert (sent.state, sent.failed) == ("failed", "550 no such mailbox") and count_undelivered() == 1
    client = sign_in("ties@agora.example")
    assert "no such mailbox" in client.get("/panel/invoices/reminders/undelivered/").content.decode()
    with clock.frozen(NOW + timedelta(minutes=1)):
        run(AGAIN, payer.ties, row.public_id, {"to": "new@haarlem.example"})
        carry_out()
        assert count_undelivered() == 0


def test_files_that_cannot_be_made_are_counted(payer: Cast) -> None:
    row = issue(payer.ties, payer.haarlem)
    OutboxRow.objects.filter(kind="billing.files").update(state=OutboxState.FAILED)
    assert count_undelivered() == 1
    client = sign_in("ties@agora.example")
    page = client.get("/panel/invoices/reminders/undelivered/").content.decode()
    assert row.number in page and "could not be made" in page
    assert f"Files of {row.number}" in client.get("/panel/deliveries/").content.decode()


def test_the_trail_outlives_the_log_of_deliveries(payer: Cast) -> None:
    row = issued(payer.ties, payer.haarlem)
    note_sent(clock.now())
    OutboxRow.objects.all().delete()
    (sent,) = list_sent([row.pk])[row.pk]
    assert (sent.state, sent.at) == ("sent", NOW)
    run(AGAIN, payer.ties, row.public_id, {"to": OFFICE})
    OutboxRow.objects.all().delete()
    note_sent(clock.now())
    assert list_sent([row.pk])[row.pk][0].state == "dropped"


def test_an_erased_person_is_named_nowhere_and_the_document_stays(payer: Cast) -> None:
    row = issued(payer.ties, payer.haarlem, payment_days=0)
    with clock.frozen(NOW + timedelta(days=1)):
        data = {"way": "phone", "on": clock.now().date(), "note": "Maud looks for it"}
        run("billing.invoice.record_reminder", payer.ties, row.public_id, data)
        hold = {"note": "Maud is away", "last_day": clock.now().date() + timedelta(days=30)}
        run("billing.invoice.hold", payer.ties, row.public_id, hold)
    run(AGAIN, payer.ties, row.public_id, {"to": "maud@client.example"})
    maud = Person.objects.get(external_id="maud")
    data = {"typed": "Maud", "lines": [], "all_lines": True}
    assert "stay as they are, until their retention ends: the law asks for it. There are 1." in " ".join(
        str(one) for one in _foreseen("product.person.erase", payer, maud.public_id, data)
    )
    outcome = run("product.person.erase", payer.iris, maud.public_id, data, reason="asked to be forgotten")
    kept = next(change for change in outcome.changes if change.label == "Issued documents")
    assert kept.after == "1 stay, until their retention ends: the law asks for it"
    carry_out()
    assert not letters("maud@"), "what waited for them is not sent"
    row.refresh_from_db()
    assert row.pdf is not None and row.says and {one.email for one in row.sendings.all()} == {OFFICE, ""}
    assert Reminder.objects.get().note == "Erased person looks for it" and Hold.objects.get().note.startswith("Erased")
    note_sent(clock.now())
    assert {one.state for one in list_sent([row.pk])[row.pk]} == {"sent", "taken back"}
    prove()


def _foreseen(key: str, cast: Cast, target_id: str, data: dict[str, Any]) -> list[str]:
    from bursar.actions.registry import ACTIONS, TARGETS
    from bursar.actions.spec import Case

    action = ACTIONS[key]
    assert action.preview is not None
    target = TARGETS[action.target_slug].fetch(cast.iris, target_id)
    return action.preview(Case(cast.iris, target, clock.now()), data)


def test_how_the_network_took_it_is_noted_and_a_refusal_counted(payer: Cast) -> None:
    row = issued(payer.ties, payer.haarlem, e_invoice=True)
    for data in ({"state": "refused", "why": ""}, {"state": "handed_in", "why": "x"}, {"state": "", "why": ""}):
        assert isinstance(refusal_of(NOTE, payer.ties, row.public_id, data), Invalid)
    assert isinstance(refusal_of(NOTE, payer.ties, row.public_id, {"state": "to_hand_in", "why": ""}), Refused)
    assert Handover.objects.get().state == "to_hand_in" and count_undelivered() == 0
    run(NOTE, payer.ties, row.public_id, {"state": "refused", "why": "PEPPOL-COMMON-R049"})
    assert count_undelivered() == 1
    client = sign_in("ties@agora.example")
    assert "PEPPOL-COMMON-R049" in client.get("/panel/invoices/reminders/undelivered/").content.decode()
    assert "PEPPOL-COMMON-R049" in client.get(f"/panel/invoices/{row.public_id}").content.decode()
    run(NOTE, payer.ties, row.public_id, {"state": "handed_in", "why": ""})
    assert count_undelivered() == 0
    plain = issued(payer.ties, payer.haarlem)
    assert isinstance(refusal_of(NOTE, payer.ties, plain.public_id, {"state": "handed_in", "why": ""}), Blocked)


def test_what_was_noted_at_the_wrong_e_invoice_is_taken_back(payer: Cast) -> None:
    row = issued(payer.ties, payer.haarlem, e_invoice=True)
    check_way_back(payer, NOTE, row.public_id, {"state": "refused", "why": "R049"})
    check_way_back(payer, NOTE, row.public_id, {"state": "handed_in", "why": ""})
    done = run(NOTE, payer.ties, row.public_id, {"state": "handed_in", "why": ""})
    Handover.objects.update(state="refused", why="The access point says so")
    assert done.undo is not None
    late = refusal_of(NOTE, payer.ties, row.public_id, done.undo.data, undoes=done.line_id)
    assert late.status == 409 and Handover.objects.get().state == "refused"


def test_an_invoice_that_is_settled_meanwhile_is_sent_again_as_such(payer: Cast) -> None:
    row = issued(payer.ties, payer.haarlem)
    paid = {"amount": "484.00", "on": NOW.date().isoformat()}
    run("billing.invoice.mark_paid", payer.iris, row.public_id, paid, reason="x")
    run(AGAIN, payer.ties, row.public_id, {"to": ""})
    carry_out()
    assert "Nothing is left to be paid" in letters()[1].body and "IBAN" not in letters()[1].body
    assert Invoice.objects.get(pk=row.pk).open == 0


def test_programs_hear_of_an_issued_document_once() -> None:
    """Whoever issues it leaves that to the sending, which knows the files."""
    assert [key for key, made in ACTIONS.items() if "invoice.issued" in (made.event, *made.events)] == [
        "billing.invoice.send_out"
    ]
