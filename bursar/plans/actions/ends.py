"""What ends by the clock, told to people: once before, once at the end. They change nothing themselves."""

from __future__ import annotations

from collections import Counter

from django import forms

from bursar.access.rights import By
from bursar.actions.registry import action
from bursar.actions.run import Act
from bursar.actions.spec import ActionForm, Case, Change, Cleaned, Notice, Outcome, Reason, Topic
from bursar.core.days import say_end
from bursar.core.money import euros, plain
from bursar.plans import queries, store
from bursar.plans.actions.shared import EVERYBODY_CONCERNED, state_of, tell_falls, tell_tier_end
from bursar.plans.ends import EndKind, Foreseen, foresee
from bursar.plans.models import DiscountKind, GrantKind, Tier, Told
from bursar.plans.rules import RANK
from bursar.tenants.models import BillingAccount

MONEY_IS_TOLD = (*EVERYBODY_CONCERNED, Notice.MANAGER)


class EndForm(ActionForm):
    what = forms.ChoiceField(label="What", choices=Told.choices)
    ends_at = forms.DateTimeField(label="The end")


def _foreseen(kind: EndKind, case: Case, data: Cleaned) -> Foreseen | None:
    found: Foreseen | None = case.once(
        f"end of {kind}", lambda: foresee(kind, state_of(case), queries.load_catalogue(), data["ends_at"], case.now)
    )
    return found


def _mark(kind: EndKind, data: Cleaned) -> str:
    marks = queries.ENDED if data["what"] == Told.ENDED else queries.ENDING
    return marks[kind].value


def _why_not_told(kind: EndKind, case: Case, data: Cleaned) -> str | None:
    if queries.is_told(case.target.pk, _mark(kind, data), data["ends_at"]):
        return "They were told already."
    return None if _foreseen(kind, case, data) else "Neither a tier nor the price changes then."


def _tell(kind: EndKind, act: Act, account: BillingAccount, data: Cleaned) -> Outcome:
    """The line, whose sentence is also what people read; and for programs which workspaces go where."""
    found = _foreseen(kind, act.case, data)
    assert found is not None
    store.mark_told(_mark(kind, data), [(account.pk, data["ends_at"])], act.now)
    sentence = _say(kind, found, data)
    changes = [Change(LABELS[kind], "", sentence, concerns_money=kind in OF_PRICE)]
    before, after = found.prices or (None, None)
    if before is not None and after is not None and before != after:
        changes.append(Change("Price a month, without VAT", euros(before), euros(after), concerns_money=True))
    told = {
        **tell_tier_end(data["ends_at"]),
        "tiers": tell_falls((step.workspace.id, step.before.tier, step.after.tier) for step in found.steps),
        "price_before_eur": plain(before) or None,
        "price_eur": plain(after) or None,
    }
    over = f"{LABELS[kind]} ended" if data["what"] == Told.ENDED else ""
    return Outcome(sentence, changes, data=told, event=f"{kind}.{data['what']}", told=over)


LABELS = {
    EndKind.GRANT: "Time-limited tier",
    EndKind.PLAN: "Plan",
    EndKind.DISCOUNT: "Discount",
    EndKind.PRICE: "Kept price",
}
OF_PRICE = (EndKind.DISCOUNT, EndKind.PRICE)


def _say(kind: EndKind, found: Foreseen, data: Cleaned) -> str:
    """ "The reverse trial of Changemaker ends on 24 December 2026, 14:02 UTC; then Free." """
    is_over = data["what"] == Told.ENDED
    verb, then = ("ended", "now") if is_over else ("ends", "then")
    day = say_end(data["ends_at"])
    if kind is EndKind.DISCOUNT:
        return f"{_say_discounts(found)} {verb} on {day}."
    if kind is EndKind.PRICE:
        return f"The price kept for the running interval {verb} on {day}."
    return f"{_say_subject(kind, found)} {verb} on {day}; {then} {_say_tiers(found)}."


def _say_subject(kind: EndKind, found: Foreseen) -> str:
    before = max((step.before for step in found.steps), key=lambda tier: RANK[tier.tier])
    if kind is EndKind.PLAN or before.grant is None:
        return f"The plan {Tier(before.tier).label}"
    return f"The {GrantKind(before.grant.kind).label} of {Tier(before.tier).label}"


