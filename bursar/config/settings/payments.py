"""Payments through Mollie: the account there, tries and notices, terms, and what one colleague may move alone."""

from __future__ import annotations

from bursar.billing.rules import configured as billing
from bursar.core.options import address, at_least, names, option, read_amount, required
from bursar.payments.keys import OFFICIAL, read_key, why_not_address
from bursar.payments.rules.retries import read_days

BURSAR_MOLLIE_KEY = required(
    "BURSAR_MOLLIE_KEY",
    "",
    "The API key of the Mollie profile that payments go through: test_… or live_…. Empty: no payments.",
    read_key,
)
BURSAR_MOLLIE_URL = required(
    "BURSAR_MOLLIE_URL", f"https://{OFFICIAL}", "Where Mollie answers, or its simulator (bursar mollie-sim).", address
)
if why_not_address(BURSAR_MOLLIE_KEY, BURSAR_MOLLIE_URL):
    raise ValueError(f"The setting BURSAR_MOLLIE_URL is wrong: {why_not_address(BURSAR_MOLLIE_KEY, BURSAR_MOLLIE_URL)}")
BURSAR_MOLLIE_TOKEN = required(
    "BURSAR_MOLLIE_TOKEN", "", "An access token of Mollie's that may read settlements; a key may not.", str
)
BURSAR_MOLLIE_EVENTS_SECRET = required(
    "BURSAR_MOLLIE_EVENTS_SECRET",
    "",
    "The secret of Mollie's newer webhooks, which are signed; several, comma separated, while one takes the place of "
    "another. Empty: only the older kind is taken.",
    names,
)
BURSAR_RETRY_DAYS = required(
    "BURSAR_RETRY_DAYS",
    "3, 7, 14",
    "On which days after a charge failed it is tried again by itself, where the cause may pass; at most four.",
    read_days,
)
BURSAR_RENEWAL_NOTICE_YEARLY = required(
    "BURSAR_RENEWAL_NOTICE_YEARLY", "30", "How many days before a yearly charge billing people are told.", at_least(1)
)
BURSAR_RENEWAL_NOTICE_MONTHLY = required(
    "BURSAR_RENEWAL_NOTICE_MONTHLY", "3", "How many days before a monthly charge billing people are told.", at_least(1)
)
BURSAR_TERMS_VERSION = required(
    "BURSAR_TERMS_VERSION",
    "",
    "The version of the terms that customers agree to at checkout, such as 2026-11; each charge keeps it. They agree "
    "the notice before renewals and the charges for seats.",
    billing.read_version,
)
BURSAR_TERMS_URL = option("BURSAR_TERMS_URL", None, "Where customers read these terms.", address)
BURSAR_REFUND_LIMIT = required(
    "BURSAR_REFUND_LIMIT",
    "250.00",
    "EUR that one colleague may send back alone, counted over all refunds of a payment, and of an account within 30 "
    "days. Above it a second person decides.",
    read_amount,
)
BURSAR_DIFFERENCE_LET_BE = required(
    "BURSAR_DIFFERENCE_LET_BE",
    "0.00",
    "EUR: where no more than this stays open of an invoice after money came by bank, it is let be as a difference, and "
    "the invoice is settled. 0.00: whatever is missing stays open.",
    read_amount,
)
BURSAR_MARK_PAID_LIMIT = required(
    "BURSAR_MARK_PAID_LIMIT",
    "10000.00",
    "EUR that one colleague may mark as paid by hand alone, counted over one invoice, and over an account within 30 "
    "days. Above it a second person decides; what a bank statement proves is not counted.",
    read_amount,
)
BURSAR_WRITE_OFF_LIMIT = required(
    "BURSAR_WRITE_OFF_LIMIT",
    "250.00",
    "EUR that one colleague may write off alone, counted in the same way.",
    read_amount,
)
BURSAR_PAY_BACK_LIMIT = required(
    "BURSAR_PAY_BACK_LIMIT",
    "250.00",
    "EUR of an account's credit that one colleague may pay back alone, in one booking and within 30 days.",
    read_amount,
)
