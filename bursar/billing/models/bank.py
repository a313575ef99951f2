"""Bank statements as they were uploaded, their lines, and what was decided about each line."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q

from bursar.billing.bank import Balance, Entry, Payment, Statement
from bursar.billing.bank.statement import CODE_LENGTH, NAME_LENGTH
from bursar.billing.models.details import PEN
from bursar.billing.models.documents import Invoice, money_field
from bursar.billing.rules.bank_lines import DecisionKind, FileState, LineState
from bursar.core.days import say_day
from bursar.core.ids import LENGTH, PublicIdField
from bursar.core.money import format_money
from bursar.files.models import File
from bursar.tenants.models import BillingAccount

KEY_LENGTH = 80


def _bank_money(**kwargs: Any) -> Any:
    """As banks write it: up to five decimals, any currency."""
    return models.DecimalField(max_digits=18, decimal_places=5, **kwargs)


def _choices(states: Any) -> list[tuple[str, str]]:
    return [(one.value, one.value) for one in states]


class BankFile(models.Model):
    """A file that somebody uploaded. `upload`: as it went up, for a day; `kept`: the same bytes, once it was read.

    `actor`: who, as a job acts for them. `lines`, `fresh`: all that it holds, and those that were not known before.
    """

    public_id = PublicIdField(prefix="bkf")
    name = models.CharField(max_length=120)
    sha256 = models.CharField(max_length=64)
    upload = models.ForeignKey(File, null=True, on_delete=models.SET_NULL, related_name="+")
    kept = models.ForeignKey(File, null=True, on_delete=models.PROTECT, related_name="+")
    actor = models.JSONField()
    state = models.CharField(max_length=8, choices=_choices(FileState), default=FileState.READING.value)
    problem = models.CharField(max_length=500, blank=True)
    statements = models.PositiveIntegerField(default=0)
    lines = models.PositiveIntegerField(default=0)
    fresh = models.PositiveIntegerField(default=0)
    to_book = models.PositiveIntegerField(default=0)
    booked = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    pen = PEN

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="one_file_once", fields=["sha256"], condition=~Q(state=FileState.REFUSED.value)
            )
        ]
        indexes = [models.Index(name="bank_file_newest", fields=["-created_at"])]

    def __str__(self) -> str:
        return self.name


class BankStatement(models.Model):
    """As `bank.Statement`, whose `key` tells it from every other. `file`: the first one that it came in."""

    file = models.ForeignKey(BankFile, on_delete=models.PROTECT, related_name="found")
    key = models.CharField(max_length=KEY_LENGTH, unique=True)
    account = models.CharField(max_length=CODE_LENGTH)
    bank_id = models.CharField(max_length=CODE_LENGTH, blank=True)
    number = models.PositiveIntegerField(null=True)
    from_on = models.DateField()
    until_on = models.DateField()
    currency = models.CharField(max_length=3)
    opening = _bank_money(null=True)
    opening_on = models.DateField(null=True)
    closing = _bank_money(null=True)
    closing_on = models.DateField(null=True)
    is_proved = models.BooleanField()
    remarks = models.JSONField(default=list)

    pen = PEN

    class Meta:
        indexes = [models.Index(name="statement_by_account", fields=["account", "from_on"])]

    @property
    def value(self) -> Statement:
        """Without its lines."""
        return Statement(
            account=self.account, id=self.bank_id, from_on=self.from_on, until_on=self.until_on,
            currency=self.currency, number=self.number, opening=_balance(self.opening, self.opening_on),
            closing=_balance(self.closing, self.closing_on),
        )  # fmt: skip


def _balance(amount: Any, on: Any) -> Balance | None:
    return Balance(amount, on) if amount is not None and on is not None else None


class BankLine(models.Model):
    """As `bank.Entry`; `key` tells it from every other of its bank account. `settlement`: of a payout by Mollie.

    `reason`: why nothing is suggested, or what the strongest suggestion stands on. `is_by_hand`: a match of it was
    undone, so nothing is booked by itself any more. `looked_at`: when it was last compared with what is open.
    """

    public_id = PublicIdField(prefix="bnl")
    statement = models.ForeignKey(BankStatement, on_delete=models.PROTECT, related_name="lines")
    account = models.CharField(max_length=CODE_LENGTH)
    key = models.CharField(max_length=KEY_LENGTH)
    amount = _bank_money()
    currency = models.CharField(max_length=3)
    booked_on = models.DateField()
    value_on = models.DateField()
    name = models.CharField(max_length=NAME_LENGTH, blank=True)
    on_behalf_of = models.CharField(max_length=NAME_LENGTH, blank=True)
    iban = models.CharField(max_length=CODE_LENGTH, blank=True)
    bic = models.CharField(max_length=CODE_LENGTH, blank=True)
    text = models.TextField(blank=True)
    references = models.JSONField(default=list)
    end_to_end_id = models.CharField(max_length=CODE_LENGTH, blank=True)
    bank_reference = models.CharField(max_length=CODE_LENGTH, blank=True)
    is_reversal = models.BooleanField(default=False)
    parts = models.JSONField(default=list)

    state = models.CharField(max_length=8, choices=_choices(LineState))
    settlement = models.CharField(max_length=40, blank=True)
    reason = models.TextField(blank=True)
    is_by_hand = models.BooleanField(default=False)
    looked_at = models.DateTimeField(null=True)

    pen = PEN

    class Meta:
        constraints = [models.UniqueConstraint(name="one_line_once", fields=["account", "key"])]
        indexes = [
            models.Index(name="line_newest", fields=["state", "-booked_on", "-id"]),
            models.Index(name="line_waiting", fields=["booked_on", "id"], condition=Q(state=LineState.WAITING.value)),
            models.Index(name="line_by_iban", fields=["iban", "amount"], condition=~Q(iban="")),
        ]

    def __str__(self) -> str:
        return f"{format_money(self.amount)} {self.currency} of {say_day(self.booked_on)}"

    @property
    def entry(self) -> Entry:
        said = {name: getattr(self, name) for name in SAME}
        parts = tuple(_payment(part) for part in self.parts)
        return Entry(**{**said, "references": tuple(self.references)}, parts=parts, key=self.key)


SAME = (
    "amount", "currency", "booked_on", "value_on", "name", "on_behalf_of", "iban", "bic", "text", "end_to_end_id",
    "bank_reference", "is_reversal",
)  # fmt: skip
"""What line and `bank.Entry` call by one name."""


def _payment(part: dict[str, Any]) -> Payment:
    return Payment(**{**part, "amount": _decimal(part["amount"]), "references": tuple(part["references"])})


def _decimal(text: str) -> Any:
    return BankLine._meta.get_field("amount").to_python(text)


class BankSuggestion(models.Model):
    """What a waiting line may pay, the strongest first (`place` 0), as `rules.matching.Suggestion`.

    `shares`: account, invoice (or null) by key, number, amount. `invoices`: their keys. `is_whole`: one invoice, and
    the amount is all that was open of it.
    """

    line = models.ForeignKey(BankLine, on_delete=models.CASCADE, related_name="suggestions")
    place = models.PositiveSmallIntegerField()
    ground = models.CharField(max_length=20)
    reason = models.TextField()
    shares = models.JSONField()
    invoices = ArrayField(models.BigIntegerField())
    is_whole = models.BooleanField()

    pen = PEN

    class Meta:
        constraints = [models.UniqueConstraint(name="one_suggestion_a_place", fields=["line", "place"])]
        indexes = [GinIndex(name="suggested_invoices", fields=["invoices"])]

    @property
    def digest(self) -> str:
        """Tells it from any other that may come to stand in its place."""
        said = " ".join(f"{share['account']}:{share['number']}:{share['amount']}" for share in self.shares)
        return sha256(said.encode()).hexdigest()


class BankDecision(models.Model):
    """What was decided about a line; one at a time holds. `note`: why it was set aside. Who and why: the book."""

    line = models.ForeignKey(BankLine, on_delete=models.PROTECT, related_name="decisions")
    kind = models.CharField(max_length=9, choices=_choices(DecisionKind))
    note = models.TextField(blank=True)
    made_at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True)

    pen = PEN

    class Meta:
        constraints = [models.UniqueConstraint(name="one_decision_holds", fields=["line"], condition=Q(undone_at=None))]
        indexes = [models.Index(name="decision_newest", fields=["-made_at", "-id"])]


class BankShare(models.Model):
    """EUR of a line for an invoice, else for the account's credit. `booking`, `undoing`: in the ledger, once there."""

    public_id = PublicIdField(prefix="bks")
    decision = models.ForeignKey(BankDecision, on_delete=models.PROTECT, related_name="shares")
    account = models.ForeignKey(BillingAccount, on_delete=models.PROTECT, related_name="+")
    invoice = models.ForeignKey(Invoice, null=True, on_delete=models.PROTECT, related_name="bank_shares")
    amount = money_field()
    booking = models.CharField(max_length=LENGTH, blank=True)
    undoing = models.CharField(max_length=LENGTH, blank=True)

    pen = PEN

    class Meta:
        constraints = [models.CheckConstraint(name="share_of_something", condition=~Q(amount=0))]
