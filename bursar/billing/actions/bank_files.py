"""Bank statements: uploaded by somebody, read by the system, and booked by it where a reference leaves no doubt."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.urls import reverse
from procrastinate.contrib.django import app

from bursar.access.actor import Actor, ActorKind
from bursar.access.rights import By, Right
from bursar.actions.registry import Target, action, register_target
from bursar.actions.run import Act
from bursar.actions.spec import ActionForm, Case, Change, Cleaned, Company, Outcome, Reason
from bursar.billing.actions.bank_money import book_shares
from bursar.billing.bank import BadStatement, read_statements
from bursar.billing.bank.reading import MOST_BYTES
from bursar.billing.models import BankFile, BankLine, BankSuggestion
from bursar.billing.queries import bank
from bursar.billing.queries.bank import Part
from bursar.billing.rules.bank_lines import DecisionKind, FileState, LineState
from bursar.billing.rules.matching import Ground
from bursar.billing.store import bank as pen
from bursar.core.days import say_day
from bursar.core.errors import NotFound, Refused
from bursar.core.ids import is_public_id
from bursar.files import store as files
from bursar.files.csv import LINK_LIVES
from bursar.files.kinds import Upload, is_makers, kind
from bursar.files.models import File
from bursar.files.queries import get_file, read
from bursar.tenants.store import lock_accounts

BANK_RIGHT = Right.APPROVE_REFUND
READ = "billing.bank_file.read"
BOOK = "billing.bank_file.book_lines"
JOB = "billing.read_statement"
MOST_FILES = 50
MOST_LINES = 200
GONE = "The file is gone: what is uploaded waits for a day. Upload it again."


def _dialog(file: File) -> str:
    address = reverse("actions:dialog", args=["company", "company", "upload_statements"])
    return f"{address}?{urlencode({'uploads': file.public_id})}"


def _is_uploaders(actor: Actor, file: File) -> bool:
    """Whoever sent it up; from the shell nobody has a name here."""
    is_theirs = is_makers(actor, file) or (file.made_by_id is None and actor.kind is ActorKind.OPERATOR)
    return is_theirs and actor.can(BANK_RIGHT)


UPLOAD = kind(
    "bank-upload",
    _is_uploaders,
    LINK_LIVES,
    Upload(
        BANK_RIGHT, MOST_BYTES, (".xml", ".zip", ".940", ".mt940", ".sta", ".swi", ".txt"),
        "application/octet-stream", _dialog,
    ),
)  # fmt: skip
KEPT = kind("bank-statement", lambda actor, file: actor.can(BANK_RIGHT), None)

register_target(
    Target(
        slug="bank_file",
        model=BankFile,
        label="bank statement",
        fetch=bank.get_file,
        accounts=lambda file: [],
        lock=lock_accounts,
        stream=lambda file: "system",
        touches=lambda file: [file.public_id],
    )
)


class UploadForm(ActionForm):
    uploads = forms.CharField(
        label="Files", max_length=30 * MOST_FILES, widget=forms.HiddenInput,
        help_text="Ids of files that you sent up (fil_…), with commas between; they live for a day.",
    )  # fmt: skip

    def clean_uploads(self) -> list[File]:
        ids = list(dict.fromkeys(part.strip() for part in self.cleaned_data["uploads"].split(",")))
        if len(ids) > MOST_FILES or not all(map(is_public_id, ids)):
            raise forms.ValidationError(f"These are one to {MOST_FILES} ids of files, with commas between.")
        try:
            return [get_file(self.case.actor, one, self.case.now, UPLOAD) for one in ids]
        except NotFound:
            raise forms.ValidationError("There is no such file of yours here any more. Send it up again.") from None


def _split(uploads: Iterable[File]) -> tuple[list[File], list[str]]:
    """Those that nobody uploaded before, each once; and a sentence for each of the others."""
    fresh: dict[str, File] = {}
    known = []
    for upload in uploads:
        same = bank.find_same(upload.sha256)
        if same is not None:
            known.append(f"“{upload.name}” was uploaded on {say_day(same.created_at)}: nothing is new.")
        elif upload.sha256 in fresh:
            known.append(f"“{upload.name}” is the same as “{fresh[upload.sha256]}”.")
        else:
            fresh[upload.sha256] = upload
    return list(fresh.values()), known


def _why_nothing_new(case: Case, data: Cleaned) -> str | None:
    fresh, known = _split(data["uploads"])
    return None if fresh else " ".join(known)


def _foresee(case: Case, data: Cleaned) -> list[str]:
    return ["What bears a reference that leaves no doubt is booked by itself."]


@action(
    key="billing.company.upload_statements",
    on=Company,
    form=UploadForm,
    label="Upload bank statements…",
    done="Bank statements uploaded",
    icon="building-bank",
    help="Reads statements of the bank (CAMT.053, MT940, or a zip of either): what names an invoice by its reference, "
    "with the amount that is open, is booked by itself; everything else waits under Payments, Bank.",
    when="As often as the bank gives statements. The same file, or the same line in another file, changes nothing.",
    permission=BANK_RIGHT,
    reason=Reason.NONE,
    refused=_why_nothing_new,
    preview=_foresee,
    stream="staff",
    in_menu=False,
)
def upload_statements(act: Act, company: Company, data: Cleaned) -> Outcome:
    pen.hold()
    fresh, known = _split(data["uploads"])
    if not fresh:
        raise Refused(" ".join(known))
    made = [pen.begin(upload, act.actor.reference(), act.now) for upload in fresh]
    for one in made:
        app.configure_task(JOB).defer(file_id=one.public_id)  # in this transaction
    changes = [Change("File", "", f"{one.name}, SHA-256 {one.sha256}") for one in made]
    sentence = f"The worker reads {', '.join(f'“{one}”' for one in made)}."
    ids = [one.public_id for one in made]
    return Outcome(" ".join([sentence, *known]), changes, data={"files": ids, "known": known}, touches=ids)


def _why_not_read(case: Case) -> str | None:
    file: BankFile = case.target
    return None if file.state == FileState.READING else "It was read before."


@action(
    key=READ,
    on=BankFile,
    label="Bank statement read",
    done="Bank statement read",
    icon="building-bank",
    help="Takes the lines of an uploaded statement that nobody had uploaded before, or refuses the file with a reason.",
    when="It happens by itself after an upload; there is nothing to do by hand.",
    permission=By.CLOCK,
    reason=Reason.NONE,
    blocked=_why_not_read,
    in_menu=False,
)
def read_file(act: Act, file: BankFile, data: Cleaned) -> Outcome:
    upload = file.upload
    if upload is None:
        raise Refused(GONE)
    content = b"".join(read(upload))
    try:
        statements = read_statements(content)
    except BadStatement as fault:
        raise Refused(fault.sentence) from fault
    with files.writing(KEPT, upload.media_type) as writer:
        writer.write(content)
    kept = files.finish(writer.written, act.actor, act.now, name=file.name, owner_id=file.public_id)
    pen.hold()
    added = pen.add(file, statements)
    pen.keep(file, kept, added)
    changes = [Change(label, "", f"{count:,}") for label, count in (
        ("Statements", added.statements), ("Lines", added.lines), ("Lines that are new", added.fresh)
    )]  # fmt: skip
    return Outcome(f"“{file}” holds {added.lines:,} lines, {added.fresh:,} of them new.", changes, data=vars(added))


def _list_ids(data: Mapping[str, Any]) -> list[str]:
    return [one for one in str(data.get("lines", "")).split() if is_public_id(one)][:MOST_LINES]


class LinesForm(ActionForm):
    lines = forms.CharField(label="Lines", max_length=30 * MOST_LINES, help_text="Ids of lines, with blanks between.")


@action(
    key=BOOK,
    on=BankFile,
    form=LinesForm,
    label="Bank lines booked",
    done="Bank lines booked by themselves",
    icon="building-bank",
    help="Books lines whose reference, with a valid checksum, is of one invoice with just that amount open.",
    when="It happens by itself after an upload; there is nothing to do by hand. Each is undone under Payments, Bank.",
    permission=By.CLOCK,
    reason=Reason.NONE,
    locks=lambda case, data: bank.list_certain_accounts(_list_ids(data)),
    calls=("billing.invoice.book_bank_money",),
    in_menu=False,
)
def book_lines(act: Act, file: BankFile, data: Cleaned) -> Outcome:
    keys = BankLine.objects.filter(public_id__in=_list_ids(data)).values_list("pk", flat=True)
    certain = list(_list_certain(pen.take_lines(keys)))
    book_shares(act, pen.decide(certain, DecisionKind.ITSELF, act.now))
    pen.note_booked(file.pk, len(certain))
    changes = [Change("Lines booked", "", f"{len(certain):,}")]
    return Outcome(f"{len(certain):,} lines of “{file}” are booked.", changes, data={"booked": len(certain)})


def _list_certain(lines: list[BankLine]) -> Iterator[tuple[BankLine, list[Part]]]:
    """Asked again under the lock: what has changed since waits for somebody."""
    firsts = {pk: some[0] for pk, some in bank.load_suggestions(lines).items()}
    parts = bank.load_parts(firsts.values())
    taken: set[int] = set()
    for line in lines:
        found = firsts.get(line.pk)
        may_book = line.state == LineState.WAITING and not line.is_by_hand and line.statement.is_proved
        if found is None or not may_book or not is_certain(found, parts[found.pk]) or taken & set(found.invoices):
            continue
        taken |= set(found.invoices)
        yield line, parts[found.pk]


def is_certain(found: BankSuggestion, parts: list[Part]) -> bool:
    """Each part by a reference, and all that is open of one invoice."""
    by_reference = found.ground in (Ground.REFERENCE.value, Ground.TEXT_REFERENCE.value)
    return by_reference and all(part.invoice is not None and part.invoice.open == part.amount for part in parts)
