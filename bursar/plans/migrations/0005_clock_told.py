from django.db import migrations, models


class Migration(migrations.Migration):
    """The table keeps its name, so that the release before goes on while this one starts."""

    dependencies = [("plans", "0004_tier_drops")]

    operations = [
        migrations.AlterModelTable("GrantEndTold", "plans_grantendtold"),
        migrations.RenameModel("GrantEndTold", "ClockTold"),
        migrations.AlterField(
            model_name="clocktold",
            name="what",
            field=models.CharField(
                choices=[
                    ("ending", "ends in three days"),
                    ("ended", "has ended"),
                    ("lapsed", "a tier or a discount has lapsed"),
                ],
                max_length=6,
            ),
        ),
    ]