def _say_tiers(found: Foreseen) -> str:
    """ "Free", or "2 workspaces Free, 1 workspace Pilot": names stay unsaid, not everybody knows them all."""
    counts = Counter(step.after.tier for step in found.steps)
    if len(counts) == 1:
        return str(Tier(next(iter(counts))).label)
    parts = [(count, Tier(tier).label) for tier, count in counts.most_common()]
    return ", ".join(f"{count} workspace{'' if count == 1 else 's'} {label}" for count, label in parts)


def _say_discounts(found: Foreseen) -> str:
    words = {f"{one.discount.percent} % {DiscountKind(one.discount.kind).label}" for one in found.discounts}
    return f"The {' and the '.join(sorted(words))}"


def _declare(
    kind: EndKind, notices: tuple[Notice, ...], topic: Topic, more_events: tuple[str, ...] = (), **words: str
) -> None:
    @action(
        key=f"plans.account.tell_{kind}_end",
        on=BillingAccount,
        form=EndForm,
        icon="bell",
        reason=Reason.NONE,
        customer_visible=True,
        concerns_money=kind in OF_PRICE,
        permission=By.CLOCK,
        refused=lambda case, data: _why_not_told(kind, case, data),
        tell=notices,
        topic=topic,
        event=f"{kind}.ending",
        events=(f"{kind}.ended", *more_events),
        in_menu=False,
        done=f"{LABELS[kind]} ends soon",
        **words,
    )
    def tell_end(act: Act, account: BillingAccount, data: Cleaned) -> Outcome:
        outcome = _tell(kind, act, account, data)
        found = _foreseen(kind, act.case, data)
        if kind is EndKind.GRANT and found is not None:
            _name_grant(outcome, found, data)
        return outcome


def _name_grant(outcome: Outcome, found: Foreseen, data: Cleaned) -> None:
    """A grant's end: whoever granted it is found by the grant's id, and a trial's end is an event of its own."""
    grant = found.steps[0].before.grant
    assert grant is not None
    ids = [step.workspace.id for step in found.steps]
    outcome.touches = queries.list_granted_ids(ids, data["ends_at"])
    outcome.data["tier"] = grant.tier
    if grant.kind == GrantKind.REVERSE_TRIAL:
        outcome.event = f"trial.{data['what']}"


_declare(
    EndKind.GRANT,
    (Notice.WORKSPACE_ADMINS, Notice.GRANTER),
    Topic.PLAN,
    ("trial.ending", "trial.ended"),
    label="End of a timed grant",
    help="Tells the customer's admins, and whoever granted it, that a timed grant ends soon or has ended.",
    when="Nobody reaches for this one: the clock runs it, three days before a timed grant ends and once at its end. To "
    "see who was told, read the account's story.",
)
_declare(
    EndKind.PLAN,
    MONEY_IS_TOLD,
    Topic.MONEY,
    label="End of the plan",
    help="Tells the customer and the account manager that paid tiers fall back soon, or have: what was kept until a "
    "day, or what a cancelled subscription paid for, is over.",
    when="Nobody reaches for this one: the clock runs it, three days before and once at the end. To keep the customer, "
    "look at “tier ending” in At-risk.",
)
_declare(
    EndKind.DISCOUNT,
    MONEY_IS_TOLD,
    Topic.MONEY,
    label="End of a discount",
    help="Tells the customer and the account manager that a discount ends soon or has ended, and the price then.",
    when="Nobody reaches for this one: the clock runs it, 14 days before a discount's last day and once when it is "
    "over. To prolong the discount, set it again.",
)
_declare(
    EndKind.PRICE,
    MONEY_IS_TOLD,
    Topic.MONEY,
    label="End of a kept price",
    help="Tells the customer and the account manager that a price kept for a running interval ends soon or has ended, "
    "and the price then.",
    when="Nobody reaches for this one: the clock runs it, 14 days before a kept price ends and once when it is over. "
    "Kept prices come in by `bursar import`.",
)
