"""A request is overtaken by another one, or by a handoff. Words alone: the column stays as it is."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("requests", "0003_overtaken")]

    operations = [
        migrations.AlterField(
            model_name="upgraderequest",
            name="state",
            field=models.CharField(
                choices=[
                    ("pending", "pending"),
                    ("approved", "approved"),
                    ("denied", "denied"),
                    ("withdrawn", "withdrawn"),
                    ("overtaken", "overtaken"),
                    ("done", "closed as done"),
                ],
                default="pending",
                max_length=10,
            ),
        ),
    ]
