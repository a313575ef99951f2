"""The way to Mollie, and the only one: `get_gateway().payments.get("tr_…")`.

Each method asks Mollie once and returns our own objects, or raises a MollieProblem that says whether the same call may
work later. What makes something takes a `StoredKey` that the caller wrote down before. Never inside an action's
transaction.
"""

from __future__ import annotations

from functools import cache

from django.conf import settings

from bursar.payments.errors import NotSetUp
from bursar.payments.gateway.caller import Caller
from bursar.payments.gateway.customers import Customers, Mandates
from bursar.payments.gateway.links import Links
from bursar.payments.gateway.payments import Payments
from bursar.payments.gateway.returned import Chargebacks, Refunds
from bursar.payments.gateway.settled import Methods, Settlements
from bursar.payments.gateway.subscriptions import Subscriptions
from bursar.payments.keys import Mode, mode_of_key


class Gateway:
    """What one key may reach. `token`: an access token, for settlements; Mollie does not show them to a key.

    patient: for jobs, which may wait; what a person waits for is tried once.
    """

    def __init__(self, url: str, key: str, token: str = "", *, patient: bool = False) -> None:
        self.mode = mode_of_key(key)
        caller = Caller(url, key, self.mode, patient=patient)
        self.customers = Customers(caller)
        self.mandates = Mandates(caller)
        self.payments = Payments(caller)
        self.subscriptions = Subscriptions(caller)
        self.links = Links(caller)
        self.refunds = Refunds(caller)
        self.chargebacks = Chargebacks(caller)
        self.methods = Methods(caller)
        self._settlements = Settlements(Caller(url, token, None, patient=patient)) if token else None

    @property
    def settlements(self) -> Settlements:
        """Raises NotSetUp without an access token."""
        if self._settlements is None:
            raise NotSetUp("Settlements need an access token of Mollie's: set BURSAR_MOLLIE_TOKEN.")
        return self._settlements


_gateway = cache(Gateway)  # one client a process: connections are kept
forget = _gateway.cache_clear


def get_gateway(*, patient: bool = False) -> Gateway:
    """Of the settings' key. Raises NotSetUp when there is none."""
    if not settings.BURSAR_MOLLIE_KEY:
        raise NotSetUp("Payments are not set up: there is no key of Mollie's (BURSAR_MOLLIE_KEY).")
    return _gateway(
        settings.BURSAR_MOLLIE_URL, settings.BURSAR_MOLLIE_KEY, settings.BURSAR_MOLLIE_TOKEN, patient=patient
    )


def get_mode() -> Mode | None:
    """Which of Mollie's worlds the key belongs to, for every page that deals with money. None without a key."""
    return mode_of_key(settings.BURSAR_MOLLIE_KEY) if settings.BURSAR_MOLLIE_KEY else None
