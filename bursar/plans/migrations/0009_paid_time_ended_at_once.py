from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("plans", "0008_stopped_here")]

    operations = [
        migrations.AddField(
            model_name="paymentterms",
            name="ends_paid",
            field=models.BooleanField(db_default=False, default=False),
        ),
    ]
