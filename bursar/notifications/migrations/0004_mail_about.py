"""What each mail is about. Of mail before this it is known by its line; digests and letters stay without."""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import connection, migrations, models

BATCH = 5_000
_FILL = """
UPDATE notifications_mail m SET about = ARRAY(
    SELECT DISTINCT one FROM unnest(l.touches) AS one WHERE left(one, 4) IN ('acc_', 'org_', 'wsp_') ORDER BY one
) FROM audit_auditline l WHERE l.id = m.line_id AND m.recipient_id NOT LIKE 'stf%%' AND m.id > %s AND m.id <= %s
"""


def fill(apps, schema_editor):
    """In short steps: people go on working meanwhile."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT COALESCE(MAX(id), 0) FROM notifications_mail")
        last = cursor.fetchone()[0]
        for start in range(0, last, BATCH):
            cursor.execute(_FILL, [start, start + BATCH])


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("notifications", "0003_calendar_of_mail"), ("audit", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="mail",
            name="about",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=24), db_default=[], default=list, size=None
            ),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        AddIndexConcurrently(
            model_name="mail",
            index=django.contrib.postgres.indexes.GinIndex(fields=["about"], name="mail_about"),
        ),
    ]
