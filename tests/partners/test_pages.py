"""The pages of partners, their statements, the file and the API: one set of numbers."""

from __future__ import annotations

import csv
import io
import re
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bursar.actions.run import run
from bursar.billing.documents.typesetting import why_not_here
from bursar.core import clock
from bursar.core.calendar import midnight
from bursar.files.models import File
from bursar.partners.models import ReferralEntry
from bursar.partners.queries.ledger import count_to_settle
from bursar.partners.queries.statements import get_statement
from bursar.partners.rules.quarters import Quarter
from bursar.partners.statement import NO_INVOICE, describe, to_pdf
from tests.cast import NOW, Cast, bring_all, organisation, refusal_of, shown_by, sign_in, workspace
from tests.partners.helpers import look, refer
from tests.payments import ledger as rows

JULY, SEPTEMBER = date(2026, 7, 1), date(2026, 9, 1)
Q3 = Quarter(2026, 3)


@pytest.fixture
def entry(cast: Cast) -> ReferralEntry:
    """10 € in the third quarter, by card; 10 € by direct debit, owed in the fourth; of a cap of 40 €."""
    made: ReferralEntry = refer(cast, cast.haarlem, JULY, cap="40.00", expires_on="2027-06-30")
    for method, day in (("creditcard", SEPTEMBER), ("directdebit", date(2026, 9, 20))):
        rows.payment(cast.haarlem, midnight(day), owed=rows.charge(cast.haarlem, day), method=method)
    look(made)
    return made


def test_the_page_says_what_each_partner_is_owed(cast: Cast, entry: ReferralEntry) -> None:
    staff = sign_in("ties@agora.example")
    page = shown_by(staff.get("/panel/partners/"))
    assert "Bureau" in page and "20.00" in page and ">10.00<" in page.replace("<b>", "").replace("</b>", "")
    assert count_to_settle(cast.iris) == 1
    with_one = _count_queries(staff)
    for line in organisation("next", "Next", clock.now()):
        bring_all({**line, "is_partner": True})
    assert "Next" in shown_by(staff.get("/panel/partners/"))
    assert _count_queries(staff) == with_one


def _count_queries(client: Client) -> int:
    with CaptureQueriesContext(connection) as seen:
        assert client.get("/panel/partners/").status_code == 200
    return len(seen)


def test_a_partners_page_shows_progress_and_quarters(cast: Cast, entry: ReferralEntry) -> None:
    page = shown_by(sign_in("ties@agora.example").get(f"/panel/partners/{entry.partner.public_id}"))
    for words in ("Gemeente Haarlem", "€ 40.00", "50 %", "Q3 2026", "Q4 2026", "Raad", "Stichting Samen"):
        assert words in page, words


def test_a_quarter_that_has_not_begun_does_not_run(cast: Cast, entry: ReferralEntry) -> None:
    """A direct debit of November is owed in January."""
    day = date(2026, 11, 20)
    owed = rows.charge(cast.haarlem, day)
    rows.payment(cast.haarlem, midnight(day), owed=owed, method="directdebit")
    look(entry)
    page = shown_by(sign_in("ties@agora.example").get(f"/panel/partners/{entry.partner.public_id}"))
    states = re.findall(r'data-head="State" class="wrap-text">([a-z ]+)<', page)
    assert states == ["still to come", "running", "open"]


def test_a_partner_with_many_clients_shows_them_all(cast: Cast, entry: ReferralEntry) -> None:
    since = NOW - timedelta(days=90)
    client = {"type": "external_client", "data_owner": "samen"}
    bring_all(*[line for n in range(60) for line in workspace(f"r-{n}", "bureau", f"Raad {n:02}", since, **client)])
    address, staff = f"/panel/partners/{entry.partner.public_id}", sign_in("ties@agora.example")
    first, second = shown_by(staff.get(address)), shown_by(staff.get(f"{address}?page=2"))
    assert "1–50 of 61" in first and "51–61 of 61" in second


def test_a_statement_reconciles_with_the_ledger_and_says_that_it_is_no_invoice(
    cast: Cast, entry: ReferralEntry
) -> None:
    one = get_statement(entry.partner, Q3)
    assert (one.before, one.own, one.total, one.settlement) == (0, 10, 10, None)
    after = get_statement(entry.partner, Q3.next())
    assert (after.before, after.own) == (10, 10)  # the third quarter is not settled
    said = describe(one)
    assert NO_INVOICE in said["notes"] and said["sums"][-1] == ("Total", "10.00")
    assert said["lines"] == [["1 September 2026", "Gemeente Haarlem", "received", "100.00", "10.00"]]
    data = {"quarter": "2026-Q3", "amount": "10.00", "number": "F-7", "on": "2026-11-20"}
    run("partners.organisation.settle", cast.iris, entry.partner.public_id, data, reason="It came")
    assert get_statement(entry.partner, Q3.next()).before == 0
    assert describe(get_statement(entry.partner, Q3))["notes"][0] == (
        "Settled by your invoice F-7 of 20 November 2026."
    )
    staff = shown_by(sign_in("ties@agora.example").get(f"/panel/partners/{entry.partner.public_id}"))
    assert "Settled by the partner&#x27;s invoice F-7 of 20 November 2026." in staff
    assert count_to_settle(cast.iris) == 0


