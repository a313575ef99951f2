"""Three hundred e-invoices over every case of VAT, 1 to 60 lines: valid and exact."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from bursar.billing.documents.checking import check
from bursar.billing.documents.document import Document
from bursar.billing.documents.ubl import Profile, to_ubl
from bursar.billing.rules import Treatment
from tests.billing.documents.reading import list_differences
from tests.billing.documents.samples import documents

pytestmark = pytest.mark.soak
DOCUMENTS = 300
SEEN: Counter[str] = Counter()


def test_three_hundred_are_valid_and_exact() -> None:
    hold_every()
    assert SEEN["documents"] >= DOCUMENTS and SEEN["lines"] > 10 * DOCUMENTS
    assert all(SEEN[word] for word in (*Treatment, "invoice", "credit_note", "one-stop shop", "paid", "60 lines"))


@given((st.integers(1, 60) | st.just(60)).flatmap(lambda lines: documents(lines, lines)))
@settings(
    max_examples=DOCUMENTS, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck),
    database=None,
)  # fmt: skip
def hold_every(document: Document) -> None:
    xml = to_ubl(document, Profile.EN16931)
    assert check(xml) == []
    assert list_differences(xml, document) == []
    SEEN.update(["documents", document.kind.value, *{item.vat.treatment.value for item in document.items}])
    SEEN["lines"] += len(document.items)
    SEEN["paid"] += bool(document.received)
    SEEN["one-stop shop"] += any(item.vat.is_oss for item in document.items)
    SEEN["60 lines"] += len(document.items) == 60
