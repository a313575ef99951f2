"""A year of bank lines uploaded at once, through the door; and files that somebody has spoilt."""

from __future__ import annotations

import random
import time
from collections import Counter
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection

from bursar.actions.run import run
from bursar.billing import banking
from bursar.billing.actions.bank_files import READ
from bursar.billing.models import BankFile, BankLine, Invoice, LedgerEntry, Series
from bursar.billing.queries import bank
from bursar.billing.rules.references import make_reference
from bursar.billing.store.documents import digest_of
from bursar.core import clock
from bursar.core.errors import Refused
from bursar.core.sortkey import sort_key
from bursar.tenants.models import BillingAccount, Organisation
from tests.billing.bank.chance import sound_files, spoil
from tests.billing.bank.writing import entry, statement, to_camt
from tests.billing.bank_desk import UPLOADED, send_up, upload
from tests.cast import NOW, Cast, prove

pytestmark = pytest.mark.soak
LINES, INVOICES, ACCOUNTS, LIMIT, FILES = 10_000, 50_000, 10_000, 10, 5_000
SOME = 20  # of a hundred lines: what bears a reference, where most payers type what they like


def fill() -> list[Invoice]:
    """Open invoices of many accounts; every third of one amount, as where many have one plan."""
    rng = random.Random(7)
    organisations = Organisation.objects.bulk_create(
        Organisation(
            external_id=f"o{at}", name=f"Gemeente Plaats {at}", sort_key=sort_key(f"Plaats {at}"), created_at=NOW
        )
        for at in range(ACCOUNTS)
    )
    accounts = BillingAccount.objects.bulk_create(
        BillingAccount(
            organisation=one, scope="organisation", created_at=NOW, shown_label=one.name, sort_key=one.sort_key
        )
        for one in organisations
    )
    series = Series.objects.create(kind="invoice", year=2026, last=INVOICES, last_day=NOW.date())
    rows = []
    for at in range(INVOICES):
        number, gross = f"2026-{at + 1:06d}", Decimal("90.75")
        if at % 3:
            gross = Decimal(rng.randint(5_000, 500_000)) / 100
        says = {"number": number}
        rows.append(
            Invoice(
                account=accounts[at // 5], kind="invoice", series=series, place=at + 1, number=number,
                issued_on=NOW.date(), issued_at=NOW - timedelta(days=3), due_on=NOW.date(),
                reference=make_reference(number), says=says, digest=digest_of(says), net=gross, vat=0, gross=gross,
                service_from=NOW.date(), service_until=NOW.date() + timedelta(days=364), subscription_net=gross,
            )
        )  # fmt: skip
    made = Invoice.objects.bulk_create(rows, batch_size=5_000)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")  # which the server does by itself within minutes
    return made


def year_of(invoices: list[Invoice], certain: int) -> bytes:
    """One statement. `certain`: of how many in a hundred the reference leaves no doubt."""
    lines = []
    for at, one in enumerate(random.Random(8).sample(invoices, LINES)):
        place = at % 100
        text = one.reference if place < certain else f"factuur {one.number}" if place % 2 else "dank u wel"
        name = f"Gemeente Plaats {(one.place - 1) // 5}" if place % 3 else f"Iemand {at}"
        lines.append(entry(f"{one.gross:.2f}", f"{text} met dank", name=name, bank_reference=f"R{at}"))
    return to_camt(statement(*lines))


@pytest.mark.parametrize("certain", [0, SOME, 100])
def test_ten_thousand_lines_against_fifty_thousand_invoices(cast: Cast, certain: int) -> None:
    content = year_of(fill(), certain)
    made = run(UPLOADED, cast.iris, "company", {"uploads": send_up(cast.iris, "year.xml", content)})
    [file_id] = made.data["files"]
    spent = {}
    began = time.process_time(), time.monotonic()
    run(READ, banking._us(), file_id)
    spent["read and stored"] = time.process_time() - began[0], time.monotonic() - began[1]
    sure = banking._compare(list(bank.list_waiting()), clock.now())
    spent["compared"] = time.process_time() - began[0], time.monotonic() - began[1]
    booked = banking._book(sure)
    spent["booked"] = time.process_time() - began[0], time.monotonic() - began[1]
    print(certain, booked, {name: tuple(round(one, 1) for one in both) for name, both in spent.items()})  # noqa: T201
    file = BankFile.objects.get()
    assert (file.fresh, file.booked, file.to_book) == (LINES, booked, booked)
    assert LedgerEntry.objects.count() == booked == BankLine.objects.filter(state="matched").count()
    assert booked >= LINES * certain // 100
    assert spent["compared" if certain > SOME else "booked"][0] < LIMIT


def test_five_thousand_spoilt_files_are_a_sentence_each_and_book_nothing(cast: Cast) -> None:
    rng, sound, seen = random.Random(9), sound_files(), Counter[str]()
    for count in range(FILES):
        content = spoil(rng.choice(sound), rng) or b" "
        try:
            file = upload(cast.iris, content, f"{count}.xml")
        except Refused:
            seen["known"] += 1
            continue
        assert (file.state == "done") != bool(file.problem)
        seen[file.state] += 1
    print(dict(seen))  # noqa: T201
    assert min(seen["refused"], seen["done"]) > FILES // 25
    assert not LedgerEntry.objects.exists()
    prove()
