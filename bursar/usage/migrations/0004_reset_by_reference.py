from django.db import migrations, models

# Resets are few, and the book has a line for each that was done here: same workspace, same instant.
WHO = """
    UPDATE usage_usagereset AS made SET by_ref = line.actor_id
    FROM audit_auditline AS line, tenants_workspace AS place
    WHERE place.id = made.workspace_id AND line.key = 'usage.workspace.reset_usage'
      AND line.target_id = place.public_id AND line.at = made.at
"""


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0002_what_concerns_money"),
        ("usage", "0003_event_person"),
    ]

    operations = [
        migrations.AddField(
            model_name="usagereset",
            name="by_ref",
            field=models.CharField(blank=True, db_default="", default="", max_length=60),
        ),
        migrations.RunSQL(WHO, migrations.RunSQL.noop),
    ]
