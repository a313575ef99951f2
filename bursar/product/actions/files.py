"""The import from the panel: a file that went up first, taken by the worker."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.urls import reverse
from procrastinate.contrib.django import app

from bursar.access.actor import Actor
from bursar.access.rights import Right
from bursar.actions.registry import action
from bursar.actions.run import Act
from bursar.actions.spec import ActionForm, Change, Cleaned, Company, Outcome, Reason
from bursar.core.errors import NotFound
from bursar.files.csv import LINK_LIVES
from bursar.files.kinds import Upload, is_makers, kind
from bursar.files.models import File
from bursar.files.queries import get_file
from bursar.product.models import ImportRun

IMPORT_RIGHT = Right.MANAGE_STAFF


def _may_fetch(actor: Actor, file: File) -> bool:
    return is_makers(actor, file) and actor.can(IMPORT_RIGHT)


def _dialog(file: File) -> str:
    address = reverse("actions:dialog", args=["company", "company", "import_file"])
    return f"{address}?{urlencode({'file': file.public_id})}"


IMPORT = kind(
    "import",
    _may_fetch,
    LINK_LIVES,
    Upload(IMPORT_RIGHT, 50_000_000, (".ndjson", ".jsonl"), "application/x-ndjson", _dialog),
)


class ImportFile(ActionForm):
    file = forms.CharField(
        label="File", max_length=24, widget=forms.HiddenInput,
        help_text="The id of a file that you sent up (fil_…); it lives for a day.",
    )  # fmt: skip
    strict = forms.BooleanField(
        label="All or nothing", required=False, help_text="One bad line, and no line of the file is taken."
    )

    def clean_file(self) -> Any:
        try:
            return get_file(self.case.actor, self.cleaned_data["file"], self.case.now, IMPORT)
        except NotFound:
            raise forms.ValidationError("There is no such file of yours here any more. Send it up again.") from None


@action(
    key="product.company.import_file",
    on=Company,
    form=ImportFile,
    label="Import a file…",
    done="Import begun",
    icon="upload",
    help="The worker takes the file line by line: what is there already stays, what is new is added.",
    when=(
        "To bring in a past, or to mend it, without the operator's shell. It moves figures of closed months, and "
        "cannot be undone: try the file on a copy first. What changes from today on comes by the product's own pushes; "
        "what you decide yourself has a lever of its own."
    ),
    permission=IMPORT_RIGHT,
    reason=Reason.REQUIRED,
    stream="product",
    in_menu=False,
    danger=True,
)
def import_file(act: Act, company: Company, data: Cleaned) -> Outcome:
    file: File = data["file"]
    made = ImportRun.objects.create(
        file=file, file_name=file.name, is_strict=data["strict"], actor=act.actor.reference(), created_at=act.now
    )
    app.configure_task("product.import_file").defer(import_id=made.public_id)  # in this transaction
    changes = [Change("File", "", file.name), Change("Size", "", f"{file.length:,} bytes")]
    changes += [Change("SHA-256", "", file.sha256)]
    changes += [Change("Bad lines", "", "nothing is taken" if data["strict"] else "are left out")]
    return Outcome(f"“{file.name}” is imported by the worker.", changes, data={"import": made.public_id})
