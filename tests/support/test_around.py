"""What touches support access from elsewhere: the demo, erasing a person."""

from __future__ import annotations

from datetime import timedelta

from bursar.actions.run import run
from bursar.audit.models import AuditLine
from bursar.demo import support as demo
from bursar.support.models import SupportRequest, SupportSession, SupportSwitch
from bursar.tenants.models import Person
from tests.cast import NOW, Cast, bring_all, prove, sign_in
from tests.support.helpers import all_rows, ask, customer, join, pull


def test_the_demos_visits_are_made_once(cast: Cast) -> None:
    bring_all(
        {"kind": "staff", "email": "lead@agora.example", "name": "Lead", "role": "lead"},
        {"kind": "person", "external_id": "first", "name": "First", "email": demo.FIRST},
        {
            "kind": "organisation_member",
            "organisation": "haarlem",
            "person": "first",
            "role": "owner",
            "from": NOW - timedelta(days=30),
        },
    )
    demo.make_visits(NOW)
    made = all_rows()
    assert (
        SupportSwitch.objects.get().workspace == cast.klimaat and SupportSession.objects.get().staff.user.name == "Lead"
    )
    assert SupportRequest.objects.exists()
    demo.make_visits(NOW)
    assert all_rows() == made
    prove()


def test_erasing_a_person_keeps_the_history_and_not_the_name(cast: Cast) -> None:
    lotte = customer("lotte")
    pull(
        "deny",
        lotte,
        cast.panel,
        request=ask(cast.ties, cast.panel, "Lotte asked us").public_id,
        answer="Lotte is away",
    )
    pull("turn_on", lotte, cast.panel)
    join(cast.ties, cast.panel, "Lotte called")
    person = Person.objects.get(external_id="lotte")
    run(
        "product.person.erase",
        cast.iris,
        person.public_id,
        {"typed": "Lotte", "all_lines": True},
        reason="Asked for it",
    )
    asked, visit = SupportRequest.objects.get(), SupportSession.objects.get()
    assert (asked.note, asked.answer, visit.why) == (
        "Erased person asked us",
        "Erased person is away",
        "Erased person called",
    )
    assert AuditLine.objects.filter(key="support.workspace.turn_on").exists()
    page = sign_in("iris@agora.example").get(f"/panel/workspaces/{cast.panel.public_id}").content.decode()
    assert "turned on by" in page and "Lotte</a>" not in page
    prove()
