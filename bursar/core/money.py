"""Money is Decimal. Rates and per cents are whole, so sums are exact; rounding happens here and once."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

ZERO = Decimal("0.00")
CENT = Decimal("0.01")
SIGN = "€"
SIGN_AND_SPACE = f"{SIGN} "


def cents(amount: Decimal) -> Decimal:
    """`amount` rounded half up to cents."""
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)


def plain(amount: Decimal | None) -> str:
    """For CSV and API: two decimals, a point, nothing else ("1234.50"); empty for nothing."""
    return "" if amount is None else str(cents(amount))


def euros(amount: Decimal) -> str:
    """ "€ 1,234.50" """
    return f"{SIGN_AND_SPACE}{format_money(amount)}"


def format_money(amount: Decimal) -> str:
    """For sentences: "1,234.50", with a true minus sign."""
    text = f"{abs(cents(amount)):,.2f}"
    return f"−{text}" if amount < 0 else text
