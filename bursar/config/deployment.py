"""What an operator may have forgotten: each a sentence with the way out."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from django.conf import settings
from django.db import connection

from bursar.access.models import User
from bursar.access.rights import Right
from bursar.audit.queries import get_last_seal
from bursar.audit.rules import MAIL
from bursar.billing.logo import why_not_use
from bursar.billing.rules.oss import Reach, say_sold, say_what_follows
from bursar.config.operator import why_not_ready
from bursar.core import clock, heartbeat
from bursar.core.addresses import split_address
from bursar.core.models import InstallationFact
from bursar.demo.load import PASSWORD, SIGN_INS
from bursar.notifications.seals import KEPT
from bursar.outbox.models import OutboxRow, OutboxState
from bursar.payments.gateway import get_mode
from bursar.payments.keys import Mode, is_official
from bursar.payments.models import MollieCustomer
from bursar.payments.queries.abroad import get_sold
from bursar.staff.models import StaffMember
from bursar.staff.queries import has_second_factor

SEALED_WITHIN = timedelta(days=1)


@dataclass(frozen=True)
class Finding:
    """`is_danger`: do not go live with it. Else: worth a look."""

    is_danger: bool
    sentence: str


def list_findings() -> Iterator[Finding]:
    yield from _settings()
    problem = why_not_ready()
    if problem:
        yield Finding(True, problem)
        return
    yield from _database()
    yield from _one_stop_shop()
    yield from _people()
    yield from _running()


def _settings() -> Iterator[Finding]:
    yield from _seals()
    if settings.DEBUG:
        yield Finding(True, "BURSAR_DEBUG is on: strangers would read tracebacks. Unset it.")
    if not settings.BURSAR_HTTPS:
        yield Finding(True, "BURSAR_HTTPS is off: cookies travel in the clear. Put TLS before it, set it to yes.")
    if set(settings.ALLOWED_HOSTS) <= {"localhost", "127.0.0.1", "[::1]"}:
        yield Finding(True, "BURSAR_HOSTS names this machine only. Set it to the names people type.")
    if settings.BURSAR_ADDRESS.startswith("http://127.0.0.1"):
        yield Finding(True, "BURSAR_ADDRESS is this machine: links in mail would lead nowhere. Set it.")
    if not settings.BURSAR_SECOND_FACTOR:
        yield Finding(True, "BURSAR_SECOND_FACTOR is off: a stolen password opens the panel. Set it to yes.")
    if not settings.BURSAR_SECRET_IS_SET:
        yield Finding(False, "BURSAR_SECRET_KEY is unset: each machine's var/secret differs. Set one for all of them.")
    if not settings.DATABASE_URL:
        yield Finding(False, "DATABASE_URL is unset: the embedded PostgreSQL is for one machine only.")
    if settings.EMAIL_BACKEND.endswith("filebased.EmailBackend"):
        yield Finding(False, "BURSAR_SMTP is unset: mails are written to var/mail and reach nobody.")
    yield from _payments()
    if settings.BURSAR_HTTPS and settings.ALLAUTH_TRUSTED_PROXY_COUNT == 0:
        yield Finding(False, "BURSAR_PROXIES is 0 behind TLS: every reader looks like the proxy to the limits.")


def _payments() -> Iterator[Finding]:
    yield from _seller()
    if not is_official(settings.BURSAR_MOLLIE_URL):
        yield Finding(True, "BURSAR_MOLLIE_URL is not Mollie's own address: payments go to a simulator. Unset it.")
    if get_mode() is Mode.TEST:
        yield Finding(True, "BURSAR_MOLLIE_KEY is a test key: customers would pay nothing. Set the live one.")
    if get_mode() is Mode.LIVE and not _is_public(settings.BURSAR_ADDRESS):
        yield Finding(
            True,
            f"BURSAR_ADDRESS is {settings.BURSAR_ADDRESS}: Mollie cannot reach that, so no payment would be heard of. "
            "Set it to the public https:// address.",
        )
    if get_mode() and settings.BURSAR_INVOICES_FROM is None:
        yield Finding(
            False,
            "BURSAR_INVOICES_FROM is unset: Bursar makes the VAT invoices of what Mollie takes from the day on "
            "which it looks first. Set the day from which they are its own; what came before is invoiced elsewhere.",
        )
    if get_mode() and not settings.BURSAR_TERMS_VERSION:
        yield Finding(True, "BURSAR_TERMS_VERSION is unset: customers would pay without agreeing to any terms. Set it.")


def _is_public(address: str) -> bool:
    """Whether somebody else's server may reach it, as far as the name tells."""
    parts = split_address(address)
    host = parts.hostname or ""
    return parts.scheme == "https" and "." in host and not host.startswith("127.") and not host.endswith(".localhost")


