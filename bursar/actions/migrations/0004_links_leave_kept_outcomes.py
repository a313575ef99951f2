from django.db import migrations


class Migration(migrations.Migration):
    """Sign-in links stood in the outcomes kept for repeated requests. They go; that there was one stays."""

    dependencies = [("actions", "0003_message_for_billing")]

    operations = [
        migrations.RunSQL(
            """
            UPDATE actions_idempotencykey
            SET outcome = jsonb_set(outcome, '{data}', (outcome->'data') - 'link') || '{"secret_was_shown": true}'
            WHERE outcome->'data'->>'link' <> ''
            """,
            migrations.RunSQL.noop,
        )
    ]
