from typing import Any

from django.db import migrations, models

# Until now the row of a workspace that ended was dropped from the month in which it did, and its hours with it.
_MARK = """
INSERT INTO rollup_unsettled AS known (account_id, month, why)
SELECT account_id, MIN(month), 'hours of ended workspaces kept' FROM (
    SELECT h.account_id, date_trunc('month', LEAST(h.valid_until, w.deleted_at) AT TIME ZONE 'UTC')::date AS month
    FROM tenants_workspaceaccount h JOIN tenants_workspace w ON w.id = h.workspace_id
    WHERE h.valid_until IS NOT NULL OR w.deleted_at IS NOT NULL
    UNION ALL
    SELECT h.account_id, u.month FROM usage_usagemonth u
    JOIN tenants_workspaceaccount h ON h.workspace_id = u.workspace_id
    WHERE NOT EXISTS (
        SELECT 1 FROM rollup_workspacemonth r WHERE r.workspace_id = u.workspace_id AND r.month = u.month
    )
) found GROUP BY account_id ORDER BY account_id
ON CONFLICT (account_id) DO UPDATE SET month = LEAST(known.month, EXCLUDED.month)
"""


def mark_ended(apps: Any, schema_editor: Any) -> None:
    """The refresh makes the rows, and restates the closed months that thereby change."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(_MARK)


class Migration(migrations.Migration):
    dependencies = [
        ("rollup", "0005_exports_are_files"),
        ("tenants", "0003_invitations"),
        ("usage", "0003_event_person"),
    ]

    operations = [
        migrations.AddField("accountmonth", "ended_at", models.DateTimeField(null=True)),
        migrations.AddField("accountmonth", "fault", models.CharField(blank=True, db_default="", max_length=200)),
        migrations.AddField("workspacemonth", "ended_at", models.DateTimeField(null=True)),
        migrations.AddField("workspacemonth", "is_live", models.BooleanField(db_default=True)),
        migrations.AddField("unsettled", "closes_from", models.DateField(null=True)),
        migrations.AddField("unsettled", "due_at", models.DateTimeField(null=True)),
        migrations.AddField("unsettled", "fault", models.CharField(db_default="", max_length=200)),
        migrations.AddField("unsettled", "why", models.CharField(db_default="history imported", max_length=40)),
        migrations.RunPython(mark_ended, migrations.RunPython.noop),
    ]
