"""A document is kept as JSON and read again as it was."""

from __future__ import annotations

import json

from hypothesis import given, settings

from bursar.billing.documents.document import Document, read_document
from tests.billing.documents.samples import documents


@given(documents(8))
@settings(max_examples=60, deadline=None)
def test_a_document_is_read_as_it_was_kept(document: Document) -> None:
    kept = json.loads(json.dumps(document.as_json()))
    again = read_document(kept)
    assert again == document
    assert again.totals == document.totals and again.due == document.due
    assert again.as_json() == kept
