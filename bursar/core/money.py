"""Money is Decimal. Rates and per cents are whole, so sums are exact; rounding happens here and once."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

ZERO = Decimal("0.00")
CENT = Decimal("0.01")
SIGN = "€"
SIGN_AND_SPACE = f"{SIGN} "
_PARTED, _WHOLE = SIGN_AND_SPACE.encode(), f"{SIGN}\N{NO-BREAK SPACE}".encode()


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


def hold_together(page: bytes) -> bytes:
    """HTML in which no amount parts from its sign at the end of a line. For pages and mails on their way out: the
    sentences in them are the same that files, programs and the book hold, where a space is a plain one.

    What stands in a tag or a text field stays as it is: it is what people typed, and is sent back.
    """
    first, *others = page.split(_PARTED)
    made, has_fields, is_in_tag, is_in_field = [first], b"<textarea" in page, False, False
    for before, part in zip([first, *others], others, strict=False):
        is_in_tag = _is_left_open(before, b"<", b">", is_in_tag)
        is_in_field = has_fields and _is_left_open(before, b"<textarea", b"</textarea", is_in_field)
        made += [_PARTED if is_in_tag or is_in_field else _WHOLE, part]
    return b"".join(made)


def _is_left_open(part: bytes, opens: bytes, closes: bytes, was: bool) -> bool:
    opened, closed = part.rfind(opens), part.rfind(closes)
    return opened > closed if opened != closed else was
