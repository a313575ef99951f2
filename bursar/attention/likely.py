"""What one reaches for where a row needs a human, the likeliest first: of each reason of the at-risk lists. Pure."""

RESET, CHANGE_TIER = "usage.workspace.reset_usage", "plans.workspace.change_tier"
GRANT_TRIAL, GRANT_TIER = "plans.account.grant_trial", "plans.workspace.grant_tier"
CHECKOUT, LINK, RETRY = (f"payments.account.{verb}" for verb in ("send_checkout", "issue_payment_link", "retry_charge"))
CANCEL = "payments.account.cancel_subscription"
DISCOUNT, MANAGED = "plans.account.set_discount", "plans.account.set_managed"
ISSUE, GIVE_UP = "billing.account.issue_invoice", "billing.account.write_off_owed"
WRITE, WRITE_THERE = "attention.account.send_outreach", "attention.workspace.send_outreach"
TRAIN = "training.organisation.request_session"

LEVERS: dict[str, tuple[str, ...]] = {
    "pilot_hard_block": (RESET, CHANGE_TIER, WRITE_THERE),
    "at_cap": (RESET, GRANT_TRIAL, CHECKOUT, GRANT_TIER),
    "approaching_cap": (CHECKOUT, GRANT_TRIAL, WRITE_THERE),
    "recently_downgraded": (WRITE_THERE, CHECKOUT, GRANT_TIER),
    "untrained": (TRAIN, WRITE_THERE),
    "payment_failed": (RETRY, LINK, WRITE, MANAGED),
    "invoice_overdue": (LINK, WRITE),
    "owes_beside": (LINK, WRITE, GIVE_UP),
    "charged_for_nothing": (CANCEL, WRITE),
    "nobody_pays": (CHECKOUT, MANAGED, DISCOUNT),
    "renewal_not_invoiced": (ISSUE, WRITE),
    "mandate_ending": (CHECKOUT, WRITE),
    "tier_ending": (GRANT_TIER, CHECKOUT, WRITE),
    "discount_ending": (DISCOUNT, WRITE),
    "trial_ending": (GRANT_TIER, CHECKOUT, WRITE),
}
"""By the key of the reason. A kebab that does not reach an action leaves it out."""
