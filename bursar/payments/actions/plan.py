"""Another plan within a live subscription, and taking that back."""

from __future__ import annotations

from typing import Any

from bursar.access.rights import Own
from bursar.actions.registry import action
from bursar.actions.run import Act
from bursar.actions.spec import Case, Change, Cleaned, Outcome, Reason, Topic
from bursar.core.days import say_day, say_end
from bursar.core.money import euros
from bursar.payments import queries
from bursar.payments.actions.checkout import PlanForm, ask_payment, end_open, is_expired, matches, why_not_sold
from bursar.payments.actions.intervals import upgrade
from bursar.payments.actions.levers import (
    TOLD,
    asks,
    list_tiers,
    list_words,
    meant_of,
    name,
    pay_path,
    plan_of,
    say_next_charge,
    standing_of,
    tell_charge,
)
from bursar.payments.models import Charge
from bursar.payments.queries import standing as read
from bursar.payments.rules import levers as rules
from bursar.payments.rules.amounts import Quote
from bursar.payments.states import ChargeKind, ChargeState
from bursar.payments.store import calls, charges, subscriptions
from bursar.plans.actions.shared import state_of
from bursar.plans.added import LEAST
from bursar.plans.rules import RANK
from bursar.tenants.models import BillingAccount


class ChangePlan(PlanForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        present, offer = plan_of(self.case), read.get_offer(self.case.target.pk, self.case.now)
        tiers = {*list_tiers(self.case), present.high} - {"free", "pilot"}
        self.offer_tiers(sorted(tiers, key=RANK.__getitem__))
        self.fields["tier"].initial = offer.tier if offer else present.high
        self.fields["cadence"].initial = offer.cadence if offer else present.cadence


def _then(case: Case) -> tuple[str, str]:
    meant = meant_of(case)
    return (meant.then_tier, meant.then_cadence) if meant else ("", "")


def _why_not_like_this(case: Case, data: Cleaned) -> str | None:
    tier, cadence, present = data["tier"], data["cadence"], plan_of(case)
    sentence = rules.why_not_this_plan(tier, cadence, present, _then(case))
    return sentence or (None if tier == present.high else why_not_sold(case, tier))


def _is_at_once(case: Case, data: Cleaned) -> bool:
    return rules.is_at_once(data["tier"], data["cadence"], plan_of(case))


def _later(data: Cleaned, case: Case) -> dict[str, str]:
    """How the next interval is quoted: what is above goes down, what is below stays where it is."""
    tier, present = data["tier"], plan_of(case)
    move = {"most": tier} if RANK[tier] < RANK[present.high] else {"tier": tier} if tier != present.high else {}
    return {**move, "cadence": data["cadence"]}


def _rest(case: Case, tier: str) -> Quote:
    return read.quote_upgrade(case.target, state_of(case), case.now, tier)


def _foresee(case: Case, data: Cleaned) -> list[str]:
    if not _is_at_once(case, data):
        until = standing_of(case).paid_until
        said = f"Until {say_end(until)} everything stays as it is, and nothing is charged now."
        return [said, "It can be withdrawn until then."]
    rest, next_charge = _rest(case, data["tier"]), say_next_charge(case, tier=data["tier"])
    if rest.net < LEAST:
        return ["Nothing is charged now: the difference is too small. The plan rises at once.", next_charge]
    mandate = queries.get_usable_mandate(case.target.pk)
    how = "It is charged at once by the method on file." if mandate else "The next page leads to the checkout."
    words = list_words(rest, data["cadence"])
    return [*words, how, "The plan rises as soon as that is paid.", next_charge]


@action(
    key="payments.account.change_plan",
    on=BillingAccount,
    form=ChangePlan,
    label="Change plan…",
    opposite="payments.account.withdraw_change",
    done="Change of plan asked for",
    icon="switch-vertical",
    help="A dearer plan costs the difference for the days that are left, and holds when that is paid. A cheaper one, "
    "or another way of billing, begins with the next interval.",
    when="For customers with a live subscription. Staff offer a plan by “Send checkout”, and change a tier without "
    "payment only where no subscription is live.",
    permission=Own.PAY,
    reason=Reason.NONE,
    customer_visible=True,
    concerns_money=True,
    blocked=asks(rules.why_not_change_plan),
    refused=_why_not_like_this,
    preview=_foresee,
    tell=TOLD,
    topic=Topic.MONEY,
    event="plan.change_asked",
    in_menu=False,
)
def change_plan(act: Act, account: BillingAccount, data: Cleaned) -> Outcome:
    return _raise(act, account, data) if _is_at_once(act.case, data) else _plan(act, account, data)


def _raise(act: Act, account: BillingAccount, data: Cleaned) -> Outcome:
    quote, tier = _rest(act.case, data["tier"]), data["tier"]
    there = find_upgrade(account.pk)
    if quote.net < LEAST:
        return _raise_freely(act, account, data, there)
    if there is not None and matches(there, tier, data["cadence"], quote) and not is_expired(there, act):
        made = there
    else:
        if there is not None:
            end_open(act, there)
        made = _ask(act, account, data, quote)
    before = name(plan_of(act.case).high, plan_of(act.case).cadence)
    changes = [
        Change("Plan", before, f"{name(tier, data['cadence'])}, when it is paid"),
        Change("To pay, with VAT", "", euros(made.gross), concerns_money=True),
    ]
    sentence = f"{name(tier, data['cadence'])} costs {euros(made.gross)} with VAT for the days that are left."
    told = {**tell_charge(made), "holds": "when_paid", "from": None}
    return Outcome(sentence, changes, data=told, touches=[made.public_id], next=pay_path(made))


def _raise_freely(act: Act, account: BillingAccount, data: Cleaned, there: Charge | None) -> Outcome:
    """As with seats, less than LEAST is not charged: it is paid from the next charge on."""
    if there is not None:
        end_open(act, there)
    before, after = name(plan_of(act.case).high, plan_of(act.case).cadence), name(data["tier"], data["cadence"])
    changes = [Change("Plan", before, after), *upgrade(act, account, data["tier"])]
    told = {
        "charge": None, "kind": None, "tier": data["tier"], "cadence": data["cadence"], "seats": None,
        "net_eur": None, "gross_eur": None, "holds": "now", "from": act.now.isoformat(),
    }  # fmt: skip
    return Outcome(f"It is {after} now, and nothing is charged for that.", changes, {account.pk: None}, data=told)


def find_upgrade(account_id: int) -> Charge | None:
    """One that was begun and not paid."""
    open_ones = [ChargeState.ASKED, ChargeState.OPEN]
    return next((one for one in queries.list_open(account_id) if _is_upgrade(one) and one.state in open_ones), None)


def _is_upgrade(charge: Charge) -> bool:
    return bool(charge.kind == ChargeKind.UPGRADE)


def _ask(act: Act, account: BillingAccount, data: Cleaned, quote: Quote) -> Charge:
    mandate = queries.get_usable_mandate(account.pk)
    made = charges.make(
        account, ChargeKind.UPGRADE, ChargeState.ASKED, quote, act.now, tier=data["tier"], cadence=data["cadence"],
        subscription=meant_of(act.case), interval_from=act.now, interval_until=standing_of(act.case).paid_until,
    )  # fmt: skip
    if mandate is not None:
        ask_payment(act, made, "recurring", mandate.mollie_id)
    else:
        ask_payment(act, made, "first")
    return made


def _plan(act: Act, account: BillingAccount, data: Cleaned) -> Outcome:
    meant, present, start = meant_of(act.case), plan_of(act.case), standing_of(act.case).paid_until
    assert meant is not None and start is not None
    then = {
        "then_tier": data["tier"] if data["tier"] != present.high else "",
        "then_cadence": data["cadence"] if data["cadence"] != present.cadence else "",
    }
    _want(act, account, then, _later(data, act.case))
    after = name(data["tier"], data["cadence"])
    change = Change("Plan", name(present.high, present.cadence), f"{after}, from {say_day(start)}")
    sentence = f"From {say_day(start)} on it is {after}. {say_next_charge(act.case, **_later(data, act.case))}"
    told = {
        "charge": None, "kind": None, "tier": data["tier"], "cadence": data["cadence"], "seats": None,
        "net_eur": None, "gross_eur": None, "holds": "next_interval", "from": start.isoformat(),
    }  # fmt: skip
    return Outcome(sentence, [change], data=told)


def _want(act: Act, account: BillingAccount, then: dict[str, str], how: dict[str, str]) -> None:
    """What is wanted from the next charge on; Mollie is told after commit, and the plan moves when that day comes."""
    meant = meant_of(act.case)
    assert meant is not None
    quote = queries.foresee(account, state_of(act.case), act.now, **how)
    subscriptions.put(meant, **then, **subscriptions.wanted_of(quote))
    calls.put("subscription.update", account, {"subscription": meant.public_id}, act.now)


def _foresee_withdrawal(case: Case, data: Cleaned) -> list[str]:
    return ["The plan stays as it is."]


@action(
    key="payments.account.withdraw_change",
    on=BillingAccount,
    label="Withdraw change of plan…",
    instead="Choose the plan again.",
    done="Change of plan withdrawn",
    icon="arrow-back-up",
    help="What was planned for the next interval, or begun and not paid, does not happen. The plan stays as it is.",
    when="For customers who changed their mind before the interval's end, or who will not pay for a dearer plan after "
    "all.",
    permission=Own.PAY,
    reason=Reason.NONE,
    customer_visible=True,
    concerns_money=True,
    blocked=asks(rules.why_not_withdraw),
    preview=_foresee_withdrawal,
    tell=TOLD,
    topic=Topic.MONEY,
    event="plan.change_withdrawn",
    in_menu=False,
)
def withdraw_change(act: Act, account: BillingAccount, data: Cleaned) -> Outcome:
    present, then, upgrade = plan_of(act.case), _then(act.case), find_upgrade(account.pk)
    if upgrade is not None:
        end_open(act, upgrade)
    if any(then):
        _want(act, account, {"then_tier": "", "then_cadence": ""}, {})
    tier = then[0] or (upgrade.tier if upgrade else present.high)
    before = name(tier, then[1] or present.cadence)
    kept = name(present.high, present.cadence)
    return Outcome(
        f"It stays {kept}.", [Change("Plan", f"{before}, planned", kept)], data={"tier": present.high,
        "cadence": present.cadence},
    )  # fmt: skip
