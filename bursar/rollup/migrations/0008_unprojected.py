"""The accounts whose facts wait get another name in the code; their table keeps its own, so nothing is written."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("rollup", "0007_rule_version_2")]

    operations = [
        migrations.AlterModelTable("Unsettled", "rollup_unsettled"),
        migrations.RenameModel("Unsettled", "Unprojected"),
    ]
