"""An account's payments in the order of its story; built while payments go on coming in."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models.functions import Coalesce


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("payments", "0015_payouts"), ("tenants", "0006_visibility_by_staff")]

    operations = [
        AddIndexConcurrently(
            model_name="payment",
            index=models.Index(
                models.F("account"),
                models.OrderBy(Coalesce("paid_at", "failed_at", "at"), descending=True),
                models.OrderBy(models.F("id"), descending=True),
                name="payment_told",
            ),
        ),
    ]
