"""The closed registry of what we ask Mollie to do, by the names of `CallOp`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bursar.core.registry import Registry
from bursar.payments.errors import MollieProblem, RefusedThere
from bursar.payments.gateway import Gateway
from bursar.payments.models import Call, MollieCustomer
from bursar.payments.states import CallOp

Op = Callable[[Gateway, Call], str]
"""Does it and mirrors the answer. Returns Mollie's id of what it concerns; raises MollieProblem."""

OPS: Registry[Op] = Registry("call to Mollie")


def op(name: CallOp) -> Callable[[Op], Op]:
    def register(function: Op) -> Op:
        return OPS.add(name.value, function)

    return register


def get_customer_of(call: Call) -> MollieCustomer:
    """Raises RefusedThere when it was never made: Mollie refused that before."""
    found = MollieCustomer.objects.filter(account=call.account, mode=call.mode).first()
    if found is None:
        raise RefusedThere("Mollie has no customer for this account, because it refused to make one.")
    return found


def metadata_of(call: Call, **more: str) -> dict[str, Any]:
    """What each thing bears that we make: by it we know it again."""
    account = call.account.public_id if call.account else ""
    return {"bursar": call.public_id, "account": account, **more}


def refuse(sentence: str) -> MollieProblem:
    return RefusedThere(sentence)
