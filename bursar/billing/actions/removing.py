"""What the law asks to keep is kept, and no longer."""

from __future__ import annotations

from bursar.access.rights import By
from bursar.actions.registry import action
from bursar.actions.run import Act
from bursar.actions.spec import Case, Change, Cleaned, Company, Outcome, Reason
from bursar.billing.queries.removing import list_ended
from bursar.billing.store.removing import remove

AT_ONCE = 200


def _why_not(case: Case) -> str | None:
    return None if list_ended(case.now).exists() else "Every document is to be kept still."


@action(
    key="billing.company.remove_documents",
    on=Company,
    label="Remove documents",
    done="Documents removed: their retention ended",
    icon="file-x",
    help="Removes what issued documents say, and their files, once the law lets them go. Number, day, amounts and the "
    "digest of what they said stay, so that numbering and ledger can be proved.",
    when="Never by hand. Bursar does it by itself, a few hundred at a time, when a year of retention is over.",
    permission=By.CLOCK,
    reason=Reason.NONE,
    blocked=_why_not,
    takes_away=True,
    in_menu=False,
)
def remove_documents(act: Act, company: Company, data: Cleaned) -> Outcome:
    """No account is locked: what somebody holds at this moment is passed by, and goes in the next minute."""
    rows = list(list_ended(act.now).select_for_update(no_key=True, skip_locked=True)[:AT_ONCE])
    remove(rows, act.now)
    numbers = sorted(row.number for row in rows)
    said = f"{numbers[0]} to {numbers[-1]}" if rows else ""
    changes = [Change("Documents", "", f"{len(rows)} removed: {said}", private=True)] if rows else []
    return Outcome(f"{len(rows)} documents are removed.", changes)
