"""Accounts of one name told apart: class, MRR and the first admin contact, for palette and dialogs."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from bursar.core.calendar import Month
from bursar.core.money import euros
from bursar.rollup.models import AccountMonth
from bursar.tenants.queries import list_admin_contacts


def tell_accounts_apart(account_ids: Collection[int], now: datetime) -> dict[int, str]:
    """ "paying, € 1,200.00 a month · Lotte Jansen" of each, in two statements; nothing of one without figures yet."""
    facts = AccountMonth.objects.filter(account_id__in=account_ids, month=Month.of(now).first)
    contacts = list_admin_contacts(account_ids, now, 1)
    return {
        fact.account_id: " · ".join([_say_worth(fact), *[one.name for one in contacts.get(fact.account_id, [])]])
        for fact in facts
    }


def _say_worth(fact: AccountMonth) -> str:
    if fact.fault:
        return "cannot be computed"
    return f"{fact.get_klass_display()}, {euros(fact.mrr)} a month" if fact.mrr else str(fact.get_klass_display())
