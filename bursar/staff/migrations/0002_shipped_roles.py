"""The roles that ship with Bursar (DOMAIN 2). Operators may change them afterwards."""

from typing import Any

from django.db import migrations

READ, ACT, TIER = "read", "act", "set_tier"
EVERYTHING = [READ, ACT, TIER, "set_visibility", "transfer", "override", "approve_refund", "manage_staff"]
ROLES = [
    ("auditor", "Auditor", [READ]),
    ("staff", "Staff", [READ, ACT]),
    ("support", "Support", [READ, ACT]),
    ("training", "Training", [READ, ACT]),
    ("success", "Success", [READ, ACT, TIER]),
    ("finance", "Finance", [READ, ACT, TIER, "approve_refund"]),
    ("partnerships", "Partnerships", [READ, ACT, "transfer", "set_visibility"]),
    ("lead", "Lead", EVERYTHING),
]


def add_roles(apps: Any, schema_editor: Any) -> None:
    role = apps.get_model("staff", "Role")
    for rank, (slug, name, rights) in enumerate(ROLES):
        role.objects.get_or_create(slug=slug, defaults={"name": name, "rights": rights, "rank": rank})


class Migration(migrations.Migration):
    dependencies = [("staff", "0001_initial")]
    operations = [migrations.RunPython(add_roles, migrations.RunPython.noop)]
