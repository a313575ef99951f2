"""The invoice that we write in a partner's name, as UBL: checked before it is issued, downloaded, and mailed."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.core import mail as django_mail
from django.core.mail import EmailMultiAlternatives

from bursar.actions.run import run
from bursar.billing.documents.checking import check
from bursar.billing.documents.document import read_document
from bursar.billing.documents.ubl import Profile, to_ubl
from bursar.billing.store import Details, set_details
from bursar.core.calendar import midnight
from bursar.core.errors import Blocked, Refused
from bursar.partners.models import ReferralEntry, SelfBillingSeries, Settlement
from bursar.partners.verify import list_faults
from tests.billing.documents.reading import list_differences, read
from tests.billing.documents.samples import credit_note
from tests.billing.test_proposing import seller
from tests.cast import NOW, Cast, refusal_of, shown_by, sign_in
from tests.notifications.telling import carry_out
from tests.partners.helpers import account_of, look, refer
from tests.payments import ledger as rows

__all__ = ["seller"]
ACCEPT = "billing.account.accept_vat_id"
SELF = "partners.organisation.settle_by_self_billing"
AGAIN = "partners.organisation.send_self_billing_again"
ASKED = {"quarter": "2026-Q3", "agreed": True, "e_invoice": True}
DUTCH = Details(
    "Bureau B.V.", "Lindenlaan 4", "2011 RD", "Haarlem", "NL", vat_id="NL123456782B90", language="nl",
    legal_id="12345678", peppol_id="0106:12345678", mails=("office@client.example",),
)  # fmt: skip
FAMILY = "urn:fdc:peppol.eu:2017:poacc:selfbilling"


@pytest.fixture
def owed(cast: Cast, seller: Any) -> ReferralEntry:
    """Bureau is owed 10.00 of the third quarter."""
    seller.BURSAR_SELLER_PEPPOL_ID = "0106:12345678"
    entry: ReferralEntry = refer(cast, cast.haarlem, date(2026, 7, 1))
    day = date(2026, 8, 1)
    rows.payment(cast.haarlem, midnight(day), owed=rows.charge(cast.haarlem, day), method="ideal")
    look(entry)
    return entry


def detail(cast: Cast, entry: ReferralEntry, details: Details) -> None:
    """Its id is accepted by hand, in our own country too, where no VAT changes by that."""
    own = account_of(entry.partner)
    set_details({own.pk: details}, NOW)
    run(ACCEPT, cast.iris, own.public_id, {"consultation": "WAPI1"}, reason="The register says so")


def test_it_is_made_checked_downloaded_and_mailed(cast: Cast, owed: ReferralEntry) -> None:
    detail(cast, owed, DUTCH)
    run(SELF, cast.iris, owed.partner.public_id, ASKED, reason="They agreed")
    row = Settlement.objects.get()
    assert row.says is not None and row.has_e_invoice
    document = read_document(row.says)
    ties = sign_in("ties@agora.example")
    address = f"/panel/partners/{owed.partner.public_id}/self-billing/2026-Q3"
    xml = ties.get(f"{address}/e-invoice").content
    assert check(xml) == [] and list_differences(xml, document) == []
    assert read(xml, "cbc:CustomizationID") == [f"urn:cen.eu:en16931:2017#compliant#{FAMILY}:3.0"]
    assert read(xml, "cbc:ProfileID") == [f"{FAMILY}:01:1.0"]
    assert read(xml, "cbc:InvoiceTypeCode") == ["389"] and read(xml, "cbc:ID") == ["SB2026-000001"]
    party = "cac:Party/cac:PartyLegalEntity/cbc:RegistrationName"
    assert read(xml, f"cac:AccountingSupplierParty/{party}") == ["Bureau B.V."]
    assert read(xml, f"cac:AccountingCustomerParty/{party}") == ["Agora Voices B.V."]
    assert read(xml, "cac:PaymentMeans/cbc:PaymentMeansCode") == ["57"]
    assert f"{address}/e-invoice" in ties.get(f"/panel/partners/{owed.partner.public_id}").content.decode()
    assert "Self-billing invoice SB2026-000001" in ties.get("/panel/deliveries/?state=waiting").content.decode()
    for _ in range(2):  # its files, then the mail with them
        carry_out()
    [letter] = [one for one in django_mail.outbox if isinstance(one, EmailMultiAlternatives) and one.attachments]
    assert letter.to == ["office@client.example"] and "SB2026-000001" in letter.subject and "namens u" in letter.body
    assert [one[0] for one in letter.attachments] == ["invoice-SB2026-000001.pdf", "invoice-SB2026-000001.xml"]
    assert letter.attachments[1][1] in (xml, xml.decode())
    assert list(list_faults()) == []


def letters() -> list[EmailMultiAlternatives]:
    for _ in range(2):  # its files, then the mail with them
        carry_out()
    return [one for one in django_mail.outbox if isinstance(one, EmailMultiAlternatives) and one.attachments]


def test_it_is_sent_again_as_it_was_and_where_it_went_nowhere(cast: Cast, owed: ReferralEntry) -> None:
    partner = owed.partner.public_id
    assert isinstance(refusal_of(AGAIN, cast.iris, partner, {"quarter": "2026-Q3", "to": ""}, reason="x"), Blocked)
    detail(cast, owed, DUTCH)
    run(SELF, cast.iris, partner, ASKED, reason="They agreed")
    [first] = letters()
    ties = sign_in("ties@agora.example")
    again = f"/panel/actions/organisation/{partner}/send_self_billing_again?quarter=2026-Q3"
    assert f'href="{again}"' in ties.get(f"/panel/partners/{partner}").content.decode()
    dialog = shown_by(ties.get(again))
    assert "office@client.example" in dialog and "SB2026-000001" in dialog and "namens u" in dialog
    run(AGAIN, cast.ties, partner, {"quarter": "2026-Q3", "to": ""})
    run(AGAIN, cast.ties, partner, {"quarter": "2026-Q3", "to": "books@client.example"})
    _, second, third = letters()
    assert (second.to, third.to) == (["office@client.example"], ["books@client.example"])
    for one in (second, third):
        assert (one.subject, one.body) == (first.subject, first.body)
        assert [each[:2] for each in one.attachments] == [each[:2] for each in first.attachments]
    assert Settlement.objects.count() == 1, "sent again, not issued again"
    set_details({account_of(owed.partner).pk: Details(**{**DUTCH.__dict__, "mails": ()})}, NOW)
    refusal = refusal_of(AGAIN, cast.ties, partner, {"quarter": "2026-Q3", "to": ""})
    assert isinstance(refusal, Refused) and "no address for documents" in refusal.sentence


def test_what_breaks_a_rule_is_refused_and_leaves_no_gap(cast: Cast, owed: ReferralEntry) -> None:
    detail(cast, owed, Details(**{**DUTCH.__dict__, "peppol_id": "", "legal_id": ""}))
    refusal = refusal_of(SELF, cast.iris, owed.partner.public_id, ASKED, reason="x")
    assert isinstance(refusal, Refused)
    for words in ("The seller has no Peppol id", "The seller's KvK number or OIN is missing"):
        assert words in refusal.sentence
    assert not Settlement.objects.exists() and not SelfBillingSeries.objects.exists()
    run(SELF, cast.iris, owed.partner.public_id, {**ASKED, "e_invoice": False}, reason="They agreed")
    address = f"/panel/partners/{owed.partner.public_id}/self-billing/2026-Q3"
    ties = sign_in("ties@agora.example")
    assert (ties.get(address).status_code, ties.get(f"{address}/e-invoice").status_code) == (200, 404)


def test_a_credit_note_by_the_buyer_has_a_code_of_its_own() -> None:
    xml = to_ubl(credit_note(), Profile.SELF_BILLING)
    assert read(xml, "cbc:CreditNoteTypeCode") == ["261"] and check(xml) == []
