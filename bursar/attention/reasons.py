"""Why somebody needs a human: each reason once, whole, the most urgent first. DOMAIN 5, decision 8.

A source is SQL that yields the rows of one reason. Of workspaces each row stands in one source; accounts may stand in
several, and are listed under the first. Values: `candidates.Lists`. Lower rooms' tables are read, never written.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from bursar.billing.queries.to_issue import SERVICE_ENDS
from bursar.training.queries.needs import ANY_NEED

TRIAL_ENDS_WITHIN = timedelta(days=3)
RENEWAL_WITHIN = timedelta(days=14)
"""From when on a service period that nobody asked for anew needs a human; To issue has it long before."""

# As usage.rules.calc_cap_state: four fifths of the cap, or at the pace of the last 14 days reached within 7. What was
# counted lately is part of what is counted, so nobody below two thirds gets there, and events are read between the two.
_APPROACHING = (
    "CASE WHEN m.seconds * 5 >= w.cap_seconds::bigint * 4 THEN true ELSE m.seconds * 2 + COALESCE(("
    "SELECT SUM(e.seconds) FROM usage_usageevent e WHERE e.workspace_id = m.workspace_id AND e.tier = m.tier "
    "AND e.at <= %(now)s AND e.at > "
    "GREATEST(%(pace_since)s, (SELECT MAX(r.at) FROM usage_usagereset r WHERE r.workspace_id = m.workspace_id))), 0) "
    ">= w.cap_seconds::bigint * 2 END"
)
_METERED = (
    "SELECT m.workspace_id AS key, w.account_id, m.full_since AS since, d.at AS dropped_at, m.seconds, "
    "w.cap_seconds, w.tier FROM usage_meter m "
    "JOIN rollup_workspacemonth w ON w.workspace_id = m.workspace_id AND w.month = %(month)s "
    "AND w.cap_seconds IS NOT NULL AND w.tier = m.tier LEFT JOIN drops d ON d.workspace_id = m.workspace_id WHERE "
)
_IS_FULL, _IS_NEAR = "m.full_since IS NOT NULL", "m.is_near AND m.full_since IS NULL"
_FULL_PILOT = _METERED + f"{_IS_FULL} AND m.tier = ANY(%(hard)s)"
_FULL = _METERED + f"{_IS_FULL} AND m.tier <> ALL(%(hard)s)"
_NEARLY_FULL = _METERED + f"{_IS_NEAR} AND {_APPROACHING}"
_ANY_FULL, _ANY_NEAR = (f"SELECT 1 FROM usage_meter m WHERE {which}" for which in (_IS_FULL, _IS_NEAR))
_NOT_METERED = f"(m.id IS NULL OR w.cap_seconds IS NULL OR (m.full_since IS NULL AND NOT {_APPROACHING}))"
_DROPPED = (
    "SELECT d.workspace_id AS key, w.account_id, d.at AS since, d.at AS dropped_at, m.seconds, "
    "w.cap_seconds, w.tier FROM drops d "
    "JOIN rollup_workspacemonth w ON w.workspace_id = d.workspace_id AND w.month = %(month)s "
    "LEFT JOIN usage_meter m ON m.workspace_id = d.workspace_id AND m.tier = w.tier "
    f"AND m.is_near WHERE {_NOT_METERED}"
)
# The product wants somebody there trained, and nobody is; a workspace that stands above for another reason wears it.
_UNTRAINED = (
    "SELECT u.workspace_id AS key, w.account_id, u.since, NULL::timestamptz AS dropped_at, m.seconds, "
    "w.cap_seconds, w.tier FROM untrained u "
    "JOIN rollup_workspacemonth w ON w.workspace_id = u.workspace_id AND w.month = %(month)s "
    "LEFT JOIN usage_meter m ON m.workspace_id = u.workspace_id AND m.tier = w.tier AND m.is_near "
    f"WHERE u.workspace_id NOT IN (SELECT d.workspace_id FROM drops d) AND {_NOT_METERED}"
)

# Accounts: `since` or `ends_at`, of the facts of the month. `{only}` narrows to one account when one row is asked.
_ACCOUNTS = "rollup_accountmonth a WHERE a.month = %(month)s AND a.is_listed{only} AND "
_JOINED = "JOIN rollup_accountmonth a ON a.account_id = e.account_id AND a.month = %(month)s AND a.is_listed{only} "
_OWED = "SELECT a.account_id, a.tier, a.overdue_since AS since, NULL::timestamptz AS ends_at FROM " + _ACCOUNTS
_PAYMENT_FAILED = _OWED + "a.overdue_since IS NOT NULL AND a.mode = 'self_serve'"
_RENEWAL_UNPAID = _OWED + "a.overdue_since IS NOT NULL AND a.mode = 'managed'"
# What was issued here and is past its due day, the seller's; somebody who put it on hold waits on purpose. From an
# index of what is open alone, and added up by account before anything else is looked up. A renewal may be unpaid
# without it: invoiced elsewhere, or not at all.
_PAST_DUE = (
    "billing_invoice i WHERE i.kind = 'invoice' AND i.open > 0 AND i.due_on < %(seller_day)s AND i.id <> ALL (ARRAY("
    "SELECT h.invoice_id FROM billing_hold h WHERE h.last_day >= %(seller_day)s))"
)
_INVOICE_OVERDUE = (
    "SELECT u.account_id, u.tier, MIN(u.since) AS since, NULL::timestamptz AS ends_at FROM ("
    f"{_RENEWAL_UNPAID} UNION ALL SELECT e.account_id, a.tier, "
    "(e.due_on + 1)::timestamp AT TIME ZONE %(seller_zone)s, NULL::timestamptz FROM "
    f"(SELECT i.account_id, MIN(i.due_on) AS due_on FROM {_PAST_DUE} GROUP BY 1) e {_JOINED}) u GROUP BY 1, 2"
)
_ANY_INVOICE_OVERDUE = f"{_RENEWAL_UNPAID} UNION ALL SELECT i.account_id, NULL, NULL, NULL FROM {_PAST_DUE}"

# More went back to it than had come, and no invoice asks for that; since the last time when more went.
_OWES = "billing_accountcredit c WHERE c.amount < 0"
_OWES_BESIDE = (
    "SELECT e.account_id, a.tier, (SELECT MAX(x.booked_at) FROM billing_ledgerentry x "
    "WHERE x.account_id = e.account_id AND x.kind = 'overdrawn' AND x.amount < 0) AS since, "
    "NULL::timestamptz AS ends_at "
    f"FROM (SELECT c.account_id FROM {_OWES}) e {_JOINED}"
)

# It charges, and there is nothing left to charge for. The facts say so first, by an index of such accounts alone.
_GONE = "NOT EXISTS (SELECT 1 FROM tenants_workspace w WHERE w.account_id = a.account_id AND w.deleted_at IS NULL)"
_EMPTY = "(a.workspaces = 0 OR a.fault <> '')"
_CHARGES = (
    "payments_subscription s JOIN rollup_accountmonth a ON a.account_id = s.account_id AND a.month = %(month)s "
    "AND a.is_listed{only} WHERE s.status IN ('active', 'pending') AND s.end_asked_at IS NULL AND "
)
_CHARGED_FOR_NOTHING = (
    "SELECT s.account_id, a.tier, "
    "(SELECT MAX(w.deleted_at) FROM tenants_workspace w WHERE w.account_id = s.account_id) AS since, "
    "NULL::timestamptz AS ends_at FROM " + _CHARGES + f"{_EMPTY} AND {_GONE}"
)
_ANY_EMPTY = "SELECT 1 FROM " + _ACCOUNTS + _EMPTY
# The mandate by which the next charge would go is not valid, or its card is over by then. A card holds to the last day
# of its month, which is the day that Mollie names.
_MANDATE_ENDING = (
    "SELECT s.account_id, a.tier, NULL::timestamptz AS since, MIN(CASE WHEN m.status = 'valid' "
    "THEN m.card_expires::timestamp AT TIME ZONE 'UTC' + interval '1 day' "
    "ELSE s.next_date::timestamp AT TIME ZONE 'UTC' END) AS ends_at FROM payments_mandate m, "
    + _CHARGES.replace(" WHERE ", " WHERE m.mollie_id = s.mollie_mandate_id AND s.is_meant AND ")
    + f"NOT {_GONE} AND (m.status = 'invalid' OR m.card_expires < s.next_date) GROUP BY 1, 2"
)
_ANY_MANDATE_ENDS = "SELECT 1 FROM payments_mandate m WHERE m.status = 'invalid' OR m.card_expires IS NOT NULL"

# Class and status leave those whom money, a trial, an invoice or 100 % off keeps. What is left: a workspace on a paid
# base tier at a price above 0, nothing timed on it, and no day until which the account's tiers are kept.
_UNPAID = _ACCOUNTS + "a.klass = 'comped' AND a.mode = 'self_serve' AND a.status IN ('none', 'cancelled')"
_NOBODY_PAYS = (
    "SELECT a.account_id, a.tier, {since} AS since, NULL::timestamptz AS ends_at FROM "
    + _UNPAID
    + " AND EXISTS (SELECT 1 FROM rollup_workspacemonth w WHERE w.account_id = a.account_id AND w.month = a.month "
    "AND w.base_tier = ANY(%(paid)s) AND w.discount_percent < 100 AND w.grant_until IS NULL) "
    "AND NOT EXISTS (SELECT 1 FROM plans_paymentterms p WHERE p.account_id = a.account_id AND p.lapses_at > %(now)s "
    "AND p.valid_from <= %(now)s AND (p.valid_until IS NULL OR p.valid_until > %(now)s))"
)
# As `billing.rules.to_issue` has it: what was asked for, or paid by invoice, ends, and no invoice goes on from there.
_RENEWAL_NOT_INVOICED = (
    "SELECT a.account_id, a.tier, NULL::timestamptz AS since, "
    "(e.last_day + 1)::timestamp AT TIME ZONE 'UTC' AS ends_at "
    f"FROM rollup_accountmonth a CROSS JOIN LATERAL ({SERVICE_ENDS.format(account='a.account_id')}) e(last_day) "
    "WHERE a.month = %(month)s AND a.is_listed{only} AND a.mode = 'managed' AND a.klass <> 'trial' "
    "AND a.mrr + a.potential > 0 AND e.last_day <= %(renewal_until)s"
)
# The last thing that ended or was set before: terms, paid time, discounts and grants; not before the first paid tier.
_PLACES = "SELECT x.id FROM tenants_workspace x WHERE x.account_id = a.account_id"
_NOBODY_SINCE = (
    "GREATEST((SELECT MAX(GREATEST(p.valid_from, CASE WHEN p.paid_until <= %(now)s THEN p.paid_until END, "
    "CASE WHEN p.lapses_at <= %(now)s THEN p.lapses_at END)) FROM plans_paymentterms p "
    "WHERE p.account_id = a.account_id AND p.valid_from <= %(now)s), "
    "(SELECT MAX(s.service_until) FROM plans_paidperiod s "
    "WHERE s.account_id = a.account_id AND s.service_until <= %(now)s), "
    "(SELECT MAX(d.valid_until) FROM plans_discount d "
    f"WHERE (d.account_id = a.account_id OR d.workspace_id IN ({_PLACES})) AND d.valid_until <= %(now)s), "
    f"(SELECT MAX(g.valid_until) FROM plans_tiergrant g WHERE g.workspace_id IN ({_PLACES}) "
    "AND g.valid_until <= %(now)s), "
    f"(SELECT MIN(b.valid_from) FROM plans_basetier b WHERE b.workspace_id IN ({_PLACES}) "
    "AND b.tier = ANY(%(paid)s) AND b.valid_from <= %(now)s AND (b.valid_until IS NULL OR b.valid_until > %(now)s)))"
)
_EARLIEST = "SELECT e.account_id, a.tier, NULL::timestamptz AS since, MIN(e.ends_at) AS ends_at FROM ("
_GRANT_ENDS = (
    "g.kind <> %(trial)s AND g.valid_from <= %(now)s AND g.valid_until > %(now)s AND g.valid_until <= %(tier_until)s"
)
_LAPSES = (
    "plans_paymentterms p WHERE p.lapses_at > %(now)s AND p.lapses_at <= %(tier_until)s AND p.valid_from <= %(now)s "
    "AND (p.valid_until IS NULL OR p.valid_until > p.lapses_at)"
)
_ANY_TIER_ENDS = f"SELECT 1 FROM plans_tiergrant g WHERE {_GRANT_ENDS} UNION ALL SELECT 1 FROM {_LAPSES}"
_TIER_ENDING = (
    _EARLIEST + "SELECT w.account_id, g.valid_until AS ends_at FROM plans_tiergrant g "
    "JOIN rollup_workspacemonth w ON w.workspace_id = g.workspace_id AND w.month = %(month)s "
    f"AND w.grant_until = g.valid_until AND w.tier <> w.base_tier WHERE {_GRANT_ENDS} "
    f"UNION ALL SELECT p.account_id, p.lapses_at FROM {_LAPSES} AND EXISTS (SELECT 1 FROM rollup_workspacemonth w "
    "WHERE w.account_id = p.account_id AND w.month = %(month)s AND w.base_tier = ANY(%(paid)s) "
    "AND (w.grant_until IS NULL OR w.grant_until <= p.lapses_at))) e " + _JOINED + "GROUP BY 1, 2"
)
# A discount whose end raises a price: of a paid tier that lasts longer, where no other discount does as much after it.
_DISCOUNT_ENDS = (
    "d.valid_until > %(now)s AND d.valid_until <= %(discount_until)s AND d.valid_from <= %(now)s AND d.percent > 0"
)
_ANY_DISCOUNT_ENDS = f"SELECT 1 FROM plans_discount d WHERE {_DISCOUNT_ENDS}"
_DISCOUNT_ENDING = (
    _EARLIEST + "SELECT COALESCE(d.account_id, x.account_id) AS account_id, d.valid_until AS ends_at, d.kind "
    "FROM plans_discount d LEFT JOIN tenants_workspace x ON x.id = d.workspace_id "
    f"WHERE {_DISCOUNT_ENDS} AND EXISTS (SELECT 1 FROM rollup_workspacemonth w "
    "WHERE w.account_id = COALESCE(d.account_id, x.account_id) AND w.month = %(month)s "
    "AND (d.workspace_id IS NULL OR w.workspace_id = d.workspace_id) AND w.tier = ANY(%(paid)s) "
    "AND (w.grant_until IS NULL OR w.grant_until > d.valid_until OR w.base_tier = ANY(%(paid)s)) "
    "AND NOT EXISTS (SELECT 1 FROM plans_discount o WHERE o.id <> d.id AND o.valid_from <= %(now)s "
    "AND (o.valid_until IS NULL OR o.valid_until > d.valid_until) AND ((d.workspace_id IS NULL "
    "AND o.workspace_id = w.workspace_id) OR (d.workspace_id IS NOT NULL AND o.account_id = x.account_id "
    "AND o.percent >= d.percent))))) e " + _JOINED + "WHERE NOT (e.kind = 'trial' AND a.klass = 'trial') GROUP BY 1, 2"
)
_UNTIL = "(a.reason ->> 'until')::timestamptz"
_TRIAL_ENDING = (
    f"SELECT a.account_id, a.tier, NULL::timestamptz AS since, {_UNTIL} AS ends_at FROM "
    + _ACCOUNTS
    + f"a.klass = 'trial' AND {_UNTIL} <= %(trial_until)s"
)

_LONGEST = "s.since, a.mrr + a.potential DESC, s.key"
_DEAREST = "a.mrr + a.potential DESC, s.key"
_SOONEST = "s.ends_at, a.mrr + a.potential DESC, s.key"
_COMMON = ("contact", "organisation", "company", "sender")
_OF_CAP = (*_COMMON, "workspace", "tier", "counted", "cap")
_OF_ACCOUNT = (*_COMMON, "account")
_OF_DEBT = (*_OF_ACCOUNT, "since")


@dataclass(frozen=True)
class Reason:
    """`source`: SQL of its rows; `order`: among them; `fills`: the placeholders of its prepared mail.

    `sign`: SQL that looks by one index whether it may have rows; where it finds nothing, the source has none. Empty
    where the source is as quick itself.
    `lasts`: what stands before how long it has lasted ("full for 3 days"); empty where that is not said.
    `is_blocked`: nothing more can be recorded, or uploaded, since then.
    """

    key: str
    label: str
    source: str
    order: str
    fills: tuple[str, ...]
    tone: str = "warn"
    lasts: str = ""
    is_blocked: bool = False
    sign: str = ""


WORKSPACE_REASONS = (
    Reason(
        "pilot_hard_block",
        "pilot blocked",
        _FULL_PILOT,
        _LONGEST,
        (*_OF_CAP, "since"),
        "bad",
        "full for",
        True,
        _ANY_FULL,
    ),
    Reason("at_cap", "at cap", _FULL, _LONGEST, (*_OF_CAP, "since"), "bad", "full for", True, _ANY_FULL),
    Reason("approaching_cap", "approaching cap", _NEARLY_FULL, _DEAREST, _OF_CAP, sign=_ANY_NEAR),
    Reason(
        "recently_downgraded",
        "recently downgraded",
        _DROPPED,
        _DEAREST,
        (*_COMMON, "workspace", "tier", "former_tier", "since"),
    ),
    Reason(
        "untrained",
        "nobody trained",
        _UNTRAINED,
        _LONGEST,
        (*_COMMON, "workspace", "since"),
        lasts="for",
        sign=ANY_NEED,
    ),
)
ACCOUNT_REASONS = (
    Reason("payment_failed", "payment failed", _PAYMENT_FAILED, _LONGEST, _OF_DEBT, "bad", "open for"),
    Reason(
        "invoice_overdue",
        "invoice overdue",
        _INVOICE_OVERDUE,
        _LONGEST,
        _OF_DEBT,
        "bad",
        "open for",
        sign=_ANY_INVOICE_OVERDUE,
    ),
    Reason(
        "owes_beside",
        "owes beside invoices",
        _OWES_BESIDE,
        _LONGEST,
        _OF_DEBT,
        "bad",
        "open for",
        sign=f"SELECT 1 FROM {_OWES}",
    ),
    Reason(
        "charged_for_nothing",
        "charged for nothing",
        _CHARGED_FOR_NOTHING,
        _LONGEST,
        (*_OF_ACCOUNT, "since"),
        "bad",
        lasts="for",
        sign=_ANY_EMPTY,
    ),
    Reason(
        "nobody_pays",
        "nobody pays",
        _NOBODY_PAYS.replace("{since}", _NOBODY_SINCE),
        _LONGEST,
        (*_OF_ACCOUNT, "tier", "since"),
        lasts="for",
        sign="SELECT 1 FROM " + _UNPAID,
    ),
    Reason("renewal_not_invoiced", "renewal not invoiced", _RENEWAL_NOT_INVOICED, _SOONEST, (*_OF_ACCOUNT, "ends")),
    Reason(
        "mandate_ending",
        "way of paying ends",
        _MANDATE_ENDING,
        _SOONEST,
        (*_OF_ACCOUNT, "ends"),
        sign=_ANY_MANDATE_ENDS,
    ),
    Reason("tier_ending", "tier ending", _TIER_ENDING, _SOONEST, (*_OF_ACCOUNT, "tier", "ends"), sign=_ANY_TIER_ENDS),
    Reason(
        "discount_ending",
        "discount ending",
        _DISCOUNT_ENDING,
        _SOONEST,
        (*_OF_ACCOUNT, "ends"),
        sign=_ANY_DISCOUNT_ENDS,
    ),
    Reason("trial_ending", "trial ending", _TRIAL_ENDING, _SOONEST, (*_OF_ACCOUNT, "ends")),
)
REASONS = {reason.key: reason for reason in (*WORKSPACE_REASONS, *ACCOUNT_REASONS)}
DOWNGRADED, UNTRAINED = WORKSPACE_REASONS[3].key, WORKSPACE_REASONS[4].key
