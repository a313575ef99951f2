from typing import Any

from django.db import migrations, models

from bursar.core.sortkey import sort_key


def fold_names(apps: Any, schema_editor: Any) -> None:
    """Only requests for new workspaces have a name: few, and read a thousand at a time."""
    model = apps.get_model("requests", "UpgradeRequest")
    rows = model.objects.exclude(name="").only("pk", "name").order_by("pk")
    batch = []
    for row in rows.iterator(chunk_size=1000):
        row.sort_key = sort_key(row.name)
        batch.append(row)
    model.objects.bulk_update(batch, ["sort_key"], batch_size=1000)


class Migration(migrations.Migration):
    dependencies = [("requests", "0001_upgrade_requests")]

    operations = [
        migrations.AddField(
            model_name="upgraderequest",
            name="sort_key",
            field=models.CharField(blank=True, db_default="", editable=False, max_length=200),
        ),
        migrations.RunPython(fold_names, migrations.RunPython.noop),
    ]
