"""Open invoices and who pays them, by all that a line of a bank statement may say of them. No Django, no clock."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from bursar.billing.bank.statement import read_account
from bursar.billing.rules.mentions import forms_of, plain_name

CUT_NAME = 18  # banks cut names: as many equal signs at the beginning are taken for the name


class InvoiceState(StrEnum):
    OPEN = "open"
    PAID = "paid"
    CREDITED = "credited"
    WRITTEN_OFF = "written_off"


@dataclass(frozen=True)
class Invoice:
    """`open`: EUR, 0 once settled; of one written off, what was. `account`: whose it is. `reference`: ISO 11649."""

    number: str
    account: str
    open: Decimal
    reference: str = ""
    state: InvoiceState = InvoiceState.OPEN


@dataclass(frozen=True)
class Payer:
    """`names`: of the account, its billing details, and who paid before. `ibans`: that it paid from before."""

    account: str
    names: tuple[str, ...] = ()
    ibans: tuple[str, ...] = ()


@dataclass
class OpenItems:
    """Made by `of`. Invoices that are settled are found by what names them, and by nothing else.

    `balances`: accounts that owe beside their invoices, or did and were let off, by the reference of that.
    """

    by_reference: dict[str, list[Invoice]] = field(default_factory=lambda: defaultdict(list))
    by_form: dict[str, list[Invoice]] = field(default_factory=lambda: defaultdict(list))
    by_amount: dict[Decimal, list[Invoice]] = field(default_factory=lambda: defaultdict(list))
    by_account: dict[tuple[str, Decimal], list[Invoice]] = field(default_factory=lambda: defaultdict(list))
    by_iban: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    by_name: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    names: list[str] = field(default_factory=list)
    balances: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(
        cls, invoices: Iterable[Invoice], payers: Iterable[Payer] = (), balances: Mapping[str, str] | None = None
    ) -> OpenItems:
        items = cls(balances=balances or {})
        for one in invoices:
            if one.reference:
                items.by_reference[one.reference].append(one)
            for form in forms_of(one.number):
                items.by_form[form].append(one)
            if one.state == InvoiceState.OPEN:
                items.by_amount[one.open].append(one)
                items.by_account[one.account, one.open].append(one)
        for payer in payers:
            for iban in payer.ibans:
                items.by_iban[read_account(iban)].append(payer.account)
            for name in {plain_name(name) for name in payer.names} - {""}:
                items.by_name[name].append(payer.account)
        items.names = sorted(items.by_name)
        return items

    def list_accounts_called(self, *names: str) -> Iterator[str]:
        """Also those of whose name a bank has cut off the end."""
        for name in filter(None, map(plain_name, names)):
            place = bisect_left(self.names, name)
            while place < len(self.names) and self._is_like(self.names[place], name):
                yield from self.by_name[self.names[place]]
                place += 1

    @staticmethod
    def _is_like(known: str, name: str) -> bool:
        return known == name or (len(name) >= CUT_NAME and known.startswith(name))
