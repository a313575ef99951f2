"""What leaves by itself: mail, and webhooks to the product."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import unquote, urlsplit

from bursar.config.settings.installation import BURSAR_VAR
from bursar.core.options import at_least, boolean, option, required

_MAIL = option(
    "BURSAR_SMTP",
    None,
    "Where mail goes out: smtp://user:password@host:587, or smtps:// for TLS from the start. Unset: files in var/mail.",
    urlsplit,
)
DEFAULT_FROM_EMAIL = required("BURSAR_MAIL_FROM", "bursar@agora.example", "The sender of mail.", str)
BURSAR_MAIL_LEAVES = _MAIL is not None
BURSAR_MAIL_KEPT = timedelta(
    days=required(
        "BURSAR_MAIL_KEPT_DAYS", "90", "How many days the text of a mail is kept; to whom and about what stays.", int
    )
)
if _MAIL is None:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = BURSAR_VAR / "mail"
else:
    EMAIL_HOST, EMAIL_PORT = _MAIL.hostname or "localhost", _MAIL.port or 587
    EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = unquote(_MAIL.username or ""), unquote(_MAIL.password or "")
    EMAIL_USE_SSL, EMAIL_USE_TLS = _MAIL.scheme == "smtps", _MAIL.scheme == "smtp" and bool(_MAIL.username)
    EMAIL_TIMEOUT = 30

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
