"""What was paid before Bursar was: as charges with their payments, and as paid time."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from bursar.billing.queries import decide_for, list_details
from bursar.billing.rules import VatDecision
from bursar.billing.seller import seller_day
from bursar.payments.models import Charge, MollieCustomer, Payment
from bursar.payments.queries.past import Past
from bursar.payments.rules.amounts import amounts_of, quote_as_stands
from bursar.payments.rules.past import Span
from bursar.payments.states import ChargeKind, ChargeState, PaymentKind
from bursar.plans.models import PaidPeriod, PeriodSource


def keep_charges(told: Sequence[tuple[Past, list[Span]]], now: datetime) -> list[Charge]:
    """One for each interval that was charged, with the VAT of today's billing details: nobody knows those of then.

    Returns those that were paid. What was told before stays as it is. An earlier interval that failed is owed no more,
    and one that was taken back counts as settled: who owes it still is not known here.
    """
    ids = {past.account_id for past, _ in told}
    known = set(Charge.objects.filter(account_id__in=ids).values_list("account_id", "interval_from"))
    details = list_details(ids)
    made = []
    for past, spans in told:
        for span in spans:
            payment, interval = past.payments[span.tried.key], (past.account_id, span.start)
            if payment.charge_id is None and interval not in known:
                known.add(interval)
                decision = decide_for(details.get(past.account_id), seller_day(payment.at))
                made.append((payment, _build(past, span, payment, decision, now, is_last=span is spans[-1])))
    Charge.objects.bulk_create([charge for _, charge in made], batch_size=1000)
    for payment, charge in made:
        payment.charge = charge
    Payment.objects.bulk_update([payment for payment, _ in made], ["charge"], batch_size=1000)
    return [charge for _, charge in made if charge.settled_at]


def _build(past: Past, span: Span, payment: Payment, decision: VatDecision, now: datetime, *, is_last: bool) -> Charge:
    tried, quote = span.tried, quote_as_stands([], payment.amount, decision)
    is_lost = tried.paid_at is None or (tried.gone_at is not None and tried.gone_at < span.until)
    is_owed = is_lost and is_last and not past.course.is_over
    state = ChargeState.FAILED if is_owed else ChargeState.PAID if tried.paid_at else ChargeState.ENDED
    kind = ChargeKind.FIRST if payment.kind == PaymentKind.FIRST else ChargeKind.RENEWAL
    lost_at = tried.gone_at or tried.failed_at
    return Charge(
        account_id=past.account_id, subscription=past.subscription, kind=kind.value, state=state.value,
        cadence=past.course.cadence, made_at=payment.at, due_on=tried.day, interval_from=span.start,
        interval_until=span.until,
        settled_at=tried.paid_at, failed_at=lost_at if is_owed else None,
        failing_told_at=now if is_owed else None, ended_at=tried.failed_at if state is ChargeState.ENDED else None,
        **amounts_of(quote),
    )  # fmt: skip


def to_periods(charges: Collection[Charge]) -> list[PaidPeriod]:
    """Each with the charge's id, as if it had been booked when the money came."""
    return [
        PaidPeriod(
            external_id=one.public_id, account_id=one.account_id, source=PeriodSource.MOLLIE.value,
            service_from=one.interval_from, service_until=one.interval_until, net=one.net, gross=one.gross,
            booked_at=one.settled_at or one.made_at,
        )
        for one in charges
        if one.interval_from and one.interval_until
    ]  # fmt: skip


def note_taken(customers: Collection[MollieCustomer], ruled: Collection[int], since: datetime, now: datetime) -> None:
    """Their past is known back to `since`; of the accounts in `ruled` Mollie says from now on how they pay."""
    MollieCustomer.objects.filter(pk__in=[one.pk for one in customers]).update(past_from=since)
    MollieCustomer.objects.filter(account_id__in=ruled, rules_since=None).update(rules_since=now)
