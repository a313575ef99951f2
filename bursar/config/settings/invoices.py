"""Invoices: the seller, the VAT, numbers, the ledger, reminders, and how long documents are kept."""

from __future__ import annotations

from datetime import date, timedelta

from bursar.billing.documents.ledger_accounts import read_accounts
from bursar.billing.rules import configured as billing
from bursar.billing.rules import reminders
from bursar.config.settings.installation import BURSAR_HTTPS
from bursar.core.options import address, at_least, boolean, option, read_amount, required

BURSAR_SELLER_NAME = required(
    "BURSAR_SELLER_NAME", "", "Who sells, by its legal name. Empty: BURSAR_COMPANY_NAME.", str.strip
)
BURSAR_SELLER_ADDRESS = required(
    "BURSAR_SELLER_ADDRESS",
    "",
    "The seller's address: street; postcode; city. One more line may stand behind the street.",
    billing.read_place,
)
BURSAR_SELLER_COUNTRY = required(
    "BURSAR_SELLER_COUNTRY", "NL", "The seller's country, a member state of the EU (ISO 3166).", billing.read_country
)
BURSAR_SELLER_VAT_ID = required(
    "BURSAR_SELLER_VAT_ID",
    "",
    "The seller's VAT id. VIES gives a consultation number only to whoever names their own.",
    billing.read_own_id,
)
if billing.why_not_own(BURSAR_SELLER_COUNTRY, BURSAR_SELLER_VAT_ID):
    raise ValueError(billing.why_not_own(BURSAR_SELLER_COUNTRY, BURSAR_SELLER_VAT_ID))
BURSAR_SELLER_LEGAL_ID = required(
    "BURSAR_SELLER_LEGAL_ID", "", "The seller's KvK number, or a public body's OIN.", billing.read_register
)
BURSAR_SELLER_PEPPOL_ID = required(
    "BURSAR_SELLER_PEPPOL_ID",
    "",
    "By what the network of Peppol knows the seller: scheme and value, such as 0106:12345678. E-invoices need it.",
    billing.read_endpoint,
)
BURSAR_SELLER_IBAN = required(
    "BURSAR_SELLER_IBAN", "", "The bank account to which invoices are paid.", billing.read_iban
)
BURSAR_SELLER_BIC = required("BURSAR_SELLER_BIC", "", "Its BIC, for payers outside the SEPA.", str.strip)
BURSAR_SELLER_MAIL = required(
    "BURSAR_SELLER_MAIL", "", "Where customers write about an invoice; stands on documents.", str.strip
)
BURSAR_LOGO = required(
    "BURSAR_LOGO",
    "",
    "The path of an SVG, its letters as shapes, or of a PNG, for the head of documents. Empty: the seller’s name.",
    str.strip,
)
BURSAR_SELLER_ZONE = required(
    "BURSAR_SELLER_ZONE",
    "Europe/Amsterdam",
    "The seller's time zone: days of charges and documents, due dates and the months of the Payments page are its own. "
    "MRR's months are UTC.",
    billing.read_zone,
)

BURSAR_OSS = option(
    "BURSAR_OSS",
    "no",
    "The day from which on the seller declares VAT by the Union's one-stop shop, such as 2027-01-01: consumers "
    "elsewhere in the EU then pay their own country's rate. No: they pay the seller's.",
    billing.read_oss,
)
BURSAR_OSS_THRESHOLD = required(
    "BURSAR_OSS_THRESHOLD",
    "10000.00",
    "EUR without VAT, sold in a year to buyers elsewhere in the EU who have no VAT id. Above it, in this year or the "
    "last, their own country's VAT is due; from 80 % on this is warned of.",
    read_amount,
)
BURSAR_VAT_CATEGORIES = required(
    "BURSAR_VAT_CATEGORIES",
    "{}",
    "Which kinds of items are exempt from VAT, as JSON: subscription, seats, upgrade, training, pilot, difference or "
    'other to the day from which on it is exempt or standard: {"training": {"2026-01-01": "exempt"}}.',
    billing.read_categories,
)
BURSAR_VAT_RATES = required(
    "BURSAR_VAT_RATES",
    "{}",
    "Standard rates that are newer than this Bursar, or correct it, as JSON: country (or a region of one, as PT-30) to "
    'the day from which a rate holds, in per cent: {"NL": {"2027-01-01": "22"}}.',
    billing.read_rates,
)
BURSAR_VIES = required(
    "BURSAR_VIES",
    "yes" if BURSAR_HTTPS else "no",
    "Whether VAT ids are asked of the Commission's register. Off: an id stays unknown, and VAT is charged, until "
    "somebody with the right accepts it. Yes when BURSAR_HTTPS is.",
    boolean,
)
BURSAR_VIES_URL = required(
    "BURSAR_VIES_URL", "https://ec.europa.eu/taxation_customs/vies/rest-api", "Where the register answers.", address
)
BURSAR_VIES_AGAIN = timedelta(
    days=required(
        "BURSAR_VIES_AGAIN_DAYS",
        "20",
        "After how many days a VAT id is asked of the register again; below a month, so that each renewal has a fresh "
        "answer before it.",
        at_least(1),
    )
)

