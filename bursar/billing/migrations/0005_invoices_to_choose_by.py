"""Columns by which documents are chosen. What a document says is large, and is kept beside the rows that lists read."""

from typing import Any

import django.db.models.deletion
import django.db.models.fields.json
from django.db import migrations, models

import bursar.core.ids
from bursar.core.sortkey import sort_key

AT_ONCE = 500
BESIDE = "ALTER TABLE billing_invoice SET (toast_tuple_target = 256)"
SUMMED = (
    "kind", "account", "issued_on", "due_on", "country", "net", "vat", "gross", "paid", "credited", "written_off",
    "difference", "open",
)  # fmt: skip
NOT_BESIDE = "ALTER TABLE billing_invoice RESET (toast_tuple_target)"


def said(path: str) -> models.GeneratedField:
    return models.GeneratedField(
        db_persist=True, expression=django.db.models.fields.json.KT(f"says__{path}"), output_field=models.TextField()
    )


def fill_keys(apps: Any, schema_editor: Any) -> None:
    """Of what was issued before."""
    invoices = apps.get_model("billing", "Invoice").objects
    rows = []
    for pk, payer in invoices.values_list("pk", "payer").iterator(chunk_size=AT_ONCE):
        rows.append(invoices.model(pk=pk, payer_key=sort_key(payer)))
    invoices.bulk_update(rows, ["payer_key"], batch_size=AT_ONCE)


class Migration(migrations.Migration):
    dependencies = [("billing", "0004_sending_and_reminding"), ("files", "0001_initial")]

    operations = [
        migrations.RunSQL(BESIDE, NOT_BESIDE),
        migrations.AddField("invoice", "payer", said("buyer__name")),
        migrations.AddField("invoice", "country", said("buyer__country")),
        migrations.AddField("invoice", "order_number", said("order_number")),
        migrations.AddField("invoice", "buyer_reference", said("buyer_reference")),
        migrations.AddField("invoice", "payer_key", models.TextField(db_default="", default="")),
        migrations.RunPython(fill_keys, migrations.RunPython.noop, elidable=True),
        migrations.RemoveIndex("invoice", "invoice_newest"),
        migrations.RemoveIndex("invoice", "invoice_open"),
        migrations.AddIndex(
            "invoice", models.Index(fields=["-issued_at", "-id"], name="invoice_newest", include=SUMMED)
        ),
        migrations.AddIndex(
            "invoice",
            models.Index(
                fields=["due_on"],
                name="invoice_open",
                condition=models.Q(kind="invoice", open__gt=0),
                include=[name for name in SUMMED if name != "due_on"],
            ),
        ),
        migrations.AddIndex("invoice", models.Index(fields=["issued_on"], name="invoice_by_day")),
        migrations.AddIndex("invoice", models.Index(fields=["due_on"], name="invoice_by_due_day")),
        migrations.AddIndex("invoice", models.Index(fields=["country"], name="invoice_by_country")),
        migrations.CreateModel(
            name="Bundle",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", bursar.core.ids.PublicIdField(prefix="bun")),
                ("period", models.CharField(max_length=7)),
                ("with_pdf", models.BooleanField()),
                ("with_ubl", models.BooleanField()),
                ("actor", models.JSONField()),
                (
                    "state",
                    models.CharField(
                        choices=[("running", "running"), ("done", "done"), ("failed", "failed")],
                        default="running",
                        max_length=8,
                    ),
                ),
                ("done", models.PositiveIntegerField(default=0)),
                ("total", models.PositiveIntegerField()),
                ("left_out", models.PositiveIntegerField(default=0)),
                ("problem", models.CharField(blank=True, max_length=300)),
                ("created_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(null=True)),
                (
                    "file",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="files.file"
                    ),
                ),
            ],
            options={"indexes": [models.Index(fields=["-created_at"], name="bundle_newest")]},
        ),
    ]
