"""What the product is told of payments and subscriptions."""

from __future__ import annotations

from bursar.actions.webhook_events import Event

_CHARGE = {
    "charge": "chg_0k3j5n7p9r2t4v6x",
    "kind": "first",
    "tier": "changemaker",
    "cadence": "yearly",
    "seats": 3,
    "net_eur": "2700.00",
    "gross_eur": "3267.00",
}
EVENTS = {
    "subscription.pending": Event(
        "A first payment is with the bank. Nothing is bought yet. Amounts of payments are EUR with VAT.",
        {"amount_eur": "3267.00", "tier": "changemaker"},
        (("Payment", "none", "pending"),),
    ),
    "subscription.started": Event(
        "A first payment arrived: the tier holds now, is paid until `paid_until`, and renews by itself. `tiers`: "
        "which workspaces rose.",
        {
            "amount_eur": "3267.00",
            "paid_until": "2027-11-24T00:00:00+00:00",
            "last_day": "2027-11-23",
            "tier": "changemaker",
            "cadence": "yearly",
            "tiers": [{"workspace": "ws-1", "tier_before": "free", "tier": "changemaker"}],
        },
        (("Payment", "pending", "active"), ("Paid until", "", "23 November 2027"), ("Plan", "", "Changemaker, yearly")),
    ),
    "checkout.ended": Event(
        "A checkout ended unpaid, as `status` says: failed, expired or canceled. Nothing was bought.",
        {"amount_eur": "3267.00", "status": "expired"},
        (("Payment", "pending", "none"),),
    ),
    "method.changed": Event(
        "The customer gave a new way of paying; charges go by it from now on.",
        {"method": "creditcard"},
        (("Way of paying", "", "creditcard"),),
    ),
    "subscription.renewed": Event(
        "A renewal arrived, or what was open of it: the plan is paid until `paid_until`.",
        {"amount_eur": "104.06", "paid_until": "2026-12-24T00:00:00+00:00", "last_day": "2026-12-23"},
        (("Paid until", "23 November 2026", "23 December 2026"),),
    ),
    "charge.paid": Event(
        "A charge beside the renewals is paid, as `kind` says: seat, upgrade, or an earlier renewal that was owed.",
        {"amount_eur": "30.25", "kind": "seat", "tier": ""},
    ),
    "subscription.past_due": Event(
        "A renewal failed, was charged back, or did not come. Nothing is taken away. `next_try_on`: the day on which "
        "it is tried again by itself; without one the customer pays, or gives a new method.",
        {"amount_eur": "104.06", "reason": "AM04", "next_try_on": "2026-11-27", "needs_new_method": False},
        (("Payment", "active", "past due: € 104.06"),),
    ),
    "payment.failed": Event(
        "Another try at a charge failed, or a charge that moves no plan.",
        {"amount_eur": "104.06", "kind": "renewal", "reason": "AM04", "next_try_on": "2026-12-01"},
    ),
    "payment.retried": Event(
        "A failed charge is tried again by itself.",
        {"amount_eur": "104.06", "kind": "renewal", "tries": 1},
    ),
    "payment.charged_back": Event(
        "The payer's bank took money back that moves no plan: of an earlier interval or of seats.",
        {"amount_eur": "104.06", "kind": "renewal"},
    ),
    "payment.charge_back_reversed": Event(
        "Money that was charged back came again.",
        {"amount_eur": "104.06", "kind": "renewal"},
        (("Payment", "past due", "active"),),
    ),
    "payment.refunded": Event(
        "Money goes back to the customer; `refunded_eur` in all of this payment. The plan stays as it is.",
        {"amount_eur": "104.06", "refunded_eur": "20.00"},
        (("Refunded", "€ 0.00", "€ 20.00"),),
    ),
    "payment.unexpected": Event(
        "Money arrived that nobody owes: after an end, or twice. It starts nothing; staff refund it or use it.",
        {"amount_eur": "104.06"},
    ),
    "subscription.ended_by_mollie": Event(
        "Mollie takes no further payment by this subscription. What is paid goes on until `paid_until`.",
        {"status": "canceled", "paid_until": "2026-12-24T00:00:00+00:00", "last_day": "2026-12-23"},
        (("Payment", "renewed by itself", "needs a new way of paying"),),
    ),
    "subscription.over": Event(
        "What was paid is over and the plan costs nothing now: there is no subscription. Tiers stay.",
        {"paid_until": "2026-11-24T00:00:00+00:00", "last_day": "2026-11-23"},
        (("Payment", "active", "none"),),
    ),
    "subscription.amount_changed": Event(
        "The next charge is another one: seats, discounts, prices or VAT changed. 0.00: the subscription ends with "
        "what is paid.",
        {"amount_before_eur": "104.06", "amount_eur": "208.12", "seats": 2, "charged_on": "2026-12-24"},
        (("Next charge", "€ 104.06", "€ 208.12"),),
    ),
    "seats.charged": Event(
        "Seats above those that are paid in this interval are charged for the rest of it.",
        {"amount_eur": "30.25", "seats": 1, "paid_until": "2026-12-24T00:00:00+00:00", "last_day": "2026-12-23"},
        (("Seats charged", "", "1 more seat"),),
    ),
    "renewal.announced": Event(
        "Billing people are told of the next charge: its day, amount and method.",
        {"amount_eur": "104.06", "charged_on": "2026-12-24", "method": "directdebit"},
    ),
    "method.needed": Event(
        "A charge failed and is not tried again by itself: the customer pays it, or gives a new method.",
        {"amount_eur": "104.06", "kind": "renewal"},
    ),
    "checkout.needed": Event(
        "A plan that cost nothing costs something again, and nothing is charged by itself: the customer checks out.",
        {"amount_eur": "104.06", "cadence": "monthly"},
    ),
    "plan.changed": Event(
        "A cheaper tier, or another cadence, that was agreed for the end of the interval holds now.",
        {"tiers": [{"workspace": "ws-1", "tier_before": "guardian", "tier": "changemaker"}], "cadence": "monthly"},
        (("Plan", "", "Changemaker"),),
    ),
    "checkout.begun": Event(
        "A customer is at the checkout for a plan. Nothing is paid yet, and no tier changed. EUR.",
        _CHARGE,
        (("Plan", "", "Changemaker, billed yearly"), ("To pay, with VAT", "", "€ 3,267.00")),
    ),
    "plan.offered": Event(
        "Staff offer a plan to the account, which its billing people may accept until then. Nothing changed yet.",
        {"tier": "guardian", "cadence": "yearly", "until": "2026-12-24T14:02:11+00:00"},
        (("Offered", "", "Guardian, billed yearly"),),
    ),
    "plan.change_asked": Event(
        "A customer with a live subscription chose another plan. `holds`: when_paid, for a dearer one, whose "
        "difference the charge asks for; next_interval, from `from` on, when nothing is charged now; or now, where "
        "the difference is too small to be charged. But for the last, no tier changed yet.",
        {**_CHARGE, "kind": "upgrade", "tier": "guardian", "holds": "when_paid", "from": None},
        (("Plan", "Changemaker, billed yearly", "Guardian, billed yearly, when it is paid"),),
    ),
    "plan.change_withdrawn": Event(
        "What was planned for the next interval, or begun and not paid, does not happen: the plan stays as it is.",
        {"tier": "changemaker", "cadence": "yearly"},
        (("Plan", "Changemaker, billed monthly, planned", "Changemaker, billed yearly"),),
    ),
    "payment.tried": Event(
        "A charge that failed is tried again, by the customer or by staff. What comes of it is told by itself. EUR.",
        {**_CHARGE, "kind": "renewal"},
        (("To pay, with VAT", "", "€ 3,267.00"),),
    ),
    "method.change_begun": Event(
        "A customer gives another way of paying, at the checkout. What is charged there is either what was open, or "
        "goes back at once. EUR.",
        {
            **_CHARGE,
            "kind": "method",
            "tier": None,
            "cadence": None,
            "seats": 0,
            "net_eur": "0.01",
            "gross_eur": "0.01",
        },
        (("New way of paying", "", "at the checkout"),),
    ),
    "subscription.cancelled": Event(
        "The subscription ended, by the customer or by staff: nothing is charged any more. Tiers stay until `until`; "
        "where that is null, they fell at once, as `tiers` says.",
        {"until": "2027-01-01T00:00:00+00:00", "last_day": "2026-12-31", "tiers": []},
        (("Payment", "active", "cancelled"), ("Plan", "Changemaker", "Changemaker until 31 December 2026, then Free")),
    ),
    "subscription.resumed": Event(
        "A cancelled plan that is still paid for goes on: a new subscription charges first on that day.",
        {"next_charge_on": "2027-01-01", "tier": "changemaker", "cadence": "yearly"},
        (("Payment", "cancelled", "active"),),
    ),
}
