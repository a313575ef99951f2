"""The prepared mail of “invoice overdue” speaks of any invoice, and no longer of renewals alone; an edited one stays."""

from typing import Any

from django.db import migrations

CLOSE = "\n\nJust answer this mail and it reaches me.\n\nKind regards,\n{sender}\n{company}"
BEFORE = (
    "The renewal of {account} is still open",
    "Dear {contact},\n\nWe have not received the renewal of {account}, which ran out on {since}. Nothing is "
    "switched off.\n\nIs the invoice with the right person, or do you need another reference on it?" + CLOSE,
)
AFTER = (
    "An invoice of {account} is still open",
    "Dear {contact},\n\nAn invoice of {account} has been open since {since}, past its due day. Nothing is switched "
    "off.\n\nIs it with the right person, or do you need another reference on it?" + CLOSE,
)


def reword(apps: Any, before: tuple[str, str], after: tuple[str, str]) -> None:
    rows = apps.get_model("attention", "OutreachTemplate").objects.filter(reason="invoice_overdue")
    rows.filter(subject=before[0], body=before[1]).update(subject=after[0], body=after[1])


def forwards(apps: Any, schema_editor: Any) -> None:
    reword(apps, BEFORE, AFTER)


def backwards(apps: Any, schema_editor: Any) -> None:
    reword(apps, AFTER, BEFORE)


class Migration(migrations.Migration):
    dependencies = [("attention", "0005_templates_of_payments")]

    operations = [migrations.RunPython(forwards, backwards)]
