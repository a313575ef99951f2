"""The prepared mail of what an account owes beside its invoices (DOMAIN 5)."""

from typing import Any

from django.db import migrations

from bursar.core.ids import public_id

CLOSE = "\n\nJust answer this mail and it reaches me.\n\nKind regards,\n{sender}\n{company}"
SUBJECT = "{account}: more came back to you than you had paid"
BODY = (
    "Dear {contact},\n\nSince {since} more has come back to {account} than it had paid: a payment was refunded, and your "
    "bank took it back as well. What is open so, and how to transfer it, stands on your billing page.\n\nNothing is "
    "switched off. Would you rather pay by a payment link? Then we send you one." + CLOSE
)


def add_template(apps: Any, schema_editor: Any) -> None:
    model = apps.get_model("attention", "OutreachTemplate")
    values = {"public_id": public_id("tpl"), "subject": SUBJECT, "body": BODY}
    model.objects.get_or_create(reason="owes_beside", defaults=values)


class Migration(migrations.Migration):
    dependencies = [("attention", "0009_triage_of_organisations")]

    operations = [migrations.RunPython(add_template, migrations.RunPython.noop)]
