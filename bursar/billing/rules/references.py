"""The creditor reference (ISO 11649): what a customer's bank sends back with the money, so that it finds its invoice.

RF, two check digits, then up to 21 letters and digits: here those of the invoice's number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from stdnum import iso11649
from stdnum.iso7064 import mod_97_10

BODY_LENGTH = 21
_SIGN = "[0-9A-Za-z]"
_BETWEEN = "[ .,:/-]*"  # banks wrap lines inside words, people group and part as they like
_SHAPE = re.compile(f"R{_BETWEEN}F(?:{_BETWEEN}[0-9]){{2}}(?:{_BETWEEN}{_SIGN}){{1,{BODY_LENGTH}}}", re.I | re.ASCII)


def make_reference(number: str) -> str:
    """ "2026-000042" → "RF…2026000042". Raises ValueError where no letter or digit is left, or more than 21."""
    body = "".join(sign for sign in number if sign.isascii() and sign.isalnum()).upper()
    if not 0 < len(body) <= BODY_LENGTH:
        raise ValueError(f"A creditor reference has 1 to {BODY_LENGTH} letters and digits, “{number}” has {len(body)}.")
    return f"RF{mod_97_10.calc_check_digits(f'{body}RF')}{body}"


def is_reference(text: str) -> bool:
    """As it is stored: upper case, nothing between the signs."""
    return text.isascii() and text.isalnum() and text == text.upper() and bool(iso11649.is_valid(text))


def say_reference(reference: str) -> str:
    """ "RF18 5390 0754 7034" """
    return str(iso11649.format(reference))


def find_references(text: str) -> list[str]:
    """Those with a valid checksum in free text, spaces and line breaks inside or not, each once, in their order.

    Where a reference ends, free text does not say. What ends where a word ends comes before what ends within one, the
    longer first; so what was found is still to be looked up, and one in a hundred of the others is there by chance.
    """
    spaced = re.sub(r"\s", " ", text)  # of whatever kind
    starts = (found.start() for found in re.finditer("R", spaced, re.I | re.ASCII))
    return list(dict.fromkeys(one for start in starts for one in _read_at(spaced, start)))


def _read_at(text: str, start: int) -> Iterator[str]:
    shape = _SHAPE.match(text, start)
    if shape is None:
        return
    signs = [place for place in range(start, shape.end()) if text[place].isascii() and text[place].isalnum()]
    for is_whole in (True, False):
        for count in range(len(signs), 4, -1):
            after = text[signs[count - 1] + 1 : signs[count - 1] + 2]
            candidate = "".join(text[place] for place in signs[:count]).upper()
            if (not after.isalnum()) == is_whole and is_reference(candidate):
                yield candidate
