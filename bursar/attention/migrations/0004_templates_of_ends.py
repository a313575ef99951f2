"""The prepared mails of the reasons that came later (DOMAIN 5)."""

from typing import Any

from django.db import migrations

from bursar.core.ids import public_id

CLOSE = "\n\nJust answer this mail and it reaches me.\n\nKind regards,\n{sender}\n{company}"
SHIPPED = {
    "nobody_pays": (
        "How {account} goes on",
        "Dear {contact},\n\n{account} is on {tier}, and since {since} nothing has been set up to pay for it. Nothing is "
        "switched off.\n\nWhat suits {organisation} best: paying online, an invoice, or another tier? I am glad to set "
        "it up with you." + CLOSE,
    ),
    "tier_ending": (
        "{account}: your tier ends on {ends}",
        "Dear {contact},\n\nWhat {account} has now ends on {ends}; after that your workspaces are on a lower tier. What "
        "exists stays readable.\n\nShall we look at what {organisation} needs from then on?" + CLOSE,
    ),
    "discount_ending": (
        "{account}: your discount ends on {ends}",
        "Dear {contact},\n\nThe discount of {account} ends on {ends}; from then on the price changes, as your billing "
        "page shows.\n\nIf that comes at a bad moment, let us talk before." + CLOSE,
    ),
}


def add_templates(apps: Any, schema_editor: Any) -> None:
    model = apps.get_model("attention", "OutreachTemplate")
    for reason, (subject, body) in SHIPPED.items():
        values = {"public_id": public_id("tpl"), "subject": subject, "body": body}
        model.objects.get_or_create(reason=reason, defaults=values)


class Migration(migrations.Migration):
    dependencies = [("attention", "0003_a_snooze_keeps_its_reason")]

    operations = [migrations.RunPython(add_templates, migrations.RunPython.noop)]
