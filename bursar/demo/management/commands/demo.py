from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from bursar.billing.seller import seller_day
from bursar.core import clock
from bursar.demo import load, scale, scale_payments
from bursar.demo.statements import write_statements


class Command(BaseCommand):
    help = "Loads the demo company into an empty database; --accounts makes one of any size, inside the database"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.epilog = "Example: bursar demo --accounts 10000"
        parser.add_argument("--accounts", type=int, default=120, help="how many billing accounts (default 120)")
        parser.add_argument("--seed", type=int, default=2026, help="the same seed makes the same company")
        parser.add_argument("--if-empty", action="store_true", help="say nothing and do nothing when data is there")
        parser.add_argument("--events", type=int, default=20, help="usage events per workspace and month, at scale")
        parser.add_argument("--payments", type=int, default=0, help="how many payments through Mollie, at scale")

    def handle(self, *args: Any, **options: Any) -> None:
        if not 1 <= options["accounts"] <= 1_000_000:
            raise CommandError("Between 1 and 1,000,000 accounts.")
        if not load.is_empty() and not load.is_half_loaded():
            if options["if_empty"]:
                self._print_sign_ins()
                return
            raise CommandError("The database holds data already; the demo goes into an empty one only.")
        if options["accounts"] > 1000:
            scale.load(clock.now(), options["accounts"], options["events"], self._progress)
            if options["payments"]:
                scale_payments.load_payments(clock.now(), options["accounts"], options["payments"], self._progress)
        else:
            self.stdout.write("loading an invented company: most of a first start …")
            report = load.load(clock.now(), options["accounts"], options["seed"], self._progress)
            for number, why in sorted(report.bad.items()):
                raise CommandError(f"line {number} of the demo: {why}")
        self.stderr.write("")
        for path in write_statements(settings.BURSAR_VAR / "demo-statements", seller_day(clock.now())):
            self.stdout.write(f"a bank statement to upload: {path}")
        self._print_sign_ins()

    def _print_sign_ins(self) -> None:
        if not load.is_demo():
            return
        for email, words in load.SIGN_INS:
            self.stdout.write(f"{email:<26} {words}")
        self.stdout.write(f"password of all: {load.PASSWORD}")

    def _progress(self, what: str, done: int, total: int) -> None:
        if self.stderr.isatty():
            self.stderr.write(f"\r{what:<20} {done:>9,} of {total:,}   ", ending="")
