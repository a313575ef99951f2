"""The catalogue that ships with Bursar (DOMAIN 10): EUR a session, excluding VAT."""

from datetime import UTC, datetime
from typing import Any

from django.db import migrations

from bursar.core.sortkey import sort_key

START = datetime(2020, 1, 1, tzinfo=UTC)
ROWS: list[tuple[str, str, dict[str, int]]] = [
    ("Online training", "online", {"price": 675, "included": 5, "extra": 60}),
    ("In-person training", "in_person", {"price": 2500, "included": 10, "extra": 195}),
    ("Flex training", "flex", {"price": 50, "included": 1, "extra": 50}),
]


def add_catalogue(apps: Any, schema_editor: Any) -> None:
    training, price = (apps.get_model("training", name) for name in ("Training", "TrainingPrice"))
    for title, mode, terms in ROWS:
        row = training.objects.create(title=title, sort_key=sort_key(title), mode=mode, created_at=START)
        price.objects.create(training=row, valid_from=START, **terms)


class Migration(migrations.Migration):
    dependencies = [("training", "0001_catalogue_sessions_licences")]
    operations = [migrations.RunPython(add_catalogue, migrations.RunPython.noop)]
