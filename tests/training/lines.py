"""Lines of the import format about trainings, as the tests and their cast tell them."""

from __future__ import annotations

from datetime import date
from typing import Any

from tests.cast import NOW

Line = dict[str, Any]
TODAY = NOW.date()


def training(title: str = "Facilitating", **more: Any) -> Line:
    """675 for up to 5, 60 for each more; since January."""
    terms = {"mode": "online", "price": "675.00", "included": 5, "extra": "60.00", "from": "2026-01-01T00:00:00Z"}
    return {"kind": "training", "title": title, **terms, **more}


def session(ref: str, state: str = "requested", org: str = "haarlem", **more: Any) -> Line:
    """Of Facilitating, asked for in September."""
    plans: dict[str, Line] = {
        "requested": {},
        "scheduled": {"starts_at": "2026-12-01T09:00:00Z", "minutes": 180},
        "completed": {"held_on": "2026-10-01", "roster": [{"person": "maud"}]},
        "cancelled": {"cancelled_at": "2026-10-01T12:00:00Z"},
    }
    asked = {"training": "Facilitating", "organisation": org, "state": state, "requested_at": "2026-09-01T08:00:00Z"}
    return {"kind": "training_session", "external_id": ref, **asked, **plans[state], **more}


def licence(ref: str, who: str = "maud", org: str = "haarlem", since: date | str = "2026-10-01", **more: Any) -> Line:
    """`who`: the id of a person, or an address with the name that the certificate says."""
    whose = {"email": who, "name": who.split("@")[0].capitalize()} if "@" in who else {"person": who}
    of = {"training": "Facilitating", "organisation": org, "valid_from": str(since)}
    return {"kind": "licence", "external_id": ref, **of, **whose, **more}
