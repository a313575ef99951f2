from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("billing", "0012_what_is_owed_beside_invoices")]

    operations = [
        migrations.AlterField(  # so that the release before, which does not know it, can go on
            model_name="accountcredit",
            name="owed",
            field=models.DecimalField(db_default=0, decimal_places=2, default=0, max_digits=12),
        ),
        migrations.AddField(
            model_name="accountcredit",
            name="given_up",
            field=models.DecimalField(db_default=0, decimal_places=2, default=0, max_digits=12),
        ),
        migrations.AddConstraint(
            model_name="accountcredit",
            constraint=models.CheckConstraint(
                condition=models.Q(("given_up__gte", 0)), name="given_up_is_none_or_more"
            ),
        ),
        migrations.AddIndex(
            model_name="accountcredit",
            index=models.Index(
                condition=models.Q(("amount", 0), _negated=True), fields=["amount"], name="balance_that_stands"
            ),
        ),
    ]
