from django.db import migrations, models

FORGET_SALTS = r"""
UPDATE audit_auditname AS name SET salt = '' FROM audit_auditline AS line
WHERE line.id = name.line_id AND name.text = '' AND name.salt <> ''
    AND line.names ->> name.slot <> encode(sha256(convert_to(name.salt, 'UTF8') || '\x00'::bytea), 'hex')
"""
"""Of names that were blanked: with its salt a name could be found by trying. One that was empty from the start keeps it."""


class Migration(migrations.Migration):
    dependencies = [("audit", "0002_what_concerns_money")]

    operations = [
        migrations.AddField(
            model_name="auditsealhead",
            name="old_hash",
            field=models.CharField(blank=True, db_default="", default="", max_length=64),
        ),
        migrations.AlterField(
            model_name="auditsealhead",
            name="stream",
            field=models.CharField(max_length=24),
        ),
        migrations.AddIndex(
            model_name="auditsealhead",
            index=models.Index(fields=["stream", "seq"], name="audit_sealed_places"),
        ),
        migrations.RunSQL(FORGET_SALTS, migrations.RunSQL.noop),
    ]
