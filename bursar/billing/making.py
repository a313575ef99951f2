"""The files of a document: what speaks against them before it is issued, and the files themselves afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from bursar.billing.documents import checking, peppol
from bursar.billing.documents.document import Document
from bursar.billing.documents.pdf import Attachment, to_pdf, why_not_here
from bursar.billing.documents.ubl import Profile, to_ubl
from bursar.billing.logo import get_look

_NAMES = {
    Profile.EN16931: "EN 16931",
    Profile.PEPPOL: "Peppol BIS Billing 3",
    Profile.NLCIUS: "NLCIUS",
    Profile.SELF_BILLING: "Peppol BIS Self-Billing 3",
}


class Files(NamedTuple):
    """`e_invoice`: none where it was not wanted."""

    pdf: bytes
    e_invoice: bytes | None


def why_not_make(*, with_e_invoice: bool) -> str | None:
    """What is missing on this machine; None where documents can be made."""
    return why_not_here() or (checking.why_not_here() if with_e_invoice else None)


def get_ready() -> None:
    """An e-invoice is likely to be checked soon. Returns at once."""
    if why_not_make(with_e_invoice=True) is None:
        checking.get_ready()


def list_faults(document: Document, profile: Profile = Profile.PEPPOL) -> Sequence[str]:
    """Every rule of EN 16931 and of the network that its e-invoice would break, in words. Takes some 20 ms, the first
    time a second.
    """
    return peppol.why_not_for_network(document, profile) or checking.check(to_ubl(document, profile))


def make(document: Document, *, with_e_invoice: bool, profile: Profile = Profile.PEPPOL) -> Files:
    """From the frozen document and the logo alone: made again, they are the same."""
    if not with_e_invoice:
        return Files(to_pdf(document, look=get_look()), None)
    xml = to_ubl(document, profile)
    attached = Attachment(name_of(document, "xml"), xml, _NAMES[profile])
    return Files(to_pdf(document, look=get_look(), attachments=[attached]), xml)


def name_of(document: Document, suffix: str) -> str:
    """ "invoice-2026-000042.pdf" """
    return f"{document.kind.value.replace('_', '-')}-{document.number}.{suffix}"
