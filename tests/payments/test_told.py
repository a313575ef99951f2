"""What Bursar does by itself, as people read it."""

from __future__ import annotations

from django.core import mail

from bursar.actions.dialog import foresee
from bursar.actions.registry import ACTIONS
from bursar.actions.run import run
from bursar.actions.spec import Case
from bursar.audit.models import AuditLine
from bursar.audit.queries import lines
from bursar.core import clock
from bursar.core.money import SIGN
from bursar.panel import book
from bursar.tenants.models import Workspace
from tests.cast import shown_by, sign_in
from tests.notifications.telling import carry_out
from tests.payments.buying import Buyer
from tests.payments.test_levers import buyer

__all__ = ["buyer"]
HELD = f"{SIGN}\N{NO-BREAK SPACE}"


def test_its_sentence_stands_by_itself(buyer: Buyer) -> None:
    """In the customer's history, in the mail and in the book's file: without a label of its own."""
    buyer.buy()
    carry_out()
    line = AuditLine.objects.filter(key__startswith="payments.account.", changes__0__label="").latest("id")
    sentence = line.changes[0]["after"]
    assert sentence.endswith(".") and len(line.changes) > 1
    page = shown_by(sign_in("lotte@client.example").get("/history/"))
    assert f'<div class="change"> <span class="dim"></span> {sentence} </div>' in page
    [letter] = [one for one in mail.outbox if sentence in one.body]
    assert f"\n  {sentence}\n" in letter.body
    raw = str(letter.alternatives[0][0])  # type: ignore[attr-defined]  # of an EmailMultiAlternatives
    assert HELD in raw and HELD not in letter.body, "an amount stays with its sign, in HTML alone"
    html = " ".join(raw.split())
    assert f'<td colspan="2" style="padding:1px 0"> {sentence}</td>' in html
    [[cells]] = list(book.batches(lines().filter(pk=line.pk)))
    assert any(cell.startswith(f"{sentence}; ") for cell in cells)


def test_a_cancelled_plan_of_no_workspace_takes_none_to_free(buyer: Buyer) -> None:
    buyer.buy()
    assert "every paid workspace falls to Free" in foresee_cancel(buyer)
    Workspace.objects.filter(account=buyer.account).update(deleted_at=clock.now())
    said = foresee_cancel(buyer)
    assert "every paid workspace" not in said and "No workspace is on a paid plan any more" in said


def foresee_cancel(buyer: Buyer) -> str:
    case = Case(buyer.cast.iris, buyer.account, clock.now())
    return " ".join(foresee(ACTIONS["payments.account.cancel_subscription"], case, {})["will"])


def test_managed_billing_of_no_paid_workspace_ends_without_a_fall(buyer: Buyer) -> None:
    cast = buyer.cast
    run("plans.account.set_managed", cast.ties, cast.samen.public_id, {"cadence": "yearly"}, reason="By invoice")
    key = "plans.account.set_self_serve"
    told = foresee(ACTIONS[key], Case(cast.ties, cast.samen, clock.now()), {"keep_until": "2027-02-28"})
    assert not [words for words in told["will"] if "Free" in words]
    assert run(key, cast.ties, cast.samen.public_id, {}, reason="They leave").sentence.endswith("is self-serve again.")
