"""The company and its people: names, who comes in and how, and what it promises customers."""

from __future__ import annotations

from datetime import timedelta

from bursar.config.settings.installation import BURSAR_HTTPS
from bursar.core.options import address, at_least, boolean, option, required

BURSAR_COMPANY_NAME = required("BURSAR_COMPANY_NAME", "Agora Voices", "The company's name, as customers read it.", str)
BURSAR_MAIL_DOMAIN = required(
    "BURSAR_MAIL_DOMAIN", "agora.example", "The mail domain of the company's people.", str.lower
)
BURSAR_STAFF_HELP = required(
    "BURSAR_STAFF_HELP",
    "your lead",
    "Whom a colleague without a staff role should ask, in words or as an address.",
    str,
)
BURSAR_CURRENCY = required("BURSAR_CURRENCY", "EUR", "The one currency of all amounts.", str.upper)
BURSAR_GRACE = timedelta(
    days=required("BURSAR_GRACE_DAYS", "60", "How many days an unpaid renewal still counts as paying.", int)
)
BURSAR_SECOND_FACTOR = required(
    "BURSAR_SECOND_FACTOR",
    "yes" if BURSAR_HTTPS else "no",
    "Whether staff need a second factor (authenticator or passkey) to enter the panel. Yes when BURSAR_HTTPS is.",
    boolean,
)
BURSAR_OIDC_SERVER = option(
    "BURSAR_OIDC_SERVER", None, "The product's OpenID Connect issuer: customers sign in there. Unset: off.", address
)
BURSAR_OIDC_CLIENT = required("BURSAR_OIDC_CLIENT", "bursar", "This Bursar's client id with that issuer.", str)
BURSAR_OIDC_SECRET = required("BURSAR_OIDC_SECRET", "", "Its client secret.", str)
BURSAR_LICENCE_WARNED = required(
    "BURSAR_LICENCE_WARNED_DAYS",
    "30",
    "How many days before its last day the end of a licence is announced, and counts as near.",
    at_least(1),
)
BURSAR_SUPPORT_HOURS = required(
    "BURSAR_SUPPORT_HOURS",
    "24",
    "How many hours a support session in a customer's workspace lasts; extending begins them anew.",
    at_least(1),
)
BURSAR_SUPPORT_ANSWER_DAYS = required(
    "BURSAR_SUPPORT_ANSWER_DAYS",
    "7",
    "How many days a customer has to answer a support request; and then how many days the approval waits to be used.",
    at_least(1),
)
BURSAR_SUPPORT_SWITCH_DAYS = required(
    "BURSAR_SUPPORT_SWITCH_DAYS",
    "30",
    "After how many days a customer's switch for support access turns itself off. 0: when somebody turns it off.",
    at_least(0),
)
