"""What the product is told of tiers, of what ends, of discounts and of how an account pays."""

from __future__ import annotations

from bursar.actions.webhook_events import Event

TIERS = {
    "workspace.tier_changed": Event(
        "A workspace is on another tier, for good or until `ends_at`; it holds at once. Staff moved it, or its "
        "former tier ran out by the clock: then `lapsed_at` says when.",
        {"tier_before": "free", "tier": "changemaker", "ends_at": None, "last_day": None, "lapsed_at": None},
        (("Tier", "Free", "Changemaker"),),
        of_workspace=True,
    ),
}
_ENDS = {"ends_at": "2026-12-24T14:02:11+00:00", "last_day": "2026-12-24"}
_ENDS_BY_DAY = {"ends_at": "2027-01-01T00:00:00+00:00", "last_day": "2026-12-31"}
_FALLS = [{"workspace": "ws-1", "tier_before": "changemaker", "tier": "free"}]
ENDS = {
    "trial.started": Event(
        "A reverse trial began: the named workspaces are on its tier until it ends by itself.",
        {"tier": "changemaker", **_ENDS},
        (("Reverse trial", "", "Changemaker until 24 December 2026, 14:02 UTC"),),
    ),
    "trial.ending": Event(
        "A reverse trial ends within three days; `tiers` says what each workspace falls back to.",
        {"tier": "changemaker", **_ENDS, "tiers": _FALLS},
        (("Timed grant", "", "The reverse trial of Changemaker ends on 24 December 2026, 14:02 UTC; then Free."),),
    ),
    "trial.ended": Event(
        "A reverse trial ended, by itself or because staff ended it; `tiers` says what each workspace fell back to.",
        {"tier": "changemaker", **_ENDS, "tiers": _FALLS},
        (("Timed grant", "", "The reverse trial of Changemaker ended on 24 December 2026, 14:02 UTC; now Free."),),
    ),
    "grant.ending": Event(
        "A time-limited approval ends within three days; `tiers` says what each workspace falls back to.",
        {"tier": "changemaker", **_ENDS_BY_DAY, "tiers": _FALLS},
        (("Timed grant", "", "The time-limited approval of Changemaker ends on 31 December 2026; then Free."),),
    ),
    "grant.ended": Event(
        "A time-limited approval ended; `tiers` says what each workspace fell back to.",
        {"tier": "changemaker", **_ENDS_BY_DAY, "tiers": _FALLS},
        (("Timed grant", "", "The time-limited approval of Changemaker ended on 31 December 2026; now Free."),),
    ),
    "plan.ending": Event(
        "Within three days paid tiers fall back: what was kept until a day, or what a cancelled subscription paid "
        "for, is over then. Prices: EUR a month after discount, excluding VAT; null where nothing is charged now.",
        {**_ENDS_BY_DAY, "tiers": _FALLS, "price_before_eur": "75.00", "price_eur": "0.00"},
        (
            ("Plan", "", "The plan Changemaker ends on 31 December 2026; then Free."),
            ("Price a month, without VAT", "€ 75.00", "€ 0.00"),
        ),
    ),
    "plan.ended": Event(
        "Paid tiers fell back, as `plan.ending` announced. Each workspace has a `workspace.tier_changed` of its own.",
        {**_ENDS_BY_DAY, "tiers": _FALLS, "price_before_eur": "75.00", "price_eur": "0.00"},
        (
            ("Plan", "", "The plan Changemaker ended on 31 December 2026; now Free."),
            ("Price a month, without VAT", "€ 75.00", "€ 0.00"),
        ),
    ),
    "price.ending": Event(
        "Within 14 days a price that was kept for a running interval is over, and another one holds: EUR a month "
        "after discount, excluding VAT.",
        {**_ENDS_BY_DAY, "price_before_eur": "60.00", "price_eur": "75.00"},
        (
            ("Kept price", "", "The price kept for the running interval ends on 31 December 2026."),
            ("Price a month, without VAT", "€ 60.00", "€ 75.00"),
        ),
    ),
    "price.ended": Event(
        "A kept price is over, as `price.ending` announced, and another one holds.",
        {**_ENDS_BY_DAY, "price_before_eur": "60.00", "price_eur": "75.00"},
        (
            ("Kept price", "", "The price kept for the running interval ended on 31 December 2026."),
            ("Price a month, without VAT", "€ 60.00", "€ 75.00"),
        ),
    ),
    "discount.ending": Event(
        "Within 14 days a discount's last day is over, and the price changes: EUR a month after discount, excluding "
        "VAT.",
        {**_ENDS_BY_DAY, "price_before_eur": "37.50", "price_eur": "75.00"},
        (
            ("Discount", "", "The 50 % scholarship ends on 31 December 2026."),
            ("Price a month, without VAT", "€ 37.50", "€ 75.00"),
        ),
    ),
    "discount.ended": Event(
        "A discount's last day is over, and the price changed, as `discount.ending` announced.",
        {**_ENDS_BY_DAY, "price_before_eur": "37.50", "price_eur": "75.00"},
        (
            ("Discount", "", "The 50 % scholarship ended on 31 December 2026."),
            ("Price a month, without VAT", "€ 37.50", "€ 75.00"),
        ),
    ),
    "discount.changed": Event(
        "The discount of an account, or of one workspace, was set or removed, or its last day is over: then "
        "`lapsed_at` says when. `discount` is null when it has none of its own any more.",
        {
            "scope": "account",
            "discount": {"kind": "scholarship", "percent": 50, "last_day": "2026-12-31"},
            "lapsed_at": None,
        },
        (("Discount", "", "50 % scholarship until 31 December 2026"),),
    ),
}
MODE = {
    "account.managed": Event(
        "The account is billed by invoice from now on; tiers stay as they are.",
        {"cadence": "yearly"},
        (("Payment", "self-serve", "managed"),),
    ),
    "account.self_serve": Event(
        "The account is self-serve again. Either the named workspaces went to free at once, or tiers are kept until "
        "the end of a day.",
        {"keeps_tiers_until": None, "went_to_free": ["ws-1"]},
        (("Payment", "managed", "self-serve"), ("Workspaces that go to Free", "", "1")),
    ),
}
