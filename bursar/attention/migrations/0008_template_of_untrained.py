"""The prepared mail of workspaces in which nobody is trained (DOMAIN 5)."""

from typing import Any

from django.db import migrations

from bursar.core.ids import public_id

CLOSE = "\n\nJust answer this mail and it reaches me.\n\nKind regards,\n{sender}\n{company}"
SHIPPED = {
    "untrained": (
        "{workspace}: a training",
        "Dear {contact},\n\n{workspace} asks for somebody who was trained, and since {since} nobody who sits there holds "
        "a valid licence. Nothing is switched off.\n\nShall we plan a training for {organisation}? You can also request "
        "one yourself, on your page Training." + CLOSE,
    ),
}


def add_templates(apps: Any, schema_editor: Any) -> None:
    model = apps.get_model("attention", "OutreachTemplate")
    for reason, (subject, body) in SHIPPED.items():
        values = {"public_id": public_id("tpl"), "subject": subject, "body": body}
        model.objects.get_or_create(reason=reason, defaults=values)


class Migration(migrations.Migration):
    dependencies = [("attention", "0007_template_of_renewals")]

    operations = [migrations.RunPython(add_templates, migrations.RunPython.noop)]
