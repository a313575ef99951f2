from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from bursar.actions.cli import shell_actor
from bursar.core.calendar import midnight
from bursar.core.days import say_day
from bursar.core.errors import Refusal
from bursar.core.money import euros
from bursar.payments import making_up
from bursar.payments.gateway import get_gateway, get_mode
from bursar.payments.ids import IdKind, is_id
from bursar.payments.models import MollieCustomer, Subscription
from bursar.payments.sync import history, walks
from bursar.tenants.models import BillingAccount, Organisation

NAMED_AT_MOST = 20
MAKE = "make-invoices"


class Command(BaseCommand):
    help = (
        "Compares the mirror with Mollie, or takes a first history in: bursar payments sync. Makes invoices of charges "
        "up that were paid before Bursar made any: bursar payments make-invoices"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.epilog = "Example: bursar payments sync --from 2026-01-01 --customers customers.csv"
        parser.add_argument(
            "what", choices=["sync", MAKE], help="ask Mollie for what no webhook told, or make invoices up"
        )
        parser.add_argument(
            "--from",
            dest="since",
            type=date.fromisoformat,
            metavar="DAY",
            help="take a first history in, back to DAY; or: make up the invoices of what was paid from DAY on",
        )
        parser.add_argument(
            "--go", action="store_true", help="with make-invoices: issue them; without it they are only counted"
        )
        parser.add_argument(
            "--customers",
            type=Path,
            metavar="FILE",
            help="with --from: CSV with the columns customer (cst_…) and account (acc_…, or an organisation's own id)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["what"] == MAKE:
            self._make_up(options["since"], is_meant=options["go"])
            return
        if options["customers"] and not options["since"]:
            raise CommandError("--customers goes with --from.")
        try:
            gateway = get_gateway(patient=True)
            if options["since"] is None:
                walks.walk_all(gateway, self._tell)
                self._end("Compared with Mollie; what differs is looked at by the worker.")
                return
            given = dict(self._read(options["customers"])) if options["customers"] else {}
            taken = history.take_in(gateway, midnight(options["since"]), given, shell_actor(), self._tell)
        except Refusal as problem:
            raise CommandError(f"{problem} The same command goes on where this one stopped.") from None
        self._end(self._sum_up(gateway.mode.value))
        counted = taken.counted
        self.stdout.write(
            f"How {counted['worked_out']} accounts paid before was worked out; of {counted['told']} it was known."
        )
        if taken.others:
            self.stdout.write(
                f"{len(taken.others)} pay another amount at Mollie than they cost here; within a day it follows what "
                f"they cost here. Look at them first: {_some(taken.others)}."
            )
        if taken.free:
            self.stdout.write(
                f"{len(taken.free)} cost nothing here, though Mollie charges them, and were left alone. Bring their "
                f"tiers in, then run the same command again: {_some(taken.free)}."
            )

    def _make_up(self, since: date | None, *, is_meant: bool) -> None:
        """Raises CommandError without a key, or a day."""
        if since is None:
            raise CommandError("Say from which day of payment on: --from DAY.")
        if get_mode() is None:
            raise CommandError("Mollie's key is not set: which payments are meant?")
        found = making_up.count(since)
        self.stdout.write(
            f"{found.charges} charges paid from {say_day(since)} on have no invoice of Bursar's: {euros(found.gross)} "
            f"with VAT. {found.without_details} of them are of accounts without billing details: they wait for those."
        )
        if not is_meant:
            self.stdout.write(
                "Nothing was issued. The same with --go issues them, on today's day: it cannot be undone."
            )
            return
        made = making_up.make(since, lambda done: self._tell("invoices", done))
        self._end(f"{made.issued} were issued, {made.left} wait in To issue with the reason.")

    def _read(self, path: Path) -> Iterator[tuple[str, str]]:
        """Raises CommandError for a file that is not whole: nothing was asked of Mollie then."""
        try:
            with path.open(newline="", encoding="utf-8-sig") as source:
                for number, row in enumerate(csv.DictReader(source), start=2):
                    customer, account = (row.get("customer") or "").strip(), (row.get("account") or "").strip()
                    found = _find_account(account) if is_id(customer, IdKind.CUSTOMER) else None
                    if found is None:
                        raise CommandError(f"{path} line {number}: no such account, or no id of a customer at Mollie.")
                    yield customer, found
        except OSError as error:
            raise CommandError(f"{path} cannot be read: {error.strerror}.") from None
        except (UnicodeDecodeError, csv.Error) as error:
            raise CommandError(f"{path} is no CSV in UTF-8: {error}.") from None

    def _tell(self, name: str, seen: int) -> None:
        if self.stderr.isatty():
            self.stderr.write(f"\r{seen:>9,}  {name:<24}", ending="")

    def _end(self, sentence: str) -> None:
        if self.stderr.isatty():
            self.stderr.write("")
        self.stdout.write(sentence)

    def _sum_up(self, mode: str) -> str:
        customers = MollieCustomer.objects.filter(mode=mode)
        lost = list(customers.filter(account=None).order_by("mollie_id").values_list("mollie_id", flat=True))
        meant = Subscription.objects.filter(mode=mode, is_meant=True).count()
        said = f"{customers.count() - len(lost)} of {customers.count()} customers have an account here, {meant} of "
        said += "these accounts a subscription."
        return f"{said} Without an account: {_some(lost)}." if lost else said


def _some(names: list[str]) -> str:
    return ", ".join(names[:NAMED_AT_MOST]) + ("…" if len(names) > NAMED_AT_MOST else "")


def _find_account(name: str) -> str | None:
    """Its public id; that of the organisation's own account, by the product's id."""
    found = BillingAccount.objects.filter(public_id=name).first()
    if found is None and (organisation := Organisation.objects.filter(external_id=name).first()):
        pooled = BillingAccount.objects.filter(organisation=organisation, scope="organisation")
        found = pooled.first()
    return found.public_id if found else None
