"""What colleagues noted at an entry about somebody who is erased."""

from __future__ import annotations

from bursar.actions.run import run
from bursar.tenants.models import Person
from tests.cast import NOW, Cast
from tests.partners.helpers import refer


def test_a_name_in_the_notes_goes_with_its_person(cast: Cast) -> None:
    entry = refer(cast, cast.oost, NOW.date(), notes="Jan brought them")
    jan = Person.objects.get(external_id="jan").public_id
    run("product.person.erase", cast.iris, jan, {"typed": "Jan", "all_lines": True}, reason="They asked")
    entry.refresh_from_db()
    assert entry.notes == "Erased person brought them"
