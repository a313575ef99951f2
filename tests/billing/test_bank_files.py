"""Bank statements as files: read once, refused in words, and whatever comes twice changes nothing."""

from __future__ import annotations

import io
import random
import zipfile
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bursar.actions.run import run
from bursar.audit.models import AuditLine
from bursar.billing import banking
from bursar.billing.actions.bank_files import BOOK, READ
from bursar.billing.bank import Balance
from bursar.billing.models import BankFile, BankLine, BankStatement, BankSuggestion, Invoice, LedgerEntry
from bursar.billing.queries import bank
from bursar.core import clock
from bursar.core.errors import Forbidden, Invalid, NotFound, Refused
from bursar.files.models import Chunk, File
from bursar.outbox.models import OutboxRow
from tests.billing.bank.chance import sound_files, spoil
from tests.billing.bank.writing import THEIRS, entry, statement, to_camt, to_mt940
from tests.billing.bank_desk import UPLOADED, arrive, issue, now_of, paid, send_up, upload
from tests.billing.test_bank_money import haarlem, oost
from tests.cast import NOW, Cast, prove, refusal_of, sign_in
from tests.requests.helpers import customer

__all__ = ["haarlem", "oost"]


def counts() -> tuple[int, ...]:
    """Rows, ledger, statements and lines of the book."""
    tables = (BankFile, BankStatement, BankLine, LedgerEntry, AuditLine)
    return tuple(model.objects.count() for model in tables)  # type: ignore[attr-defined]  # models


def test_a_file_is_kept_and_its_lines_stand_once(cast: Cast, oost: Invoice) -> None:
    content = to_camt(statement(paid(oost), entry("5.00", "?")))
    file = upload(cast.iris, content)
    assert (file.state, file.statements, file.lines, file.fresh, file.booked) == ("done", 1, 2, 2, 1)
    assert file.kept is not None and file.kept.expires_at is None
    assert b"".join(bytes(part.data) for part in Chunk.objects.filter(file=file.kept)) == content
    assert file.actor["name"] == "Iris" and file.sha256 == file.kept.sha256


def test_the_same_file_again_changes_nothing(cast: Cast, oost: Invoice) -> None:
    content = to_camt(statement(paid(oost)))
    upload(cast.iris, content)
    before = counts()
    again = refusal_of(UPLOADED, cast.iris, "company", {"uploads": send_up(cast.iris, "other-name.xml", content)})
    assert isinstance(again, Refused)
    assert again.sentence == "“other-name.xml” was uploaded on 24 November 2026: nothing is new."
    banking.carry_out(BankFile.objects.get().public_id)
    assert counts() == before


def test_the_same_lines_in_another_file_are_known_again(cast: Cast, oost: Invoice) -> None:
    lines = (paid(oost, bank_reference="R1"), entry("5.00", "x", bank_reference="R2"), entry("5.00", "x"))
    upload(cast.iris, to_camt(statement(*lines)))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.xml", to_camt(statement(*lines), version="08"))
        archive.writestr("b.xml", to_camt(statement(entry("7.00", "y"), number=13, opening="1131.00")))
    file = upload(cast.iris, packed.getvalue(), "both.zip")
    assert (file.lines, file.fresh, BankLine.objects.count()) == (4, 1, 4)
    assert LedgerEntry.objects.count() == 1
    month = statement(*lines, entry("7.00", "y"), id="month", number=0)
    assert upload(cast.iris, to_camt(month), "month.xml").fresh == 0
    prove()


def test_two_equal_payments_are_two_also_where_one_statement_goes_on_on_the_day_of_another(cast: Cast) -> None:
    day = date(2026, 11, 3)
    first = statement(entry("5.00", "cup"), entry("5.00", "cup"), number=1)
    second = statement(entry("5.00", "cup"), number=2, opening="1010.00")
    assert upload(cast.iris, to_camt(first), "1.xml").fresh == 2
    assert upload(cast.iris, to_camt(second), "2.xml").fresh == 1
    both = statement(*(entry("5.00", "cup") for _ in range(3)), id="both", number=0, from_on=day)
    assert upload(cast.iris, to_camt(both), "both.xml").fresh == 0
    assert BankLine.objects.count() == 3 and {gap.sentence for gap in bank.list_gaps()} == set()


def test_a_statement_that_is_missing_is_said_until_it_comes(cast: Cast) -> None:
    def of(number: int, opening: str) -> bytes:
        on = date(2026, 11, 2) + timedelta(days=number)
        return to_camt(statement(entry("10.00", f"n{number}", day=on), number=number, opening=opening))

    upload(cast.iris, of(1, "0.00"), "1.xml")
    upload(cast.iris, of(3, "20.00"), "3.xml")
    [gap] = bank.list_gaps()
    assert "a statement is missing" in gap.sentence
    page = sign_in("iris@agora.example").get("/panel/payments/bank/").content.decode()
    assert "a statement is missing" in page
    upload(cast.iris, of(2, "10.00"), "2.xml")
    assert bank.list_gaps() == []


