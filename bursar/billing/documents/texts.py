"""The words of documents, a column for each language, and how it writes days and amounts.

A further language is one more column, and its locale. An accountant reads the sentences on VAT before go-live.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from babel import Locale
from babel.dates import format_date
from babel.numbers import format_currency, format_decimal

LOCALES = {"en": "en_GB", "nl": "nl_NL"}
NO_BREAK = "\N{NO-BREAK SPACE}"
_TEXTS: dict[str, tuple[str, ...]] = {
    "invoice": ("Invoice", "Factuur"),
    "credit_note": ("Credit note", "Creditnota"),
    "invoice_to": ("Invoice to", "Factuur aan"),
    "credit_note_to": ("Credit note to", "Creditnota aan"),
    "vat_id": ("VAT id", "Btw-nummer"),
    "kvk": ("KvK", "KvK"),
    "oin": ("OIN", "OIN"),
    "legal_id": ("Registration", "Registratie"),
    "mail": ("E-mail", "E-mail"),
    "issued_on": ("Date of issue", "Factuurdatum"),
    "credited_on": ("Date of issue", "Datum"),
    "supplied_on": ("Date of supply", "Leverdatum"),
    "service_period": ("Service period", "Periode"),
    "see_lines": ("see each line", "zie elke regel"),
    "due_on": ("Due date", "Vervaldatum"),
    "debit_on": ("Collected on", "Incasso op"),
    "mandate": ("Mandate", "Machtiging"),
    "order_number": ("Order number", "Inkoopnummer"),
    "buyer_reference": ("Your reference", "Uw referentie"),
    "contract": ("Contract", "Contract"),
    "credits": ("Credits invoice", "Crediteert factuur"),
    "replaces": ("Replaces invoice", "Vervangt factuur"),
    "of_day": ("{number} of {day}", "{number} van {day}"),
    "description": ("Description", "Omschrijving"),
    "quantity": ("Quantity", "Aantal"),
    "unit_price": ("Unit price", "Stukprijs"),
    "discount": ("Discount", "Korting"),
    "vat": ("VAT", "Btw"),
    "net": ("Net, {currency}", "Netto, {currency}"),
    "seat": ("seat", "plaats"),
    "seats": ("seats", "plaatsen"),
    "piece": ("piece", "stuk"),
    "pieces": ("pieces", "stuks"),
    "total_net": ("Total excluding VAT", "Totaal exclusief btw"),
    "total_vat": ("Total VAT", "Totaal btw"),
    "total_including": ("Total including VAT", "Totaal inclusief btw"),
    "total_credited": ("Total credited", "Totaal gecrediteerd"),
    "due": ("Amount due", "Te betalen"),
    "charged": ("VAT {rate} on {net}", "Btw {rate} over {net}"),
    "charged_in": ("VAT {rate} ({country}) on {net}", "Btw {rate} ({country}) over {net}"),
    "reverse_charge": ("VAT reverse charge on {net}", "Btw verlegd over {net}"),
    "outside_scope": ("Outside EU VAT on {net}", "Buiten EU-btw over {net}"),
    "exempt": ("Exempt from VAT on {net}", "Vrijgesteld van btw over {net}"),
    "short_reverse_charge": ("reverse charge", "verlegd"),
    "short_outside_scope": ("outside EU", "buiten EU"),
    "short_exempt": ("exempt", "vrijgesteld"),
    "explain_reverse_charge": (
        "VAT reverse charge (btw verlegd): the customer accounts for the VAT, article 196 of Directive 2006/112/EC. "
        "VAT id of the seller {seller}, of the customer {buyer}.",
        "Btw verlegd (VAT reverse charge): de afnemer is de btw verschuldigd, artikel 196 van Richtlijn 2006/112/EG. "
        "Btw-nummer van de leverancier {seller}, van de afnemer {buyer}.",
    ),
    "explain_outside_scope": (
        "No VAT: the place of supply lies outside the VAT area of the EU (Directive 2006/112/EC, title V).",
        "Geen btw: de plaats van dienst ligt buiten het btw-gebied van de EU (Richtlijn 2006/112/EG, titel V).",
    ),
    "explain_exempt": (
        "What is marked “exempt” is exempt from VAT.",
        "Wat met “vrijgesteld” is aangegeven, is vrijgesteld van btw.",
    ),
    "explain_oss": (
        "VAT of {country} is declared by the one-stop shop (OSS).",
        "De btw van {country} wordt aangegeven via het éénloketsysteem (OSS).",
    ),
    "paid": ("Paid on {day}, {how}", "Betaald op {day}, {how}"),
    "prepaid": ("Prepayment received on {day}, {how}", "Vooruitbetaling ontvangen op {day}, {how}"),
    "with_invoice": ("with invoice {number}", "met factuur {number}"),
    "settled": ("Paid", "Voldaan"),
    "settled_more": ("Nothing is left to be paid.", "Er hoeft niets meer te worden betaald."),
    "pay": ("Payment", "Betaling"),
    "pay_by": ("Please pay {amount} by {day}.", "Wij ontvangen graag {amount} uiterlijk op {day}."),
    "pay_now": ("Please pay {amount}.", "Wij ontvangen graag {amount}."),
    "collected": (
        "{amount} will be collected on {day} by the payment method on file. You need not do anything.",
        "{amount} wordt op {day} afgeschreven via de betaalmethode die bij ons bekend is. U hoeft niets te doen.",
    ),
    "iban": ("IBAN", "IBAN"),
    "bic": ("BIC", "BIC"),
    "holder": ("In the name of", "Op naam van"),
    "reference": ("Payment reference", "Betalingskenmerk"),
    "amount": ("Amount", "Bedrag"),
    "scan": ("Scan with your banking app", "Scan met uw bankapp"),
    "scan_alt": (
        "QR code of the transfer: {amount} to {iban}, reference {reference}",
        "QR-code van de overboeking: {amount} naar {iban}, kenmerk {reference}",
    ),
    "page": ("Page {page} of {pages}", "Pagina {page} van {pages}"),
    "missing": (
        "� stands for what cannot be drawn here: {names}.",
        "� staat voor wat hier niet kan worden getekend: {names}.",
    ),
    "and_more": ("and {count} more", "en nog {count}"),
    "letter_hello": ("Dear reader,", "Geachte heer of mevrouw,"),
    "letter_bye": ("Kind regards,", "Met vriendelijke groet,"),
    "letter_questions": (
        "Is anything not right? Answer this mail.",
        "Klopt er iets niet? Beantwoord dan dit bericht.",
    ),
    "letter_e_invoice": (
        "The e-invoice (UBL) for your own system is attached too.",
        "De e-factuur (UBL) voor uw eigen systeem is ook bijgevoegd.",
    ),
    "letter_invoice_subject": ("Invoice {number} of {seller}", "Factuur {number} van {seller}"),
    "letter_invoice": (
        "Attached you find invoice {number} of {issued_on} for {buyer}: {gross} including VAT.",
        "In de bijlage vindt u factuur {number} van {issued_on} voor {buyer}: {gross} inclusief btw.",
    ),
    "letter_credit_note_subject": ("Credit note {number} of {seller}", "Creditnota {number} van {seller}"),
    "letter_credit_note": (
        "Attached you find credit note {number} of {issued_on} for {buyer}: {gross} including VAT of invoice "
        "{credited} are taken back. You need not pay anything for it.",
        "In de bijlage vindt u creditnota {number} van {issued_on} voor {buyer}: van factuur {credited} wordt {gross} "
        "inclusief btw teruggenomen. U hoeft hiervoor niets te betalen.",
    ),
}


class Wording:
    """A language's words and forms. Raises LookupError for a language without a column."""

    def __init__(self, language: str) -> None:
        self.locale, self._column = Locale.parse(LOCALES[language]), list(LOCALES).index(language)

    def say(self, key: str, /, **parts: str | int) -> str:
        return _TEXTS[key][self._column].format(**parts)

    def say_day(self, day: date) -> str:
        """ "24 November 2026", held together"""
        return format_date(day, "long", locale=self.locale).replace(" ", NO_BREAK)

    def say_period(self, first: date | None, last: date | None) -> str:
        """ "1 December 2026 – 30 November 2027"; a single day as such, empty for none."""
        days = [self.say_day(day) for day in dict.fromkeys((first, last)) if day]
        return " – ".join(days)

    def say_amount(self, amount: Decimal) -> str:
        """Without the currency: "1,234.50", with a true minus sign."""
        return self._number(amount, "#,##0.00;−#,##0.00")

    def say_price(self, amount: Decimal) -> str:
        """As many decimals as it has, and two at least."""
        return self._number(amount, "#,##0.00##########;−#,##0.00##########")

    def say_count(self, quantity: Decimal) -> str:
        return self._number(quantity, "#,##0.##########;−#,##0.##########")

    def say_money(self, amount: Decimal, currency: str) -> str:
        """ "€1,234.50" """
        return str(format_currency(amount, currency, locale=self.locale)).replace("-", "−")

    def say_rate(self, rate: Decimal) -> str:
        """ "25.5 %", held together"""
        return f"{self.say_count(rate)}{NO_BREAK}%"

    def say_country(self, code: str) -> str:
        return str(self.locale.territories.get(code, code))

    def say_unit(self, unit: str, quantity: Decimal) -> str:
        """`unit`: a value of Unit."""
        return self.say(unit if abs(quantity) == 1 else f"{unit}s")

    def _number(self, amount: Decimal, form: str) -> str:
        return str(format_decimal(amount, form, locale=self.locale, decimal_quantization=False))
