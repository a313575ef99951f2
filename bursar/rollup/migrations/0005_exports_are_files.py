from django.db import migrations


class Migration(migrations.Migration):
    """Exports are files of the database now. The table stays for the release before, and goes with the next one."""

    dependencies = [
        ("rollup", "0004_attention_indexes"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(state_operations=[migrations.DeleteModel(name="Export")]),
    ]
