"""The ledger as text, for the file: a row a line, the entries by their names."""

from __future__ import annotations

from collections.abc import Iterator

from bursar.core.money import plain
from bursar.partners.models import AccrualLine
from bursar.partners.rules.quarters import Quarter

CHUNK = 1000
COLUMNS = (
    "partner_id", "partner", "referral_id", "client_id", "client", "day", "what", "receipt", "net_eur", "share_eur",
    "owed_from", "quarter", "made_at",
)  # fmt: skip
FIELDS = (
    "entry__partner__public_id", "entry__partner__name", "entry__public_id", "entry__client__public_id",
    "entry__client__shown_label", "on", "kind", "key", "net", "amount", "payable_on", "made_at",
)  # fmt: skip


def batches(partner_id: str = "") -> Iterator[list[list[str]]]:
    """Every line by partner and client, in the order in which they were added; of one partner where it is named."""
    rows = AccrualLine.objects.filter(entry__partner__public_id=partner_id) if partner_id else AccrualLine.objects.all()
    rows = rows.order_by("entry__partner__sort_key", "entry__partner_id", "entry_id", "pk")
    found: list[list[str]] = []
    for *names, on, kind, key, net, amount, owed_from, made_at in rows.values_list(*FIELDS).iterator(chunk_size=CHUNK):
        days = [owed_from.isoformat(), str(Quarter.of(owed_from)), made_at.isoformat()]
        found.append([*names, on.isoformat(), kind, key, plain(net), plain(amount), *days])
        if len(found) == CHUNK:
            yield found
            found = []
    if found:
        yield found
