"""Webhooks: when they leave, in which disorder, and what becomes of those that nobody takes."""

from __future__ import annotations

import heapq
import hmac
import json
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import count
from random import Random

import httpx

from bursar.mollie_sim.config import Config

WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 2, 4, 8, 16, 29, 60, 120, 22 * 60))
"""Between the ten tries; the last is 26 hours after the first."""

SECONDS_TO_ANSWER = 15
LOG_KEPT = 10_000


@dataclass(frozen=True)
class Parcel:
    """One POST, as it goes out."""

    url: str
    body: bytes
    headers: dict[str, str]


@dataclass
class Delivery:
    """answers: the status of each try, 0 where none came. payment_id and about: what it tells of."""

    number: int
    payment_id: str
    about: str
    parcel: Parcel
    due_at: datetime
    answers: list[int] = field(default_factory=list)

    @property
    def is_taken(self) -> bool:
        return bool(self.answers) and self.answers[-1] == 200


Send = Callable[[Parcel], int]


class Sender:
    """Over HTTP. Raises nothing: 0 stands for no answer."""

    def __init__(self) -> None:
        self._client = httpx.Client(timeout=SECONDS_TO_ANSWER, trust_env=False, follow_redirects=False)

    def __call__(self, parcel: Parcel) -> int:
        try:
            return self._client.post(parcel.url, content=parcel.body, headers=parcel.headers).status_code
        except httpx.HTTPError:
            return 0


class Post:
    """What waits to leave. Whoever calls holds the world's lock, except while `send` is under way."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self._numbers = count(1)
        self._waiting: list[tuple[datetime, int, Delivery]] = []
        self.lost: list[Delivery] = []
        self.log: deque[Delivery] = deque(maxlen=LOG_KEPT)

    def add(self, payment_id: str, about: str, parcel: Parcel, now: datetime, config: Config) -> None:
        for _ in range(2 if self.random.random() < config.twice else 1):
            wait = config.delay + self.random.random() * config.jitter
            delivery = Delivery(next(self._numbers), payment_id, about, parcel, now + timedelta(seconds=wait))
            if self.random.random() < config.lost:
                self.lost.append(delivery)
            else:
                self._wait(delivery)

    def again(self, delivery: Delivery) -> None:
        """One of an earlier run; later ones are numbered after it."""
        self._numbers = count(max(delivery.number + 1, next(self._numbers)))
        self._wait(delivery)

    def _wait(self, delivery: Delivery) -> None:
        heapq.heappush(self._waiting, (delivery.due_at, delivery.number, delivery))

    @property
    def waiting(self) -> list[Delivery]:
        """In the order in which they are due."""
        return [delivery for _, _, delivery in sorted(self._waiting)]

    @property
    def next_at(self) -> datetime | None:
        return self._waiting[0][0] if self._waiting else None

    def take_due(self, now: datetime, config: Config) -> list[Delivery]:
        if config.held:
            return []
        due = []
        while self._waiting and self._waiting[0][0] <= now:
            due.append(heapq.heappop(self._waiting)[2])
        if config.shuffled:
            self.random.shuffle(due)
        return due

    def note(self, delivery: Delivery, status: int) -> None:
        """What came back. Tried again later, ten times in all, unless it was 200."""
        delivery.answers.append(status)
        tries = len(delivery.answers)
        if delivery.is_taken or tries > len(WAITS):
            self.log.append(delivery)
            return
        delivery.due_at += WAITS[tries - 1]
        self._wait(delivery)


def classic(url: str, payment_id: str) -> Parcel:
    """Only the id, and no signature: whoever receives it has to ask."""
    headers = {"User-Agent": "Mollie HTTP client/1.0", "Content-Type": "application/x-www-form-urlencoded"}
    return Parcel(url, f"id={payment_id}".encode(), headers)


def signed(url: str, secret: str, event: dict[str, object]) -> Parcel:
    """One event of the newer kind, with its signature."""
    body = json.dumps(event).encode()
    signature = hmac.new(secret.encode(), body, sha256).hexdigest()
    headers = {"Content-Type": "application/json", "X-Mollie-Signature": f"sha256={signature}"}
    return Parcel(url, body, {"User-Agent": "Mollie HTTP client/1.0", **headers})
