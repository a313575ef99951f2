from __future__ import annotations

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models

from bursar.core.ids import PublicIdField

REFUSE_TRUNCATE = pgtrigger.Trigger(
    name="no_truncate",
    operation=pgtrigger.Truncate,
    level=pgtrigger.Statement,
    when=pgtrigger.Before,
    func="RAISE EXCEPTION 'The book is append-only.';",
)


class AuditLine(models.Model):
    """One action in the book. Never updated or deleted: the database refuses it.

    `stream` is a billing account's id, else an organisation's, else "staff", "product" or "system"; `seq` counts
    from 1 without gaps within it. `hash` covers every field that its `format` knows, and the hash before it.
    `concerns_money`, and `message_for_billing` where it does not: kept from those of a customer's people who have no
    billing rights. Lines of format 1 do not say so; `rules.spoke_of_money` judges them.
    `touches` are the public ids this line belongs to, for timelines. Names are in `AuditName`; the line holds
    only whose they are and their digests (`names`: slot → [reference, digest]; before format 3 slot → digest), so that
    erasing a person leaves the chain whole.
    """

    public_id = PublicIdField(prefix="aud")
    stream = models.CharField(max_length=24)
    seq = models.BigIntegerField()
    at = models.DateTimeField(db_index=True)
    actor_kind = models.CharField(max_length=10)
    actor_id = models.CharField(max_length=60, db_index=True)
    door = models.CharField(max_length=10)
    key = models.CharField(max_length=80, db_index=True)
    label = models.CharField(max_length=80)
    target_kind = models.CharField(max_length=30)
    target_id = models.CharField(max_length=24)
    touches = ArrayField(models.CharField(max_length=24))
    changes = models.JSONField()
    names = models.JSONField()
    reason = models.TextField(blank=True)
    message = models.TextField(blank=True)
    customer_visible = models.BooleanField()
    concerns_money = models.BooleanField(null=True)
    message_for_billing = models.BooleanField(default=False)
    group = models.CharField(max_length=24, blank=True, db_index=True)
    request_id = models.CharField(max_length=64, blank=True)
    format = models.PositiveSmallIntegerField(default=1)
    previous_hash = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="one_line_a_place", fields=["stream", "seq"]),
            models.UniqueConstraint(name="one_successor", fields=["stream", "previous_hash"]),
        ]
        indexes = [
            GinIndex(fields=["touches"], name="audit_touches"),
            models.Index(fields=["-at", "-id"], name="audit_newest"),
        ]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
            REFUSE_TRUNCATE,
        ]


class AuditName(models.Model):
    """A name that a line speaks of. It may be blanked (a person was erased) and changed in no other way.

    The salt goes with the text: what is left cannot be found by trying names.
    """

    line = models.ForeignKey(AuditLine, on_delete=models.PROTECT, related_name="name_rows")
    slot = models.CharField(max_length=30)
    reference = models.CharField(max_length=60, blank=True, db_index=True)
    salt = models.CharField(max_length=32)
    text = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(name="one_name_a_slot", fields=["line", "slot"])]
        triggers = [
            pgtrigger.Protect(
                name="only_blanked", operation=pgtrigger.Update, condition=pgtrigger.Condition("NEW.text <> ''")
            ),
            pgtrigger.Protect(name="not_deleted", operation=pgtrigger.Delete),
            REFUSE_TRUNCATE,
        ]


class AuditHead(models.Model):
    """The last place of each stream."""

    stream = models.CharField(max_length=24, primary_key=True)
    seq = models.BigIntegerField()
    hash = models.CharField(max_length=64)
    is_sealed = models.BooleanField(default=False, db_index=True)


class AuditSeal(models.Model):
    """A seal over the stream heads that moved since the seal before; seals are chained too."""

    number = models.BigIntegerField(unique=True)
    at = models.DateTimeField()
    heads = models.BigIntegerField()
    format = models.PositiveSmallIntegerField(default=1)
    previous_hash = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64)

    class Meta:
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
            REFUSE_TRUNCATE,
        ]


class AuditSealHead(models.Model):
    """Where a stream stood when a seal was set.

    `old_hash` is over what the stream's lines of older formats leave unhashed, since its last head in a seal that
    hashes all (`rules.Unhashed`); empty when there are none.
    """

    seal = models.ForeignKey(AuditSeal, on_delete=models.PROTECT, related_name="sealed")
    stream = models.CharField(max_length=24)
    seq = models.BigIntegerField()
    hash = models.CharField(max_length=64)
    old_hash = models.CharField(max_length=64, blank=True, default="", db_default="")

    class Meta:
        indexes = [models.Index(fields=["stream", "seq"], name="audit_sealed_places")]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
            REFUSE_TRUNCATE,
        ]
