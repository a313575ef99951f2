"""Ways in which Mollie may fail, switched on for a number of requests or until they are cleared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bursar.mollie_sim.answers import Answer, ApiError

KINDS = {
    "down": "answers 503 and does nothing; `seconds` becomes its Retry-After",
    "limited": "answers 429; `seconds` becomes its Retry-After",
    "nonsense": "answers a web page instead of JSON, and does nothing",
    "garbled": "does it, and answers JSON with half of its fields missing",
    "lost": "does it, and answers 502 instead",
    "hanging": "does it, and answers after `seconds`",
    "slow": "waits `seconds`, then does it",
}


@dataclass
class Fault:
    """times: for how many requests; None until cleared. path: only those whose path holds it. method: GET, POST, …"""

    kind: str
    times: int | None = None
    seconds: float = 0
    path: str = ""
    method: str = ""

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"there is no fault “{self.kind}”; there are {', '.join(KINDS)}")

    def strikes(self, method: str, path: str) -> bool:
        return self.times != 0 and self.path in path and self.method in ("", method)


class Faults:
    def __init__(self) -> None:
        self.standing: list[Fault] = []

    def take(self, method: str, path: str) -> Fault | None:
        """The first that strikes this request, used once."""
        for fault in self.standing:
            if fault.strikes(method, path):
                if fault.times is not None:
                    fault.times -= 1
                return fault
        return None


def before(fault: Fault) -> Answer | None:
    """What is answered instead of doing it; None to go on."""
    if fault.kind == "down":
        error = ApiError(503, "Payment platform for this payment method temporarily not available")
    elif fault.kind == "limited":
        error = ApiError(429, "You have exceeded the rate limit. Please slow down your requests.")
    else:
        return None
    return Answer(error.status, error.body, {"Retry-After": f"{fault.seconds:g}"} if fault.seconds else {})


def after(fault: Fault, answer: Answer) -> Answer:
    """What is answered although it was done."""
    if fault.kind == "lost":
        return Answer(502, ApiError(502, "The service is temporarily unavailable").body)
    if fault.kind == "garbled" and answer.body:
        kept: dict[str, Any] = dict(list(answer.body.items())[::2])
        return Answer(answer.status, kept, answer.headers)
    return answer
