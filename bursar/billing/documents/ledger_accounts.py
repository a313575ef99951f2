"""On which account of the seller's general ledger a line is booked: a setting, by what is sold and its VAT."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from bursar.billing.documents.accounting import Box
from bursar.billing.documents.document import ItemKind

ANY = "*"
_KINDS = (ANY, *(kind.value for kind in ItemKind))
_BOXES = (ANY, *(box.value for box in Box))
_CODE = re.compile(r"[A-Za-z0-9.\-]{1,20}")


def read_accounts(text: str) -> dict[str, str]:
    """JSON of “kind/VAT” to a code, “*” for any: {"training/exempt": "8210", "training/*": "8200", "*/*": "8000"}.

    Raises ValueError with what is wrong.
    """
    said = json.loads(text)
    if not isinstance(said, dict):
        raise ValueError("it is a JSON object of what is sold to a ledger account")
    for key, code in said.items():
        kind, _, box = key.partition("/")
        if kind not in _KINDS or box not in _BOXES:
            raise ValueError(
                f"“{key}” is not what is sold and its VAT: {', '.join(_KINDS)}, a slash, and {', '.join(_BOXES)}"
            )
        if not isinstance(code, str) or not _CODE.fullmatch(code):
            raise ValueError(f"the account of {key} is a code as text, of up to 20 letters and digits")
    return said


def find_account(accounts: Mapping[str, str], kind: ItemKind, box: Box) -> str:
    """What is sold and its VAT, else what is sold, else its VAT, else any; empty where nothing is said."""
    keys = (f"{kind}/{box}", f"{kind}/{ANY}", f"{ANY}/{box}", f"{ANY}/{ANY}")
    return next((accounts[key] for key in keys if key in accounts), "")
