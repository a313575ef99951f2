from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # the index is built while people work

    dependencies = [("rollup", "0011_what_is_rare")]

    operations = [
        AddIndexConcurrently(
            model_name="accountmonth",
            index=models.Index(
                condition=models.Q(("is_listed", True), ("mode", "managed")),
                fields=["month", "account"],
                name="account_month_managed",
            ),
        ),
    ]
