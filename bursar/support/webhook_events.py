"""What the product is told of support access: requests, visits, the switch."""

from __future__ import annotations

from bursar.actions.webhook_events import Event

_REQUESTED = {
    "request": "srq_4m7p2t9v1x5z8b3d",
    "staff": "stf_0k3j9x7h2m5n8p4q",
    "state": "pending",
    "answer_until": "2026-12-01T14:02:11+00:00",
    "use_until": None,
}
_WHY = ("Why", "", "The transcripts of last week do not open.")
_VISIT = {
    "session": "ssn_4m7p2t9v1x5z8b3d",
    "staff": "stf_0k3j9x7h2m5n8p4q",
    "until": "2026-11-25T14:02:11+00:00",
}
_UNTIL = "25 November 2026, 14:02 UTC"


def _closed(state: str, help: str) -> Event:
    """A request that nobody comes in by."""
    return Event(help, {**_REQUESTED, "state": state}, (("Request", "waiting for an answer", state),))


EVENTS = {
    "support.requested": Event(
        "A colleague asks to be let into a workspace once; its admins can answer until `answer_until`.",
        _REQUESTED,
        (_WHY, ("To be answered by", "", "1 December 2026, 14:02 UTC")),
    ),
    "support.approved": Event(
        "The customer lets in whoever asked, once, until `use_until`. They are not in before `support.joined` says so.",
        {**_REQUESTED, "state": "approved", "use_until": "2026-12-01T15:00:00+00:00"},
        (("Request", "waiting for an answer", "approved"), ("To come in by", "", "1 December 2026, 15:00 UTC")),
    ),
    "support.denied": _closed("denied", "The customer does not let in whoever asked."),
    "support.withdrawn": _closed("withdrawn", "Whoever asked takes it back."),
    "support.unanswered": _closed(
        "unanswered", "The time to answer is over; nobody can approve this request any more."
    ),
    "support.joined": Event(
        "A colleague is in a workspace as its admin until `until`. Ask `GET "
        "/support/workspaces/{workspace}/staff/{staff}` at each access: it is true at once, also where this message "
        "comes late. They are no member and no seat.",
        _VISIT,
        (_WHY, ("Until", "", _UNTIL)),
    ),
    "support.extended": Event(
        "A colleague stays longer, until `until`.",
        _VISIT,
        (("Until", "25 November 2026, 10:00 UTC", _UNTIL), _WHY),
    ),
    "support.left": Event(
        "A colleague left, at `until`.",
        _VISIT,
        (("Visit", f"until {_UNTIL}", "left"),),
    ),
    "support.ended": Event(
        "A visit ended at `until`: `end` is ended (the customer did it) or over (its time ran out). Let them in no "
        "more.",
        {**_VISIT, "end": "ended"},
        (("Visit", f"until {_UNTIL}", "ended"),),
    ),
    "support.turned_on": Event(
        "A workspace's admin lets support in without asking, until `until`; null: until somebody turns it off.",
        {"until": "2026-12-25T00:00:00+00:00", "last_day": "2026-12-24"},
        (("Support access", "off", "on until 24 December 2026"),),
    ),
    "support.turned_off": Event(
        "Support may not come in any more, and whoever was in is out: each has a `support.ended` of their own. "
        "`by_itself`: its time ran out.",
        {"by_itself": False},
        (("Support access", "on until 24 December 2026", "off"),),
    ),
}
