from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from bursar.actions.cli import shell_actor
from bursar.actions.run import run
from bursar.core.errors import Invalid, Refusal
from bursar.staff.models import StaffMember


class Command(BaseCommand):
    help = "Adds staff and lists them. `add` prints a link that signs the person in once"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.epilog = "Example: bursar staff add noor@agora.example --name Noor --role lead"
        what = parser.add_subparsers(dest="what", required=True)
        add = what.add_parser("add", help="give somebody a role and print a one-time sign-in link")
        add.add_argument("email")
        add.add_argument("--name", default="", help="as colleagues read it; default: the address")
        add.add_argument("--role", default="lead", help="auditor, staff, support, training, success, finance, …, lead")
        add.add_argument("--reason", default="", help="why; kept in the book")
        add.add_argument("--address", default=settings.BURSAR_ADDRESS, help="where this Bursar is served")
        what.add_parser("list", help="list staff with their roles")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["what"] == "list":
            for member in StaffMember.objects.select_related("user").prefetch_related("roles").order_by("user__email"):
                roles = ", ".join(role.name for role in member.roles.all())
                self.stdout.write(f"{member.user.email}  {roles}{'' if member.is_active else '  (inactive)'}")
            return
        data = {"email": options["email"], "name": options["name"] or options["email"], "role": options["role"]}
        try:
            outcome = run("staff.company.add", shell_actor(), "company", data, reason=options["reason"])
        except Invalid as refusal:
            faults = "; ".join(" ".join(texts) for texts in refusal.fields.values())
            raise CommandError(faults or refusal.sentence) from None
        except Refusal as refusal:
            raise CommandError(refusal.sentence) from None
        self.stdout.write(outcome.sentence)
        self.stdout.write(f"Sign in once, within 24 hours: {options['address'].rstrip('/')}{outcome.secret}")
