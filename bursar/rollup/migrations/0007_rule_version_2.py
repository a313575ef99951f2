from typing import Any

from django.db import migrations, models

from bursar.core import clock
from bursar.core.calendar import Month

KIND = models.CharField(
    blank=True,
    choices=[
        ("scholarship", "scholarship"),
        ("staff_discount", "staff discount"),
        ("trial", "trial"),
        ("partner", "partner"),
    ],
    max_length=16,
)
DISCOUNTS = {
    "rollup_accountmonth": "d.account_id = m.account_id",
    "rollup_workspacemonth": "(d.workspace_id = m.workspace_id OR d.account_id = m.account_id AND NOT EXISTS ("
    "SELECT 1 FROM plans_discount o WHERE o.workspace_id = m.workspace_id AND o.valid_from <= {at} "
    "AND (o.valid_until IS NULL OR o.valid_until > {at})))",
}


def keep_version_1(apps: Any, schema_editor: Any) -> None:
    """Months that are over keep the rules they were closed under; the open one is worked out anew when first read."""
    open_month = Month.of(clock.now()).first
    months = apps.get_model("rollup", "AccountMonth").objects
    closed = months.filter(month__lt=open_month).order_by().values_list("month", flat=True).distinct()
    former = apps.get_model("rollup", "FormerRules")
    former.objects.bulk_create(former(month=month, rule_version=1) for month in closed)
    months.filter(month__gte=open_month).update(next_change_at=models.F("settled_at"))


def add_last_days(apps: Any, schema_editor: Any) -> None:
    """Of the few rows that show a discount with an end: as it stood at the month's end, or in the open month now."""
    at = "LEAST((m.month + interval '1 month') AT TIME ZONE 'UTC' - interval '1 microsecond', %s)"
    now = clock.now()
    for table, whose in DISCOUNTS.items():
        condition = whose.format(at=at)
        statement = (
            f"UPDATE {table} m SET discount_end_date = d.end_date FROM plans_discount d WHERE m.discount_kind <> '' "
            f"AND d.end_date IS NOT NULL AND {condition} AND d.valid_from <= {at} "
            f"AND (d.valid_until IS NULL OR d.valid_until > {at})"
        )
        with schema_editor.connection.cursor() as cursor:
            cursor.execute(statement, [now] * statement.count("%s"))


class Migration(migrations.Migration):
    """Columns and a table are added; of the facts, the open month's and those with a discount that ends are written."""

    dependencies = [("rollup", "0006_ended_workspaces_and_faults"), ("plans", "0009_paid_time_ended_at_once")]

    operations = [
        migrations.CreateModel(
            name="FormerRules",
            fields=[
                ("month", models.DateField(primary_key=True, serialize=False)),
                ("rule_version", models.PositiveSmallIntegerField()),
            ],
        ),
        migrations.AddField(
            model_name="accountmonth",
            name="rule_change",
            field=models.DecimalField(db_default=0, decimal_places=2, default=0, max_digits=14),
        ),
        migrations.AddField(model_name="accountmonth", name="discount_end_date", field=models.DateField(null=True)),
        migrations.AddField(model_name="workspacemonth", name="discount_end_date", field=models.DateField(null=True)),
        migrations.AlterField(model_name="accountmonth", name="discount_kind", field=KIND),
        migrations.AlterField(model_name="workspacemonth", name="discount_kind", field=KIND),
        migrations.RunPython(keep_version_1, migrations.RunPython.noop),
        migrations.RunPython(add_last_days, migrations.RunPython.noop),
    ]
