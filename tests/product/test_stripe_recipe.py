"""The recipe of docs/import.md, run as it is shown, on the exports beside it."""

from __future__ import annotations

import csv
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command

from bursar.plans.models import PaidPeriod
from bursar.rollup.models import AccountMonth
from bursar.tenants.models import BillingAccount
from tests.cast import prove

FOLDER = Path(settings.ROOT) / "docs" / "examples" / "stripe"
COMMAND = "docs/examples/stripe/to_lines.py docs/examples/stripe"


def convert(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(FOLDER / "to_lines.py"), str(folder)], capture_output=True, text=True, check=False
    )


@pytest.fixture
def lines(tmp_path: Path) -> Path:
    file = tmp_path / "history.ndjson"
    file.write_text(convert(FOLDER).stdout)
    return file


def test_the_page_shows_this_command() -> None:
    page = (Path(settings.ROOT) / "docs" / "import.md").read_text()
    assert f"python3 {COMMAND} > history.ndjson" in page
    assert "needed for an exact history" in page


def test_the_export_becomes_the_history_that_stripe_knew(db: None, now: Any, lines: Path) -> None:
    call_command("import", str(lines), "--strict")
    mrr = {
        (str(fact.account), f"{fact.month:%Y-%m}"): (fact.klass, fact.mrr, fact.status)
        for fact in AccountMonth.objects.select_related("account")
    }
    assert mrr["Gemeente Haarlem", "2025-11"] == ("paying", Decimal(75), "active")
    assert mrr["Gemeente Haarlem", "2026-11"] == ("paying", Decimal(75), "active")
    assert mrr["Stichting Samen", "2026-10"] == ("paying", Decimal(70), "active"), "the old price, until it ends"
    assert mrr["Stichting Samen", "2026-11"] == ("paying", Decimal(70), "past_due")
    assert mrr["Bureau Buiten", "2026-05"][0] == "free"
    assert [mrr["Bureau Buiten", f"2026-0{month}"][1] for month in (6, 7, 8)] == [86, 86, 86]
    assert mrr["Bureau Buiten", "2026-09"][:2] == ("free", Decimal(0))
    with (FOLDER / "invoices.csv").open(newline="") as file:
        paid = [row for row in csv.DictReader(file) if row["Status"] == "paid"]
    gross = sum(Decimal(row["Total"].replace(",", "")) for row in paid)
    assert (PaidPeriod.objects.count(), sum(p.gross for p in PaidPeriod.objects.all())) == (len(paid), gross)
    assert all(p.net <= p.gross for p in PaidPeriod.objects.all())
    prove()
    before = list(AccountMonth.objects.order_by("pk").values()), BillingAccount.objects.count()
    call_command("import", str(lines), "--strict")
    assert before == (list(AccountMonth.objects.order_by("pk").values()), BillingAccount.objects.count())


def test_a_price_that_bursar_cannot_hold_is_told(tmp_path: Path) -> None:
    for name in ("customers.csv", "subscriptions.csv", "invoices.csv"):
        (tmp_path / name).write_text((FOLDER / name).read_text().replace("900.00", "905.00"))
    done = convert(tmp_path)
    assert done.returncode and "no whole rate" in done.stderr and not done.stdout
