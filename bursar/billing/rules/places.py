"""In whose VAT area an address lies, as services ask. Directive 2006/112/EC, articles 5 to 7; postcodes by the posts.

Countries are ISO 3166-1 alpha-2. Northern Ireland (XI) is inside for goods only, so here it is the United Kingdom.
"""

from __future__ import annotations

from typing import NamedTuple

from babel import Locale

from bursar.billing.rules.rates import STANDARD
from bursar.core.sortkey import sort_key

# What CLDR names beside the countries of ISO 3166: parts of some, unions, and codes for tests.
_NO_COUNTRIES = frozenset(["AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"])
_NAMES: dict[str, str] = {
    code: name
    for code, name in Locale("en", "GB").territories.items()
    if len(code) == 2 and code.isalpha() and code not in _NO_COUNTRIES
}
COUNTRIES = dict(sorted(_NAMES.items(), key=lambda pair: sort_key(pair[1])))
"""ISO 3166-1 alpha-2 to English names, in their order."""

MEMBER_STATES = frozenset(place for place in STANDARD if len(place) == 2)
_TREATED_AS = {"MC": "FR"}  # article 7; the Isle of Man follows the United Kingdom, outside as well

# Parts of a member state that article 6 leaves out, by the beginning of the postcode. Those with a country code of
# their own (AX, GP, MQ, GF, RE, YT, …) are no member states to begin with.
_LEFT_OUT = {
    "DE": {"27498": "Heligoland", "78266": "Büsingen"},
    "ES": {"35": "the Canary Islands", "38": "the Canary Islands", "51": "Ceuta", "52": "Melilla"},
    "FI": {"22": "the Åland Islands"},
    "FR": {"97": "a French overseas territory", "986": "Wallis and Futuna", "987": "French Polynesia",
           "988": "New Caledonia", "984": "the French Southern Territories"},
    "GR": {"63086": "Mount Athos", "63087": "Mount Athos"},
    "IT": {"22061": "Campione d’Italia", "23041": "Livigno"},
}  # fmt: skip
# Inside, with a rate of their own.
_REGIONS = {
    "PT": {"9": "PT-20", "90": "PT-30", "91": "PT-30", "92": "PT-30", "93": "PT-30", "94": "PT-30"},
    "AT": {"6691": "AT-19", "6991": "AT-19", "6992": "AT-19", "6993": "AT-19"},
}


class VatArea(NamedTuple):
    """`state`: whose VAT a sale there may bear, empty outside all of them. `region`: key of a rate of its own.

    `left_out`: the name of a part of a member state that lies outside.
    """

    state: str
    region: str = ""
    left_out: str = ""


def say_country(code: str) -> str:
    return COUNTRIES.get(code, code)


def why_not_postcode(country: str, postcode: str) -> str | None:
    """Not every country has postcodes; in the EU they say whose VAT is due."""
    if country in MEMBER_STATES and not any(sign.isalnum() for sign in postcode):
        return "Write the postcode: within the EU it says whose VAT is due."
    return None


def find_area(country: str, postcode: str) -> VatArea:
    """`postcode` as one writes it: only its digits are read, so a country before it does not matter."""
    state = _TREATED_AS.get(country, country)
    if state not in MEMBER_STATES:
        return VatArea("")
    code = "".join(sign for sign in postcode if sign in "0123456789")
    left_out = _longest(_LEFT_OUT.get(country, {}), code)
    if left_out:
        return VatArea("", left_out=left_out)
    return VatArea(state, _longest(_REGIONS.get(country, {}), code))


def _longest(parts: dict[str, str], code: str) -> str:
    found = [beginning for beginning in parts if code.startswith(beginning)]
    return parts[max(found, key=len)] if found else ""
