from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from bursar.actions.cli import shell_actor
from bursar.actions.run import run
from bursar.billing import banking
from bursar.billing.actions.bank_files import UPLOAD
from bursar.billing.bank.reading import MOST_BYTES
from bursar.billing.models import BankFile
from bursar.billing.queries import bank
from bursar.billing.rules.bank_lines import FileState
from bursar.core import clock
from bursar.core.errors import Refusal
from bursar.files.store import take_up


class Command(BaseCommand):
    help = "Reads bank statements (CAMT.053, MT940, zip), books what is certain, and says what came of each"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.epilog = "Example: bursar bank docs/examples/bank/november-1.xml"
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE")

    def handle(self, *args: Any, **options: Any) -> None:
        failed = [path for path in options["files"] if not self._take(path)]
        for gap in bank.list_gaps():
            self.stdout.write(f"{gap.account}: {gap.sentence}")
        if failed:
            raise CommandError(f"{len(failed)} of {len(options['files'])} files were not taken.")

    def _take(self, path: Path) -> bool:
        """Whether it was read; one that was known before, too."""
        try:
            if path.stat().st_size > MOST_BYTES:
                self.stderr.write(f"{path.name}: larger than {MOST_BYTES // 1_000_000} MB.")
                return False
            content = path.read_bytes()
        except OSError as error:
            self.stderr.write(f"{path.name} cannot be read: {error.strerror}.")
            return False
        return self._read(path.name, content)

    def _read(self, name: str, content: bytes) -> bool:
        who = shell_actor()
        upload = take_up(UPLOAD, who, name[:120], [content], clock.now())
        same = bank.find_same(upload.sha256)
        try:
            known = same or self._begin(run("billing.company.upload_statements", who, "company",
                                            {"uploads": upload.public_id}).data["files"][0])  # fmt: skip
        except Refusal as refusal:
            self.stderr.write(f"{name}: {refusal.sentence}")
            return False
        banking.carry_out(known.public_id)
        known.refresh_from_db()
        return self._say(name, known, is_known=same is not None)

    @staticmethod
    def _begin(file_id: str) -> BankFile:
        return BankFile.objects.get(public_id=file_id)

    def _say(self, name: str, file: BankFile, *, is_known: bool) -> bool:
        if file.state == FileState.REFUSED:
            self.stderr.write(f"{name}: {file.problem}")
            return False
        words = "nothing new" if is_known else f"{file.fresh:,} new, {file.booked:,} booked by themselves"
        self.stdout.write(f"{name}: {file.lines:,} lines, {words}.")
        for remark in bank.load_remarks([file]).get(file.pk, []):
            self.stdout.write(f"  {remark}")
        return True
