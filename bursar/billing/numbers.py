"""How documents are numbered: the series' prefix, the seller's year, and the place in it."""

from __future__ import annotations

from django.conf import settings

from bursar.billing.documents.document import DocumentKind

PLACES = 6


def number_of(kind: DocumentKind, year: int, place: int) -> str:
    """ "2026-000042", "C2026-000007"; of the same length all through a series."""
    return f"{_PREFIXES()[kind]}{year}-{place:0{PLACES}d}"


def placeholder_of(kind: DocumentKind, year: int) -> str:
    """Stands for the number until there is one, and is as long."""
    return number_of(kind, year, 0)


def _PREFIXES() -> dict[DocumentKind, str]:
    return {
        DocumentKind.INVOICE: settings.BURSAR_INVOICE_PREFIX,
        DocumentKind.CREDIT_NOTE: settings.BURSAR_CREDIT_NOTE_PREFIX,
    }
