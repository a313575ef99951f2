"""Django's settings. What an operator may set is declared with `option`, and documented from there."""

from __future__ import annotations

import os
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import unquote, urlsplit

from bursar.audit.rules import read_places
from bursar.billing.documents.ledger_accounts import read_accounts
from bursar.billing.rules import configured as billing
from bursar.billing.rules import reminders
from bursar.config import logs, sign_in
from bursar.core import timeouts
from bursar.core.database import connection_settings, read_or_make_secret
from bursar.core.options import address, at_least, boolean, names, option, read_amount, required
from bursar.payments.keys import OFFICIAL, read_key, why_not_address
from bursar.payments.rules.retries import read_days

ROOT = Path(__file__).resolve().parent.parent.parent

DEBUG = required("BURSAR_DEBUG", "no", "Shows tracebacks in the browser. Never in production.", boolean)
BURSAR_VAR = required(
    "BURSAR_VAR",
    str(ROOT / "var"),
    "The folder for the embedded database, the secret and undelivered mail.",
    Path,
)
SECRET_KEY = option("BURSAR_SECRET_KEY", None, "Signs sessions. Made and kept under var/ when unset.", str)
BURSAR_SECRET_IS_SET = SECRET_KEY is not None
SECRET_KEY = SECRET_KEY or read_or_make_secret(BURSAR_VAR)
DATABASE_URL = option("DATABASE_URL", None, "A PostgreSQL address. Unset: an embedded server under var/.", str)
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
ALLOWED_HOSTS = required(
    "BURSAR_HOSTS", "localhost,127.0.0.1,[::1]", "Host names the site answers to, comma separated.", names
)
CSRF_TRUSTED_ORIGINS = required("BURSAR_ORIGINS", "", "Origins behind a proxy, such as https://bursar.example.", names)
BURSAR_HTTPS = required("BURSAR_HTTPS", "no", "Yes behind a TLS proxy: secure cookies and HSTS.", boolean)
BURSAR_ACTOR_LOADER = "bursar.config.carried.load_actor"

BURSAR_ADDRESS = required(
    "BURSAR_ADDRESS",
    "http://127.0.0.1:8000",
    "Where this Bursar is reached, for links. Unset, and `dev.py run` at work: where that answers.",
    address,
)
if not os.environ.get("BURSAR_ADDRESS") and (BURSAR_VAR / "address").is_file():
    BURSAR_ADDRESS = address((BURSAR_VAR / "address").read_text())
BURSAR_SECOND_FACTOR = required(
    "BURSAR_SECOND_FACTOR",
    "yes" if BURSAR_HTTPS else "no",
    "Whether staff need a second factor (authenticator or passkey) to enter the panel. Yes when BURSAR_HTTPS is.",
    boolean,
)
ALLAUTH_TRUSTED_PROXY_COUNT = required(
    "BURSAR_PROXIES", "0", "How many proxies stand before Bursar; the reader's address is taken from the last.", int
)
BURSAR_METRICS_TOKEN = required(
    "BURSAR_METRICS_TOKEN", "", "What Prometheus sends as a bearer token to /metrics. Empty: this machine alone.", str
)
BURSAR_LOG = required("BURSAR_LOG", "text", "The form of the log: text, or json for programs.", logs.form_of)
BURSAR_OIDC_SERVER = option(
    "BURSAR_OIDC_SERVER", None, "The product's OpenID Connect issuer: customers sign in there. Unset: off.", address
)
BURSAR_OIDC_CLIENT = required("BURSAR_OIDC_CLIENT", "bursar", "This Bursar's client id with that issuer.", str)
BURSAR_OIDC_SECRET = required("BURSAR_OIDC_SECRET", "", "Its client secret.", str)
_MAIL = option(
    "BURSAR_SMTP",
    None,
    "Where mail goes out: smtp://user:password@host:587, or smtps:// for TLS from the start. Unset: files in var/mail.",
    urlsplit,
)
BURSAR_WEBHOOK_INSECURE = required(
    "BURSAR_WEBHOOK_INSECURE",
    "no",
    "Yes lets webhooks go to http:// and to private addresses: for trying out, or a receiver in the same network.",
    boolean,
)
BURSAR_WEBHOOK_PATIENCE = timedelta(
    days=required(
        "BURSAR_WEBHOOK_PATIENCE_DAYS",
        "3",
        "After how many days without one success a webhook endpoint is switched off, and the leads are told.",
        int,
    )
)
BURSAR_WEBHOOK_WAITS = timedelta(
    days=required(
        "BURSAR_WEBHOOK_WAITS_DAYS",
        "30",
        "How many days a message waits for a paused or switched-off webhook endpoint before it is dropped.",
        at_least(1),
    )
)
BURSAR_LOGS_KEPT = timedelta(
    days=required(
        "BURSAR_LOGS_KEPT_DAYS",
        "400",
        "How many days the log of what is done is kept: deliveries and their tries, webhook messages, sent mail, read "
        "notices, finished bulk runs. The book is kept for good. At least 30.",
        at_least(30),
    )
)
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
BURSAR_SEALS = required(
    "BURSAR_SEALS",
    "",
    "Where the day's seal of the book goes, outside the database: mail (to the leads), folders by their whole path "
    "(one file a day, never written over), or both, comma separated. Empty: nowhere.",
    read_places,
)
DEFAULT_FROM_EMAIL = required("BURSAR_MAIL_FROM", "bursar@agora.example", "The sender of mail.", str)
BURSAR_MAIL_LEAVES = _MAIL is not None
BURSAR_MAIL_KEPT = timedelta(
    days=required(
        "BURSAR_MAIL_KEPT_DAYS", "90", "How many days the text of a mail is kept; to whom and about what stays.", int
    )
)

