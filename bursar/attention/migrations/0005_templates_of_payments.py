"""The prepared mails of the reasons that came with payments (DOMAIN 5)."""

from typing import Any

from django.db import migrations

from bursar.core.ids import public_id

CLOSE = "\n\nJust answer this mail and it reaches me.\n\nKind regards,\n{sender}\n{company}"
SHIPPED = {
    "charged_for_nothing": (
        "{account}: shall your subscription end?",
        "Dear {contact},\n\nSince {since} {account} has no workspace any more, and its subscription still charges you.\n\n"
        "Shall we end it, or are you about to begin anew? Until you answer nothing is lost: what was charged for nothing "
        "we give back." + CLOSE,
    ),
    "mandate_ending": (
        "{account}: a new card or account before {ends}",
        "Dear {contact},\n\nThe way of paying that {account} has on file is good until {ends}, which is before the next "
        "charge. With “New method” on your billing page you give another card or bank account in a minute.\n\nNothing is "
        "switched off meanwhile." + CLOSE,
    ),
}


def add_templates(apps: Any, schema_editor: Any) -> None:
    model = apps.get_model("attention", "OutreachTemplate")
    for reason, (subject, body) in SHIPPED.items():
        values = {"public_id": public_id("tpl"), "subject": subject, "body": body}
        model.objects.get_or_create(reason=reason, defaults=values)


class Migration(migrations.Migration):
    dependencies = [("attention", "0004_templates_of_ends")]

    operations = [migrations.RunPython(add_templates, migrations.RunPython.noop)]
