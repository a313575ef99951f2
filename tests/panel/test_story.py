"""The story of a thing: each kind once, newest first, nothing twice, and nothing between two parts."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given
from hypothesis import settings as few
from hypothesis import strategies as st

from bursar.actions.registry import ACTIONS
from bursar.actions.run import run
from bursar.audit.models import AuditLine
from bursar.audit.queries import list_timeline
from bursar.billing.models import Invoice
from bursar.core import clock, cursors
from bursar.core.errors import BadRequest
from bursar.notifications.models import Mail
from bursar.panel.book_story import NOTE, NOTES_OF
from bursar.panel.story import PAYER_STORY, STORIES, chosen, kinds_of, read_story
from bursar.payments.models import Chargeback, Payment, Refund
from bursar.tenants.models import Person
from bursar.ui.sections import Look
from bursar.ui.story import Ask, Entry, Kind, Reader, Source, Told, choose, gather, read_place
from bursar.usage.models import UsageEvent
from bursar.usage.story import _CROSSINGS
from tests.billing.invoiced import SELLER, carry_out, day_after_due, issued, know
from tests.cast import NOW, Cast, bring_all, shown_by, sign_in
from tests.payments.story import live_through_everything
from tests.requests.helpers import ask, decide

HOUR = timedelta(hours=1)
Tell = Any


NOBODY = Look(None, None, NOW)


def look(cast: Cast, target: Any) -> Look:
    return Look(cast.iris, target, clock.now())


def tell(cast: Cast, target: Any, *kinds: str) -> list[Told]:
    seen = look(cast, target)
    return read_story(seen, chosen(seen, kinds), 200).told


def sentences(told: list[Told]) -> list[str]:
    return [one.entry.says for one in told]


@pytest.fixture
def lived(cast: Cast, settings: Any) -> Cast:
    """Haarlem: asked for more and got it, noted, invoiced, reminded, paid, credited; by Mollie paid, back, and taken."""
    for name, value in SELLER.items():
        setattr(settings, name, value)
    know(cast.haarlem)
    run("tenants.account.add_note", cast.ties, cast.haarlem.public_id, {"text": "Prefers a call"})
    decide("deny", cast.ties, ask("maud", cast.klimaat, "guardian", message="For the spring"), message="Not yet")
    row = issued(cast.ties, cast.haarlem)
    with clock.frozen(datetime.combine(day_after_due(row, 8), time(12), tzinfo=UTC)):
        run("billing.invoice.remind", cast.ties, row.public_id)
        carry_out()
        paid = {"amount": str(row.open), "on": clock.now().date().isoformat()}
        run("billing.invoice.mark_paid", cast.iris, row.public_id, paid, reason="Seen at the bank")
    payment = Payment.objects.get(public_id=cast.target_id("payment"))
    Refund.objects.filter(public_id=cast.target_id("refund")).update(
        state="denied", decided_at=NOW + HOUR, decided_by_id=cast.iris.staff_id, note="No grounds"
    )
    Chargeback.objects.create(
        payment=payment, mollie_id="chb_x", amount="5.00", mode="test", created_at=NOW + 2 * HOUR,
        reversed_at=NOW + 3 * HOUR, learned_at=NOW, reason="Insufficient funds",
    )  # fmt: skip
    return cast


def test_each_kind_tells_its_own(lived: Cast) -> None:
    said = {kind.key: sentences(tell(lived, lived.haarlem, kind.key)) for kind in PAYER_STORY}
    number = Invoice.objects.get().number
    assert said["notes"] == ["Note added"]
    assert said["requests"] == ["Request of 24 November 2026 denied: Guardian, billed yearly",
                                "Asked for Guardian, billed yearly"]  # fmt: skip
    assert said["invoices"] == [
        f"Invoice {number} paid in full",
        f"Reminder 1 of invoice {number} by mail to ap@haarlem.example",
        f"Invoice {number} sent to ap@haarlem.example",
        f"Invoice {number} issued",
    ]
    assert said["payments"] == [
        f"Invoice {number}: money arrived, paid in full",
        "Came again after all: what the payer’s bank took on 24 November 2026",
        "The payer’s bank took back what was paid on 24 November 2026 by iDEAL: Insufficient funds",
        "Refund of 24 November 2026 denied",
        "Refund of what was paid on 24 November 2026 by iDEAL",
        "First, paid by iDEAL",
    ]
    assert {one.split(" to ")[0] for one in said["mails"]} >= {"“Request denied: Guardian for Burgerberaad Klimaat”"}
    assert said["thresholds"] == []
    amounts = [one.amount for one in tell(lived, lived.haarlem, "payments")]
    assert amounts[1:] == ["€ 5.00", "€ −5.00", "€ −1.00", "€ −1.00", "€ 2,178.00"]


def test_a_threshold_is_told_once_a_period_and_never_for_what_has_no_cap(cast: Cast) -> None:
    said = [(one.entry.says, one.entry.state) for one in tell(cast, cast.panel, "thresholds")]
    assert said and said[0] == ("All of the cap of 1 h recorded on Free", "at cap")
    before = len(said)
    cast.reset_panel()
    after = NOW + HOUR
    event = {"kind": "usage", "workspace": "panel", "source": "t", "seconds": 50 * 60}
    with clock.frozen(after + 2 * HOUR):
        bring_all({**event, "id": "a", "at": after}, {**event, "id": "b", "at": after + HOUR})
        told = tell(cast, cast.samen, "thresholds")
    assert [(one.entry.says, one.entry.at) for one in told[:2]] == [
        ("All of the cap of 1 h recorded on Free", after + HOUR),
        ("83 % of the cap of 1 h recorded on Free", after),
    ]
    assert len(told) == before + 2 and tell(cast, cast.haarlem, "thresholds") == []


def test_a_threshold_is_told_after_the_tier_has_changed(cast: Cast) -> None:
    told = sentences(tell(cast, cast.panel, "thresholds"))
    with clock.frozen(NOW + HOUR):
        run("plans.workspace.change_tier", cast.iris, cast.panel.public_id, {"tier": "guardian"}, reason="Agreed")
        bring_all({"kind": "usage", "workspace": "panel", "source": "t", "id": "c", "seconds": 9000, "at": clock.now()})
        assert told and sentences(tell(cast, cast.panel, "thresholds")) == told


def test_no_event_is_read_where_no_cap_came_near(cast: Cast) -> None:
    """However much an account records: what counts now is known by the meters."""

    def scans(workspace_id: int) -> list[int]:
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {_CROSSINGS}", {"workspaces": [workspace_id]})
            waiting, found = [cursor.fetchone()[0][0]["Plan"]], []
        while waiting:
            node = waiting.pop()
            waiting += node.get("Plans", [])
            found += [node["Actual Loops"]] if node.get("Relation Name") == "usage_usageevent" else []
        return found

    with clock.frozen(NOW + HOUR):
        bring_all({"kind": "usage", "workspace": "lab", "source": "t", "id": "l", "seconds": 9000, "at": NOW})
    assert UsageEvent.objects.filter(workspace=cast.lab).exists()
    assert sum(scans(cast.panel.pk)) > 0
    assert scans(cast.lab.pk) and sum(scans(cast.lab.pk)) == 0


def test_what_another_kind_tells_better_stands_there_alone(lived: Cast) -> None:
    told = tell(lived, lived.haarlem)
    assert len({one.id for one in told}) == len(told)
    lines = Counter(one.entry.line_id for one in told if one.entry.line_id and one.source.key != "sent")
    assert max(lines.values()) == 1
    by_line = {one.entry.line_id: one for one in told}
    for line in list_timeline(lived.haarlem.public_id):
        assert line.public_id in by_line, line.key  # nobody loses a line by what is left out
    issue = next(one for one in told if one.source.key == "issued")
    assert (issue.entry.by, issue.entry.reason) == ("Ties", "agreed")
    booked = next(one for one in told if one.source.key == "booked")
    assert (booked.entry.by, booked.entry.reason) == ("Iris", "Seen at the bank")
    decided = next(one for one in told if one.source.key == "decided")
    assert (decided.entry.reason, decided.entry.message) == ("Agreed by phone", "Not yet")
    assert not any("paid in full" in one.entry.says for one in told if one.kind.key == "invoices")
    mails = [one.entry.says for one in told if one.kind.key == "mails"]
    letters = [one for one in sentences(tell(lived, lived.haarlem, "mails")) if one not in mails]
    assert len(letters) == 2 and all("2026-000001" in one for one in letters)


def test_the_log_alone_holds_every_line(lived: Cast) -> None:
    told = tell(lived, lived.haarlem, "log")
    every = [line.public_id for line in list_timeline(lived.haarlem.public_id)]
    assert [one.entry.line_id for one in told] == every and len(every) > 6
    assert "Invoice issued" in sentences(told) and "Note added" in sentences(told)
    together = tell(lived, lived.haarlem, "log", "notes")
    assert sentences(together).count("Note added") == 1 and "Invoice issued" in sentences(together)


def test_every_line_that_is_left_out_is_of_an_action(cast: Cast) -> None:
    covered = frozenset().union(*(kind.covers for kind in PAYER_STORY))
    assert covered <= set(ACTIONS)
    assert {key for key in ACTIONS if key.endswith((".add_note", ".note_outcome"))} == NOTES_OF
    keys = [source.key for kind in PAYER_STORY for source in kind.sources]
    assert len(set(keys)) == len(keys) and all(set(kinds) <= set(PAYER_STORY) for kinds in STORIES.values())
    assert NOTE == "Note"


def test_a_life_by_mollie_is_told_by_its_money(cast: Cast, settings: Any) -> None:
    settings.BURSAR_MOLLIE_KEY = "test_key"
    live_through_everything(cast.samen, cast)
    told = tell(cast, cast.samen)
    said = sentences(told)
    assert [one for one in told if one.kind.key == "payments"]
    for label in ("Renewal arrived", "Renewal failed", "A try failed", "First payment arrived", "Charge paid"):
        assert label not in said
        assert AuditLine.objects.filter(label=label).exists() == (label in sentences(tell(cast, cast.samen, "log")))
    payments = Payment.objects.filter(account=cast.samen).count()
    assert sum(one.source.key == "payment" for one in told) == payments > 5
    assert any("failed" in one.entry.says and "not enough money" in one.entry.says for one in told)
    assert any(one.entry.state == "expired" for one in told)


# --- order, and parts ---------------------------------------------------------------------------------------------

INSTANTS = st.lists(st.integers(0, 3), max_size=14)


def made_kinds(*instants: list[int]) -> list[Kind]:
    """A kind of one source for each list: an entry an instant, keys from 1."""

    def source(n: int, found: list[int]) -> Source:
        every = [Entry(NOW + at * HOUR, key, f"{n}-{key}") for key, at in enumerate(found, 1)]
        return Source(f"s{n}", lambda ask, bound: bound.cut_list(every))

    return [Kind(f"k{n}", f"K{n}", "book", "None.", (source(n, found),)) for n, found in enumerate(instants)]


@given(INSTANTS, INSTANTS, INSTANTS, st.integers(1, 5))
def test_parts_are_the_whole_without_gap_or_repeat(a: list[int], b: list[int], c: list[int], size: int) -> None:
    kinds = made_kinds(a, b, c)
    reader = Reader(kinds, Ask(NOBODY, frozenset()))
    whole = reader.read(99)
    assert len(whole.told) == len(a) + len(b) + len(c) and not whole.has_more
    assert [one.entry.at for one in whole.told] == sorted((one.entry.at for one in whole.told), reverse=True)
    parts: list[Told] = []
    place = None
    while True:
        part = reader.read(size, before=place)
        parts += part.told
        if not part.has_more:
            break
        place = read_place(part.told[-1].cursor, kinds)
    assert [one.id for one in parts] == [one.id for one in whole.told]
    for n, one in enumerate(whole.told):
        down = reader.read(99, down_to=one.place)
        assert [each.id for each in down.told] == [each.id for each in whole.told[: n + 1]]


@few(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(INSTANTS, INSTANTS, st.integers(1, 4))
def test_rows_of_one_instant_are_cut_the_same(cast: Cast, mails: list[int], payments: list[int], size: int) -> None:
    with transaction.atomic():
        seen = look(cast, cast.haarlem)
        kinds = chosen(seen, ["mails", "payments"])
        at = NOW - timedelta(days=400)
        Mail.objects.bulk_create(
            Mail(message_id=f"<m{n}@x>", email=f"{n}@x.example", subject=f"m{n}", created_at=at + hour * HOUR,
                 about=[cast.haarlem.public_id])
            for n, hour in enumerate(mails)
        )  # fmt: skip
        Payment.objects.bulk_create(
            Payment(account=cast.haarlem, mollie_id=f"tr_{n}", kind="renewal", status="paid", amount=Decimal(n + 1),
                    mode="test", at=at, paid_at=at + hour * HOUR, learned_at=NOW)
            for n, hour in enumerate(payments)
        )  # fmt: skip
        whole = [one.id for one in read_story(seen, kinds, 200).told]
        found: list[str] = []
        place = None
        while True:
            part = read_story(seen, kinds, size, before=place)
            found += [one.id for one in part.told]
            if not part.has_more:
                break
            place = part.told[-1].place
        assert found == whole and len(set(whole)) == len(whole) >= len(mails) + len(payments)
        transaction.set_rollback(True)


@pytest.mark.parametrize("cursor", ["x", cursors.encode(["2026-11-24", "s0", 1]), cursors.encode([NOW, "no", 1]),
                                    cursors.encode([NOW.isoformat(), "s0", "1"])])  # fmt: skip
def test_a_broken_place_is_refused(cursor: str) -> None:
    with pytest.raises(BadRequest):
        read_place(cursor, made_kinds([1]))


def test_a_kind_that_is_for_others_is_neither_shown_nor_read() -> None:
    one, two = made_kinds([1], [1])
    hidden = Kind(two.key, two.label, two.icon, two.empty, two.sources, frozenset({"a.b.c"}), lambda look: False)
    assert choose([one, hidden], [], NOBODY) == choose([one, hidden], [hidden.key], NOBODY) == [one]
    assert gather([one], NOBODY).ask.left_out == frozenset()


# --- pages --------------------------------------------------------------------------------------------------------


def test_the_page_filters_leafs_and_links(lived: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bursar.panel.story_pages.SHOWN", 4)
    iris, address = sign_in("iris@agora.example"), f"/panel/accounts/{lived.haarlem.public_id}"
    page = shown_by(iris.get(f"{address}?kind=requests&kind=notes"))
    assert "Prefers a call" in page and "For the spring" in page and "money arrived" not in page
    assert f'href="{address}?kind=notes#story-side" aria-current="true"' in page  # again leaves it out
    whole = tell(lived, lived.haarlem)
    seen: list[str] = []
    found = iris.get(f"{address}/story").context["story"]
    while True:
        seen += [row["told"].id for group in found["groups"] for row in group["rows"]]
        if not found["older_part"]:
            break
        assert iris.get(found["older_url"]).status_code == 200
        found = iris.get(found["older_part"]).context["story"]
    assert seen == [one.id for one in whole]
    linked = whole[6]
    from_there = iris.get(f"{address}?at={linked.cursor}").context["story"]
    assert from_there["groups"][0]["rows"][0]["told"].id == linked.id and from_there["newest_url"] == address
    assert iris.get(f"{address}?at=broken").status_code == 400


def test_a_refresh_holds_what_was_read(lived: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bursar.panel.story_pages.SHOWN", 3)
    iris, address = sign_in("iris@agora.example"), f"/panel/accounts/{lived.haarlem.public_id}/story"

    def ids(story: dict[str, Any]) -> list[str]:
        return [row["told"].id for group in story["groups"] for row in group["rows"]]

    first = iris.get(address).context["story"]
    older = iris.get(first["older_part"]).context["story"]
    with clock.frozen(NOW + timedelta(days=300)):
        run("tenants.account.add_note", lived.ties, lived.haarlem.public_id, {"text": "New"})
        anew = iris.get(older["refresh_url"]).context["story"]
    assert ids(anew)[1:] == [*ids(first), *ids(older)]
    assert anew["older_part"] == older["older_part"]


@pytest.mark.parametrize("kind", ["accounts", "workspaces", "organisations", "people"])
def test_every_thing_has_its_story(lived: Cast, kind: str) -> None:
    targets: dict[str, Any] = {"accounts": lived.haarlem, "workspaces": lived.klimaat, "organisations": lived.haarlem.organisation,
               "people": Person.objects.get(external_id="maud")}  # fmt: skip
    iris, target = sign_in("iris@agora.example"), targets[kind]
    page = shown_by(iris.get(f"/panel/{kind}/{target.public_id}"))
    assert "Asked for Guardian, billed yearly" in page
    for one in kinds_of(target):
        assert f'id="kind-{one.key}"' in page
        assert iris.get(f"/panel/{kind}/{target.public_id}/story?kind={one.key}").status_code == 200


def test_an_empty_kind_says_so(cast: Cast) -> None:
    iris = sign_in("iris@agora.example")
    page = shown_by(iris.get(f"/panel/accounts/{cast.oost.public_id}?kind=notes"))
    assert "Nobody noted anything yet. Notes are for colleagues only." in page


def test_statements_do_not_grow(lived: Cast) -> None:
    def count(kind: str) -> int:
        seen = look(lived, lived.haarlem)
        with CaptureQueriesContext(connection) as queries:
            read_story(seen, chosen(seen, [kind] if kind else []), 200)
        return len(queries)

    asked = [*(kind.key for kind in PAYER_STORY), ""]
    before = {kind: count(kind) for kind in asked}
    for n in range(8):
        with clock.frozen(NOW + timedelta(days=60 + n)):
            grow(lived, n)
    assert {kind: count(kind) for kind in asked} == before


def grow(lived: Cast, n: int) -> None:
    run("tenants.account.add_note", lived.ties, lived.haarlem.public_id, {"text": f"note {n}"})
    decide("deny", lived.ties, ask("maud", lived.klimaat, "guardian"), message="No")
    issued(lived.ties, lived.haarlem)


def test_a_person_who_was_erased_is_named_nowhere(lived: Cast) -> None:
    maud = Person.objects.get(external_id="maud")
    run("product.person.erase", lived.iris, maud.public_id, {"typed": "Maud"}, reason="They asked")
    iris = sign_in("iris@agora.example")
    for address in (f"accounts/{lived.haarlem.public_id}", f"workspaces/{lived.klimaat.public_id}"):
        story = shown_by(iris.get(f"/panel/{address}/story"))
        assert "Asked for Guardian" in story and "Maud" not in story and "maud@" not in story


def test_programs_read_it_by_cursor(lived: Cast) -> None:
    iris, address = sign_in("iris@agora.example"), f"/api/v1/accounts/{lived.haarlem.public_id}/story"
    whole = iris.get(address).json()
    assert [one["sentence"] for one in whole["entries"]] == sentences(tell(lived, lived.haarlem))
    found: list[Any] = []
    cursor = ""
    while True:
        part = iris.get(address, {"limit": "3", "cursor": cursor}).json()
        found += part["entries"]
        cursor = part["next_cursor"]
        if not cursor:
            break
    assert found == whole["entries"]
    money = iris.get(address, {"kind": "payments"}).json()["entries"]
    assert money[-1]["amount_eur"] == "2178.00" and {one["kind"] for one in money} == {"payments"}
    assert iris.get(address, {"kind": "weather"}).status_code == 400
    assert iris.get(address, {"cursor": "x"}).status_code == 400
    assert sign_in("maud@client.example").get(address).status_code == 404