BURSAR_TIMEOUTS = {
    timeouts.Work.PAGE: required(
        "BURSAR_PAGE_TIMEOUTS",
        "lock=5 statement=30 idle=30",
        "Seconds that a page and a reading API wait: for what another holds, for one statement, and how long a "
        "transaction may stand still. 0 is no limit. What runs out is answered with 503 and a sentence.",
        timeouts.parse,
    ),
    timeouts.Work.ACTION: required(
        "BURSAR_ACTION_TIMEOUTS",
        "lock=5 statement=60 idle=60",
        "The same for an action from a page or an API, a push and a batch of usage included.",
        timeouts.parse,
    ),
    timeouts.Work.EXPORT: required(
        "BURSAR_EXPORT_TIMEOUTS", "lock=5 statement=900 idle=900", "The same for the writing of a CSV.", timeouts.parse
    ),
    timeouts.Work.JOB: required(
        "BURSAR_JOB_TIMEOUTS",
        "lock=60 statement=7200 idle=3600",
        "The same for the worker's jobs. Commands at the shell (import, verify, migrate, restore) have no limit.",
        timeouts.parse,
    ),
}
BURSAR_CONNECT_TIMEOUT = required(
    "BURSAR_CONNECT_TIMEOUT", "5", "Seconds after which a database that cannot be reached counts as away.", at_least(2)
)

BURSAR_LICENCE_WARNED = required(
    "BURSAR_LICENCE_WARNED_DAYS",
    "30",
    "How many days before its last day the end of a licence is announced, and counts as near.",
    at_least(1),
)

BURSAR_HANDBOOK = required(
    "BURSAR_HANDBOOK", str(ROOT / "site"), "The folder of the built handbook, shown to staff under /handbook/.", Path
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

ROOMS = [
    "core", "ui", "access", "files", "outbox", "audit", "actions", "staff", "tenants", "approvals", "plans", "usage",
    "billing",
    "payments", "rollup", "attention", "requests", "partners", "training", "support", "notifications", "webhooks",
    "product", "dashboard", "panel", "demo", "config", "mollie_sim",
]  # fmt: skip
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django_htmx",
    "django_cotton.apps.SimpleAppConfig",
    "pgtrigger",
    "procrastinate.contrib.django",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    *[f"bursar.{room}" for room in ROOMS],
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "bursar.config.middleware.RequestIdMiddleware",
    "bursar.config.headers.SecurityHeadersMiddleware",
    "bursar.config.methods.MethodMiddleware",
    "bursar.config.unavailable.BusyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "bursar.config.middleware.ActorMiddleware",
    "bursar.config.middleware.GateMiddleware",
    "bursar.config.middleware.RefusalMiddleware",
]
APPEND_SLASH = False
ROOT_URLCONF = "bursar.config.urls"
WSGI_APPLICATION = "bursar.config.wsgi.application"

