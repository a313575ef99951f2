"""Which endpoint answers what under /v2."""

from __future__ import annotations

from collections.abc import Callable

from bursar.mollie_sim import links, payments, people, returned, settlements, subscriptions
from bursar.mollie_sim.answers import Answer
from bursar.mollie_sim.call import Call

Endpoint = Callable[[Call], Answer]
Route = tuple[str, str, Endpoint]

_CUSTOMER = "/customers/<customer>"
_MANDATE = f"{_CUSTOMER}/mandates/<mandate>"
_SUBSCRIPTION = f"{_CUSTOMER}/subscriptions/<subscription>"
_PAYMENT = "/payments/<payment>"
_REFUND = f"{_PAYMENT}/refunds/<refund>"
_LINK = "/payment-links/<link>"
_SETTLEMENT = "/settlements/<settlement>"

API: list[Route] = [
    ("POST", "/customers", people.create_customer),
    ("GET", "/customers", people.list_customers),
    ("GET", _CUSTOMER, people.get_customer),
    ("PATCH", _CUSTOMER, people.update_customer),
    ("DELETE", _CUSTOMER, people.delete_customer),
    ("POST", f"{_CUSTOMER}/payments", payments.create_payment),
    ("GET", f"{_CUSTOMER}/payments", people.list_customer_payments),
    ("POST", f"{_CUSTOMER}/mandates", people.create_mandate),
    ("GET", f"{_CUSTOMER}/mandates", people.list_mandates),
    ("GET", _MANDATE, people.get_mandate),
    ("DELETE", _MANDATE, people.revoke_mandate),
    ("POST", f"{_CUSTOMER}/subscriptions", subscriptions.create_subscription),
    ("GET", f"{_CUSTOMER}/subscriptions", subscriptions.list_customer_subscriptions),
    ("GET", _SUBSCRIPTION, subscriptions.get_subscription),
    ("PATCH", _SUBSCRIPTION, subscriptions.update_subscription),
    ("DELETE", _SUBSCRIPTION, subscriptions.cancel_subscription),
    ("GET", f"{_SUBSCRIPTION}/payments", subscriptions.list_subscription_payments),
    ("GET", "/subscriptions", subscriptions.list_subscriptions),
    ("POST", "/payments", payments.create_payment),
    ("GET", "/payments", payments.list_payments),
    ("GET", _PAYMENT, payments.get_payment),
    ("PATCH", _PAYMENT, payments.update_payment),
    ("DELETE", _PAYMENT, payments.cancel_payment),
    ("GET", "/methods", payments.list_of_methods),
    ("GET", "/methods/<method>", payments.get_method),
    ("POST", f"{_PAYMENT}/refunds", returned.create_refund),
    ("GET", f"{_PAYMENT}/refunds", returned.list_payment_refunds),
    ("GET", _REFUND, returned.get_refund),
    ("DELETE", _REFUND, returned.cancel_refund),
    ("GET", "/refunds", returned.list_refunds),
    ("GET", f"{_PAYMENT}/chargebacks", returned.list_payment_chargebacks),
    ("GET", f"{_PAYMENT}/chargebacks/<chargeback>", returned.get_chargeback),
    ("GET", "/chargebacks", returned.list_chargebacks),
    ("POST", "/payment-links", links.create_link),
    ("GET", "/payment-links", links.list_links),
    ("GET", _LINK, links.get_link),
    ("PATCH", _LINK, links.update_link),
    ("DELETE", _LINK, links.delete_link),
    ("GET", f"{_LINK}/payments", links.list_link_payments),
    ("GET", "/settlements", settlements.list_settlements),
    ("GET", _SETTLEMENT, settlements.get_settlement),
    ("GET", f"{_SETTLEMENT}/payments", settlements.list_settlement_payments),
    ("GET", f"{_SETTLEMENT}/refunds", settlements.list_settlement_refunds),
    ("GET", f"{_SETTLEMENT}/chargebacks", settlements.list_settlement_chargebacks),
]
