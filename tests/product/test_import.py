from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from bursar.audit.models import AuditLine
from bursar.core import clock
from bursar.plans.models import BaseTier, Discount
from bursar.product.importing import import_lines
from bursar.product.records import KINDS
from bursar.rollup.models import AccountMonth, MonthRestatement
from bursar.tenants.models import BillingAccount, Organisation, Person, WorkspaceMembership
from bursar.usage.models import Meter, UsageEvent
from tests.cast import NOW, bring, prove, sign_in, usage

EXAMPLE = Path(settings.ROOT) / "docs" / "examples" / "import.ndjson"
COUNTED = (Organisation, Person, BillingAccount, BaseTier, Discount, WorkspaceMembership, UsageEvent, MonthRestatement)


def content() -> list[Any]:
    facts = list(AccountMonth.objects.order_by("account_id", "month").values_list("month", "klass", "mrr", "seats"))
    return [*[list(model.objects.order_by("id").values()) for model in COUNTED], list(Meter.objects.values()), facts]


def test_the_example_holds_every_kind_and_comes_in_whole(db: None, now: Any) -> None:
    assert {json.loads(line)["kind"] for line in EXAMPLE.read_text().splitlines()} == set(KINDS)
    call_command("import", str(EXAMPLE), "--strict")
    haarlem = AccountMonth.objects.get(account__label="Haarlem, afdeling participatie", month="2026-11-01")
    assert (haarlem.klass, str(haarlem.mrr), haarlem.mode) == ("paying", "56.25", "managed")
    assert AccountMonth.objects.get(account=haarlem.account, month="2025-12-01").mrr == 140
    assert AccountMonth.objects.get(account=haarlem.account, month="2026-01-01").mrr == 105
    prove()


def test_the_same_file_again_changes_nothing(db: None, now: Any) -> None:
    call_command("import", str(EXAMPLE))
    before = content()
    call_command("import", str(EXAMPLE))
    assert content() == before
    prove()


def test_any_order_will_do(db: None, now: Any) -> None:
    lines = EXAMPLE.read_bytes().splitlines()
    from bursar.access.actor import system

    assert not import_lines(reversed(lines), system("test")).bad
    prove()


BAD = [
    (b"{", "not JSON"),
    (b"[]", "JSON object"),
    (b'{"kind": "planet"}', "no kind"),
    (b'{"kind": "person"}', "external_id"),
    (b'{"kind": "tier", "workspace": "w-9", "tier": "free", "from": "2026-01-01T00:00:00Z"}', "no workspace"),
    (b'{"kind": "tier", "workspace": "w-1", "tier": "gold", "from": "2026-01-01T00:00:00Z"}', "tier"),
    (b'{"kind": "tier", "workspace": "w-1", "tier": "free", "from": "2026-01-01T00:00:00"}', "from"),
    (b'{"kind": "tier", "workspace": "w-1", "tier": "free", "from": "1999-01-01T00:00:00Z"}', "2000"),
    (b'{"kind": "discount", "workspace": "w-1", "type": "trial", "percent": 10, "from": "2026-01-01T00:00:00Z"}', "end_date"),
    (b'{"kind": "payment", "account": {"organisation": "o-9"}, "mode": "managed", "from": "2026-01-01T00:00:00Z"}', "no acc"),
    (b'{"kind": "manager", "account": {"organisation": "o-1"}, "staff": "x@y.example", "from": "2026-01-01T00:00:00Z"}', "staff"),
    (b'{"kind": "person", "external_id": "p-9", "name": "N\\u0000l"}', "cannot be kept"),
    (b"\xff\xfe", "UTF-8"),
    (b'{"kind": "usage", "source": "r", "id": "f", "workspace": "w-1", "at": "2027-01-01T00:00:00Z", "seconds": 5}', "future"),
    (b'{"kind": "usage", "source": "recorder", "id": "e-1", "workspace": "w-1", "at": "2026-10-02T13:00:00Z", "seconds": 1}',
     "other content"),
    (b'{"kind": "usage", "source": "r", "id": "g", "workspace": "w-1", "at": "2026-10-02T13:00:00Z", "seconds": 5, "person": "p-9"}',
     "there is no person"),
    (b'{"kind": "usage", "source": "r", "id": "h", "workspace": "w-1", "at": "2026-10-02T13:00:00Z", "seconds": 5, "person": 7}',
     "person: "),
    (b'{"kind": "usage", "source": "recorder", "id": "e-2", "workspace": "w-2", "at": "2026-11-04T13:00:00Z", "seconds": 3720, '
     b'"person": "p-2"}', "came before, with other content"),
    (b'{"kind": "licence", "external_id": "l", "training": "Nothing", "organisation": "o-1", "person": "p-1", '
     b'"valid_from": "2026-10-01"}', "there is no training"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "words"), BAD, ids=[words for _, words in BAD])
def test_a_bad_line_is_told_and_the_good_ones_are_kept(
    db: None, now: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str], line: bytes, words: str
) -> None:
    file = tmp_path / "in.ndjson"
    good = EXAMPLE.read_bytes()
    count = len(good.splitlines())
    file.write_bytes(good + line + b"\n")
    with pytest.raises(CommandError):
        call_command("import", str(file), "--strict")
    assert not Organisation.objects.exists() and not AuditLine.objects.exists()
    with pytest.raises(CommandError, match="1 lines were left out"):
        call_command("import", str(file))
    told = capsys.readouterr().err
    assert f"line {count + 1}: " in told and words in told, told
    assert Organisation.objects.count() == 2
    prove()


def test_a_missing_file_is_a_sentence(db: None) -> None:
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("import", "/nowhere/at/all")


def test_usage_comes_late_twice_and_out_of_order(db: None, now: Any) -> None:
    call_command("import", str(EXAMPLE))
    events = [usage("w-2", f"x-{n}", NOW.replace(day=10, hour=n), 60) for n in range(5)]
    assert not bring(*reversed(events)).bad
    assert not bring(*events, *events).bad
    assert Meter.objects.get(workspace__external_id="w-2", tier="free").seconds == 300
    prove()


def test_an_import_is_one_line_a_batch_with_counts_and_digest(db: None, now: Any) -> None:
    call_command("import", str(EXAMPLE))
    lines = AuditLine.objects.filter(key="product.company.import")
    assert lines.count() == len(KINDS) and set(lines.values_list("stream", flat=True)) == {"product"}
    labels = {change["label"] for change in lines[0].changes}
    assert labels == {"Kind", "Lines taken", "Lines refused", "SHA-256"}


def test_killed_half_way_the_figures_are_right_all_the_same(
    db: None, now: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bursar.product import importing

    monkeypatch.setattr(importing, "refresh", lambda now: (_ for _ in ()).throw(KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        call_command("import", str(EXAMPLE))
    prove()


def test_the_demo_company_holds(db: None, now: Any) -> None:
    from bursar.demo import load

    assert not load.load(clock.now()).bad
    prove()
    listed = AccountMonth.objects.filter(month="2026-11-01", is_listed=True)
    assert 115 <= listed.count() <= 121
    assert set(listed.values_list("klass", flat=True)) == {"paying", "managed", "trial", "comped", "free"}
    listed_at_risk = sign_in("lead@agora.example").get("/api/v1/at-risk").json()["accounts"]
    assert "nobody_pays" in {row["reason"] for row in listed_at_risk}
    codes = set(listed.values_list("reason__code", flat=True))
    assert len(codes) == 11, codes
    assert AccountMonth.objects.order_by("month").first().month.isoformat() == "2025-10-01"  # type: ignore[union-attr]
