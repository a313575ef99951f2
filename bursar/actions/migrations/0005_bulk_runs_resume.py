from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("actions", "0004_links_leave_kept_outcomes")]

    operations = [
        migrations.AddField("bulkrun", "tries", models.PositiveSmallIntegerField(default=0)),
        migrations.AddField(
            "bulkrun", "fault", models.CharField(blank=True, max_length=300, default=""), preserve_default=False
        ),
        migrations.AddField("bulkrun", "worked_at", models.DateTimeField(null=True)),
        migrations.RunSQL("UPDATE actions_bulkrun SET worked_at = created_at", migrations.RunSQL.noop),
        migrations.AlterField("bulkrun", "worked_at", models.DateTimeField()),
        migrations.AlterField(
            "bulkrun",
            "state",
            models.CharField(
                choices=[("running", "running"), ("done", "done"), ("halted", "halted"), ("stopped", "stopped")],
                default="running",
                max_length=8,
            ),
        ),
        migrations.AddIndex(
            "bulkrun",
            models.Index(condition=models.Q(("state", "running")), fields=["worked_at"], name="bulk_runs_going_on"),
        ),
    ]
