"""Keys of names that are not plain ASCII are made anew: letters that do not decompose, quotes and hyphens are folded."""

from django.db import migrations

from bursar.core.sortkey import sort_key

BATCH = 1000
NAMES = (
    ("tenants_organisation", "name"), ("tenants_billingaccount", "shown_label"), ("tenants_person", "name"),
    ("tenants_workspace", "name"),
)  # fmt: skip


def fold(apps, schema_editor):
    """By key, a batch a transaction: nobody waits. One that is renamed meanwhile has its new key already."""
    connection = schema_editor.connection
    for table, column in NAMES:
        last = 0
        while True:
            with connection.cursor() as cursor:
                cursor.execute(
                    f"SELECT id, {column}, sort_key FROM {table} WHERE id > %s AND {column} ~ '[^ -~]' ORDER BY id LIMIT %s",
                    [last, BATCH],
                )
                rows = cursor.fetchall()
                changed = [(sort_key(name), pk, name) for pk, name, key in rows if sort_key(name) != key]
                if changed:
                    cursor.executemany(f"UPDATE {table} SET sort_key = %s WHERE id = %s AND {column} = %s", changed)
            if len(rows) < BATCH:
                break
            last = rows[-1][0]


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("tenants", "0003_invitations")]
    operations = [migrations.RunPython(fold, migrations.RunPython.noop)]
