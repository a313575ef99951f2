"""What failed is seen and sent again by hand; what was sent can be read; old and erased text is gone."""

from __future__ import annotations

import html
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail

from bursar.actions.run import run
from bursar.actions.spec import Notice
from bursar.config.minute import run_ticks
from bursar.core import clock, naming
from bursar.notifications.models import Mail, Notification
from bursar.outbox import store
from bursar.outbox.carriers import CARRIERS, Carrier, NotDelivered, Refused
from bursar.outbox.models import OutboxRow, OutboxState
from bursar.tenants.models import Person
from tests.cast import NOW, Cast, prove, refusal_of, shown_by, sign_in
from tests.notifications.telling import carry_out, leave_note, tell

KEY = "notifications.delivery.retry"


@pytest.fixture
def refused(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The mail carrier refuses as long as this is not empty."""
    words, send = ["550 no such mailbox"], CARRIERS["mail"].carry

    def carry(row: OutboxRow) -> str | None:
        if words:
            raise Refused(words[0])
        return send(row)

    monkeypatch.setitem(CARRIERS.things, "mail", Carrier(carry))
    return words


def test_a_final_refusal_fails_at_once_another_is_tried_again(
    db: None, now: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    def carry(row: OutboxRow) -> str:
        raise (Refused if row.key == "final" else NotDelivered)("no")

    monkeypatch.setitem(CARRIERS.things, "test", Carrier(carry))
    store.put("test", "final", {}, NOW)
    store.put("test", "later", {}, NOW)
    store.deliver_due(NOW)
    assert dict(OutboxRow.objects.values_list("key", "state")) == {"final": "failed", "later": "waiting"}


def test_what_failed_is_counted_shown_and_sent_again(cast: Cast, refused: list[str]) -> None:
    cast.reset_panel()
    carry_out()
    ties = sign_in("ties@agora.example")
    assert 'id="count-deliveries" hx-swap-oob="true">1</span>' in shown_by(ties.get("/panel/counts"))
    page = ties.get("/panel/deliveries/").content.decode()
    assert "Usage reset: Jeugdpanel" in page and "lotte@client.example" in page and "550 no such mailbox" in page
    row = OutboxRow.objects.get(kind="mail")
    one = ties.get(f"/panel/deliveries/{row.public_id}").content.decode()
    assert "Send again" in one and "550 no such mailbox" in one and Mail.objects.get().message_id.strip("<>") in one
    assert refusal_of(KEY, cast.ada, row.public_id).status == 403
    assert refusal_of(KEY, cast.lotte, row.public_id).status == 404
    menu = ties.get(f"/panel/actions/menu/delivery/{row.public_id}").content.decode()
    assert "Usage reset" in menu and "to lotte@client.example" in menu and f"mail {row.public_id}" not in menu
    refused.clear()
    assert run(KEY, cast.ties, row.public_id).sentence == "It goes out again now."
    carry_out()
    row.refresh_from_db()
    assert (row.state, row.attempts, len(mail.outbox)) == (OutboxState.DONE, 1, 1)
    assert [t.is_done for t in row.tries.order_by("id")] == [False, True]
    assert "delivered already" in refusal_of(KEY, cast.ties, row.public_id).sentence
    assert 'id="count-deliveries" hx-swap-oob="true" hidden>' in shown_by(ties.get("/panel/counts"))
    prove()


def test_no_kind_stands_by_its_key_alone() -> None:
    """A mail or a line of the book says what a row is, or its own words do; of every other kind its carrier tells."""
    assert {kind for kind, made in CARRIERS.items() if made.describe is None} == {"mail", "notice", "webhook", "seal"}


def test_several_at_once(cast: Cast, refused: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    from bursar.actions import bulk

    tell(monkeypatch, Notice.STAFF)
    leave_note(cast, "x")
    carry_out()
    ids = list(OutboxRow.objects.filter(state="failed").values_list("public_id", flat=True))
    dialog = sign_in("ties@agora.example").get("/panel/actions/bulk/delivery/retry", {"delivery": ids})
    assert len(ids) == 2 and dialog.status_code == 200
    refused.clear()
    made = bulk.start(KEY, cast.ties, ids, {}, "the server is back")
    assert set(made.results.values_list("status", flat=True)) == {200}
    carry_out()
    assert len(mail.outbox) == 2


def test_what_is_in_flight_is_left_alone_until_it_is_stuck(cast: Cast, refused: list[str]) -> None:
    cast.reset_panel()
    carry_out()
    row = OutboxRow.objects.get(kind="mail")
    OutboxRow.objects.filter(pk=row.pk).update(state="sending", due_at=NOW)
    assert "at this moment" in refusal_of(KEY, cast.ties, row.public_id).sentence
    with clock.frozen(NOW + timedelta(minutes=11)):
        run(KEY, cast.ties, row.public_id)
    row.refresh_from_db()
    assert row.maybe_twice and row.state == OutboxState.WAITING
    page = sign_in("ties@agora.example").get("/panel/deliveries/?state=waiting").content.decode()
    assert "maybe twice" in page


def test_tabs_kinds_and_a_failed_notice(cast: Cast) -> None:
    cast.reset_panel()
    carry_out()
    OutboxRow.objects.create(
        kind="webhook", key="w", payload={"event": "tier.changed", "line": "aud_x"}, created_at=NOW, due_at=NOW
    )
    iris = sign_in("iris@agora.example")
    done = iris.get("/panel/deliveries/?state=done&kind=mail").content.decode()
    assert "Usage reset: Jeugdpanel" in done and "everybody who is told" not in done
    assert 'value="notice"' not in done  # what was told within is no delivery
    assert iris.get("/panel/deliveries/?state=waiting&kind=mail").content.decode().count("Nothing waits.") == 1
    OutboxRow.objects.filter(kind="notice").update(state="failed")
    failed = iris.get("/panel/deliveries/").content.decode()
    assert "Usage reset: Jeugdpanel" in failed and "everybody who is told" in failed
    assert iris.get("/panel/deliveries/?state=lost").status_code == 400
    assert iris.get("/panel/deliveries/?before=-1").status_code == 400


def test_the_lists_cost_the_same_however_long(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, django_assert_max_num_queries: Any
) -> None:
    tell(monkeypatch, Notice.STAFF)
    for n in range(5):
        leave_note(cast, f"note {n}")
    carry_out()
    iris = sign_in("iris@agora.example")
    for path in ("/panel/deliveries/?state=done", "/panel/mail/"):
        iris.get(path)
        with django_assert_max_num_queries(14):
            assert iris.get(path).content.decode().count("Note added: Gemeente Haarlem") >= 10


def test_the_api_pages_by_cursor(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    tell(monkeypatch, Notice.STAFF)
    for n in range(3):
        leave_note(cast, f"note {n}")
    carry_out()
    iris, cursor = sign_in("iris@agora.example"), ""
    seen: list[str] = []
    while True:
        page = iris.get("/api/v1/deliveries", {"state": "done", "limit": "4", "cursor": cursor}).json()
        seen += [row["id"] for row in page["deliveries"]]
        cursor = page["next_cursor"]
        if not cursor:
            break
    assert len(seen) == len(set(seen)) == 6
    one = iris.get(f"/api/v1/deliveries/{seen[0]}").json()
    assert one["to"].endswith("@agora.example") and one["tries"][0]["is_done"] and one["state"] == "done"
    for bad in ({"state": "lost"}, {"cursor": "x"}):
        assert iris.get("/api/v1/deliveries", bad).status_code == 400


# Sent mail


def test_one_mail_as_text_and_as_html_in_a_sandbox(cast: Cast) -> None:
    cast.reset_panel(message="<b>Go on</b>")
    carry_out()
    made, iris = Mail.objects.get(), sign_in("iris@agora.example")
    stop = str(mail.outbox[0].extra_headers["List-Unsubscribe"]).strip("<>").rsplit("/", 1)[1]
    assert stop in made.text and stop in made.html
    page = iris.get(f"/panel/mail/{made.public_id}").content.decode()
    shown = iris.get(f"/panel/mail/{made.public_id}/html")
    assert "Counted hours" in page and stop not in page and stop not in shown.content.decode()
    policy = shown["Content-Security-Policy"]
    assert policy.startswith("sandbox;") and "script" not in policy and "allow" not in policy
    assert "&lt;b&gt;Go on" in shown.content.decode() and "<b>Go on" in made.text
    assert "sandbox" not in iris.get("/panel/mail/")["Content-Security-Policy"]
    for who in ("lotte@client.example", "maud@client.example"):
        assert sign_in(who).get(f"/panel/mail/{made.public_id}/html").status_code == 404


def test_the_list_is_searched(cast: Cast) -> None:
    cast.reset_panel()
    data = {"kind": "partner", "percent": "10", "end_date": ""}
    run("plans.account.set_discount", cast.ties, cast.haarlem.public_id, data, reason="x")
    carry_out()
    iris = sign_in("iris@agora.example")
    found = iris.get("/panel/mail/?q=LOTTE@client").content.decode()
    assert "Usage reset" in found and "Discount" not in found
    assert "No mail fits" in iris.get("/panel/mail/?q=nobody").content.decode()
    assert "no mail leaves" in found


def test_the_demo_says_that_no_mail_leaves(cast: Cast, settings: Any) -> None:
    from bursar.core.models import InstallationFact

    InstallationFact.objects.create(name="demo", value="yes")
    iris, link = sign_in("iris@agora.example"), "see what would have been sent"
    assert link in iris.get("/panel/book/").content.decode()
    assert link not in sign_in("lotte@client.example").get("/").content.decode()
    settings.BURSAR_MAIL_LEAVES = True
    assert link not in iris.get("/panel/book/").content.decode()


def test_old_text_is_blanked_and_cannot_be_sent_again(cast: Cast) -> None:
    cast.reset_panel()
    carry_out()
    with clock.frozen(NOW + timedelta(days=89)):
        run_ticks(clock.now())
    assert Mail.objects.get().text
    with clock.frozen(NOW + timedelta(days=91)):
        run_ticks(clock.now())
    made = Mail.objects.get()
    assert (made.text, made.html) == ("", "") and made.email == "lotte@client.example" and made.subject
    iris = sign_in("iris@agora.example")
    assert "is blanked" in iris.get(f"/panel/mail/{made.public_id}").content.decode()
    assert iris.get(f"/panel/mail/{made.public_id}/html").status_code == 404
    OutboxRow.objects.filter(kind="mail").update(state="failed")
    row = OutboxRow.objects.get(kind="mail")
    assert "blanked" in refusal_of(KEY, cast.ties, row.public_id).sentence


def test_an_erased_person_is_named_by_no_mail(cast: Cast, refused: list[str]) -> None:
    """Theirs is gone; in mail to others their name is gone from where Bursar said it, and a colleague's words stay."""
    Person.objects.filter(external_id="ali").update(name="Ali O'Neill <x>")
    ali, maud = Person.objects.get(external_id="ali"), Person.objects.get(external_id="maud")
    data = {"new_admin": ali.public_id, "old_admin": maud.public_id, "keep_old": True}
    run("tenants.workspace.change_admin", cast.ties, cast.klimaat.public_id, data, reason="x", message="Call Ali.")
    run("notifications.inbox.set_mail", cast.maud, cast.maud.id, {"topics": ["people"]})
    carry_out()
    to_maud = Mail.objects.get(recipient_id=maud.public_id)
    assert "Ali O'Neill <x>: member → admin" in naming.read(to_maud.text)
    assert html.escape("Ali O'Neill <x>") in naming.read(to_maud.html, as_html=True)
    assert Mail.objects.filter(name="Ali O'Neill <x>").exists()
    run("product.person.erase", cast.iris, ali.public_id, {"typed": "Ali O'Neill <x>"}, reason="x")
    kept = [" ".join((m.email, m.name, m.subject, m.text, m.html)) for m in Mail.objects.all()]
    for gone in ("Ali O'Neill", html.escape("Ali O'Neill <x>"), "ali@client"):
        assert not any(gone in text for text in kept), gone
    assert Mail.objects.get() == to_maud
    page = sign_in("iris@agora.example").get(f"/panel/mail/{to_maud.public_id}").content.decode()
    assert "Erased person: member → admin" in page and "Call Ali." in page
    assert not Notification.objects.filter(recipient_id=ali.public_id).exists()
    assert not OutboxRow.objects.filter(last_error__contains="ali@client").exists()
    prove()


def test_mail_is_found_by_whom_its_subject_names(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    tell(monkeypatch, Notice.STAFF, key="staff.staff.sign_out")
    run("staff.staff.sign_out", cast.iris, cast.ada.id, reason="x")
    carry_out()
    made, iris = Mail.objects.get(recipient_id=cast.ties.id), sign_in("iris@agora.example")
    assert "Ada" not in made.subject
    for text, is_found in (("ada", True), ("signed out", True), ("lotte", False)):
        page = iris.get(f"/panel/mail/?q={text}").content.decode()
        assert ("Signed out everywhere: Ada" in page) is is_found, text
    assert "Signed out everywhere: Ada" in iris.get("/panel/deliveries/?state=done").content.decode()


def test_a_colleague_who_was_erased_with_their_user(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    from bursar.access.models import User
    from bursar.staff.models import StaffMember

    tell(monkeypatch, Notice.STAFF)
    leave_note(cast, "x")
    carry_out()
    Person.objects.filter(external_id="ali").update(user=User.objects.get(email="ties@agora.example"))
    StaffMember.objects.filter(public_id=cast.ties.id).update(is_active=False)
    assert Mail.objects.filter(recipient_id=cast.ties.id).exists()
    ali = Person.objects.get(external_id="ali")
    run("product.person.erase", cast.iris, ali.public_id, {"typed": ali.name}, reason="x")
    assert not Mail.objects.filter(recipient_id=cast.ties.id).exists()
    assert not Notification.objects.filter(recipient_id=cast.ties.id).exists()


def test_a_letter_of_a_lower_room_becomes_a_mail(cast: Cast) -> None:
    payload = {"to": "lotte@client.example", "name": "Lotte", "subject": "Shall we\ntalk?", "text": "Hello.\n\nBye.",
               "recipient": cast.lotte.id}  # fmt: skip
    store.put("mail", "letter-1", payload, NOW)
    carry_out()
    made, sent = Mail.objects.get(), mail.outbox[0]
    assert (made.kind, made.subject, sent.subject) == ("letter", "Shall we talk?", "Shall we talk?")
    assert (
        "Hello." in sent.body and "stop mail" not in sent.body.lower() and "List-Unsubscribe" not in sent.extra_headers
    )
    assert OutboxRow.objects.get().payload == {"mail": made.public_id}
