"""VAT ids asked of VIES again: by the clock, and for whoever charges soon. Never inside a transaction."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import structlog

from bursar.access.actor import system
from bursar.actions.run import run
from bursar.billing import queries, store, vies
from bursar.billing.models import BillingDetails
from bursar.billing.rules import Answer
from bursar.core.errors import Refusal

log = structlog.get_logger()
AT_ONCE = 20  # three seconds each at most: one run takes a minute, and the next one goes on
SILENT_IN_A_ROW = 5


def ask_again(now: datetime, account_ids: Collection[int] | None = None) -> int:
    """Asks the ids whose last word is too old, of these accounts or of all: the oldest first, a few at a time.

    No answer leaves what was known, and is tried again hours later. Returns how many were asked.
    """
    if not vies.is_on():
        return 0
    asked = silent = 0
    for due in queries.list_to_ask(now, account_ids)[:AT_ONCE]:
        if silent == SILENT_IN_A_ROW:
            break  # the register itself is away, it seems
        word = vies.ask(due.vat_id)
        asked, silent = asked + 1, silent + 1 if word.answer == Answer.SILENT else 0
        try:
            _take(due, word, now)
        except Refusal as refusal:
            log.info("vies_answer_not_taken", account=due.account.public_id, why=refusal.sentence)
        except Exception:
            log.exception("vies_answer_failed", account=due.account.public_id)
    return asked


def _take(due: BillingDetails, word: vies.Word, now: datetime) -> None:
    """Silence is a mark and no action: nothing changed that anybody would look for in the book."""
    if word.answer == Answer.SILENT:
        store.mark_silent([due.pk], due.vat_id, now)
        log.info("vies_silent", account=due.account.public_id, why=word.why)
        return
    data = {"vat_id": due.vat_id, "answer": word.answer.value, "consultation": word.consultation}
    run("billing.account.note_vies_answer", system("vies"), due.account.public_id, data)
