"""A customer's Training page: whose licences and sessions stand there, and what a plain member and a guest see."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from icalendar import Calendar

from bursar.access.models import User
from bursar.tenants.models import Person
from bursar.training.models import Licence, TrainingNeed, TrainingSession
from tests.cast import NOW, Cast, bring_all, person, seat, shown_by, sign_in
from tests.training.lines import licence, session, training

OLD = NOW - timedelta(days=100)


def page(who: str, address: str = "/training/") -> str:
    return shown_by(sign_in(f"{who}@client.example").get(address))


@pytest.fixture
def trained(cast: Cast) -> Cast:
    roster = [{"person": "maud"}, {"person": "ali"}]
    bring_all(
        training(),
        session("s-1", "completed", roster=roster),
        session("s-2", "scheduled", roster=roster[1:], place="Town hall"),
        session("s-3"),
        session("s-4", "scheduled", "oost", place="Their campus"),
        licence("l-1", session="s-1"),
        licence("l-2", "ali", session="s-1"),
        licence("l-3", "jan", "oost"),
        licence("l-4", "lotte", "samen", since="2024-03-01"),
    )
    return cast


def test_an_owner_sees_their_people_and_what_is_coming(trained: Cast) -> None:
    shown = page("maud")
    assert "Maud" in shown and "Ali" in shown and "Jan" not in shown and "Lotte" not in shown
    assert shown.count("Town hall") == 1 and "requested" in shown and "campus" not in shown
    assert "2 of 2 trained" in shown and "Request a training…" in shown
    for one in Licence.objects.filter(organisation=trained.haarlem.organisation):
        assert f"/training/licences/{one.public_id}/certificate?language=nl" in shown


def test_a_plain_member_sees_their_own_alone(trained: Cast) -> None:
    shown = page("ali")
    mine, maud = (Licence.objects.get(person__external_id=who).public_id for who in ("ali", "maud"))
    assert mine in shown and maud not in shown
    assert "Town hall" in shown and "requested" not in shown, "they take part in one, and ask for none"
    assert "Request a training" not in shown and "trained" not in shown.replace("must be trained", "")
    assert sign_in("ali@client.example").get(reverse("certificates:own", args=[maud])).status_code == 404


def test_who_runs_a_workspace_sees_whom_its_organisation_sent(trained: Cast) -> None:
    """Ali runs Noord alone; Jan sits there for Oost, and was sent by Oost."""
    bring_all(*person("eva", "Eva"), seat("noord", "eva", "member", OLD), seat("noord", "jan", "external", OLD),
              licence("l-5", "eva"), licence("l-6", "maud", since="2025-01-01"))  # fmt: skip
    shown = page("ali")
    assert "Eva" in shown and "Jan" not in shown and "Maud" not in shown


def test_what_is_over_has_no_certificate_to_show(trained: Cast) -> None:
    shown = page("lotte")
    assert "expired" in shown and "certificate?language" not in shown


def test_somebody_without_any_is_told_so(cast: Cast) -> None:
    assert "You hold no licence yet" in page("ali") and "None of your people holds a licence yet" in page("maud")
    User.objects.create_user("odd@client.example", "Odd")
    assert "No training is planned" in page("odd")


def test_the_calendar_file_says_what_holds_now_and_names_nobody(trained: Cast) -> None:
    mine = TrainingSession.objects.get(external_id="s-2")
    address = reverse("dashboard:training_calendar", args=[mine.public_id])
    answer = sign_in("ali@client.example").get(address)
    assert answer["Content-Type"].startswith("text/calendar")
    (event,) = Calendar.from_ical(answer.content.decode()).walk("VEVENT")
    assert (str(event["SUMMARY"]), str(event["LOCATION"])) == ("Facilitating", "Town hall")
    assert event.decoded("DTSTART") == mine.starts_at and "ATTENDEE" not in event
    for who, ref in (("lotte", "s-2"), ("maud", "s-4"), ("maud", "s-3")):
        other = reverse("dashboard:training_calendar", args=[TrainingSession.objects.get(external_id=ref).public_id])
        assert sign_in(f"{who}@client.example").get(other).status_code == 404, (who, ref)


def test_where_somebody_must_be_trained_the_pages_say_so(cast: Cast) -> None:
    TrainingNeed.objects.create(workspace=cast.klimaat, since=NOW)
    said, here = "Somebody must be trained", f"/workspaces/{cast.klimaat.public_id}"
    for who in ("maud", "ali"):
        assert said in page(who, "/") and said in page(who) and said in page(who, here)
    assert said not in page("maud", f"/workspaces/{cast.noord.public_id}") and said not in page("lotte", "/")
    bring_all(training(), licence("l-1", "ali"))
    assert said not in page("maud", "/") and said not in page("maud") and said not in page("maud", here)


def test_a_guest_is_not_told_what_the_house_lacks(cast: Cast) -> None:
    bring_all(*person("gast", "Gast"), seat("klimaat", "gast", "external", OLD))
    user = User.objects.create_user("gast@client.example", "Gast")
    Person.objects.filter(external_id="gast").update(user=user)
    TrainingNeed.objects.create(workspace=cast.klimaat, since=NOW)
    assert "must be trained" not in page("gast", f"/workspaces/{cast.klimaat.public_id}")


def test_the_page_asks_as_much_for_many_as_for_one(trained: Cast) -> None:
    client, asked = sign_in("maud@client.example"), []
    client.get("/training/")
    for count in (0, 60):
        bring_all(*(licence(f"m-{n}", f"p{n}@new.example") for n in range(count)))
        with CaptureQueriesContext(connection) as queries:
            shown = client.get("/training/")
        asked.append(len(queries))
    assert asked[0] == asked[1] and 'rel="next"' in shown.content.decode()
    assert "P59" in page("maud") or "P59" in page("maud", "/training/?licences=2")
