"""CAMT.053, versions 02 to 08: XML, read line by line so that a large file needs no large memory.

The namespace, and so the version, does not matter: what the versions call differently is asked for under each name.
"""

from __future__ import annotations

from collections.abc import Iterator

from bursar.billing.bank import statement as bank
from bursar.billing.bank.camt_lines import amount_at, day_at, read_entry
from bursar.billing.bank.statement import BadStatement, Balance, Entry, Statement, tidy
from bursar.billing.bank.xml import Element, decode_xml, each, find_all, text_at

_OTHERS = {
    "BkToCstmrAcctRpt": "This is a CAMT.052 report of a day that is not over. Upload the statement, CAMT.053.",
    "BkToCstmrDbtCdtNtfctn": "This is a CAMT.054 notification, not a statement. Upload CAMT.053.",
}
_OPENING = ("OPBD", "PRCD")
_CLOSING = ("CLBD",)
_BETWEEN = "ITBD"  # of a page: the first one opens it, the last one closes it


def read_camt(data: bytes) -> list[Statement]:
    """In their order. Raises BadStatement."""
    text = decode_xml(data)
    if "BkToCstmrStmt" not in text:
        other = next((sentence for name, sentence in _OTHERS.items() if name in text), None)
        raise BadStatement(other or "This XML is no CAMT.053 statement.")
    found = list(_read(text))
    if not found:
        raise BadStatement("The file holds no statement.")
    return found


def _read(text: str) -> Iterator[Statement]:
    entries: list[Entry] = []
    account: str | None = None
    left_out = lines = statements = 0
    for name, element in each(text, "Ntry", "Stmt"):
        if name == "Stmt":
            statements += 1
            if statements > bank.MOST_STATEMENTS:
                raise BadStatement(f"The file holds more than {bank.MOST_STATEMENTS:,} statements.")
            yield _statement(element, entries, left_out)
            entries, left_out, account = [], 0, None
            continue
        lines += max(1, len(find_all(element, "NtryDtls/TxDtls")))
        if lines > bank.MOST_ENTRIES:
            raise BadStatement(f"The file holds more than {bank.MOST_ENTRIES:,} lines: upload shorter periods.")
        if text_at(element, "Sts/Cd", "Sts") == "BOOK":
            account = _account(element.getparent()) if account is None else account
            entries.append(read_entry(element, account))
        else:
            left_out += 1


def _account(element: Element | None) -> str:
    return "" if element is None else bank.read_account(text_at(element, "Acct/Id/IBAN", "Acct/Id/Othr/Id"))


def _statement(element: Element, entries: list[Entry], left_out: int) -> Statement:
    account, name = _account(element), tidy(text_at(element, "Id"), bank.CODE_LENGTH)
    if not account:
        raise BadStatement(f"The statement “{name}” does not say of which account it is.")
    opening, closing, currency = _balances(element, name)
    days = [one.on for one in (opening, closing) if one] + [entry.booked_on for entry in entries]
    from_on, until_on = day_at(element, "FrToDt/FrDtTm"), day_at(element, "FrToDt/ToDtTm")
    if not (days or (from_on and until_on)):
        raise BadStatement(f"The statement “{name}” has neither days, balances nor lines.")
    currency = text_at(element, "Acct/Ccy") or currency or next((entry.currency for entry in entries), bank.EUR)
    number = text_at(element, "ElctrncSeqNb", "LglSeqNb")
    left = f"{left_out:,} line{'' if left_out == 1 else 's'} not booked yet: left out."
    return Statement(
        account=account,
        id=name,
        from_on=from_on or min(days),
        until_on=until_on or max(days),
        currency=tidy(currency, 3).upper(),
        number=int(number) or None if number.isascii() and number.isdigit() and len(number) < 10 else None,
        opening=opening,
        closing=closing,
        entries=bank.with_keys(account, entries),
        remarks=(left,) if left_out else (),
    )


def _balances(element: Element, name: str) -> tuple[Balance | None, Balance | None, str]:
    """Opening, closing, and their currency."""
    found: dict[str, list[Balance]] = {}
    currencies = set()
    for one in find_all(element, "Bal"):
        code = text_at(one, "Tp/CdOrPrtry/Cd")
        if code not in (*_OPENING, *_CLOSING, _BETWEEN):
            continue
        on = day_at(one, "Dt/Dt", "Dt/DtTm")
        if on is None:
            raise BadStatement(f"A balance of the statement “{name}” has no day.")
        amount, currency = amount_at(one, "Amt")
        found.setdefault(code, []).append(Balance(amount, on))
        currencies.add(currency)
    if len(currencies) > 1:
        raise BadStatement(f"The balances of the statement “{name}” are in {' and '.join(sorted(currencies))}.")
    between = found.get(_BETWEEN, [])
    opening = next((found[code][0] for code in _OPENING if code in found), between[0] if between[1:] else None)
    closing = next((found[code][-1] for code in _CLOSING if code in found), between[-1] if between else None)
    return opening, closing, next(iter(currencies), "")
