from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from bursar.core import clock
from bursar.core.dated import Dated, no_overlap, span_is_positive
from bursar.core.ids import PublicIdField
from bursar.plans.states import Mode, Source, Status
from bursar.staff.models import StaffMember
from bursar.tenants.models import BillingAccount, Workspace

PEN = "bursar.plans.store"


class Tier(models.TextChoices):
    """The catalogue's tiers, in order. Their prices and caps are dated rows (`TierTerms`)."""

    FREE = "free", "Free"
    PILOT = "pilot", "Pilot"
    INNOVATOR = "innovator", "Innovator"
    CHANGEMAKER = "changemaker", "Changemaker"
    GUARDIAN = "guardian", "Guardian"


class CapEffect(models.TextChoices):
    NONE = "none", "unlimited"
    LOCK_UPLOADS = "lock_uploads", "recording goes on, later uploads are locked"
    HARD_BLOCK = "hard_block", "no recording"


class Cadence(models.TextChoices):
    YEARLY = "yearly", "yearly"
    MONTHLY = "monthly", "monthly"


class DiscountKind(models.TextChoices):
    SCHOLARSHIP = "scholarship", "scholarship"
    STAFF_DISCOUNT = "staff_discount", "staff discount"
    TRIAL = "trial", "trial"
    PARTNER = "partner", "partner"


class GrantKind(models.TextChoices):
    REVERSE_TRIAL = "reverse_trial", "reverse trial"
    APPROVAL = "approval", "time-limited approval"


class PaymentMode(models.TextChoices):
    SELF_SERVE = Mode.SELF_SERVE.value, "self-serve"
    MANAGED = Mode.MANAGED.value, "managed"


class PaymentStatus(models.TextChoices):
    NONE = Status.NONE.value, "none"
    PENDING = Status.PENDING.value, "pending"
    ACTIVE = Status.ACTIVE.value, "active"
    PAST_DUE = Status.PAST_DUE.value, "past due"
    CANCELLED = Status.CANCELLED.value, "cancelled"


class PeriodSource(models.TextChoices):
    MOLLIE = Source.MOLLIE.value, "Mollie"
    MANAGED = Source.MANAGED.value, "managed invoice"


class TierTerms(Dated):
    """A catalogue row: EUR per seat and month, excluding VAT; `one_off` per account; cap in hours, null: none."""

    tier = models.CharField(max_length=12, choices=Tier.choices)
    tier_rank = models.BigIntegerField()
    yearly = models.DecimalField(max_digits=8, decimal_places=2)
    monthly = models.DecimalField(max_digits=8, decimal_places=2)
    one_off = models.DecimalField(max_digits=8, decimal_places=2, default=0)
    cap_hours = models.DecimalField(max_digits=8, decimal_places=2, null=True, blank=True)
    cap_effect = models.CharField(max_length=12, choices=CapEffect.choices, default=CapEffect.NONE)
    included_seats = models.PositiveSmallIntegerField(default=0)
    is_self_serve = models.BooleanField(default=False)
    notes = models.CharField(max_length=200, blank=True)

    feeds_facts = True
    pen = PEN

    class Meta:
        constraints = [no_overlap("one_price_at_a_time", "tier_rank"), span_is_positive("tier_terms_span")]


