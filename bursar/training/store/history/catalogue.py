"""The catalogue as files tell it: by title, each price from its own instant on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from django.db.models import Q

from bursar.audit.queries import list_settled
from bursar.audit.rules import why_not_overrule
from bursar.training.models import Training, TrainingPrice, TrainingSession
from bursar.training.store.catalogue import Kind, Terms


class Offer(NamedTuple):
    """One line: what the training is, and what it costs from `start` on."""

    kind: Kind
    terms: Terms
    start: datetime
    retired_at: datetime | None


def take_trainings(offers: Sequence[Offer]) -> dict[int, str]:
    """What staff changed in the panel stays; of the lines about one title the last says what it is."""
    known = {row.title: row for row in Training.objects.filter(title__in=[offer.kind.title for offer in offers])}
    settled, refused = list_settled(known.values()), {}
    for place, offer in enumerate(offers):
        row = known.get(offer.kind.title)
        if row is not None and row.public_id in settled:
            if why := why_not_overrule(_otherwise(row, offer)):
                refused[place] = why
            continue
        known[offer.kind.title] = row = _put(row, offer)
        _put_price(row, offer)
    return refused


def _otherwise(row: Training, offer: Offer) -> list[str]:
    names = [name for name, value in offer.kind._asdict().items() if getattr(row, name) != value]
    names += ["retired_at"] if row.retired_at != offer.retired_at else []
    stands = TrainingPrice.objects.filter(training=row, valid_from=offer.start, **offer.terms._asdict())
    return names if stands.exists() else [*names, "price"]


def _put(row: Training | None, offer: Offer) -> Training:
    values = {**offer.kind._asdict(), "retired_at": offer.retired_at}
    if row is None:
        return Training.objects.create(**values, created_at=offer.start)
    values["created_at"] = min(row.created_at, offer.start)
    for name, value in values.items():
        setattr(row, name, value)
    row.save()
    return row


def _put_price(row: Training, offer: Offer) -> None:
    """A price that began then is corrected where it stands, because sessions point to it."""
    prices = TrainingPrice.objects.filter(training=row)
    if prices.filter(valid_from=offer.start).update(**offer.terms._asdict()):
        return
    following = prices.filter(valid_from__gt=offer.start).order_by("valid_from").first()
    reaching = Q(valid_until=None) | Q(valid_until__gt=offer.start)
    prices.filter(reaching, valid_from__lt=offer.start).update(valid_until=offer.start)
    ends = following.valid_from if following else None
    made = TrainingPrice.objects.create(training=row, valid_from=offer.start, valid_until=ends, **offer.terms._asdict())
    _give_to_sessions(made, is_first=not prices.filter(valid_from__lt=offer.start).exists())


def _give_to_sessions(price: TrainingPrice, *, is_first: bool) -> None:
    """Sessions that a file told before it told this price have it too, unless somebody here saw to them since."""
    asked = TrainingSession.objects.filter(training=price.training).exclude(external_id=None)
    asked = asked.filter(requested_at__lt=price.valid_until) if price.valid_until else asked
    asked = asked if is_first else asked.filter(requested_at__gte=price.valid_from)
    rows = list(asked)
    settled = list_settled(rows)
    TrainingSession.objects.filter(pk__in=[one.pk for one in rows if one.public_id not in settled]).update(price=price)
