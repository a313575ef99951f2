from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("outbox", "0004_dropped")]

    operations = [migrations.AddField("outboxrow", "cut_off", models.PositiveSmallIntegerField(default=0))]
