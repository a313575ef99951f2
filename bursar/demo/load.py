"""Loads the demo company through the import door, and makes its sign-ins."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

from django.db import transaction

from bursar.access.actor import system
from bursar.access.models import User
from bursar.core import clock
from bursar.core.models import InstallationFact
from bursar.demo import trainings, triage
from bursar.demo.company import Company, Line, staff
from bursar.demo.invoices import make_invoices
from bursar.demo.mollie import tell_simulator
from bursar.demo.partners import make_partners
from bursar.demo.payments import make_payments
from bursar.demo.requests import make_requests
from bursar.demo.support import make_visits
from bursar.product.importing import Report, import_lines
from bursar.tenants.models import Organisation, Person
from bursar.tenants.store import people

PASSWORD = "bursar-demo-2026"
SIGN_INS = [
    ("lead@agora.example", "a lead"),
    ("staff@agora.example", "base staff"),
    ("sam@agora.example", "finance, who decides on refunds"),
    ("admin@client.example", "a customer's owner"),
    ("billing@client.example", "the same customer's billing person"),
    ("member@client.example", "a plain member there"),
    ("external@client.example", "a guest there, from outside"),
    ("partner@client.example", "a partner's owner"),
    ("guest@client.example", "a customer without any role"),
    ("newcomer@agora.example", "a colleague whose account is not set up as staff"),
]
NAMES = {"guest@client.example": "Robin Kok", "newcomer@agora.example": "Jip Postma"}
"""Of those who are neither staff nor a customer's people."""


def is_empty() -> bool:
    return not Organisation.objects.exists()


def is_demo() -> bool:
    return InstallationFact.objects.filter(name="demo").exists()


def is_half_loaded() -> bool:
    """A load was killed half-way: it can be repeated, because the same lines change nothing."""
    return InstallationFact.objects.filter(name="demo", value="loading").exists()


def load(
    now: datetime, accounts: int = 120, seed: int = 2026, progress: Callable[[str, int, int], None] | None = None
) -> Report:
    """Fills an empty database. Killed half-way and called again, it takes up where it was."""
    InstallationFact.objects.get_or_create(name="demo", defaults={"value": "loading"})
    started, _ = InstallationFact.objects.get_or_create(name="demo_now", defaults={"value": now.isoformat()})
    now = datetime.fromisoformat(started.value)
    report = import_lines(_encoded(Company(accounts, seed, now).lines()), system("demo"), progress=progress)
    if not report.bad:
        make_requests(now)
        make_visits(now)
        tell_simulator(make_payments(now))
        make_invoices(now)
        import_lines(_encoded(trainings.lines(now)), system("demo"))
        trainings.follow_up(now)
        make_partners(now)
    make_sign_ins()
    triage.triage_some(clock.now())
    triage.chase_some(clock.now())
    return report


def load_staff() -> None:
    import_lines(_encoded(staff()), system("demo"))


def _encoded(lines: Iterable[Line]) -> Iterator[bytes]:
    for line in lines:
        yield json.dumps(line, default=_iso).encode()


def _iso(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"A line holds a {type(value).__name__}.")


@transaction.atomic
def make_sign_ins() -> None:
    InstallationFact.objects.update_or_create(name="demo", defaults={"value": "yes"})
    for email, words in SIGN_INS:
        person = Person.objects.filter(email=email).first()
        name = person.name if person else NAMES.get(email, words.capitalize())
        user, _ = User.objects.get_or_create(email=email, defaults={"name": name})
        user.set_password(PASSWORD)
        user.save()
        people.connect(Person.objects.filter(email=email).values_list("pk", flat=True), user)
