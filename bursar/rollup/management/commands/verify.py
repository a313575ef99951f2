from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from bursar.billing import verify as billing
from bursar.core import clock
from bursar.core.calendar import Month
from bursar.core.proofs import PROOFS
from bursar.rollup.refresh import refresh
from bursar.rollup.verify import list_differences
from bursar.tenants.models import BillingAccount


class Command(BaseCommand):
    help = "Recomputes every month from its sources, adds up invoices and their ledger; silent when all agrees"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.epilog = "Example: bursar verify --month 2026-10"
        parser.add_argument("--account", default="", help="only this account, by its public id")
        parser.add_argument("--month", default="", help="only this month, such as 2026-10")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            month = Month.parse(options["month"]) if options["month"] else None
        except ValueError as error:
            raise CommandError(str(error)) from None
        if options["account"] and not BillingAccount.objects.filter(public_id=options["account"]).exists():
            raise CommandError(f"There is no account {options['account']}.")
        now = clock.now()
        refresh(now, try_again=True)
        count = 0
        for difference in list_differences(now, account=options["account"], month=month, progress=self._progress):
            count += 1
            self.stdout.write(str(difference))
        proofs = [billing.list_faults, *PROOFS.values()] if month is None else []
        for prove in proofs:
            for fault in prove(options["account"]):
                count += 1
                self.stdout.write(fault)
        if count:
            raise CommandError(f"{count} differences.")

    def _progress(self, done: int, total: int) -> None:
        if self.stderr.isatty():
            self.stderr.write(f"\r{done:,} of {total:,} accounts", ending="\n" if done == total else "")
