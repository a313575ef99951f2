"""Where this Bursar stands: folder, database, address, proxy, log, seals, and how long work may wait."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

from bursar.audit.rules import read_places
from bursar.config import logs
from bursar.core import timeouts
from bursar.core.database import read_or_make_secret
from bursar.core.options import address, at_least, boolean, names, option, required

ROOT = Path(__file__).resolve().parents[3]

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
BURSAR_CONNECT_TIMEOUT = required(
    "BURSAR_CONNECT_TIMEOUT", "5", "Seconds after which a database that cannot be reached counts as away.", at_least(2)
)
ALLOWED_HOSTS = required(
    "BURSAR_HOSTS", "localhost,127.0.0.1,[::1]", "Host names the site answers to, comma separated.", names
)
CSRF_TRUSTED_ORIGINS = required("BURSAR_ORIGINS", "", "Origins behind a proxy, such as https://bursar.example.", names)
BURSAR_HTTPS = required("BURSAR_HTTPS", "no", "Yes behind a TLS proxy: secure cookies and HSTS.", boolean)
BURSAR_ADDRESS = required(
    "BURSAR_ADDRESS",
    "http://127.0.0.1:8000",
    "Where this Bursar is reached, for links. Unset, and `dev.py run` at work: where that answers.",
    address,
)
if not os.environ.get("BURSAR_ADDRESS") and (BURSAR_VAR / "address").is_file():
    BURSAR_ADDRESS = address((BURSAR_VAR / "address").read_text())
ALLAUTH_TRUSTED_PROXY_COUNT = required(
    "BURSAR_PROXIES", "0", "How many proxies stand before Bursar; the reader's address is taken from the last.", int
)
BURSAR_METRICS_TOKEN = required(
    "BURSAR_METRICS_TOKEN", "", "What Prometheus sends as a bearer token to /metrics. Empty: this machine alone.", str
)
BURSAR_LOG = required("BURSAR_LOG", "text", "The form of the log: text, or json for programs.", logs.form_of)
BURSAR_LOGS_KEPT = timedelta(
    days=required(
        "BURSAR_LOGS_KEPT_DAYS",
        "400",
        "How many days the log of what is done is kept: deliveries and their tries, webhook messages, sent mail, read "
        "notices, finished bulk runs. The book is kept for good. At least 30.",
        at_least(30),
    )
)
BURSAR_SEALS = required(
    "BURSAR_SEALS",
    "",
    "Where the day's seal of the book goes, outside the database: mail (to the leads), folders by their whole path "
    "(one file a day, never written over), or both, comma separated. Empty: nowhere.",
    read_places,
)
BURSAR_HANDBOOK = required(
    "BURSAR_HANDBOOK", str(ROOT / "site"), "The folder of the built handbook, shown to staff under /handbook/.", Path
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
