from __future__ import annotations

from django.db import models
from django.db.models import Q

from bursar.access.models import User
from bursar.core.ids import PublicIdField


class File(models.Model):
    """Bytes with a name. Nobody is served one that has no `finished_at`: it is being written, or was given up.

    `owner_kind` and `owner_id`: what it belongs to, which says who may fetch it. `expires_at`: None is for good.
    `length` in bytes. `rows`: of a table, without its head.
    """

    public_id = PublicIdField(prefix="fil")
    owner_kind = models.CharField(max_length=20)
    owner_id = models.CharField(max_length=24, blank=True)
    name = models.CharField(max_length=120, blank=True)
    media_type = models.CharField(max_length=100)
    length = models.BigIntegerField(null=True)
    sha256 = models.CharField(max_length=64, blank=True)
    rows = models.PositiveIntegerField(null=True)
    made_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="finished_is_whole", condition=Q(finished_at=None) | (Q(length__gte=0) & ~Q(sha256=""))
            )
        ]
        indexes = [
            models.Index(name="file_unfinished", fields=["created_at"], condition=Q(finished_at=None)),
            models.Index(name="file_expires", fields=["expires_at"], condition=~Q(expires_at=None)),
        ]

    def __str__(self) -> str:
        return self.name or self.public_id

    @property
    def chunks(self) -> type[AnyChunk]:
        return Chunk if self.expires_at is None else PassingChunk


class AnyChunk(models.Model):
    """A part of a file, at most 1 MB; `number` from 0."""

    file = models.ForeignKey(File, on_delete=models.CASCADE, related_name="+")
    number = models.PositiveIntegerField()
    data = models.BinaryField()

    class Meta:
        abstract = True


class Chunk(AnyChunk):
    """Of a file that is kept."""

    class Meta:
        constraints = [models.UniqueConstraint(name="one_chunk_a_number", fields=["file", "number"])]


class PassingChunk(AnyChunk):
    """Of a file that lives for days: its bytes are left out of the backup."""

    class Meta:
        constraints = [models.UniqueConstraint(name="one_passing_chunk_a_number", fields=["file", "number"])]
