"""The files of a period in one ZIP: what is in it, how far it is, and whose it is."""

from __future__ import annotations

import io
import zipfile
from datetime import timedelta
from typing import Any

import pytest

from bursar.access.models import User
from bursar.actions.run import run
from bursar.billing import bundling, files
from bursar.billing.models import Bundle, Invoice
from bursar.billing.rules.periods import read_period
from bursar.core import clock
from bursar.core.errors import Invalid, NotFound, Refused
from bursar.files import queries, store
from bursar.files.csv import EXPORT
from bursar.outbox import store as outbox
from tests.billing import issued
from tests.billing.documents import samples
from tests.billing.documents.samples import DAY, DUTCH, GERMAN
from tests.cast import NOW, Cast, body_of, refusal_of, sign_in

KEY = "billing.company.bundle_documents"


@pytest.fixture
def made(cast: Cast) -> list[Invoice]:
    """Two of November, one of them with an e-invoice; one of October; a credit note."""
    rows = [
        issued.invoice(cast.oost, DAY - timedelta(days=40)),
        issued.issue(cast.haarlem, samples.invoice(DUTCH), DAY, wants_e_invoice=True),
        issued.invoice(cast.oost, DAY, buyer=GERMAN),
    ]
    rows.append(issued.credit_note(rows[2], DAY))
    for row in rows:
        files.want(row, NOW)
    outbox.deliver_due(clock.now())
    for row in rows:
        row.refresh_from_db()
    return rows


def bundled(cast: Cast, period: str = "2026-11", **holds: Any) -> Bundle:
    outcome = run(KEY, cast.iris, "company", {"period": period, **holds})
    bundling.carry_out(outcome.data["bundle"])
    bundling.carry_out(outcome.data["bundle"])
    return Bundle.objects.get(public_id=outcome.data["bundle"])


def names_in(bundle: Bundle) -> list[str]:
    assert bundle.file is not None
    answer = sign_in("iris@agora.example").get(f"/panel/files/{bundle.file.public_id}")
    with zipfile.ZipFile(io.BytesIO(body_of(answer))) as archive:
        assert archive.testzip() is None
        return archive.namelist()


def test_it_holds_the_files_themselves(cast: Cast, made: list[Invoice]) -> None:
    bundle = bundled(cast, with_pdf=True, with_ubl=True)
    assert (bundle.state, bundle.done, bundle.total, bundle.left_out) == ("done", 3, 3, 0)
    assert names_in(bundle) == [
        "invoice-2026-000002.pdf", "invoice-2026-000002.xml", "invoice-2026-000003.pdf", "credit-note-C2026-000001.pdf"
    ]  # fmt: skip
    assert bundle.file is not None and made[1].pdf is not None
    with zipfile.ZipFile(io.BytesIO(b"".join(queries.read(bundle.file)))) as archive:
        assert archive.read("invoice-2026-000002.pdf") == b"".join(queries.read(made[1].pdf))
    assert names_in(bundled(cast, "2026-Q4", with_ubl=True)) == ["invoice-2026-000002.xml"]
    assert len(names_in(bundled(cast, "2026-Q4", with_pdf=True))) == 4


def test_what_is_still_being_made_is_left_out_and_said(cast: Cast, made: list[Invoice]) -> None:
    issued.invoice(cast.oost, DAY)
    bundle = bundled(cast, with_pdf=True)
    assert (bundle.done, bundle.left_out, bundle.total) == (3, 1, 4)
    page = sign_in("iris@agora.example").get("/panel/invoices/bundles/").content.decode()
    assert "4 of 4 documents" in page and "1 left out" in page


def test_the_page_says_how_far_it_is_to_whoever_asked(cast: Cast, made: list[Invoice]) -> None:
    iris = sign_in("iris@agora.example")
    answer = iris.post("/panel/invoices/bundles/make", {"period": "2026-11", "with_pdf": "on"}, follow=True)
    assert "0 of 3 documents" in answer.content.decode() and "every 2s" in answer.content.decode()
    bundle = Bundle.objects.get()
    bundling.carry_out(bundle.public_id)
    page = iris.get("/panel/invoices/bundles/").content.decode()
    assert "3 of 3 documents" in page and "every 2s" not in page and "ZIP, " in page
    bundle.refresh_from_db()
    assert bundle.file is not None
    with pytest.raises(NotFound):
        queries.get_file(cast.noor, bundle.file.public_id, clock.now())
    assert "None yet" in sign_in("noor@agora.example").get("/panel/invoices/bundles/").content.decode()


def test_whoever_may_read_no_more_gets_none(cast: Cast, made: list[Invoice]) -> None:
    outcome = run(KEY, cast.ada, "company", {"period": "2026-11", "with_pdf": True})
    User.objects.filter(email="ada@agora.example").update(is_active=False)
    bundling.carry_out(outcome.data["bundle"])
    bundle = Bundle.objects.get()
    assert bundle.state == "failed" and bundle.problem and bundle.file is None


def test_what_cannot_be_bundled_is_refused(cast: Cast, made: list[Invoice]) -> None:
    for data, kind in (({"period": "2026-11"}, Invalid), ({"period": "2025", "with_pdf": True}, Invalid),
                       ({"period": "2025-11", "with_pdf": True}, Refused)):  # fmt: skip
        assert isinstance(refusal_of(KEY, cast.iris, "company", data), kind)
    assert refusal_of(KEY, cast.maud, "company", {"period": "2026-11", "with_pdf": True}).status in (403, 404)
    assert not Bundle.objects.exists()


def test_it_is_written_as_it_is_read(cast: Cast, made: list[Invoice], monkeypatch: pytest.MonkeyPatch) -> None:
    """No part that goes into the store is larger than what is read of one file."""
    parts: list[int] = []
    write = store.Writer.write

    def note(writer: store.Writer, data: bytes) -> None:
        if writer._kind is EXPORT:
            parts.append(len(data))
        write(writer, data)

    monkeypatch.setattr(store.Writer, "write", note)
    bundle = bundled(cast, with_pdf=True)
    assert bundle.file is not None and sum(parts) == bundle.file.length
    largest = max(row.pdf.length or 0 for row in made if row.pdf)
    assert max(parts) <= largest and len(parts) > 2 * bundle.done and read_period("2026-11").name == bundle.period
