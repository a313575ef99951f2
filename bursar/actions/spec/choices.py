"""What a declaration chooses among: reason, who is told, group in the kebab, topic of its notices."""

from __future__ import annotations

from enum import Enum, StrEnum


class Reason(Enum):
    REQUIRED = "required"
    OPTIONAL = "optional"
    NONE = "none"


class Notice(Enum):
    """Whom an action tells; the rooms that carry notices find the people.

    GRANTER: the staff member who granted what ends, else the account manager, else the leads. STAFF: every colleague
    who may act. APPROVERS: colleagues who decide on refunds and on other money that waits for a second person. LEADS:
    those who manage staff. MANAGER: the account manager, where there is one. ORGANISATION_ADMINS: those who run the
    organisation. REQUESTER: whoever asked for what was decided. ASKER: the colleague who asked for it. OWN_PEOPLE: of a
    plain member's ask the workspace's own admins and billing people; else nobody. FORMER: who runs or pays in the
    organisation that something left.
    """

    WORKSPACE_ADMINS = "workspace_admins"
    BILLING = "billing"
    ORGANISATION_ADMINS = "organisation_admins"
    GRANTER = "granter"
    MANAGER = "manager"
    STAFF = "staff"
    APPROVERS = "approvers"
    ASKER = "asker"
    LEADS = "leads"
    REQUESTER = "requester"
    OWN_PEOPLE = "own_people"
    FORMER = "former"

    @property
    def is_for_staff(self) -> bool:
        return self not in _FOR_CUSTOMERS


_FOR_CUSTOMERS = (
    Notice.WORKSPACE_ADMINS,
    Notice.BILLING,
    Notice.ORGANISATION_ADMINS,
    Notice.REQUESTER,
    Notice.OWN_PEOPLE,
    Notice.FORMER,
)


class Group(StrEnum):
    """What a lever in the kebab is about. Their order here is the kebab's; the value is the heading."""

    DECISION = "Decision"
    PLAN = "Plan and usage"
    MONEY = "Money"
    PEOPLE = "People and access"
    TRAINING = "Training"
    PARTNER = "Partner"
    ATTENTION = "Attention and notes"
    DELIVERY = "Delivery"
    SETUP = "Set-up"


class Topic(Enum):
    """What a notice is about, as people choose what to hear of. Urgent ones always go by mail at once (DOMAIN 8)."""

    PLAN = "plan"
    USAGE = "usage"
    PEOPLE = "people"
    REQUESTS = "requests"
    DECISIONS = "decisions"
    MONEY = "money"
    SECURITY = "security"

    @property
    def is_urgent(self) -> bool:
        return self in (Topic.DECISIONS, Topic.MONEY, Topic.SECURITY)
