from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("payments", "0008_last_payment"),
    ]

    operations = [
        migrations.AddField(
            model_name="mollieCustomer",
            name="past_from",
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
