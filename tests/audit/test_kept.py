"""Seals that are kept outside the database: what leaves each day, and the book beside it later."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from bursar.audit import kept, rules, store
from bursar.audit.models import AuditSeal
from bursar.config.deployment import list_findings
from bursar.config.minute import run_tick
from bursar.outbox.models import OutboxRow, OutboxState
from bursar.outbox.store import deliver_due
from tests.audit.forging import tamper
from tests.cast import NOW, Cast

DAY = timedelta(days=1)


def said() -> str:
    last = AuditSeal.objects.order_by("-number").first()
    assert last is not None
    return rules.say_seal(last.number, last.hash)


def leave(now: Any = NOW) -> None:
    assert run_tick("notifications.keep_seal", now)
    deliver_due(now)


# --since


def test_a_seal_that_was_printed_is_compared(cast: Cast, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("audit", "seal")
    printed = capsys.readouterr().out.strip()
    assert printed == f"seal {said()}"
    cast.reset_panel()
    call_command("audit", "seal")
    call_command("audit", "verify", "--since", printed.removeprefix("seal "), "--since", said())
    forged = f"1 {'0' * 64}"
    with pytest.raises(CommandError, match="1 faults"):
        call_command("audit", "verify", "--since", forged)
    assert "seals line 1: is not the seal that was kept elsewhere" in capsys.readouterr().out
    with pytest.raises(CommandError):
        call_command("audit", "verify", "--since", f"9 {'0' * 64}")
    assert "seals line 9: was kept elsewhere, and is not in the book" in capsys.readouterr().out


@pytest.mark.parametrize(
    "text",
    ["", "1", "x", f"1{'0' * 64}", f"1 {'0' * 63}", f"1 {'0' * 65}", f"01 {'0' * 64}", f"1  {'0' * 64}",
     f"1 {'A' * 64}", f"-1 {'0' * 64}", f"1 {'0' * 64}\n", f"١ {'0' * 64}", f"{'9' * 19} {'0' * 64}"],
)  # fmt: skip
def test_what_is_no_seal_is_said(db: None, text: str) -> None:
    with pytest.raises(CommandError, match="A seal is its number, a space and 64 digits"):
        call_command("audit", "verify", "--since", text)


# Each day


def test_a_file_a_day_and_a_mail_to_each_lead(cast: Cast, settings: Any, tmp_path: Path) -> None:
    settings.BURSAR_SEALS = rules.read_places(f"mail, {tmp_path}")
    leave()
    leave(NOW + timedelta(hours=1))
    file = tmp_path / "bursar-seal-2026-11-24.txt"
    assert list(tmp_path.iterdir()) == [file] and file.read_text() == f"{said()}\n"
    mails = OutboxRow.objects.filter(kind="mail")
    assert [row.key for row in mails] == [f"seal:2026-11-24:{cast.iris.id}"] and mails[0].state == OutboxState.DONE
    cast.reset_panel()
    leave(NOW + DAY)
    assert file.read_text() != f"{said()}\n" == (tmp_path / "bursar-seal-2026-11-25.txt").read_text()
    leave(NOW + 2 * DAY)
    assert (tmp_path / "bursar-seal-2026-11-26.txt").read_text() == f"{said()}\n", "though nothing moved"
    call_command("audit", "verify")


def test_the_mail_says_how_it_is_used(cast: Cast, settings: Any, mailoutbox: list[Any]) -> None:
    settings.BURSAR_SEALS = ("mail",)
    leave()
    assert [mail.subject for mail in mailoutbox] == ["The seal of the book, 24 November 2026"]
    assert f'bursar audit verify --since "{said()}"' in mailoutbox[0].body
    assert mailoutbox[0].to == ["Iris <iris@agora.example>"]


def test_nothing_leaves_unless_it_is_asked_for(cast: Cast, settings: Any) -> None:
    before = OutboxRow.objects.count()
    leave()
    settings.BURSAR_SEALS = ("mail",)
    tamper("DELETE FROM audit_audithead")
    tamper("DELETE FROM audit_auditseal")
    leave()
    assert OutboxRow.objects.count() == before, "no seal yet"


def test_a_day_that_has_another_seal_stays(cast: Cast, settings: Any, tmp_path: Path) -> None:
    settings.BURSAR_SEALS = (str(tmp_path),)
    file = tmp_path / "bursar-seal-2026-11-24.txt"
    file.write_text("of somebody else\n")
    leave()
    row = OutboxRow.objects.get(kind="seal")
    assert row.state == OutboxState.FAILED and "with another seal" in row.last_error
    assert file.read_text() == "of somebody else\n"
    with pytest.raises(CommandError, match="holds no seal"):
        call_command("audit", "verify")


def test_a_folder_that_is_away_is_tried_again(cast: Cast, settings: Any, tmp_path: Path) -> None:
    away = tmp_path / "mount"
    settings.BURSAR_SEALS = (str(away),)
    leave()
    row = OutboxRow.objects.get(kind="seal")
    assert row.state == OutboxState.WAITING and "No such file" in row.last_error and not away.exists()
    with pytest.raises(CommandError, match="no seal that was kept there is compared"):
        call_command("audit", "verify")
    away.mkdir()
    deliver_due(row.due_at)
    assert len(list(kept.list_kept(away))) == 1
    kept.keep(away, NOW.date(), said())
    with pytest.raises(kept.IsTaken):
        kept.keep(away, NOW.date(), "7 x")


def test_a_book_that_was_emptied_is_told_and_found(
    cast: Cast, settings: Any, tmp_path: Path, mailoutbox: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    """Though the settings send no mail."""
    settings.BURSAR_SEALS = (str(tmp_path),)
    leave()
    for table in ("sealhead", "seal", "head", "name", "line"):
        tamper(f"DELETE FROM audit_audit{table}")
    leave(NOW + DAY)
    assert [mail.subject for mail in mailoutbox] == ["The book does not hold a kept seal"]
    assert "seal 1 was kept in" in mailoutbox[0].body and "emptied" in mailoutbox[0].body
    with pytest.raises(CommandError):
        call_command("audit", "verify")
    assert f"was kept in {tmp_path}" in capsys.readouterr().out


def test_what_names_no_place_stops_the_start() -> None:
    assert rules.read_places(" mail , /mnt/seals ,") == ("mail", "/mnt/seals") and rules.read_places("") == ()
    for text in ("seals", "https://bucket.example", "mail /mnt"):
        with pytest.raises(ValueError, match="a place is"):
            rules.read_places(text)


def test_check_deploy_asks_for_a_place(cast: Cast, settings: Any, tmp_path: Path) -> None:
    def found(words: str) -> bool:
        return any(words in finding.sentence for finding in list_findings())

    assert found("BURSAR_SEALS is unset")
    settings.BURSAR_SEALS = (str(tmp_path / "away"),)
    assert found("no folder that can be written") and not found("BURSAR_SEALS is unset")
    settings.BURSAR_SEALS = (str(tmp_path),)
    store.seal(NOW)
    assert found("No seal of the book has left") and not found("no folder that can be written")
    leave()
    assert not found("No seal of the book has left")
    assert os.stat(next(tmp_path.iterdir())).st_mode & 0o222 == 0
