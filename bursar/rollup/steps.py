"""Work on all accounts in steps: each a short transaction on accounts that nobody else works on just then.

So no page, action or event waits for longer than one step takes, and a step that is killed is done again.
"""

from __future__ import annotations

import enum
import time
from collections.abc import Callable
from functools import partial

from django.db import connection

from bursar.core.retry import retry_deadlocks

PAUSE, PATIENCE = 0.02, 50  # seconds; how many of them before it is asked to wait for what is busy


class Went(enum.Enum):
    """How a step went. BUSY: somebody else works on all that is left."""

    ON = "on"
    BUSY = "busy"
    DONE = "done"


def go(step: Callable[[bool], Went]) -> None:
    """Step by step to the end. `step` is told whether to wait in the database, where a deadlock is seen as one."""
    pauses = 0
    while (went := retry_deadlocks(partial(step, pauses > PATIENCE))) is not Went.DONE:
        pauses = pauses + 1 if went is Went.BUSY else 0
        if went is Went.BUSY:
            time.sleep(PAUSE)


def hold_free(account_ids: list[int], *, wait: bool) -> list[int]:
    """Locks those accounts that nobody works on just now; where there is none, and with `wait`, the first one."""
    lock = "SELECT id FROM tenants_billingaccount WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE"
    with connection.cursor() as cursor:
        cursor.execute(f"{lock} SKIP LOCKED", [account_ids])
        held = [pk for (pk,) in cursor.fetchall()]
        if account_ids and not held and wait:
            cursor.execute(lock, [account_ids[:1]])
            held = [pk for (pk,) in cursor.fetchall()]
    return held