@pytest.mark.parametrize("write", [to_camt, to_mt940])
def test_each_format_comes_to_the_same(cast: Cast, oost: Invoice, write: Any) -> None:
    file = upload(cast.iris, write(statement(entry("121.00", f"Dank {oost.reference} JAN", name="Jan", iban=THEIRS))))
    now_of(oost)
    assert file.booked == 1 and oost.open == 0


def test_a_bad_file_is_a_sentence_and_nothing_is_booked(cast: Cast, oost: Invoice) -> None:
    good = to_camt(statement(paid(oost)))
    for content in (b"hello", good[:-40], good.replace(b"CRDT", b"WHAT"), b"PK\x03\x04nothing", b"%PDF-1.7"):
        file = upload(cast.iris, content, "bad.xml")
        assert file.state == "refused" and file.problem.endswith(".") and file.kept is None
    assert not BankLine.objects.exists() and not LedgerEntry.objects.exists()
    assert upload(cast.iris, good).state == "done", "what was refused may come again"
    again = upload(cast.iris, b"hello", "bad.xml")
    assert again.state == "refused"


def test_a_few_dozen_spoilt_files_are_a_sentence_each(cast: Cast, oost: Invoice) -> None:
    rng, sound = random.Random(11), sound_files()
    states = {upload_if_new(cast, spoil(rng.choice(sound), rng)) for _ in range(40)}
    assert states <= {"done", "refused", "known"} and "refused" in states
    assert not LedgerEntry.objects.exists()
    prove()


def upload_if_new(cast: Cast, content: bytes) -> str:
    try:
        file = upload(cast.iris, content or b" ", "spoilt.xml")
    except Refused:
        return "known"
    assert file.state == "done" or file.problem
    return file.state


