"""The prepared mail of renewals that nobody invoiced (DOMAIN 5)."""

from typing import Any

from django.db import migrations

from bursar.core.ids import public_id

CLOSE = "\n\nJust answer this mail and it reaches me.\n\nKind regards,\n{sender}\n{company}"
SHIPPED = {
    "renewal_not_invoiced": (
        "{account}: the next invoice",
        "Dear {contact},\n\nWhat {account} was invoiced for ends on {ends}. Before we send the invoice for the time "
        "after it: does it go to the same people, and does it need another order number or reference?\n\nNothing is "
        "switched off meanwhile." + CLOSE,
    ),
}


def add_templates(apps: Any, schema_editor: Any) -> None:
    model = apps.get_model("attention", "OutreachTemplate")
    for reason, (subject, body) in SHIPPED.items():
        values = {"public_id": public_id("tpl"), "subject": subject, "body": body}
        model.objects.get_or_create(reason=reason, defaults=values)


class Migration(migrations.Migration):
    dependencies = [("attention", "0006_template_of_overdue_invoices")]

    operations = [migrations.RunPython(add_templates, migrations.RunPython.noop)]
