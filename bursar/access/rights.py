"""The rights a staff role can hold (DOMAIN 2). What each one opens is declared by the actions."""

from django.db import models


class Right(models.TextChoices):
    READ = "read", "read the staff panel"
    ACT = "act", "pull everyday levers"
    SET_TIER = "set_tier", "set tier"
    SET_VISIBILITY = "set_visibility", "set visibility"
    TRANSFER = "transfer", "transfer"
    OVERRIDE = "override", "override"
    APPROVE_REFUND = "approve_refund", "approve refund"
    MANAGE_STAFF = "manage_staff", "manage staff"


class Own(models.TextChoices):
    """What customers do on their own pages. Every customer holds all of them; their role decides where each reaches,
    and `bursar/tenants/rules.py` says how.
    """

    ASK = "ask", "ask for more"
    ADD_WORKSPACE = "add_workspace", "ask for a new workspace"
    ASK_TRAINING = "ask_training", "ask for a training"
    WITHDRAW = "withdraw", "take a request back"
    PAY = "pay", "see to payment"
    LET_IN = "let_in", "let support in"


class By(models.TextChoices):
    """What no role opens: the clock does it, a job by itself, or whoever stands at the operator's shell."""

    CLOCK = "clock", "Bursar itself, by the clock"
    JOB = "job", "Bursar itself, in a job"
    SHELL = "shell", "the operator's shell"


_OUT_OF_REACH = {
    Own.ASK: "You take part here from outside. An owner, admin or billing person of the workspace can ask for more.",
    Own.ADD_WORKSPACE: "Only an owner or admin of the organisation can ask for a new workspace. Ask one of them.",
    Own.ASK_TRAINING: "Only an owner or admin of the organisation can ask for a training. Ask one of them.",
    Own.WITHDRAW: "Whoever asked takes it back, or an owner, admin or billing person.",
    Own.PAY: "Only an owner, admin or billing person sees to payment. Ask one of them.",
    Own.LET_IN: "Only an owner or admin of the workspace or its organisation lets support in. Ask one of them.",
}
_BY = {
    By.CLOCK: "Bursar does this by itself, when the clock says so; nobody else can.",
    By.JOB: "Bursar does this by itself, in a job of its own; nobody else can.",
    By.SHELL: "This is done at the operator's shell alone.",
}


def explain_missing(right: models.TextChoices) -> str:
    """The sentence for whoever does not hold it."""
    if isinstance(right, By):
        return _BY[right]
    if isinstance(right, Own):
        return "You need the customer's hat: customers do this on their own pages."
    kind = "right" if isinstance(right, Right) else "key with the scope"
    return f"You need the {kind} “{right.label}”."


def explain_out_of_reach(right: Own) -> str:
    """The sentence for a customer whose role does not open it here."""
    return _OUT_OF_REACH[right]