def test_what_is_killed_goes_on(cast: Cast, oost: Invoice, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between reading and booking, and in the middle of bookings."""
    other = issue(cast.haarlem)
    content = to_camt(statement(paid(oost), paid(other)))
    made = run(UPLOADED, cast.iris, "company", {"uploads": send_up(cast.iris, "a.xml", content)})
    monkeypatch.setattr(banking, "AT_ONCE", 1)
    calls: list[str] = []

    def killed(key: str, *args: Any, **more: Any) -> Any:
        calls.append(key)
        if len(calls) in (2, 4):
            raise KeyboardInterrupt
        return run(key, *args, **more)

    monkeypatch.setattr(banking, "run", killed)
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            banking.carry_out(made.data["files"][0])
    banking.carry_out(made.data["files"][0])
    file = BankFile.objects.get()
    assert (file.state, file.booked, BankLine.objects.count(), LedgerEntry.objects.count()) == ("done", 2, 2, 2)
    banking.carry_out(file.public_id)
    assert LedgerEntry.objects.count() == 2
    prove()


def test_a_batch_takes_as_many_statements_as_a_line_and_each_is_told(cast: Cast) -> None:
    """Of three accounts, once and four times each: a line in the book, an event and a notice for every invoice."""
    counts = []
    for number, accounts in (
        (12, [cast.oost, cast.haarlem, cast.samen]),
        (13, [cast.oost, cast.haarlem, cast.samen] * 4),
    ):
        rows = [issue(account) for account in accounts]
        content = to_camt(statement(*map(paid, rows), number=number))
        made = run(UPLOADED, cast.iris, "company", {"uploads": send_up(cast.iris, f"{number}.xml", content)})
        run(READ, banking._us(), made.data["files"][0])
        sure = banking._compare(list(bank.list_waiting()), clock.now())
        with CaptureQueriesContext(connection) as asked:
            assert banking._book(sure) == len(rows)
        counts.append(len(asked))
        targets = [row.public_id for row in rows]
        lines = AuditLine.objects.filter(key="billing.invoice.book_bank_money", target_id__in=targets)
        ids = list(lines.values_list("public_id", flat=True))
        now_of(*rows)
        assert len(ids) == len(rows) and not any(row.open for row in rows)
        assert OutboxRow.objects.filter(kind="webhook", payload__line__in=ids).count() == len(rows)
        [notice] = OutboxRow.objects.filter(kind="notice", payload__line__in=ids)
        assert len(notice.payload["also"]) == len(rows) - 1
    assert counts[0] == counts[1], "whatever their number"
    prove()


def test_a_new_file_looks_at_its_own_lines_and_at_all_where_something_was_booked(cast: Cast, oost: Invoice) -> None:
    """An older line that offers what is settled by now offers it no more."""
    with clock.frozen(NOW + timedelta(minutes=1)):
        [older] = arrive(cast.iris, entry("121.00", f"factuur {oost.number}"))
    with clock.frozen(NOW + timedelta(minutes=2)):
        arrive(cast.iris, entry("5.00", "?"), number=13)
        older.refresh_from_db()
        assert older.looked_at == NOW + timedelta(minutes=1) and BankSuggestion.objects.get().is_whole
    with clock.frozen(NOW + timedelta(minutes=3)):
        arrive(cast.iris, paid(oost), number=14)
        older.refresh_from_db()
        assert older.looked_at == clock.now() and "is paid already" in older.reason


def test_one_line_that_stands_in_the_way_stops_no_other(
    cast: Cast, oost: Invoice, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = issue(cast.haarlem)

    def odd(key: str, actor: Any, target: str, data: Any = None, **more: Any) -> Any:
        if key == BOOK and stuck in data["lines"]:
            raise ValueError("odd")
        return run(key, actor, target, data, **more)

    content = to_camt(statement(paid(oost), paid(other)))
    made = run(UPLOADED, cast.iris, "company", {"uploads": send_up(cast.iris, "a.xml", content)})
    [file_id] = made.data["files"]
    run(READ, banking._us(), file_id)
    stuck = BankLine.objects.get(references=[oost.reference]).public_id
    monkeypatch.setattr(banking, "run", odd)
    banking.look(clock.now())
    now_of(oost, other)
    assert (oost.open, other.open) == (oost.gross, 0)
    assert BankLine.objects.get(public_id=stuck).state == "waiting"


def test_who_may_send_up_and_fetch(cast: Cast, oost: Invoice) -> None:
    content = to_camt(statement(paid(oost)))
    mine = send_up(cast.iris, "a.xml", content)
    for who in (cast.ada, cast.ties, cast.noor):
        assert isinstance(refusal_of(UPLOADED, who, "company", {"uploads": mine}), Forbidden)
    assert isinstance(refusal_of(UPLOADED, customer("jan"), "company", {"uploads": mine}), NotFound)
    for odd in ("", "fil_nothing", "x y", f"{mine},fil_no"):
        assert isinstance(refusal_of(UPLOADED, cast.iris, "company", {"uploads": odd}), Invalid)
    assert not BankFile.objects.exists()
    kept = upload(cast.iris, content).kept
    assert kept is not None
    path = f"/panel/files/{kept.public_id}"
    assert sign_in("iris@agora.example").get(path).status_code == 200
    for name in ("ada", "ties"):
        assert sign_in(f"{name}@agora.example").get(path).status_code == 404


def test_an_upload_that_was_forgotten_is_a_sentence(cast: Cast, oost: Invoice) -> None:
    made = run(UPLOADED, cast.iris, "company", {"uploads": send_up(cast.iris, "a.xml", to_camt(statement(paid(oost))))})
    File.objects.filter(owner_kind="bank-upload").delete()
    banking.carry_out(made.data["files"][0])
    assert BankFile.objects.get().problem == "The file is gone: what is uploaded waits for a day. Upload it again."


def test_the_api_takes_a_file_and_says_what_came_of_it(cast: Cast, oost: Invoice) -> None:
    lead, reader = sign_in("iris@agora.example"), sign_in("ada@agora.example")

    def send(client: Client, content: bytes) -> Any:
        body = io.BytesIO(content)
        body.name = "november.xml"
        return client.post("/api/v1/bank-files", {"file": body})

    content = to_camt(statement(paid(oost), entry("5.00", "?", name="Nobody")))
    assert send(reader, content).status_code == 403 and send(lead, b"").status_code == 422
    assert not BankFile.objects.exists()
    made = send(lead, content)
    assert made.status_code == 200 and made.json()["state"] == "reading"
    again = send(lead, content)
    assert again.status_code == 409 and BankFile.objects.count() == 1
    banking.carry_out(made.json()["id"])
    told = reader.get(f"/api/v1/bank-files/{made.json()['id']}").json()
    assert (told["state"], told["lines"], told["fresh"], told["booked"]) == ("done", 2, 2, 1)
    assert reader.get("/api/v1/bank-files").json()["files"] == [told]
    [waiting] = reader.get("/api/v1/bank-lines").json()["lines"]
    assert (waiting["name"], waiting["amount"], waiting["suggestions"]) == ("Nobody", "5.00", [])
    [matched] = reader.get("/api/v1/bank-lines?state=matched&q=121").json()["lines"]
    assert matched["shares"] == [{"account": cast.oost.public_id, "invoice": oost.number, "amount": "121.00"}]
    assert reader.get("/api/v1/bank-lines?state=left").status_code == 403
    assert lead.get("/api/v1/bank-lines?state=left").status_code == 200


def test_the_command_reads_files_and_says_what_came_of_each(cast: Cast, oost: Invoice, tmp_path: Any) -> None:
    good, bad = tmp_path / "good.xml", tmp_path / "bad.xml"
    good.write_bytes(to_camt(statement(paid(oost), closing=Balance(Decimal("1.00"), date(2026, 11, 3)))))
    bad.write_bytes(b"hello")
    out, err = io.StringIO(), io.StringIO()
    with pytest.raises(CommandError, match="2 of 3 files"):
        call_command("bank", str(good), str(bad), str(tmp_path / "none"), stdout=out, stderr=err)
    assert out.getvalue().startswith("good.xml: 1 lines, 1 new, 0 booked by themselves.\n  The opening balance")
    assert "bad.xml: This is no bank statement" in err.getvalue() and "none cannot be read" in err.getvalue()
    again = io.StringIO()
    call_command("bank", str(good), stdout=again)
    assert again.getvalue().startswith("good.xml: 1 lines, nothing new.")
    assert BankLine.objects.count() == 1
