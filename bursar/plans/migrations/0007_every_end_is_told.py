from django.db import migrations, models


class Migration(migrations.Migration):
    """The column only grows, so that the release before goes on while this one starts."""

    dependencies = [("plans", "0006_discount_ended")]

    operations = [
        migrations.AddField(
            model_name="clocktold",
            name="is_quiet",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AlterField(
            model_name="clocktold",
            name="what",
            field=models.CharField(
                choices=[
                    ("ending", "a timed grant ends in three days"),
                    ("ended", "a timed grant has ended"),
                    ("lapsed", "a tier or a discount has lapsed"),
                    ("plan_ending", "the plan ends in three days"),
                    ("plan_ended", "the plan has ended"),
                    ("discount_ending", "a discount ends in 14 days"),
                    ("discount_ended", "a discount has ended"),
                ],
                max_length=16,
            ),
        ),
    ]
