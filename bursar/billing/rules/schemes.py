"""Schemes of ids, ISO 6523 and those of the Peppol network: which it takes, and what their values look like."""

from __future__ import annotations

import re
from types import ModuleType

from stdnum import ean
from stdnum.au import abn
from stdnum.be import vat as be_number
from stdnum.dk import cvr
from stdnum.no import orgnr as no_number
from stdnum.se import orgnr as se_number

KVK, OIN, DUTCH_VAT = "0106", "0190", "9944"
"""The Dutch register of companies, that of public bodies, and VAT ids of the Netherlands."""

# Electronic Address Scheme, as the network takes it (PEPPOL-EN16931-CL008). EN 16931 knows more, such as EM for mail.
_EAS = """
    0002 0007 0009 0060 0088 0096 0097 0106 0130 0135 0142 0151 0183 0184 0188 0190 0191 0192 0195 0196 0198 0199
    0200 0201 0204 0208 0209 0210 0211 0216 0218 0221 0225 0230 0235 0240 0242 0244 0245 0246 0248 9910 9913 9914
    9915 9918 9919 9920 9922 9923 9924 9925 9926 9927 9928 9929 9930 9931 9932 9933 9934 9935 9936 9937 9938 9939
    9940 9941 9942 9943 9944 9945 9946 9947 9948 9949 9950 9951 9952 9953 9957 9959
"""
SCHEMES = frozenset(_EAS.split())
_FORMS = {  # a pattern, and what it means in words
    KVK: (r"\d{8}", "a KvK number has 8 digits"),
    OIN: (r"\d{20}", "an OIN has 20 digits"),
    DUTCH_VAT: (r"NL\d{9}B\d{2}", "a Dutch VAT id looks like NL123456789B01"),
    "0184": (r"(DK)?\d{8}", "a Danish CVR number has 8 digits"),
    "0007": (r"\d{10}", "a Swedish organisation number has 10 digits"),
    "0192": (r"\d{9}", "a Norwegian organisation number has 9 digits"),
    "0208": (r"\d{10}", "a Belgian enterprise number has 10 digits"),
    "0151": (r"\d{11}", "an Australian business number has 11 digits"),
    "0088": (r"\d+", "a GLN has digits only"),
}
_CHECKED: dict[str, ModuleType] = {
    "0007": se_number, "0088": ean, "0151": abn, "0184": cvr, "0192": no_number, "0208": be_number,
}  # fmt: skip


def why_not_scheme(scheme: str) -> str | None:
    """Of an id that the network is to deliver to."""
    return None if scheme in SCHEMES else f"The network knows no scheme {scheme}."


def why_not_id(scheme: str, value: str) -> str | None:
    """A sentence for a value that its scheme's form or check digits rule out; None for a scheme without either."""
    pattern, words = _FORMS.get(scheme, (r".*\S.*", "it is empty"))
    if not re.fullmatch(pattern, value, re.ASCII):
        return f"Its form is wrong: {words}."
    checked = _CHECKED.get(scheme)
    return None if checked is None or checked.is_valid(value) else "Its check digits do not fit."
