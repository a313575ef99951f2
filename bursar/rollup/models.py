from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from bursar.core.ids import PublicIdField
from bursar.plans.models import DiscountKind, Tier
from bursar.rollup.states import Klass
from bursar.staff.models import StaffMember
from bursar.tenants.models import BillingAccount, Workspace


class RevenueClass(models.TextChoices):
    PAYING = Klass.PAYING.value, "paying"
    MANAGED = Klass.MANAGED.value, "managed"
    TRIAL = Klass.TRIAL.value, "trial"
    COMPED = Klass.COMPED.value, "comped"
    FREE = Klass.FREE.value, "free"


class AccountMonth(models.Model):
    """The facts of one account in one UTC month: as of now for the open month, as at its end for a closed one.

    Derived, projected inside the transaction that changes their inputs. `next_change_at`: the first instant after
    which the clock alone may change them (open month only). Amounts EUR per month, excluding VAT.
    `had_mrr`: positive at any earlier month end. `restated_at`: a closed month was changed afterwards.
    `rule_change`: what another version of the rules made of `previous_mrr`, in the month in which the version changes.
    `ended_at`: the account ceased in this month, or before it and hours came in all the same; it is listed for hours
    and movement, and is no account of the totals. `fault`: why the month cannot be worked out; empty when it can.
    `settled_at`: the instant of the projection; the column keeps the name under which earlier releases write it.
    """

    account = models.ForeignKey(BillingAccount, on_delete=models.CASCADE, related_name="months")
    month = models.DateField()
    is_listed = models.BooleanField()
    ended_at = models.DateTimeField(null=True)
    fault = models.CharField(max_length=200, blank=True, db_default="")
    klass = models.CharField(max_length=8, choices=RevenueClass.choices)
    reason = models.JSONField()
    tier = models.CharField(max_length=12, choices=Tier.choices)
    tier_rank = models.PositiveSmallIntegerField()
    tiers = ArrayField(models.CharField(max_length=12))
    mode = models.CharField(max_length=12)
    status = models.CharField(max_length=12)
    cadence = models.CharField(max_length=8, blank=True)
    overdue_since = models.DateTimeField(null=True)
    discount_kind = models.CharField(max_length=16, blank=True, choices=DiscountKind.choices)
    discount_percent = models.PositiveSmallIntegerField(default=0)
    discount_end_date = models.DateField(null=True)
    workspaces = models.PositiveIntegerField()
    seats = models.PositiveIntegerField()
    recorded_seconds = models.BigIntegerField(default=0)
    mrr = models.DecimalField(max_digits=14, decimal_places=2)
    potential = models.DecimalField(max_digits=14, decimal_places=2)
    previous_mrr = models.DecimalField(max_digits=14, decimal_places=2, default=0)
    rule_change = models.DecimalField(max_digits=14, decimal_places=2, default=0, db_default=0)
    movement = models.CharField(max_length=12, blank=True)
    had_mrr = models.BooleanField(default=False)
    manager = models.ForeignKey(StaffMember, null=True, on_delete=models.SET_NULL, related_name="+")
    rule_version = models.PositiveSmallIntegerField()
    next_change_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField()
    restated_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(name="one_account_month", fields=["account", "month"])]
        indexes = [
            models.Index(name="account_month_mrr", fields=["month", "-mrr", "account"]),
            models.Index(  # totals read this alone: a month's rows lie far apart in the table
                name="account_month_totals",
                fields=["month", "klass"],
                include=["status", "workspaces", "seats", "recorded_seconds", "mrr", "potential"],
                condition=models.Q(is_listed=True),
            ),
            models.Index(
                name="account_month_due", fields=["next_change_at"], condition=models.Q(next_change_at__isnull=False)
            ),
            models.Index(
                name="account_month_overdue",
                fields=["month", "mode", "overdue_since"],
                condition=models.Q(is_listed=True, overdue_since__isnull=False),
            ),
            models.Index(
                name="account_month_empty",
                fields=["month"],
                condition=models.Q(is_listed=True) & (models.Q(workspaces=0) | ~models.Q(fault="")),
            ),
            models.Index(  # to issue: managed accounts are few
                name="account_month_managed",
                fields=["month", "account"],
                condition=models.Q(is_listed=True, mode="managed"),
            ),
            models.Index(name="account_month_by_rule", fields=["month"], condition=~models.Q(rule_change=0)),
        ]


