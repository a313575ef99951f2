from django.db import models


class WorkerBeat(models.Model):
    """One row per kind of background process: the last minute in which it ran."""

    name = models.CharField(max_length=40, primary_key=True)
    seen_at = models.DateTimeField()


class InstallationFact(models.Model):
    """Small truths about this installation, such as “holds demo data”."""

    name = models.CharField(max_length=40, primary_key=True)
    value = models.CharField(max_length=200)


class LastCounted(models.Model):
    """What was last counted for a reader's navigation, so that no page counts anew. Never what is true now."""

    pen = "bursar.core.counted"

    reader = models.CharField(max_length=40, primary_key=True)
    counts = models.JSONField()
    at = models.DateTimeField()
