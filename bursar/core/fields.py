"""Typed fields that both APIs and the import share: what JSON may say for a number, a text, an instant."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field, StrictBool, ValidationInfo

from bursar.core import bounds, clock
from bursar.core.text import why_not_keep, why_not_name

T = TypeVar("T")
_AMOUNT = re.compile(r"\d+(\.\d+)?", re.ASCII)


def _whole(value: Any) -> int:
    if type(value) is int:
        return value
    if type(value) is float and value.is_integer():
        return int(value)
    raise ValueError("must be a whole number")


def _amount(value: Any) -> Decimal:
    """A number, or its digits as text, so that programs need not send money as binary fractions."""
    if type(value) in (int, float) or (isinstance(value, str) and _AMOUNT.fullmatch(value)):
        return Decimal(str(value))
    raise ValueError("must be a number such as 840 or “840.00”")


def _country(value: Any) -> Any:
    return value.upper() if isinstance(value, str) and value.isascii() else value


def _mail(text: str) -> str:
    _fit(text)
    if len(text.lower()) > 254:  # a few letters are longer in lower case, as addresses are kept
        raise ValueError("is longer than an address may be")
    return text


def _fit(text: str) -> str:
    return _passed(text, why_not_keep(text))


def _named(text: str) -> str:
    return _passed(text, why_not_name(text))


def _passed(value: T, sentence: str | None) -> T:
    if sentence:
        raise ValueError(sentence)
    return value


def _bounded(why_not: Callable[[Any, datetime], str | None]) -> AfterValidator:
    """Asked at the instant of the batch (context `now`), else at the clock's."""

    def check(value: Any, info: ValidationInfo) -> Any:
        now = (info.context or {}).get("now") or clock.now()
        return _passed(value, why_not(value, now))

    return AfterValidator(check)


Whole = Annotated[int, BeforeValidator(_whole)]
Amount = Annotated[Decimal, BeforeValidator(_amount)]
Tick = StrictBool
Text = Annotated[str, AfterValidator(_fit)]
Id = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(_named)]
Name = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_named)]
Mail = Annotated[str, Field(max_length=254, pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$"), AfterValidator(_mail)]
MailOrNone = Annotated[str, Field(max_length=254, pattern=r"^([^@\s]+@[^@\s]+\.[^@\s]+)?$"), AfterValidator(_mail)]
Country = Annotated[str, BeforeValidator(_country), Field(pattern="^[A-Z]{2}$")]
CountryOrNone = Annotated[str, BeforeValidator(_country), Field(pattern="^([A-Z]{2})?$")]

_AsInstant = BeforeValidator(bounds.read_instant)
_AsDay = BeforeValidator(bounds.read_day)
Happened = Annotated[datetime, _AsInstant, _bounded(bounds.why_not_happened)]
Changed = Annotated[datetime, _AsInstant, _bounded(bounds.why_not_changed)]
End = Annotated[datetime, _AsInstant, _bounded(bounds.why_not_end)]
HappenedDay = Annotated[date, _AsDay, _bounded(bounds.why_not_happened_on)]
EndDay = Annotated[date, _AsDay, _bounded(bounds.why_not_end_on)]