_LOADERS = [
    "django_cotton.cotton_loader.Loader",
    "django.template.loaders.filesystem.Loader",
    "django.template.loaders.app_directories.Loader",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "bursar" / "ui" / "templates"],  # before allauth's own
        "OPTIONS": {
            "loaders": _LOADERS if DEBUG else [("django.template.loaders.cached.Loader", _LOADERS)],
            "builtins": ["django_cotton.templatetags.cotton", "bursar.ui.templatetags.ui"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "bursar.config.context.installation",
            ],
        },
    }
]

DATABASES = {"default": connection_settings(BURSAR_VAR, DATABASE_URL)}
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DATABASES["default"]["CONN_MAX_AGE"] = 600
DATABASES["default"]["OPTIONS"].setdefault("connect_timeout", BURSAR_CONNECT_TIMEOUT)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "access.User"
CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "core_cache"}}
AUTHENTICATION_BACKENDS = ["bursar.staff.backend.SignInBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
ACCOUNT_ADAPTER = "bursar.staff.adapter.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_REAUTHENTICATION_TIMEOUT = 15 * 60
ACCOUNT_PREVENT_ENUMERATION = True
MFA_ADAPTER = "bursar.staff.adapter.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_ALLOW_UNVERIFIED_EMAIL = True  # nobody signs up: addresses come from staff and the product
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_TOTP_ISSUER = f"Bursar, {BURSAR_COMPANY_NAME}"
MFA_TOTP_TOLERANCE = 1
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not BURSAR_HTTPS  # a browser allows it on localhost only
SOCIALACCOUNT_ADAPTER = "bursar.product.adapter.ProductSignInAdapter"
SOCIALACCOUNT_LOGIN_ON_GET = False
SOCIALACCOUNT_AUTO_SIGNUP = True
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False
SOCIALACCOUNT_PROVIDERS = sign_in.providers(
    BURSAR_OIDC_SERVER, BURSAR_OIDC_CLIENT, BURSAR_OIDC_SECRET, BURSAR_COMPANY_NAME
)
LOGIN_URL = "/sign-in/"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/sign-in/"

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 3600
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "bursar.config.stale.refuse"
if BURSAR_HTTPS:  # names that a browser takes from this very host over TLS only
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-sessionid", "__Host-csrftoken"
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = BURSAR_HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if BURSAR_HTTPS else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BURSAR_HTTPS else None
X_FRAME_OPTIONS = "DENY"

LANGUAGE_CODE = "en-gb"
USE_I18N = True
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = BURSAR_VAR / "static"
_PACKAGES = {
    "tabler": "@tabler/core/dist/css",
    "chart": "chart.js/dist",
    "swagger": "swagger-ui-dist",
    "inter": "inter-ui/variable",
    "inter-latin": "inter-ui/variable-latin",
}
STATICFILES_DIRS = [
    (f"vendor/{name}", ROOT / "node_modules" / path)
    for name, path in _PACKAGES.items()
    if (ROOT / "node_modules" / path).is_dir()
]
ICONS = ROOT / "node_modules" / "@tabler" / "icons" / "icons" / "outline"
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "bursar.config.icons.IconsFinder",
]
WHITENOISE_USE_FINDERS = True
STATIC_ROOT.mkdir(parents=True, exist_ok=True)
if _MAIL is None:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = BURSAR_VAR / "mail"
else:
    EMAIL_HOST, EMAIL_PORT = _MAIL.hostname or "localhost", _MAIL.port or 587
    EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = unquote(_MAIL.username or ""), unquote(_MAIL.password or "")
    EMAIL_USE_SSL, EMAIL_USE_TLS = _MAIL.scheme == "smtps", _MAIL.scheme == "smtp" and bool(_MAIL.username)
    EMAIL_TIMEOUT = 30
DATA_UPLOAD_MAX_NUMBER_FIELDS = 10_000
DATA_UPLOAD_MAX_MEMORY_SIZE = 20_000_000  # a batch of the product; DOMAIN's ten thousand events are two to four

logs.configure(BURSAR_LOG)
LOGGING = logs.logging_settings(BURSAR_LOG)