def test_what_the_cap_kept_out_is_said_so(cast: Cast) -> None:
    """Of 10 € the first line counts 4, the second nothing; what goes back of that was above the cap as well."""
    made = refer(cast, cast.haarlem, JULY, cap="4.00")
    paid = [
        rows.payment(cast.haarlem, midnight(day), owed=rows.charge(cast.haarlem, day), method="creditcard")
        for day in (SEPTEMBER, date(2026, 9, 20))
    ]
    look(made)
    rows.refund(paid[1], "121.00", midnight(date(2026, 9, 25)))
    look(made)
    lines = [line[2:] for line in describe(get_statement(made.partner, Q3))["lines"]]
    assert lines == [
        ["received, partly above the cap", "100.00", "4.00"],
        ["received, above the cap", "100.00", "0.00"],
        ["went back, above the cap", "−100.00", "0.00"],
    ]
    page = shown_by(sign_in("ties@agora.example").get(f"/panel/partners/{made.partner.public_id}"))
    assert '>4.00 <div class="dim">6.00 above the cap</div></td>' in page


@pytest.mark.skipif(why_not_here() is not None, reason="no typst on this machine")
def test_a_statement_is_a_pdf_and_the_same_each_time(cast: Cast, entry: ReferralEntry) -> None:
    answer = sign_in("ties@agora.example").get(f"/panel/partners/{entry.partner.public_id}/statements/2026-Q3")
    assert answer.headers["Content-Type"] == "application/pdf" and answer.content.startswith(b"%PDF")
    assert to_pdf(get_statement(entry.partner, Q3)) == answer.content
    wrong = sign_in("ties@agora.example").get(f"/panel/partners/{entry.partner.public_id}/statements/2026-Q5")
    assert wrong.status_code == 400


def test_the_file_holds_every_line(cast: Cast, entry: ReferralEntry, one_connection: None) -> None:
    staff = sign_in("ada@agora.example")
    answer = staff.get(staff.post("/panel/partners/export", {"partner": entry.partner.public_id})["Location"])
    text = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]  # a file comes in pieces
    found = list(csv.DictReader(io.StringIO(text)))
    assert [(row["net_eur"], row["share_eur"], row["quarter"]) for row in found] == [
        ("100.00", "10.00", "2026-Q3"),
        ("100.00", "10.00", "2026-Q4"),
    ]
    assert sum(Decimal(row["share_eur"]) for row in found) == get_statement(entry.partner, Q3.next()).total


def test_no_file_of_an_unknown_partner(cast: Cast, entry: ReferralEntry) -> None:
    refused = refusal_of("partners.company.export_referrals", cast.ada, "company", {"partner": "org_nobody"})
    assert refused.status == 422 and not File.objects.filter(owner_kind="export").exists()


def test_programs_read_the_ledger(cast: Cast, entry: ReferralEntry) -> None:
    staff = sign_in("ties@agora.example")
    (one,) = staff.get("/api/v1/referrals").json()["referrals"]
    assert (one["id"], one["cap_eur"], one["accrued_eur"], one["payable_eur"]) == (
        entry.public_id, "40.00", "20.00", "20.00",
    )  # fmt: skip
    assert staff.get(f"/api/v1/referrals/{entry.public_id}").json() == one
    told = staff.get(f"/api/v1/partners/{entry.partner.public_id}/statements/2026-Q3").json()
    assert (told["total_eur"], told["settlement"], len(told["lines"])) == ("10.00", "", 1)
    assert sign_in("lotte@client.example").get("/api/v1/referrals").status_code in (403, 404)


def test_a_partners_people_see_their_own_read_only(cast: Cast, entry: ReferralEntry) -> None:
    since = clock.now()
    ReferralEntry.objects.filter(pk=entry.pk).update(notes="Only for colleagues")
    for who, role in (("lotte", "billing"), ("ali", "member")):
        line = {"kind": "organisation_member", "organisation": "bureau", "person": who, "role": role, "from": since}
        bring_all(line)
    address = f"/partner-programme/{entry.partner.public_id}"
    biller = sign_in("lotte@client.example")
    page = shown_by(biller.get(address))
    assert "Gemeente Haarlem" in page and "20.00" in page and "Q3 2026" in page
    assert "Only for colleagues" not in page and "⋮" not in page
    assert biller.get(f"{address}/statements/2026-Q3").content.startswith(b"%PDF")
    assert address in biller.get("/").content.decode()
    run("tenants.organisation.set_partner", cast.iris, entry.partner.public_id, {"partner": "no"}, reason="It ended")
    home = biller.get("/").content.decode()
    assert address in home, "what is owed stays to be read"
    assert "create_client_workspace" not in home
    home = shown_by(biller.get("/"))
    assert "Partner programme" in home and "€ 10.00 to be settled" in home and "Create client workspace" not in home
    data = {"quarter": "2026-Q3", "amount": "10.00", "number": "F-7", "on": "2026-11-20"}
    run("partners.organisation.settle", cast.iris, entry.partner.public_id, data, reason="It came")
    assert "Settled by your invoice F-7 of 20 November 2026." in shown_by(biller.get(address))
    for stranger in ("ali@client.example", "maud@client.example"):
        client = sign_in(stranger)
        assert client.get(address).status_code == client.get(f"{address}/statements/2026-Q3").status_code == 404
        assert "Partner programme" not in shown_by(client.get("/"))