class BaseTier(Dated):
    """`ends_grants`: set by a lever that ends what timed grants there are."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="base_tiers")
    tier = models.CharField(max_length=12, choices=Tier.choices)
    ends_grants = models.BooleanField(default=False, db_default=False, editable=False)

    feeds_facts = True
    pen = PEN

    class Meta:
        constraints = [no_overlap("one_base_tier", "workspace"), span_is_positive("base_tier_span")]
        indexes = [models.Index(name="base_tier_ended", fields=["valid_until"], condition=Q(valid_until__isnull=False))]


class TierGrant(models.Model):
    """A tier on top of the base until an instant; grants may overlap, the newest live one is effective.

    `stopped_at`: somebody here ended it, and no file that tells of it again goes past that.
    """

    public_id = PublicIdField(prefix="gra")
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="grants")
    tier = models.CharField(max_length=12, choices=Tier.choices)
    kind = models.CharField(max_length=16, choices=GrantKind.choices)
    valid_from = models.DateTimeField()
    valid_until = models.DateTimeField(db_index=True)
    planned_until = models.DateTimeField()
    stopped_at = models.DateTimeField(null=True, blank=True, editable=False)
    granted_by = models.ForeignKey(StaffMember, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    feeds_facts = True
    pen = PEN

    class Meta:
        constraints = [
            models.CheckConstraint(name="grant_span", condition=Q(valid_until__gte=F("valid_from"))),
            models.UniqueConstraint(name="one_grant_an_instant", fields=["workspace", "valid_from"]),
        ]
        indexes = [models.Index(name="grant_began", fields=["valid_from"])]


class GrantStop(models.Model):
    """Somebody ended here what timed grants a workspace had; `kind` empty: of every kind."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=16, choices=GrantKind.choices, blank=True)
    at = models.DateTimeField()

    pen = PEN


class Told(models.TextChoices):
    """When people are told of an end."""

    ENDING = "ending", "it is near"
    ENDED = "ended", "it is over"


class ByClock(models.TextChoices):
    """What is told of once for each account and instant: people of every end, the product of every lapse."""

    ENDING = "ending", "a timed grant ends in three days"
    ENDED = "ended", "a timed grant has ended"
    LAPSED = "lapsed", "a tier or a discount has lapsed"
    PLAN_ENDING = "plan_ending", "the plan ends in three days"
    PLAN_ENDED = "plan_ended", "the plan has ended"
    DISCOUNT_ENDING = "discount_ending", "a discount ends in 14 days"
    DISCOUNT_ENDED = "discount_ended", "a discount has ended"
    PRICE_ENDING = "price_ending", "a kept price ends in 14 days"
    PRICE_ENDED = "price_ended", "a kept price has ended"


class ClockTold(models.Model):
    """That what the clock does was told: once before an end, once at the end, once for all that lapsed then.

    `is_quiet`: it was looked at, and there is nothing to tell as things stand; an action may change that.
    """

    account = models.ForeignKey(BillingAccount, on_delete=models.CASCADE, related_name="+")
    what = models.CharField(max_length=16, choices=ByClock.choices)
    ends_at = models.DateTimeField()
    at = models.DateTimeField()
    is_quiet = models.BooleanField(default=False, db_default=False)

    pen = PEN

    class Meta:
        db_table = "plans_grantendtold"  # its name when it was made: releases overlap while one is installed
        constraints = [models.UniqueConstraint(name="told_once", fields=["account", "what", "ends_at"])]


class Discount(Dated):
    """On the account, or on one workspace, where it replaces the account's.

    `end_date` is the last day on which it holds, as agreed; `valid_until` is then the following UTC midnight,
    so that the clock alone ends it. Removing it earlier only moves `valid_until`.
    """

    public_id = PublicIdField(prefix="dis")
    account = models.ForeignKey(
        BillingAccount, null=True, blank=True, on_delete=models.CASCADE, related_name="discounts"
    )
    workspace = models.ForeignKey(Workspace, null=True, blank=True, on_delete=models.CASCADE, related_name="discounts")
    kind = models.CharField(max_length=16, choices=DiscountKind.choices)
    percent = models.PositiveSmallIntegerField()
    end_date = models.DateField(null=True, blank=True)

    feeds_facts = True
    pen = PEN

    class Meta:
        constraints = [
            no_overlap("one_account_discount", "account", condition=Q(account__isnull=False)),
            no_overlap("one_workspace_discount", "workspace", condition=Q(workspace__isnull=False)),
            span_is_positive("discount_span"),
            models.CheckConstraint(name="discount_percent", condition=Q(percent__lte=100)),
            models.CheckConstraint(
                name="discount_on_one_thing",
                condition=Q(account=None, workspace__isnull=False) | Q(account__isnull=False, workspace=None),
            ),
            models.CheckConstraint(
                name="trial_discount_ends", condition=~Q(kind=DiscountKind.TRIAL) | Q(end_date__isnull=False)
            ),
        ]
        indexes = [models.Index(name="discount_ended", fields=["valid_until"], condition=Q(valid_until__isnull=False))]


