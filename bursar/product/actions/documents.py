"""What an access point, which hands e-invoices to the network, reports of them."""

from __future__ import annotations

from bursar.actions.registry import action
from bursar.actions.spec import Reason
from bursar.billing.actions.sending import HandoverForm, note_handover, why_no_e_invoice, why_nothing_new
from bursar.billing.models import Invoice
from bursar.product.models import Scope

REPORT = "product.invoice.report_handover"

action(
    key=REPORT,
    on=Invoice,
    form=HandoverForm,
    label="Report delivery of an e-invoice",
    done="Delivery of an e-invoice reported",
    icon="affiliate",
    help="How an e-invoice stands with the network, as its access point says: to hand in, handed in, refused and why.",
    when="Never by hand: a program reports it with a key of the scope “documents”. By hand it is noted at the invoice.",
    permission=Scope.DOCUMENTS,
    reason=Reason.NONE,
    blocked=why_no_e_invoice,
    refused=why_nothing_new,
    in_menu=False,
)(note_handover)
