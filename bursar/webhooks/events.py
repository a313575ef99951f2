"""The registry of events: what each one means, and an example of what it tells. Pure.

`docs/reference/events.md` and the OpenAPI description are made from it. An event carries the details named here and
no others, so that nothing an action returns for its own use leaves the house.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from bursar.core.registry import Registry

TEST = "webhook.test"


@dataclass(frozen=True)
class Event:
    """`details`: name → an example. `changes`: an example of the changes in words."""

    help: str
    details: dict[str, Any] = field(default_factory=dict)
    changes: tuple[tuple[str, str, str], ...] = ()
    of_workspace: bool = False
    of_account: bool = True


_REQUEST = {
    "request": "req_4m7p2t9v1x5z8b3d",
    "person": "per-1",
    "organisation": "org-1",
    "workspace": "ws-1",
    "bursar_id": "wsp_0k3j9x7h2m5n8p4q",
    "kind": "tier_upgrade",
    "is_ask": False,
    "state": "pending",
    "requested_at": "2026-11-24T13:40:00+00:00",
    "proposal": {"tier": "changemaker", "cadence": "yearly", "name": "", "visibility": ""},
}

_VAT = {
    "country": "DE",
    "vat_id": "DE136695976",
    "vat_id_status": "valid",
    "vat": {"treatment": "reverse_charge", "rate": "0", "state": ""},
}
_ENDS = {"ends_at": "2026-12-24T14:02:11+00:00", "last_day": "2026-12-24"}
_ENDS_BY_DAY = {"ends_at": "2027-01-01T00:00:00+00:00", "last_day": "2026-12-31"}
_FALLS = [{"workspace": "ws-1", "tier_before": "changemaker", "tier": "free"}]

EVENTS: Registry[Event] = Registry("event")


def describe(
    name: str,
    help: str,
    details: dict[str, Any] | None = None,
    changes: tuple[tuple[str, str, str], ...] = (),
    *,
    of_workspace: bool = False,
    of_account: bool = True,
) -> None:
    """Describes one; the fields are those of `Event`."""
    EVENTS.add(name, Event(help, details or {}, changes, of_workspace, of_account))


describe(
    "workspace.tier_changed",
    "A workspace is on another tier, for good or until `ends_at`; it holds at once. Staff moved it, or its former "
    "tier ran out by the clock: then `lapsed_at` says when.",
    {"tier_before": "free", "tier": "changemaker", "ends_at": None, "last_day": None, "lapsed_at": None},
    (("Tier", "Free", "Changemaker"),),
    of_workspace=True,
)
describe(
    "workspace.admin_changed",
    "A command: staff handed the administration of a workspace over. Set each person's role as `members` says, "
    "then push it with a `changed_at` that is not before the one here; until then Bursar takes it as waiting.",
    {
        "members": [{"person": "per-2", "role": "admin"}, {"person": "per-1", "role": "member"}],
        "changed_at": "2026-11-24T14:02:11+00:00",
    },
    (("Role", "member", "admin"), ("Role", "owner", "member")),
    of_workspace=True,
)
describe(
    "usage.reset",
    "Counting starts at zero for a workspace with a cap; it may record again at once.",
    {"counted_seconds_before": 3720},
    (("Counted hours", "1 h 02", "0 h 00"),),
    of_workspace=True,
)
describe(
    "trial.started",
    "A reverse trial began: the named workspaces are on its tier until it ends by itself.",
    {"tier": "changemaker", **_ENDS},
    (("Reverse trial", "", "Changemaker until 24 December 2026, 14:02 UTC"),),
)
describe(
    "trial.ending",
    "A reverse trial ends within three days; `tiers` says what each workspace falls back to.",
    {"tier": "changemaker", **_ENDS, "tiers": _FALLS},
    (("Timed grant", "", "The reverse trial of Changemaker ends on 24 December 2026, 14:02 UTC; then Free."),),
)
describe(
    "trial.ended",
    "A reverse trial ended, by itself or because staff ended it; `tiers` says what each workspace fell back to.",
    {"tier": "changemaker", **_ENDS, "tiers": _FALLS},
    (("Timed grant", "", "The reverse trial of Changemaker ended on 24 December 2026, 14:02 UTC; now Free."),),
)
describe(
    "grant.ending",
    "A time-limited approval ends within three days; `tiers` says what each workspace falls back to.",
    {"tier": "changemaker", **_ENDS_BY_DAY, "tiers": _FALLS},
    (("Timed grant", "", "The time-limited approval of Changemaker ends on 31 December 2026; then Free."),),
)
describe(
    "grant.ended",
    "A time-limited approval ended; `tiers` says what each workspace fell back to.",
    {"tier": "changemaker", **_ENDS_BY_DAY, "tiers": _FALLS},
    (("Timed grant", "", "The time-limited approval of Changemaker ended on 31 December 2026; now Free."),),
)
describe(
    "plan.ending",
    "Within three days paid tiers fall back: what was kept until a day, or what a cancelled subscription paid for, "
    "is over then. Prices: EUR a month after discount, excluding VAT; null where nothing is charged now.",
    {**_ENDS_BY_DAY, "tiers": _FALLS, "price_before_eur": "75.00", "price_eur": "0.00"},
    (
        ("Plan", "", "The plan Changemaker ends on 31 December 2026; then Free."),
        ("Price a month, without VAT", "€ 75.00", "€ 0.00"),
    ),
)
describe(
    "plan.ended",
    "Paid tiers fell back, as `plan.ending` announced. Each workspace has a `workspace.tier_changed` of its own.",
    {**_ENDS_BY_DAY, "tiers": _FALLS, "price_before_eur": "75.00", "price_eur": "0.00"},
    (
        ("Plan", "", "The plan Changemaker ended on 31 December 2026; now Free."),
        ("Price a month, without VAT", "€ 75.00", "€ 0.00"),
    ),
)
describe(
    "price.ending",
    "Within 14 days a price that was kept for a running interval is over, and another one holds: EUR a month after "
    "discount, excluding VAT.",
    {**_ENDS_BY_DAY, "price_before_eur": "60.00", "price_eur": "75.00"},
    (
        ("Kept price", "", "The price kept for the running interval ends on 31 December 2026."),
        ("Price a month, without VAT", "€ 60.00", "€ 75.00"),
    ),
)
describe(
    "price.ended",
    "A kept price is over, as `price.ending` announced, and another one holds.",
    {**_ENDS_BY_DAY, "price_before_eur": "60.00", "price_eur": "75.00"},
    (
        ("Kept price", "", "The price kept for the running interval ended on 31 December 2026."),
        ("Price a month, without VAT", "€ 60.00", "€ 75.00"),
    ),
)
describe(
    "discount.ending",
    "Within 14 days a discount's last day is over, and the price changes: EUR a month after discount, excluding VAT.",
    {**_ENDS_BY_DAY, "price_before_eur": "37.50", "price_eur": "75.00"},
    (
        ("Discount", "", "The 50 % scholarship ends on 31 December 2026."),
        ("Price a month, without VAT", "€ 37.50", "€ 75.00"),
    ),
)
describe(
    "discount.ended",
    "A discount's last day is over, and the price changed, as `discount.ending` announced.",
    {**_ENDS_BY_DAY, "price_before_eur": "37.50", "price_eur": "75.00"},
    (
        ("Discount", "", "The 50 % scholarship ended on 31 December 2026."),
        ("Price a month, without VAT", "€ 37.50", "€ 75.00"),
    ),
)
describe(
    "discount.changed",
    "The discount of an account, or of one workspace, was set or removed, or its last day is over: then "
    "`lapsed_at` says when. `discount` is null when it has none of its own any more.",
    {
        "scope": "account",
        "discount": {"kind": "scholarship", "percent": 50, "last_day": "2026-12-31"},
        "lapsed_at": None,
    },
    (("Discount", "", "50 % scholarship until 31 December 2026"),),
)
describe(
    "billing.details_changed",
    "Who pays, as invoices name it, was written down or changed. `vat` says whose VAT is charged from now on: "
    "`treatment` is charged, reverse_charge, outside_scope or exempt, `rate` is per cent.",
    _VAT,
    (("VAT", "21 % VAT (Netherlands)", "no VAT (reverse charge)"),),
)
describe(
    "billing.vat_changed",
    "Another VAT holds from now on, because of what is known of the VAT id: VIES confirmed it, or says that it is not "
    "valid, or staff accepted it.",
    _VAT,
    (("VAT", "21 % VAT (Netherlands)", "no VAT (reverse charge)"),),
)
_FILE = {"length": 41823, "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"}
_FILES_AT = "https://bursar.example/api/product/v1/documents/inv_0123456789abcdef"
describe(
    "invoice.issued",
    "An invoice or a credit note was issued, and its files are there: a key with the scope `documents` fetches them by "
    "`url`. `e_invoice` is null where none was wanted; `credits` is the number of the invoice that a credit note is "
    "about. Amounts are EUR; `gross` includes VAT.",
    {"invoice": "inv_0123456789abcdef", "number": "2026-000042", "kind": "invoice", "credits": None,
     "gross": "13068.00", "open": "13068.00", "due_on": "2026-12-24",
     "pdf": {"url": f"{_FILES_AT}/pdf", "media_type": "application/pdf", **_FILE},
     "e_invoice": {"url": f"{_FILES_AT}/e-invoice", "media_type": "application/xml", **_FILE}},
    (("Files of", "", "2026-000042"),),
)  # fmt: skip
_OPEN = {"invoice": "inv_0123456789abcdef", "number": "2026-000042", "open": "0.00"}
describe(
    "invoice.paid",
    "Money for an invoice was booked. `received` is how much, `open` what is asked for still; EUR.",
    {**_OPEN, "received": "13068.00"},
    (("Open, EUR", "13,068.00", "0.00"),),
)
describe(
    "invoice.reopened",
    "A booked payment was taken off an invoice again, which is open by that much; EUR.",
    {**_OPEN, "open": "13068.00"},
    (("Open, EUR", "0.00", "13,068.00"),),
)
describe(
    "invoice.written_off",
    "What was open of an invoice is given up; no credit note was issued. EUR.",
    {**_OPEN, "written_off": "13068.00"},
    (("Open, EUR", "13,068.00", "0.00"),),
)
describe(
    "invoice.credited",
    "A credit note was issued. `credit_note` is its number, `credited` its amount with VAT, `open` what the invoice "
    "asks for still; EUR.",
    {**_OPEN, "credit_note": "C2026-000007", "credited": "13068.00"},
    (("Open, EUR", "13,068.00", "0.00"),),
)
describe(
    "invoice.vat_corrected",
    "An invoice was credited in full and issued anew with other VAT, of the same net. `invoice` and `number` are the "
    "new one's; of what was paid too much, `refunded` goes back by Mollie and `credit` stands as credit; EUR.",
    {"invoice": "inv_0123456789abcdef", "number": "2026-000043", "replaces": "2026-000042",
     "credit_note": "C2026-000007", "gross": "10800.00", "open": "0.00", "refunded": "2268.00", "credit": "0.00"},
    (("Invoice", "2026-000042", "2026-000043"), ("VAT", "21 % VAT (Netherlands)", "no VAT (reverse charge)")),
)  # fmt: skip
describe(
    "credit.received",
    "Money that no invoice asks for stands to the account's good: `received` of it just now, `credit` in all. EUR.",
    {"received": "120.00", "credit": "120.00"},
    (("Credit, EUR", "0.00", "120.00"),),
)
describe(
    "credit.paid_back",
    "What stood to the account's good goes back to the customer: `paid_back` of it, `credit` is left. EUR.",
    {"paid_back": "120.00", "credit": "0.00"},
    (("Credit, EUR", "120.00", "0.00"),),
)
describe(
    "account.managed",
    "The account is billed by invoice from now on; tiers stay as they are.",
    {"cadence": "yearly"},
    (("Payment", "self-serve", "managed"),),
)
describe(
    "account.self_serve",
    "The account is self-serve again. Either the named workspaces went to free at once, or tiers are kept until "
    "the end of a day.",
    {"keeps_tiers_until": None, "went_to_free": ["ws-1"]},
    (("Payment", "managed", "self-serve"), ("Workspaces that go to Free", "", "1")),
)
describe(
    "organisation.partner_changed",
    "Whether an organisation's admins may make workspaces for external clients.",
    {"is_partner": True},
    (("Partner", "not a partner", "partner"),),
    of_account=False,
)
describe(
    "request.created",
    "Somebody asks for a higher tier or for a new workspace. `is_ask`: a plain member, who may not request.",
    _REQUEST,
)
describe(
    "request.decided",
    "A request was approved, denied, withdrawn or closed as done, as `state` says; `note` is for the requester.",
    {
        **_REQUEST,
        "state": "approved",
        "decided_at": "2026-11-24T14:02:11+00:00",
        "note": "Welcome.",
        "grant": {"tier": "changemaker", "cadence": "yearly", "end_date": None},
    },
    (("Request", "pending", "approved"),),
)
describe(
    "workspace.created_here",
    "A command: a workspace was made by approving a request. Make it, then push it with its `bursar_id`.",
    {
        "bursar_id": "wsp_0k3j9x7h2m5n8p4q",
        "organisation": "org-1",
        "name": "Klimaatpanel",
        "type": "internal",
        "visibility": "open_to_organisation",
        "owner": "per-1",
    },
    (("Workspace", "", "Klimaatpanel"),),
)
_CLIENT_SPACE = {
    "bursar_id": "wsp_0k3j9x7h2m5n8p4q",
    "organisation": "org-2",
    "name": "Klimaatpanel",
    "type": "external_client",
    "visibility": "private",
    "data_owner": "org-1",
    "invitation": "ivt_4m7p2t9v1x5z8b3d",
}
describe(
    "workspace.client_created_here",
    "A command: a partner made a workspace for its client here. Make it, then push it with its `bursar_id`. "
    "`invitation` is of the client's own person as observer: whom to invite, `GET /invitations/…` says by this id, "
    "under which it is pushed from then on.",
    {**_CLIENT_SPACE, "owner": "per-1"},
    (("Workspace", "", "Klimaatpanel"), ("For", "", "Gemeente Haarlem")),
)
describe(
    "workspace.made_external",
    "A command: an internal workspace of a partner is one for an external client from now on. Push it as such; "
    "`invitation` as in `workspace.client_created_here`.",
    _CLIENT_SPACE,
    (("Kind", "internal", "external client"),),
    of_workspace=True,
)
describe(
    "workspace.handed_off",
    "A command: the workspace belongs to its client's organisation now, on an account of its own. An organisation that "
    "was made here has an `organisation_bursar_id`: make it, then push it with that id as its `bursar_id`.",
    {
        "former_organisation": "org-1",
        "organisation": "org-2",
        "organisation_bursar_id": None,
        "organisation_name": "Waterschap",
        "type": "internal",
        "admin": "per-7",
        "former_people": ["per-1"],
        "former_people_role": None,
        "withdrawn_invitations": ["inv-3"],
        "changed_at": "2026-11-24T14:02:11+00:00",
    },
    (("Organisation", "Bureau", "Waterschap"),),
    of_workspace=True,
)
describe(
    "subscription.pending",
    "A first payment is with the bank. Nothing is bought yet. Amounts of payments are EUR with VAT.",
    {"amount_eur": "3267.00", "tier": "changemaker"},
    (("Payment", "none", "pending"),),
)
describe(
    "subscription.started",
    "A first payment arrived: the tier holds now, is paid until `paid_until`, and renews by itself. `tiers`: which "
    "workspaces rose.",
    {
        "amount_eur": "3267.00",
        "paid_until": "2027-11-24T00:00:00+00:00",
        "last_day": "2027-11-23",
        "tier": "changemaker",
        "cadence": "yearly",
        "tiers": [{"workspace": "ws-1", "tier_before": "free", "tier": "changemaker"}],
    },
    (("Payment", "pending", "active"), ("Paid until", "", "23 November 2027"), ("Plan", "", "Changemaker, yearly")),
)
describe(
    "checkout.ended",
    "A checkout ended unpaid, as `status` says: failed, expired or canceled. Nothing was bought.",
    {"amount_eur": "3267.00", "status": "expired"},
    (("Payment", "pending", "none"),),
)
describe(
    "method.changed",
    "The customer gave a new way of paying; charges go by it from now on.",
    {"method": "creditcard"},
    (("Way of paying", "", "creditcard"),),
)
describe(
    "subscription.renewed",
    "A renewal arrived, or what was open of it: the plan is paid until `paid_until`.",
    {"amount_eur": "104.06", "paid_until": "2026-12-24T00:00:00+00:00", "last_day": "2026-12-23"},
    (("Paid until", "23 November 2026", "23 December 2026"),),
)
describe(
    "charge.paid",
    "A charge beside the renewals is paid, as `kind` says: seat, upgrade, or an earlier renewal that was owed.",
    {"amount_eur": "30.25", "kind": "seat", "tier": ""},
)
describe(
    "subscription.past_due",
    "A renewal failed, was charged back, or did not come. Nothing is taken away. `next_try_on`: the day on which it is "
    "tried again by itself; without one the customer pays, or gives a new method.",
    {"amount_eur": "104.06", "reason": "AM04", "next_try_on": "2026-11-27", "needs_new_method": False},
    (("Payment", "active", "past due: € 104.06"),),
)
describe(
    "payment.failed",
    "Another try at a charge failed, or a charge that moves no plan.",
    {"amount_eur": "104.06", "kind": "renewal", "reason": "AM04", "next_try_on": "2026-12-01"},
)
describe(
    "payment.retried",
    "A failed charge is tried again by itself.",
    {"amount_eur": "104.06", "kind": "renewal", "tries": 1},
)
describe(
    "payment.charged_back",
    "The payer's bank took money back that moves no plan: of an earlier interval or of seats.",
    {"amount_eur": "104.06", "kind": "renewal"},
)
describe(
    "payment.charge_back_reversed",
    "Money that was charged back came again.",
    {"amount_eur": "104.06", "kind": "renewal"},
    (("Payment", "past due", "active"),),
)
describe(
    "payment.refunded",
    "Money goes back to the customer; `refunded_eur` in all of this payment. The plan stays as it is.",
    {"amount_eur": "104.06", "refunded_eur": "20.00"},
    (("Refunded", "€ 0.00", "€ 20.00"),),
)
describe(
    "payment.unexpected",
    "Money arrived that nobody owes: after an end, or twice. It starts nothing; staff refund it or use it.",
    {"amount_eur": "104.06"},
)
describe(
    "subscription.ended_by_mollie",
    "Mollie takes no further payment by this subscription. What is paid goes on until `paid_until`.",
    {"status": "canceled", "paid_until": "2026-12-24T00:00:00+00:00", "last_day": "2026-12-23"},
    (("Payment", "renewed by itself", "needs a new way of paying"),),
)
describe(
    "subscription.over",
    "What was paid is over and the plan costs nothing now: there is no subscription. Tiers stay.",
    {"paid_until": "2026-11-24T00:00:00+00:00", "last_day": "2026-11-23"},
    (("Payment", "active", "none"),),
)
describe(
    "subscription.amount_changed",
    "The next charge is another one: seats, discounts, prices or VAT changed. 0.00: the subscription ends with what is "
    "paid.",
    {"amount_before_eur": "104.06", "amount_eur": "208.12", "seats": 2, "charged_on": "2026-12-24"},
    (("Next charge", "€ 104.06", "€ 208.12"),),
)
describe(
    "seats.charged",
    "Seats above those that are paid in this interval are charged for the rest of it.",
    {"amount_eur": "30.25", "seats": 1, "paid_until": "2026-12-24T00:00:00+00:00", "last_day": "2026-12-23"},
    (("Seats charged", "", "1 more seat"),),
)
describe(
    "renewal.announced",
    "Billing people are told of the next charge: its day, amount and method.",
    {"amount_eur": "104.06", "charged_on": "2026-12-24", "method": "directdebit"},
)
describe(
    "method.needed",
    "A charge failed and is not tried again by itself: the customer pays it, or gives a new method.",
    {"amount_eur": "104.06", "kind": "renewal"},
)
describe(
    "checkout.needed",
    "A plan that cost nothing costs something again, and nothing is charged by itself: the customer checks out.",
    {"amount_eur": "104.06", "cadence": "monthly"},
)
describe(
    "plan.changed",
    "A cheaper tier, or another cadence, that was agreed for the end of the interval holds now.",
    {"tiers": [{"workspace": "ws-1", "tier_before": "guardian", "tier": "changemaker"}], "cadence": "monthly"},
    (("Plan", "", "Changemaker"),),
)
_CHARGE = {
    "charge": "chg_0k3j5n7p9r2t4v6x",
    "kind": "first",
    "tier": "changemaker",
    "cadence": "yearly",
    "seats": 3,
    "net_eur": "2700.00",
    "gross_eur": "3267.00",
}
describe(
    "checkout.begun",
    "A customer is at the checkout for a plan. Nothing is paid yet, and no tier changed. EUR.",
    _CHARGE,
    (("Plan", "", "Changemaker, billed yearly"), ("To pay, with VAT", "", "€ 3,267.00")),
)
describe(
    "plan.offered",
    "Staff offer a plan to the account, which its billing people may accept until then. Nothing changed yet.",
    {"tier": "guardian", "cadence": "yearly", "until": "2026-12-24T14:02:11+00:00"},
    (("Offered", "", "Guardian, billed yearly"),),
)
describe(
    "plan.change_asked",
    "A customer with a live subscription chose another plan. `holds`: when_paid, for a dearer one, whose difference "
    "the charge asks for; next_interval, from `from` on, when nothing is charged now; or now, where the difference is "
    "too small to be charged. But for the last, no tier changed yet.",
    {**_CHARGE, "kind": "upgrade", "tier": "guardian", "holds": "when_paid", "from": None},
    (("Plan", "Changemaker, billed yearly", "Guardian, billed yearly, when it is paid"),),
)
describe(
    "plan.change_withdrawn",
    "What was planned for the next interval, or begun and not paid, does not happen: the plan stays as it is.",
    {"tier": "changemaker", "cadence": "yearly"},
    (("Plan", "Changemaker, billed monthly, planned", "Changemaker, billed yearly"),),
)
describe(
    "payment.tried",
    "A charge that failed is tried again, by the customer or by staff. What comes of it is told by itself. EUR.",
    {**_CHARGE, "kind": "renewal"},
    (("To pay, with VAT", "", "€ 3,267.00"),),
)
describe(
    "method.change_begun",
    "A customer gives another way of paying, at the checkout. What is charged there is either what was open, or goes "
    "back at once. EUR.",
    {**_CHARGE, "kind": "method", "tier": None, "cadence": None, "seats": 0, "net_eur": "0.01", "gross_eur": "0.01"},
    (("New way of paying", "", "at the checkout"),),
)
describe(
    "subscription.cancelled",
    "The subscription ended, by the customer or by staff: nothing is charged any more. Tiers stay until `until`; where "
    "that is null, they fell at once, as `tiers` says.",
    {"until": "2027-01-01T00:00:00+00:00", "last_day": "2026-12-31", "tiers": []},
    (("Payment", "active", "cancelled"), ("Plan", "Changemaker", "Changemaker until 31 December 2026, then Free")),
)
describe(
    "subscription.resumed",
    "A cancelled plan that is still paid for goes on: a new subscription charges first on that day.",
    {"next_charge_on": "2027-01-01", "tier": "changemaker", "cadence": "yearly"},
    (("Payment", "cancelled", "active"),),
)
_SESSION = {
    "session": "ses_4m7p2t9v1x5z8b3d",
    "person": "per-1",
    "organisation": "org-1",
    "training": "trn_0k3j9x7h2m5n8p4q",
    "title": "Online training",
    "mode": "online",
    "state": "scheduled",
    "starts_at": "2026-12-02T14:00:00+00:00",
    "minutes": 120,
    "place": "",
    "link": "https://meet.example/online",
}
_UNPLANNED = {"starts_at": None, "minutes": None, "link": ""}
describe(
    "session.requested",
    "A training is asked for, by a customer (`person`) or by staff for them (null).",
    {**_SESSION, **_UNPLANNED, "state": "requested"},
    (("Training", "", "Online training"),),
    of_account=False,
)
describe(
    "session.scheduled",
    "A training has its day. `place` is words, `link` an address; either may be empty.",
    _SESSION,
    (("Planned", "", "2 December 2026, 15:00 CET, 120 minutes"),),
    of_account=False,
)
describe(
    "session.rescheduled",
    "Another time, place or way of a training that is scheduled; what it says now holds.",
    _SESSION,
    (("Planned", "1 December 2026, 15:00 CET, 120 minutes", "2 December 2026, 15:00 CET, 120 minutes"),),
    of_account=False,
)
describe(
    "session.cancelled",
    "A training is off.",
    {**_SESSION, "state": "cancelled"},
    (("State", "scheduled", "cancelled"),),
    of_account=False,
)
describe(
    "session.reopened",
    "A cancelled training is asked for again, and waits for a new day.",
    {**_SESSION, **_UNPLANNED, "state": "requested"},
    (("State", "cancelled", "requested"),),
    of_account=False,
)
_LICENCE = {
    "licence": "lic_5h2m8q0s4w7y1b6d",
    "person": "per-1",
    "organisation": "org-1",
    "training": "trn_3g9k2n6p0r4t8v1x",
    "title": "Online training",
    "valid_from": "2027-03-10",
    "last_day": "2028-03-10",
}
describe(
    "licence.granted",
    "Somebody may work by a training from `valid_from` through `last_day`, days of the seller's that both count: "
    "granted, reinstated, or given other dates; what was known of this `licence` holds no more. `person` is null while "
    "the product has not named whoever has the address on the roster.",
    _LICENCE,
    (("Licence", "", "Online training, valid 10 March 2027 through 10 March 2028"),),
    of_account=False,
)
describe(
    "licence.expiring",
    "A licence ends within the time of warning, and its holder has no later one of the same training.",
    _LICENCE,
    (("Licence", "", "Online training, ends on 10 March 2028"),),
    of_account=False,
)
describe(
    "licence.revoked",
    "A licence was taken back: it does not hold from now on, whatever its last day.",
    _LICENCE,
    (("Licence", "Online training, active", "revoked"),),
    of_account=False,
)
_REQUESTED = {
    "request": "srq_4m7p2t9v1x5z8b3d",
    "staff": "stf_0k3j9x7h2m5n8p4q",
    "state": "pending",
    "answer_until": "2026-12-01T14:02:11+00:00",
    "use_until": None,
}
_WHY = ("Why", "", "The transcripts of last week do not open.")
describe(
    "support.requested",
    "A colleague asks to be let into a workspace once; its admins can answer until `answer_until`.",
    _REQUESTED,
    (_WHY, ("To be answered by", "", "1 December 2026, 14:02 UTC")),
)
describe(
    "support.approved",
    "The customer lets in whoever asked, once, until `use_until`. They are not in before `support.joined` says so.",
    {**_REQUESTED, "state": "approved", "use_until": "2026-12-01T15:00:00+00:00"},
    (("Request", "waiting for an answer", "approved"), ("To come in by", "", "1 December 2026, 15:00 UTC")),
)
for _name, _help, _state in (
    ("support.denied", "The customer does not let in whoever asked.", "denied"),
    ("support.withdrawn", "Whoever asked takes it back.", "withdrawn"),
    ("support.unanswered", "The time to answer is over; nobody can approve this request any more.", "unanswered"),
):
    describe(_name, _help, {**_REQUESTED, "state": _state}, (("Request", "waiting for an answer", _state),))
_VISIT = {
    "session": "ssn_4m7p2t9v1x5z8b3d",
    "staff": "stf_0k3j9x7h2m5n8p4q",
    "until": "2026-11-25T14:02:11+00:00",
}
_UNTIL = "25 November 2026, 14:02 UTC"
describe(
    "support.joined",
    "A colleague is in a workspace as its admin until `until`. Ask `GET /support/workspaces/{workspace}/staff/{staff}` "
    "at each access: it is true at once, also where this message comes late. They are no member and no seat.",
    _VISIT,
    (_WHY, ("Until", "", _UNTIL)),
)
describe(
    "support.extended",
    "A colleague stays longer, until `until`.",
    _VISIT,
    (("Until", "25 November 2026, 10:00 UTC", _UNTIL), _WHY),
)
describe("support.left", "A colleague left, at `until`.", _VISIT, (("Visit", f"until {_UNTIL}", "left"),))
describe(
    "support.ended",
    "A visit ended at `until`: `end` is ended (the customer did it) or over (its time ran out). Let them in no more.",
    {**_VISIT, "end": "ended"},
    (("Visit", f"until {_UNTIL}", "ended"),),
)
describe(
    "support.turned_on",
    "A workspace's admin lets support in without asking, until `until`; null: until somebody turns it off.",
    {"until": "2026-12-25T00:00:00+00:00", "last_day": "2026-12-24"},
    (("Support access", "off", "on until 24 December 2026"),),
)
describe(
    "support.turned_off",
    "Support may not come in any more, and whoever was in is out: each has a `support.ended` of their own. "
    "`by_itself`: its time ran out.",
    {"by_itself": False},
    (("Support access", "on until 24 December 2026", "off"),),
)
describe(
    "workspace.visibility_changed",
    "A command: staff changed who finds a workspace. Set it there, then push it with a `changed_at` that is not before "
    "the one here; until then Bursar takes it as waiting.",
    {
        "visibility_before": "open_to_organisation",
        "visibility": "private",
        "changed_at": "2026-11-24T14:02:11+00:00",
    },
    (("Visibility", "open to organisation", "private"),),
    of_workspace=True,
)
describe(TEST, "Sent by hand from the panel, to see whether messages arrive. It names nobody.", of_account=False)
EVENTS.close()

CHOICES = [(name, name) for name in EVENTS if name != TEST]


def make_example(name: str) -> dict[str, Any]:
    """A whole message of this kind, as a receiver gets it."""
    event = EVENTS[name]
    is_test = name == TEST
    return {
        "type": name,
        "timestamp": "2026-11-24T14:02:11+00:00",
        "data": {
            "id": "" if is_test else "aud_7f3k9x2m4q8t6w1z",
            "account": "acc_0k3j5n7p9r2t4v6x" if event.of_account else None,
            "organisation": None if is_test else "org-1",
            "workspaces": ["ws-1"] if event.of_account else [],
            "changes": [{"label": label, "before": was, "after": now} for label, was, now in event.changes],
            "details": event.details,
            "message": "",
        },
    }


def describe_events() -> Iterator[str]:
    """The reference page, one part an event, in Markdown."""
    for name, event in EVENTS.items():
        example = json.dumps(make_example(name), indent=2, ensure_ascii=False)
        yield f"## `{name}`\n\n{event.help}\n\n```json\n{example}\n```\n"


def describe_openapi() -> dict[str, Any]:
    """OpenAPI 3.1 `webhooks`: one entry an event."""
    return {name: {"post": _operation(name, event)} for name, event in EVENTS.items()}


def _operation(name: str, event: Event) -> dict[str, Any]:
    header = {"in": "header", "required": True, "schema": {"type": "string"}}
    names = ("webhook-id", "webhook-timestamp", "webhook-signature")
    schema = {"type": "object", "required": ["type", "timestamp", "data"]}
    return {
        "operationId": name.replace(".", "_"),
        "summary": name,
        "description": event.help,
        "tags": ["webhooks"],
        "parameters": [{"name": one, **header} for one in names],
        "requestBody": {"content": {"application/json": {"schema": schema, "example": make_example(name)}}},
        "responses": {"2XX": {"description": "Taken; it is not sent again."}},
    }