def _seller() -> Iterator[Finding]:
    unset = [
        name
        for name in ("BURSAR_SELLER_NAME", "BURSAR_SELLER_ADDRESS", "BURSAR_SELLER_VAT_ID")
        if not getattr(settings, name)
    ]
    if unset:
        is_danger = get_mode() is Mode.LIVE
        yield Finding(is_danger, f"{', '.join(unset)}: unset, so documents would not say who sells. Set all three.")
    if settings.BURSAR_LOGO and (sentence := why_not_use(settings.BURSAR_LOGO)):
        yield Finding(True, f"BURSAR_LOGO: {sentence} Documents bear the seller’s name instead.")
    if not settings.BURSAR_VIES:
        yield Finding(False, "BURSAR_VIES is off: no VAT id is confirmed, so businesses abroad pay VAT. Set it to yes.")


def _one_stop_shop() -> Iterator[Finding]:
    sold = get_sold(clock.now())
    if sold.is_to_warn:
        yield Finding(sold.reach is Reach.OVER, f"Sold elsewhere in the EU: {say_sold(sold)}. {say_what_follows(sold)}")


def _seals() -> Iterator[Finding]:
    places = settings.BURSAR_SEALS
    if not places:
        yield Finding(
            False,
            "BURSAR_SEALS is unset: no seal of the book leaves the database, so its owner could redo them all. "
            "Set it to mail, or to a folder elsewhere.",
        )
    for place in places:
        if place != MAIL and not os.access(place, os.W_OK | os.X_OK):
            yield Finding(True, f"BURSAR_SEALS names {place}, which is no folder that can be written from here.")


def _database() -> Iterator[Finding]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        is_super = cursor.fetchone()[0]
        cursor.execute(
            "SELECT tableowner = current_user FROM pg_tables "
            "WHERE tablename = 'audit_auditline' AND schemaname = 'public'"
        )
        owns = cursor.fetchone()[0]
        cursor.execute("SHOW fsync")
        fsync = cursor.fetchone()[0]
    if is_super:
        yield Finding(True, "The database role is a superuser: it can step round the book. Use a plain role.")
    elif owns:
        yield Finding(
            False,
            "The web role owns the book's tables. Migrate as their owner, serve as another role.",
        )
    if fsync != "on":
        yield Finding(True, "PostgreSQL runs without fsync: a power cut loses what was answered with “done”.")
    tried = MollieCustomer.objects.filter(mode=Mode.TEST, rules_since__isnull=False).count()
    if tried and get_mode() is Mode.LIVE:
        yield Finding(
            True,
            f"Accounts that pay in Mollie's test mode: {tried}. A live key knows none of them: try out elsewhere.",
        )
    if InstallationFact.objects.filter(name="demo").exists():
        yield Finding(True, "This database holds the demo company. Start with an empty one.")


def _people() -> Iterator[Finding]:
    leads = StaffMember.objects.filter(is_active=True, roles__rights__contains=[Right.MANAGE_STAFF.value]).distinct()
    if not leads:
        yield Finding(True, "Nobody can manage staff. Run “bursar staff add ADDRESS --role lead”.")
    elif len(leads) == 1:
        yield Finding(False, f"Only {leads[0]} can manage staff. A second lead helps when the first is away.")
    for user in User.objects.filter(email__in=[email for email, _ in SIGN_INS], is_active=True):
        if user.check_password(PASSWORD):
            yield Finding(True, f"{user.email} still has the demo's password.")
    lacking = [str(m) for m in StaffMember.objects.filter(is_active=True) if not has_second_factor(m.user_id)]
    if lacking and not settings.BURSAR_SECOND_FACTOR:
        yield Finding(False, f"Without a second factor: {', '.join(sorted(lacking)[:10])}.")


def _running() -> Iterator[Finding]:
    now = clock.now()
    if heartbeat.is_late(now, heartbeat.seen_at()):
        yield Finding(True, "No worker has reported for five minutes: notices and jobs wait. Start “bursar worker”.")
    seal = get_last_seal()
    if seal is None or now - seal.at > SEALED_WITHIN:
        yield Finding(False, "The book was not sealed for a day. The worker does it.")
    kept = InstallationFact.objects.filter(name=KEPT).values_list("value", flat=True).first()
    if seal and settings.BURSAR_SEALS and (kept is None or date.fromisoformat(kept) < (now - SEALED_WITHIN).date()):
        yield Finding(True, "No seal of the book has left the database since yesterday. The worker sends one a day.")
    failed = OutboxRow.objects.filter(state=OutboxState.FAILED).count()
    if failed:
        yield Finding(False, f"{failed} notices were given up after twelve tries. Look at their errors.")