class PaymentTerms(Dated):
    """How an account pays: mode, status, cadence, and until when.

    `lapses_at`: paid base tiers set before it fall to free at that instant, without a job: the end of what a
    cancelled subscription paid for, or the end of “keep the tier until”.
    `ends_paid`: what was booked, or began, before `valid_from` counts as paid no more: it was ended at once.
    """

    account = models.ForeignKey(BillingAccount, on_delete=models.CASCADE, related_name="payment_terms")
    mode = models.CharField(max_length=12, choices=PaymentMode.choices, default=PaymentMode.SELF_SERVE)
    status = models.CharField(max_length=12, choices=PaymentStatus.choices, default=PaymentStatus.NONE)
    cadence = models.CharField(max_length=8, choices=Cadence.choices, blank=True)
    paid_until = models.DateTimeField(null=True, blank=True)
    past_due_since = models.DateTimeField(null=True, blank=True)
    lapses_at = models.DateTimeField(null=True, blank=True)
    ends_paid = models.BooleanField(default=False, db_default=False)

    feeds_facts = True
    pen = PEN

    class Meta:
        constraints = [
            no_overlap("one_payment_terms", "account"),
            span_is_positive("payment_terms_span"),
            models.CheckConstraint(
                name="past_due_has_a_start",
                condition=~Q(status=PaymentStatus.PAST_DUE) | Q(past_due_since__isnull=False),
            ),
            models.CheckConstraint(
                name="managed_has_no_status",
                condition=~Q(mode=PaymentMode.MANAGED) | Q(status=PaymentStatus.NONE),
            ),
        ]
        indexes = [models.Index(name="terms_lapse", fields=["lapses_at"], condition=Q(lapses_at__isnull=False))]


class PinnedPrice(Dated):
    """The rate an account pays for a tier during the interval already running, whatever the catalogue says now."""

    account = models.ForeignKey(BillingAccount, on_delete=models.CASCADE, related_name="pinned_prices")
    tier = models.CharField(max_length=12, choices=Tier.choices)
    tier_rank = models.BigIntegerField()
    cadence = models.CharField(max_length=8, choices=Cadence.choices)
    rate = models.DecimalField(max_digits=8, decimal_places=2)

    feeds_facts = True
    pen = PEN

    class Meta:
        constraints = [no_overlap("one_pinned_price", "account", "tier_rank"), span_is_positive("pinned_price_span")]
        indexes = [models.Index(name="price_ended", fields=["valid_until"], condition=Q(valid_until__isnull=False))]


class PaidPeriod(models.Model):
    """A service period that money arrived for. Amounts in EUR; `gross` includes VAT.

    `booked_at` is when it became fully settled here; `credited_at` when a credit note took it back.
    """

    public_id = PublicIdField(prefix="pay")
    external_id = models.CharField(max_length=100, unique=True)
    account = models.ForeignKey(BillingAccount, on_delete=models.CASCADE, related_name="paid_periods")
    source = models.CharField(max_length=8, choices=PeriodSource.choices)
    service_from = models.DateTimeField()
    service_until = models.DateTimeField()
    net = models.DecimalField(max_digits=12, decimal_places=2)
    gross = models.DecimalField(max_digits=12, decimal_places=2)
    booked_at = models.DateTimeField(default=clock.now)
    credited_at = models.DateTimeField(null=True, blank=True)

    feeds_facts = True
    pen = PEN

    class Meta:
        constraints = [
            models.CheckConstraint(name="paid_period_span", condition=Q(service_until__gt=F("service_from")))
        ]
        indexes = [models.Index(fields=["account", "-booked_at"], name="last_payment")]


class AccountManager(Dated):
    account = models.ForeignKey(BillingAccount, on_delete=models.CASCADE, related_name="managers")
    staff = models.ForeignKey(StaffMember, on_delete=models.PROTECT, related_name="managed_accounts")

    feeds_facts = True
    pen = PEN

    class Meta:
        constraints = [no_overlap("one_account_manager", "account"), span_is_positive("account_manager_span")]