class WorkspaceMonth(models.Model):
    """The facts of one workspace in one UTC month, under the account that paid for it last.

    One that is not live (`is_live`) stands there for its hours: it ended in this month, or recorded outside its life.
    It has no seats and no cap then, and the tier of its last instant.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="months")
    account = models.ForeignKey(BillingAccount, on_delete=models.CASCADE, related_name="workspace_months")
    month = models.DateField()
    is_live = models.BooleanField(db_default=True)
    ended_at = models.DateTimeField(null=True)
    tier = models.CharField(max_length=12, choices=Tier.choices)
    base_tier = models.CharField(max_length=12, choices=Tier.choices)
    grant_kind = models.CharField(max_length=16, blank=True)
    grant_until = models.DateTimeField(null=True)
    discount_kind = models.CharField(max_length=16, blank=True, choices=DiscountKind.choices)
    discount_percent = models.PositiveSmallIntegerField(default=0)
    discount_end_date = models.DateField(null=True)
    seats = models.PositiveIntegerField()
    externals = models.PositiveIntegerField()
    observers = models.PositiveIntegerField()
    cap_seconds = models.PositiveIntegerField(null=True)
    recorded_seconds = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(name="one_workspace_month", fields=["workspace", "month"])]
        indexes = [
            models.Index(name="workspace_month_by_account", fields=["account", "month"]),
            models.Index(  # who is near a cap is read from this alone
                name="workspace_month_capped",
                fields=["month", "workspace"],
                include=["tier", "account", "cap_seconds"],
                condition=models.Q(cap_seconds__isnull=False),
            ),
        ]


class FormerRules(models.Model):
    """A month that was closed under an earlier version of the rules, and keeps it; every other one has the present.

    Written by the migration that brings a new version, for the months with data that are over by then.
    """

    month = models.DateField(primary_key=True)
    rule_version = models.PositiveSmallIntegerField()


class Unprojected(models.Model):
    """An account whose facts wait to be computed from `month` on: marked by imports and the roll, for the refresh.

    `why`: what a closed month's restatement will say. `closes_from`: from this month on the roll copied rows before
    their last change was computed; putting that right restates nothing. `fault`: they could not be computed; it is
    tried again at `due_at`.
    """

    account = models.OneToOneField(BillingAccount, primary_key=True, on_delete=models.CASCADE, related_name="+")
    month = models.DateField()
    why = models.CharField(max_length=40, db_default="history imported")
    closes_from = models.DateField(null=True)
    fault = models.CharField(max_length=200, db_default="")
    due_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "rollup_unsettled"  # its name when it was made: releases overlap while one is installed


class Uncounted(models.Model):
    """A workspace that recorded in a month whose row it did not have yet: counted when the month is open.

    Only ever added to by batches, which so do not wait for one another.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+", db_index=False)
    month = models.DateField()


class MonthRestatement(models.Model):
    """A closed month that was changed afterwards: by late usage, or by an import of history."""

    public_id = PublicIdField(prefix="rsm")
    account = models.ForeignKey(BillingAccount, on_delete=models.CASCADE, related_name="restatements")
    month = models.DateField()
    at = models.DateTimeField()
    why = models.CharField(max_length=40)
    before = models.JSONField()
    after = models.JSONField()

    class Meta:
        indexes = [models.Index(name="restatement_by_month", fields=["account", "month"])]


class SavedView(models.Model):
    """A name for a page's filters, sort and columns: `query` is its address without the month."""

    public_id = PublicIdField(prefix="vue")
    owner = models.ForeignKey(StaffMember, on_delete=models.CASCADE, related_name="+")
    page = models.CharField(max_length=20, default="rollup")
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=2000, blank=True)
    is_shared = models.BooleanField(default=False)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(name="one_view_a_name", fields=["owner", "page", "name"])]

    def __str__(self) -> str:
        return self.name
