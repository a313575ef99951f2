"""What touches requests from elsewhere: the demo, erasing a person."""

from __future__ import annotations

from bursar.actions.run import run
from bursar.audit.models import AuditLine
from bursar.demo.requests import make_requests
from bursar.requests.models import UpgradeRequest
from bursar.tenants.models import Person
from tests.cast import NOW, Cast, prove, sign_in
from tests.requests.helpers import ask


def test_the_demos_requests_are_made_once(cast: Cast) -> None:
    make_requests(NOW)
    made = UpgradeRequest.objects.get()
    lines = AuditLine.objects.count()
    make_requests(NOW)
    assert UpgradeRequest.objects.get().public_id == made.public_id and AuditLine.objects.count() == lines
    prove()


def test_erasing_a_person_blanks_what_they_wrote(cast: Cast) -> None:
    made = ask("lotte", cast.panel, message="Call me, Lotte, at home.")
    person = Person.objects.get(external_id="lotte")
    run("product.person.erase", cast.iris, person.public_id, {"typed": "Lotte"}, reason="Asked for it")
    made.refresh_from_db()
    assert made.message == "" and made.is_pending
    iris = sign_in("iris@agora.example")
    for address in ("/panel/requests/", f"/panel/requests/{made.public_id}", "/panel/book/"):
        page = iris.get(address).content.decode()
        assert "Lotte" not in page, address
    prove()
