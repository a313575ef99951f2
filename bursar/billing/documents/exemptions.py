"""Why a line bears no VAT: the words that the law asks for, and the code of the VATEX list. No Django."""

from __future__ import annotations

from bursar.billing.rules import Treatment

_REASONS = {
    Treatment.REVERSE_CHARGE: {"en": "Reverse charge", "nl": "Btw verlegd"},
    Treatment.OUTSIDE_SCOPE: {"en": "Outside the scope of VAT", "nl": "Buiten de heffing van btw"},
    Treatment.EXEMPT: {"en": "Exempt from VAT", "nl": "Vrijgesteld van btw"},
}
_CODES = {Treatment.REVERSE_CHARGE: "VATEX-EU-AE", Treatment.OUTSIDE_SCOPE: "VATEX-EU-O"}


def say_exemption(treatment: Treatment, language: str) -> str:
    """ "Reverse charge", "Btw verlegd"; empty where VAT is charged. `language`: "en" or "nl"."""
    return _REASONS[treatment][language] if treatment in _REASONS else ""


def exemption_code(treatment: Treatment) -> str:
    """Of the VATEX list; empty where VAT is charged, and for exempt items: the list wants the article, we know none."""
    return _CODES.get(treatment, "")
