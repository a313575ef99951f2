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
    """What customers do on their own pages. Every customer holds it; their role decides where it reaches."""

    ASK = "ask", "ask for more"
