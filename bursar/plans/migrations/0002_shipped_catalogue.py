"""The catalogue that ships with Bursar (DOMAIN 2): EUR per seat and month, excluding VAT."""

from datetime import UTC, datetime
from typing import Any

from django.db import migrations

START = datetime(2020, 1, 1, tzinfo=UTC)
ROWS: list[dict[str, Any]] = [
    {"tier": "free", "yearly": 0, "monthly": 0, "cap_hours": 1, "cap_effect": "lock_uploads", "notes": "one workspace"},
    {"tier": "pilot", "yearly": 0, "monthly": 0, "one_off": 349, "cap_hours": 10, "cap_effect": "hard_block",
     "included_seats": 2, "notes": "set by staff only"},
    {"tier": "innovator", "yearly": 20, "monthly": 23, "notes": "announced, not self-serve yet"},
    {"tier": "changemaker", "yearly": 75, "monthly": 86, "is_self_serve": True, "notes": "the self-serve tier"},
    {"tier": "guardian", "yearly": 150, "monthly": 172, "notes": "announced, not self-serve yet"},
]  # fmt: skip


def add_catalogue(apps: Any, schema_editor: Any) -> None:
    terms = apps.get_model("plans", "TierTerms")
    for rank, row in enumerate(ROWS):
        terms.objects.get_or_create(tier=row["tier"], valid_from=START, defaults={**row, "tier_rank": rank})


class Migration(migrations.Migration):
    dependencies = [("plans", "0001_initial")]
    operations = [migrations.RunPython(add_catalogue, migrations.RunPython.noop)]
