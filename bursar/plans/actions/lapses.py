"""What the clock did, told: a tier that ran out, a discount whose last day is over. They change nothing themselves."""

from __future__ import annotations

from typing import Any

from django import forms

from bursar.access.rights import By
from bursar.actions.registry import action, target_of
from bursar.actions.run import Act
from bursar.actions.spec import ActionForm, Change, Cleaned, Outcome, Reason
from bursar.core.days import last_day_of, say_end
from bursar.plans.actions.shared import tell_tier_end
from bursar.plans.models import DiscountKind, Tier
from bursar.plans.rules import describe_discount
from bursar.tenants.models import BillingAccount, Workspace

NOBODY_REACHES = "Nobody reaches for this one: the clock runs it, once, as soon as it is over."


class TierLapse(ActionForm):
    tier_before = forms.ChoiceField(label="Tier until then", choices=Tier.choices)
    tier = forms.ChoiceField(label="Tier since", choices=Tier.choices)
    ends_at = forms.DateTimeField(label="When that ends too", required=False)
    lapsed_at = forms.DateTimeField(label="When it lapsed")


@action(
    key="plans.workspace.tell_tier_lapse",
    on=Workspace,
    form=TierLapse,
    label="Tier ran out",
    icon="hourglass-off",
    help="Tells the product that a workspace is on another tier, because a time-limited one ended or a plan ran out.",
    when=f"{NOBODY_REACHES} To see what ran out and when, read the workspace's story.",
    reason=Reason.NONE,
    customer_visible=True,
    concerns_money=False,
    permission=By.CLOCK,
    event="workspace.tier_changed",
    in_menu=False,
)
def tell_tier_lapse(act: Act, workspace: Workspace, data: Cleaned) -> Outcome:
    before, after = Tier(data["tier_before"]), Tier(data["tier"])
    told = {
        "tier_before": before.value,
        "tier": after.value,
        **tell_tier_end(data["ends_at"]),
        "lapsed_at": data["lapsed_at"].isoformat(),
    }
    sentence = f"{workspace.name} is on {after.label}: {before.label} ran out on {say_end(data['lapsed_at'])}."
    return Outcome(sentence, [Change("Tier", before.label, after.label)], data=told)


class DiscountLapse(ActionForm):
    kind = forms.ChoiceField(label="Kind", choices=DiscountKind.choices)
    percent = forms.IntegerField(label="Per cent off", min_value=0, max_value=100)
    lapsed_at = forms.DateTimeField(label="When it lapsed")


def _declare(model: type[Any], slug: str) -> None:
    """The same on both things that can have a discount."""

    @action(
        key=f"plans.{slug}.tell_discount_lapse",
        on=model,
        form=DiscountLapse,
        label="Discount ended",
        icon="discount-off",
        help=f"Tells the product that the last day of the {slug}'s discount is over.",
        when=f"{NOBODY_REACHES} To see which discount ended and when, read the {slug}'s story.",
        reason=Reason.NONE,
        customer_visible=True,
        concerns_money=True,
        permission=By.CLOCK,
        event="discount.changed",
        in_menu=False,
    )
    def tell_discount_lapse(act: Act, target: Any, data: Cleaned) -> Outcome:
        words = describe_discount(DiscountKind(data["kind"]).label, data["percent"], last_day_of(data["lapsed_at"]))
        told = {"scope": target_of(target).slug, "discount": None, "lapsed_at": data["lapsed_at"].isoformat()}
        change = Change("Discount", words, "", concerns_money=True)
        return Outcome(f"The discount of {target} ended: {words}.", [change], data=told)


_declare(BillingAccount, "account")
_declare(Workspace, "workspace")
