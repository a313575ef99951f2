"""What the product is told of training sessions and licences."""

from __future__ import annotations

from bursar.actions.webhook_events import Event

_SESSION = {
    "session": "ses_4m7p2t9v1x5z8b3d",
    "person": "per-1",
    "organisation": "org-1",
    "training": "trn_0k3j9x7h2m5n8p4q",
    "title": "Online training",
    "mode": "online",
    "state": "scheduled",
    "starts_at": "2026-12-02T14:00:00+00:00",
    "minutes": 120,
    "place": "",
    "link": "https://meet.example/online",
}
_UNPLANNED = {"starts_at": None, "minutes": None, "link": ""}
_LICENCE = {
    "licence": "lic_5h2m8q0s4w7y1b6d",
    "person": "per-1",
    "organisation": "org-1",
    "training": "trn_3g9k2n6p0r4t8v1x",
    "title": "Online training",
    "valid_from": "2027-03-10",
    "last_day": "2028-03-10",
}
EVENTS = {
    "session.requested": Event(
        "A training is asked for, by a customer (`person`) or by staff for them (null).",
        {**_SESSION, **_UNPLANNED, "state": "requested"},
        (("Training", "", "Online training"),),
        of_account=False,
    ),
    "session.scheduled": Event(
        "A training has its day. `place` is words, `link` an address; either may be empty.",
        _SESSION,
        (("Planned", "", "2 December 2026, 15:00 CET, 120 minutes"),),
        of_account=False,
    ),
    "session.rescheduled": Event(
        "Another time, place or way of a training that is scheduled; what it says now holds.",
        _SESSION,
        (("Planned", "1 December 2026, 15:00 CET, 120 minutes", "2 December 2026, 15:00 CET, 120 minutes"),),
        of_account=False,
    ),
    "session.cancelled": Event(
        "A training is off.",
        {**_SESSION, "state": "cancelled"},
        (("State", "scheduled", "cancelled"),),
        of_account=False,
    ),
    "session.reopened": Event(
        "A cancelled training is asked for again, and waits for a new day.",
        {**_SESSION, **_UNPLANNED, "state": "requested"},
        (("State", "cancelled", "requested"),),
        of_account=False,
    ),
    "licence.granted": Event(
        "Somebody may work by a training from `valid_from` through `last_day`, days of the seller's that both count: "
        "granted, reinstated, or given other dates; what was known of this `licence` holds no more. `person` is null "
        "while the product has not named whoever has the address on the roster.",
        _LICENCE,
        (("Licence", "", "Online training, valid 10 March 2027 through 10 March 2028"),),
        of_account=False,
    ),
    "licence.expiring": Event(
        "A licence ends within the time of warning, and its holder has no later one of the same training.",
        _LICENCE,
        (("Licence", "", "Online training, ends on 10 March 2028"),),
        of_account=False,
    ),
    "licence.revoked": Event(
        "A licence was taken back: it does not hold from now on, whatever its last day.",
        _LICENCE,
        (("Licence", "Online training, active", "revoked"),),
        of_account=False,
    ),
}