BURSAR_PAYMENT_DAYS = required(
    "BURSAR_PAYMENT_DAYS",
    "30",
    "After how many days an invoice is due, where a customer has no other payment term.",
    at_least(0),
)
BURSAR_RENEWAL_AHEAD_DAYS = required(
    "BURSAR_RENEWAL_AHEAD_DAYS",
    "60",
    "How many days before a service period that was invoiced ends the next one stands in To issue.",
    at_least(0),
)
BURSAR_INVOICES_FROM = option(
    "BURSAR_INVOICES_FROM",
    None,
    "From which day of payment on Bursar issues the VAT invoices of charges through Mollie, such as 2027-01-01, in the "
    "seller's zone; what was paid before is invoiced elsewhere. Empty: the day on which this Bursar first looked.",
    date.fromisoformat,
)
BURSAR_INVOICE_PREFIX = required(
    "BURSAR_INVOICE_PREFIX",
    "",
    "What numbers of invoices begin with: capitals and digits. A number is the prefix, the seller's year, and the place"
    " in it: 2026-000042.",
    billing.read_prefix,
)
BURSAR_CREDIT_NOTE_PREFIX = required(
    "BURSAR_CREDIT_NOTE_PREFIX",
    "C",
    "What numbers of credit notes begin with; another one than that of invoices.",
    billing.read_prefix,
)
if BURSAR_INVOICE_PREFIX == BURSAR_CREDIT_NOTE_PREFIX:
    raise ValueError("The settings BURSAR_INVOICE_PREFIX and BURSAR_CREDIT_NOTE_PREFIX are the same.")
BURSAR_LEDGER_ACCOUNTS = required(
    "BURSAR_LEDGER_ACCOUNTS",
    "{}",
    "The account of your general ledger for each line of the export for accounting, as JSON: what is sold and its VAT, "
    '* for any, to a code: {"training/exempt": "8210", "training/*": "8200", "*/reverse_charge": "8050", '
    '"*/*": "8000"}. What is sold: subscription, seats, upgrade, training, pilot, difference, other. Its VAT: charged, '
    "reverse_charge, outside, exempt, oss. The most exact one holds, what is sold before its VAT.",
    read_accounts,
)
BURSAR_DOCUMENTS_KEPT_YEARS = required(
    "BURSAR_DOCUMENTS_KEPT_YEARS",
    "7",
    "How many years after the seller's year of issue invoices and credit notes are kept. Then what they say and their "
    "files go; number, day and amounts stay. At least 7.",
    at_least(7),
)
BURSAR_OSS_DOCUMENTS_KEPT_YEARS = required(
    "BURSAR_OSS_DOCUMENTS_KEPT_YEARS",
    "10",
    "The same for those whose VAT is declared by the one-stop shop. At least 10.",
    at_least(10),
)

BURSAR_REMINDER_DAYS = required(
    "BURSAR_REMINDER_DAYS",
    "7, 21, 35",
    "How many days after the due day an invoice is reminded of, for each level; one to nine, rising.",
    reminders.read_levels,
)
BURSAR_REMINDER_TEXTS = required(
    "BURSAR_REMINDER_TEXTS",
    "{}",
    "What reminders say, in place of what ships, as JSON: language (en, nl) to a list of subject and text, one a level:"
    ' {"nl": [["Herinnering {number}", "Er staat nog {open} open."]]}. Places to fill: number, issued_on, due_on, '
    "gross, open, buyer, seller. How to pay stands below by itself.",
    reminders.read_texts,
)
if reminders.why_not_texts(BURSAR_REMINDER_TEXTS, BURSAR_REMINDER_DAYS):
    raise ValueError(reminders.why_not_texts(BURSAR_REMINDER_TEXTS, BURSAR_REMINDER_DAYS))
BURSAR_REMINDERS = required(
    "BURSAR_REMINDERS",
    "no",
    "Yes lets reminders go by themselves when they are due. Off, they are offered as a list and a person sends them.",
    boolean,
)
