from typing import Any

from django.db import migrations, models

BY_RANK = {
    "workspace": ("pilot_hard_block", "at_cap", "approaching_cap", "recently_downgraded"),
    "account": ("payment_failed", "invoice_overdue", "trial_ending"),
}


def name_reasons(apps: Any, schema_editor: Any) -> None:
    """Ranks as they were until now; a row that does not rest had the rank 0."""
    triage = apps.get_model("attention", "Triage")
    for slug, reasons in BY_RANK.items():
        for rank, reason in enumerate(reasons, start=1):
            rows = triage.objects.filter(**{f"{slug}__isnull": False}, snoozed_rank=rank)
            rows.update(snoozed_reason=reason)


class Migration(migrations.Migration):
    """The column of the ranks stays, unused and with a default, while the release before may still write it."""

    dependencies = [("attention", "0002_shipped_templates")]

    operations = [
        migrations.AddField(
            model_name="triage",
            name="snoozed_reason",
            field=models.CharField(blank=True, db_default="", default="", max_length=20),
        ),
        migrations.RunPython(name_reasons, migrations.RunPython.noop),
        migrations.AlterField(
            model_name="triage",
            name="snoozed_rank",
            field=models.PositiveSmallIntegerField(db_default=0, default=0),
        ),
        migrations.SeparateDatabaseAndState(
            state_operations=[migrations.RemoveField(model_name="triage", name="snoozed_rank")]
        ),
    ]
