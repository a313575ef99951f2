"""The prepared mails that ship with Bursar, one a reason (DOMAIN 5)."""

from typing import Any

from django.db import migrations

from bursar.core.ids import public_id

CLOSE = "\n\nJust answer this mail and it reaches me.\n\nKind regards,\n{sender}\n{company}"
SHIPPED = {
    "pilot_hard_block": (
        "{workspace}: your pilot hours are used up",
        "Dear {contact},\n\n{workspace} has used all {cap} of its pilot, so recording has stopped since {since}. "
        "What was recorded stays where it is.\n\nShall we look together at what fits {organisation} from here? "
        "I can also give you some room until you have decided." + CLOSE,
    ),
    "at_cap": (
        "{workspace} has reached its recording cap",
        "Dear {contact},\n\n{workspace} has recorded {counted} of the {cap} that the {tier} tier holds, and reached it "
        "on {since}. You can still read everything; new uploads are locked.\n\nWould it help to talk through what you "
        "are planning, and which tier fits it?" + CLOSE,
    ),
    "approaching_cap": (
        "{workspace} will soon reach its recording cap",
        "Dear {contact},\n\n{workspace} has recorded {counted} of the {cap} that the {tier} tier holds. At this pace "
        "the cap is near.\n\nIf you have sessions planned, let us look before they start at what you need." + CLOSE,
    ),
    "recently_downgraded": (
        "{workspace} is on {tier} now",
        "Dear {contact},\n\nSince {since}, {workspace} is on {tier} instead of {former_tier}. I should like to know "
        "what you missed, and whether something in between would suit {organisation} better." + CLOSE,
    ),
    "payment_failed": (
        "A payment of {account} did not go through",
        "Dear {contact},\n\nThe renewal of {account} has been open since {since}: the payment did not go through. "
        "Nothing is switched off.\n\nOften it is an expired card. Can I help you to settle it?" + CLOSE,
    ),
    "invoice_overdue": (
        "The renewal of {account} is still open",
        "Dear {contact},\n\nWe have not received the renewal of {account}, which ran out on {since}. Nothing is "
        "switched off.\n\nIs the invoice with the right person, or do you need another reference on it?" + CLOSE,
    ),
    "trial_ending": (
        "Your trial ends on {ends}",
        "Dear {contact},\n\nThe trial of {account} ends on {ends}; after that your workspaces are back on their own "
        "tier and nothing is charged.\n\nHow did it go, and what would you like to keep?" + CLOSE,
    ),
}


def add_templates(apps: Any, schema_editor: Any) -> None:
    model = apps.get_model("attention", "OutreachTemplate")
    for reason, (subject, body) in SHIPPED.items():
        values = {"public_id": public_id("tpl"), "subject": subject, "body": body}
        model.objects.get_or_create(reason=reason, defaults=values)


class Migration(migrations.Migration):
    dependencies = [("attention", "0001_initial")]

    operations = [migrations.RunPython(add_templates, migrations.RunPython.noop)]
