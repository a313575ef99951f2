"""On a table that grows with each workspace and month, so usage goes on being recorded meanwhile."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("usage", "0004_reset_by_reference")]

    operations = [
        AddIndexConcurrently(
            model_name="usagemonth",
            index=models.Index(name="usage_month_by_month", fields=["month", "workspace"]),
        ),
    ]
