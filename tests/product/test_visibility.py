"""Staff command who finds a workspace; the product follows, and overrules it when it speaks later."""

from __future__ import annotations

from datetime import timedelta

from bursar.actions.run import run
from bursar.audit.models import AuditLine
from bursar.core import clock
from bursar.core.errors import Blocked, Forbidden, Invalid, Refused
from bursar.tenants.models import Workspace
from tests.cast import NOW, Cast, bring, bring_all, prove, refusal_of, shown_by, sign_in, workspace
from tests.requests.helpers import Product

KEY = "tenants.workspace.set_visibility"
HOUR = timedelta(hours=1)


def of(cast: Cast) -> Workspace:
    return Workspace.objects.get(pk=cast.panel.pk)


def say(product: Product, at: object, visibility: str, name: str = "Jeugdpanel") -> str:
    body = {"organisation": "samen", "name": name, "visibility": visibility, "changed_at": str(at)}
    result: str = product.put("workspaces/panel", body).json()["result"]
    return result


def test_it_holds_at_once_and_waits_for_the_product(cast: Cast) -> None:
    outcome = run(KEY, cast.iris, cast.panel.public_id, {"visibility": "private"}, reason="Their admin has left")
    assert outcome.sentence == "Jeugdpanel is private now."
    assert of(cast).visibility == "private" and of(cast).visibility_waits
    page = f"/panel/workspaces/{cast.panel.public_id}"
    assert "waiting for the product" in shown_by(sign_in("iris@agora.example").get(page))
    assert "Visibility changed" in shown_by(sign_in("lotte@client.example").get("/history/"))
    product = Product("push")
    assert say(product, NOW - HOUR, "open_to_organisation", "Jeugdraad") == "updated"
    assert (of(cast).visibility, of(cast).name) == ("private", "Jeugdraad"), "an older word does not undo it"
    with clock.frozen(NOW + HOUR):
        assert say(product, NOW + HOUR, "private", "Jeugdraad") == "unchanged"
        assert not of(cast).visibility_waits
        prove()


def test_a_newer_word_of_the_product_wins_and_is_written_down(cast: Cast) -> None:
    run(KEY, cast.iris, cast.panel.public_id, {"visibility": "private"}, reason="Asked for it")
    with clock.frozen(NOW + HOUR):
        assert say(Product("push"), NOW + HOUR, "invite_only") == "updated"
        line = AuditLine.objects.filter(key="product.company.push").latest("id")
        assert ("Overruled", "Jeugdpanel was made private by staff") in [
            (c["label"], c["before"]) for c in line.changes
        ]
        assert of(cast).visibility == "invite_only" and not of(cast).visibility_waits
        prove()


def test_a_file_does_not_undo_it(cast: Cast) -> None:
    run(KEY, cast.iris, cast.panel.public_id, {"visibility": "private"}, reason="Asked for it")
    [line] = workspace("panel", "samen", "Jeugdpanel", of(cast).created_at)
    report = bring({**line, "visibility": "open_to_organisation"})
    assert "staff have said here since" in str(report.bad) and of(cast).visibility == "private"
    bring_all(line)
    assert of(cast).visibility == "private", "what a line leaves out stays"


def test_who_may_not_and_what_is_no_change(cast: Cast) -> None:
    lines = AuditLine.objects.count()
    data = {"visibility": "private"}
    for actor in (cast.ties, cast.noor, cast.lotte):
        assert isinstance(refusal_of(KEY, actor, cast.panel.public_id, data, reason="x"), Forbidden)
    refusal = refusal_of(KEY, cast.iris, cast.panel.public_id, {"visibility": "open_to_organisation"}, reason="x")
    assert isinstance(refusal, Refused) and refusal.sentence == "It is open to organisation already."
    for odd in ({}, {"visibility": "secret"}):
        assert isinstance(refusal_of(KEY, cast.iris, cast.panel.public_id, odd, reason="x"), Invalid)
    Workspace.objects.filter(pk=cast.panel.pk).update(deleted_at=NOW)
    assert isinstance(refusal_of(KEY, cast.iris, cast.panel.public_id, data, reason="x"), Blocked)
    assert of(cast).visibility == "open_to_organisation" and AuditLine.objects.count() == lines


def test_it_is_taken_back(cast: Cast) -> None:
    outcome = run(KEY, cast.iris, cast.panel.public_id, {"visibility": "private"}, reason="Asked for it")
    assert outcome.undo is not None
    with clock.frozen(NOW + HOUR):
        run(KEY, cast.iris, cast.panel.public_id, outcome.undo.data, reason="A mistake", undoes=outcome.line_id)
        assert of(cast).visibility == "open_to_organisation"
        prove()
