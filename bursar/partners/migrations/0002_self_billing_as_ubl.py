"""Whether a self-billing invoice was made as UBL too. A constant default: no row is rewritten."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("partners", "0001_the_referral_ledger")]

    operations = [
        migrations.AddField(
            model_name="settlement",
            name="has_e_invoice",
            field=models.BooleanField(default=False),
        ),
    ]
