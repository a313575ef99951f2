from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("plans", "0009_paid_time_ended_at_once")]

    operations = [
        migrations.AlterField(
            model_name="clocktold",
            name="what",
            field=models.CharField(
                max_length=16,
                choices=[
                    ("ending", "a timed grant ends in three days"),
                    ("ended", "a timed grant has ended"),
                    ("lapsed", "a tier or a discount has lapsed"),
                    ("plan_ending", "the plan ends in three days"),
                    ("plan_ended", "the plan has ended"),
                    ("discount_ending", "a discount ends in 14 days"),
                    ("discount_ended", "a discount has ended"),
                    ("price_ending", "a kept price ends in 14 days"),
                    ("price_ended", "a kept price has ended"),
                ],
            ),
        ),
        migrations.AddIndex(
            model_name="pinnedprice",
            index=models.Index(name="price_ended", fields=["valid_until"], condition=Q(valid_until__isnull=False)),
        ),
    ]
