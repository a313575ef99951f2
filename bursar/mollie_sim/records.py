"""The whole world as JSON and back: to keep it between two runs, and to load a history from outside.

A record has the fields of its class in `objects.py`. What one thing knows of another it knows by id; lists of things
are made again. What is still to come is planned again.
"""

from __future__ import annotations

from dataclasses import fields
from datetime import date, datetime
from decimal import Decimal
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

from bursar.mollie_sim import objects
from bursar.mollie_sim.answers import Json
from bursar.mollie_sim.charging import plan
from bursar.mollie_sim.objects import Money
from bursar.mollie_sim.outcomes import plan_mandate, plan_payment
from bursar.mollie_sim.returned import plan_refund
from bursar.mollie_sim.schedule import Interval
from bursar.mollie_sim.world import World

KINDS: dict[str, type] = {
    "customers": objects.Customer,
    "mandates": objects.Mandate,
    "subscriptions": objects.Subscription,
    "links": objects.Link,
    "settlements": objects.Settlement,
    "payments": objects.Payment,
    "refunds": objects.Refund,
    "chargebacks": objects.Chargeback,
}
"""Each after those that it names."""

_THINGS = frozenset(KINDS.values())


def dump(world: World) -> Json:
    """Records by kind, oldest first."""
    return {kind: [_write(one) for one in getattr(world, kind).values()] for kind in KINDS}


def load(world: World, records: Json) -> None:
    """Adds all of them, or none. Raises ValueError, naming the record, for what cannot be read or is there already."""
    for kind in records:
        if kind not in KINDS:
            raise ValueError(f"there is no “{kind}”; there are {', '.join(KINDS)}")
    made = {kind: {one["id"]: _read(kind, one) for one in records.get(kind, [])} for kind in KINDS}
    for kind, things in made.items():
        taken = things.keys() & getattr(world, kind).keys()
        if taken:
            raise ValueError(f"{min(taken)} is there already")
    _check_names(world, made)
    for kind, things in made.items():
        getattr(world, kind).update(things)
    for things in made.values():
        for one in things.values():
            _join(world, one)
            _plan(world, one)


_NAMES = {
    "customer_id": "customers",
    "mandate_id": "mandates",
    "subscription_id": "subscriptions",
    "link_id": "links",
    "settlement_id": "settlements",
    "payment_id": "payments",
}
"""Which field names what."""


def _check_names(world: World, made: dict[str, dict[str, Any]]) -> None:
    for things in made.values():
        for one in things.values():
            for name, kind in _NAMES.items():
                id = getattr(one, name, None)
                if id and id not in made[kind] and id not in getattr(world, kind):
                    raise ValueError(f"{one.id}: there is no {id}")


def _join(world: World, one: Any) -> None:
    """Into the lists of those that it names."""
    lists = {objects.Mandate: "mandates", objects.Subscription: "subscriptions", objects.Payment: "payments"}
    lists |= {objects.Refund: "refunds", objects.Chargeback: "chargebacks"}
    own = lists.get(type(one))
    for name, kind in _NAMES.items():
        id = getattr(one, name, None)
        owner = getattr(world, kind)[id] if id else None
        if own and hasattr(owner, own):
            getattr(owner, own).append(one)


def _plan(world: World, one: Any) -> None:
    if isinstance(one, objects.Payment):
        plan_payment(world, one)
    elif isinstance(one, objects.Mandate):
        plan_mandate(world, one)
    elif isinstance(one, objects.Refund):
        plan_refund(world, one)
    elif isinstance(one, objects.Subscription) and one.status in ("active", "pending"):
        plan(world, one)


def _hints(kind: type[Any]) -> dict[str, Any]:
    hints = get_type_hints(kind)
    return {one.name: hints[one.name] for one in fields(kind) if not set(get_args(hints[one.name])) & _THINGS}


_TYPES = {kind: _hints(kind) for kind in KINDS.values()}
"""Of the fields that are written: all but lists of things."""


def _write(one: Any) -> Json:
    return {name: _plain(getattr(one, name)) for name in _TYPES[type(one)]}


def _plain(value: Any) -> Any:
    if isinstance(value, Money):
        return {"value": f"{value.value:.2f}", "currency": value.currency}
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Interval):
        return str(value)
    return list(value) if isinstance(value, tuple) else value


def _read(kind: str, record: Json) -> Any:
    types = _TYPES[KINDS[kind]]
    try:
        values = {name: _typed(types[name], value) for name, value in record.items()}
        return KINDS[kind](**values)
    except KeyError as error:
        raise ValueError(f"{kind} {record.get('id')}: there is no field {error}") from None
    except (TypeError, ValueError, ArithmeticError) as error:
        raise ValueError(f"{kind} {record.get('id')}: {error}") from None


def _typed(hint: Any, value: Any) -> Any:
    """Raises ValueError, TypeError or ArithmeticError for what is not of this type."""
    if get_origin(hint) is UnionType:
        if value is None and NoneType in get_args(hint):
            return None
        [hint] = [one for one in get_args(hint) if one is not NoneType]
    if hint is Money:
        return Money(Decimal(value["value"]), value["currency"])
    if hint in (datetime, date):
        return hint.fromisoformat(value)
    if hint is Interval:
        return Interval.parse(value)
    if get_origin(hint) is tuple:
        return tuple(value)
    if hint is not Any and not isinstance(value, get_origin(hint) or hint):
        raise ValueError(f"“{value}” is no {hint}")
    return value
