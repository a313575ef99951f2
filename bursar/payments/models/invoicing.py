from __future__ import annotations

from django.db import models

from bursar.payments.models.shared import MODES, PEN


class InvoicesFrom(models.Model):
    """From which day of payment on charges are invoiced where no setting says so: the first on which Bursar looked."""

    mode = models.CharField(max_length=4, choices=MODES, primary_key=True)
    first_day = models.DateField()

    pen = PEN
