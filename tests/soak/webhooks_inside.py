"""What the storm of webhooks does inside the Bursar that it storms: `python -m tests.soak.webhooks_inside WORD …`."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import django


def found(*refs: str) -> dict[str, str]:
    """An account for each, with an open checkout that the worker tells Mollie of. Their charges' public ids."""
    from django.db import transaction

    from bursar.core import clock
    from bursar.payments.store import calls
    from bursar.tenants.models import Organisation
    from tests.cast import bring_all, organisation, workspace
    from tests.payments import mirrored

    now, made = clock.now(), {}
    old = now - timedelta(days=100)
    bring_all(*[line for ref in refs for line in (*organisation(ref, ref, old), *workspace(ref, ref, "W", old))])
    for ref in refs:
        account = Organisation.objects.get(external_id=ref).accounts.get()
        with transaction.atomic():
            charge = mirrored.check_out(account)
            body = {"charge": charge.public_id, "sequence": "first", "mandate": ""}
            calls.put("payment.create", account, body, clock.now())
        made[ref] = charge.public_id
    return made


def bring(ref: str) -> None:
    """An account that asks for nothing yet."""
    from bursar.core import clock
    from tests.cast import bring_all, organisation, workspace

    old = clock.now() - timedelta(days=100)
    bring_all(*organisation(ref, ref, old), *workspace(ref, ref, "W", old))


def ids() -> dict[str, str]:
    """Mollie's id of each account's payment."""
    from bursar.payments.models import Payment

    rows = Payment.objects.filter(charge__isnull=False).values_list("account__organisation__external_id", "mollie_id")
    return dict(rows)


def rest() -> dict[str, int]:
    """What is still to be done."""
    from bursar.payments.models import Call, Payment
    from bursar.payments.store import hints

    return {
        "calls": Call.objects.filter(state__in=["waiting", "looking"]).count(),
        "refused": Call.objects.filter(state="refused").count(),
        "hints": hints.list_waiting().count(),
        "news": Payment.objects.filter(to_apply=True, account__isnull=False).count(),
    }


def tell() -> dict[str, Any]:
    """How each account stands, and what happened to it, without anything that differs by chance."""
    from bursar.audit.models import AuditLine
    from bursar.core import clock
    from bursar.payments.models import Charge, Payment, Subscription
    from bursar.plans.models import PaymentTerms
    from bursar.tenants.models import BillingAccount

    now, told = clock.now(), {}
    for account in BillingAccount.objects.select_related("organisation"):
        terms = PaymentTerms.objects.at(now).filter(account=account).first()
        lines = AuditLine.objects.filter(stream=account.public_id, key__startswith="payments.").order_by("id")
        subscriptions = Subscription.objects.filter(account=account)
        told[account.organisation.external_id] = {
            "payments": [
                [
                    one.status,
                    str(one.refunded),
                    str(one.charged_back),
                    one.applied_status,
                    str(one.applied_charged_back),
                ]
                for one in Payment.objects.filter(account=account)
            ],
            "charges": sorted(Charge.objects.filter(account=account).values_list("kind", "state")),
            "subscriptions": sorted(subscriptions.values_list("is_meant", "status", "ends_at_paid_end")),
            "terms": [terms.status, terms.cadence] if terms else [],
            "lines": list(lines.values_list("key", flat=True)),
        }
    return told


def wait_for_page(ref: str) -> float:
    """Seconds from the moment at which somebody asks to pay until Mollie's page is known, whatever else goes on."""
    import time

    from django.db import transaction

    from bursar.core import clock
    from bursar.payments.models import Charge
    from bursar.payments.store import calls
    from bursar.tenants.models import Organisation
    from tests.payments import mirrored

    account = Organisation.objects.get(external_id=ref).accounts.get()
    with transaction.atomic():
        charge = mirrored.check_out(account)
        body = {"charge": charge.public_id, "sequence": "first", "mandate": ""}
        calls.put("payment.create", account, body, clock.now(), is_awaited=True)
    began = time.monotonic()
    while not Charge.objects.filter(pk=charge.pk).exclude(checkout="").exists():
        assert time.monotonic() - began < 60
        time.sleep(0.02)
    return time.monotonic() - began


WORDS: dict[str, Callable[..., Any]] = {
    "found": found, "ids": ids, "rest": rest, "tell": tell, "bring": bring, "wait_for_page": wait_for_page,
}  # fmt: skip

if __name__ == "__main__":
    django.setup()
    sys.stdout.write(json.dumps(WORDS[sys.argv[1]](*sys.argv[2:])))
