"""The only pen of billing: details (`details`), documents under their numbers (`documents`), the ledger (`ledger`)."""

from bursar.billing.store.details import (
    WRITTEN_HERE,
    Asked,
    Details,
    accept,
    details_of,
    forget_mails,
    mark_silent,
    put_back,
    reword,
    set_details,
    take_answers,
    take_history,
)

__all__ = [
    "WRITTEN_HERE",
    "Asked",
    "Details",
    "accept",
    "details_of",
    "forget_mails",
    "mark_silent",
    "put_back",
    "reword",
    "set_details",
    "take_answers",
    "take_history",
]
