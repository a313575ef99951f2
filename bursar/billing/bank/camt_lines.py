"""One line of CAMT.053, and the payments within it."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from decimal import Decimal
from typing import Any

from bursar.billing.bank import statement as bank
from bursar.billing.bank.details import read_details
from bursar.billing.bank.statement import BadStatement, Entry, Payment, tidy
from bursar.billing.bank.xml import Element, find_all, text_at
from bursar.core.bounds import read_day

_SIGNS = {"CRDT": 1, "DBIT": -1}
_RETURNED = frozenset(["RRTN", "RPCR", "UPDD", "PRDD"])  # of the bank's transaction codes: what came back
_PAYMENTS = "NtryDtls/TxDtls"
MOST_TEXTS = 50  # of a payment; more than its text may be long


def read_entry(element: Element, account: str) -> Entry:
    """`account`: ours. Without a key yet. Raises BadStatement."""
    amount, currency = amount_at(element, "Amt")
    value_on = day_at(element, "ValDt/Dt", "ValDt/DtTm")
    booked_on = day_at(element, "BookgDt/Dt", "BookgDt/DtTm") or value_on
    if booked_on is None:
        raise BadStatement("A line of the statement has no day on which it was booked.")
    parts = [_payment(one, element, account) for one in find_all(element, _PAYMENTS)]
    told = read_details(text_at(element, "AddtlNtryInf"))
    said: dict[str, Any] = {**asdict(parts[0] if len(parts) == 1 else told), "amount": amount}
    came_back = said.pop("is_return", False) or text_at(element, "BkTxCd/Domn/Fmly/SubFmlyCd") in _RETURNED
    if not (said["text"] or said["references"]):
        said["text"] = told.text
    return Entry(
        **said,
        booked_on=booked_on,
        value_on=value_on or booked_on,
        currency=currency,
        bank_reference=bank.read_code(text_at(element, "AcctSvcrRef")),
        is_reversal=came_back or _is_reversed(element) or bool(find_all(element, f"{_PAYMENTS}/RtrInf")),
        parts=tuple(parts) if len(parts) > 1 else (),
    )


def _payment(element: Element, entry: Element, account: str) -> Payment:
    """Of the other side: who paid money that came, who got money that went; else whoever is named and is not us."""
    signed = element if text_at(element, "CdtDbtInd") else entry
    other, us = ("Dbtr", "Cdtr") if _sign(signed) > 0 else ("Cdtr", "Dbtr")
    is_named = _iban(element, other) != account and (_iban(element, other) or _name(element, other))
    if not is_named and _iban(element, us) != account:
        other = us
    written = [" ".join(one.itertext()) for one in find_all(element, "RmtInf/Ustrd")[:MOST_TEXTS]]
    structured = find_all(element, "RmtInf/Strd")[:MOST_TEXTS]
    for one in structured:
        written += [text_at(one, "RfrdDocInf/Nb"), text_at(one, "AddtlRmtInf")]
    references = (bank.read_code(text_at(one, "CdtrRefInf/Ref")) for one in structured)
    agent = f"RltdAgts/{other}Agt/FinInstnId"
    return Payment(
        amount=_part(element, entry, _sign(signed)),
        name=_name(element, other),
        on_behalf_of=_name(element, f"Ultmt{other}"),
        iban=_iban(element, other),
        bic=tidy(text_at(element, f"{agent}/BICFI", f"{agent}/BIC"), bank.CODE_LENGTH),
        text=tidy(" ".join(written) or text_at(element, "AddtlTxInf"), bank.TEXT_LENGTH),
        references=tuple(filter(None, references)),
        end_to_end_id=bank.read_code(text_at(element, "Refs/EndToEndId")),
    )


def _part(element: Element, entry: Element, sign: int) -> Decimal:
    """What it moved on the account, signed; 0 where the bank does not say so in the currency of the line."""
    wanted = amount_at(entry, "Amt")[1]
    for path in ("Amt", "AmtDtls/TxAmt/Amt", "AmtDtls/InstdAmt/Amt"):
        if find_all(element, path):
            amount, currency = _unsigned(element, path)
            if currency == wanted:
                return sign * amount
    return Decimal(0)


def amount_at(element: Element, path: str) -> tuple[Decimal, str]:
    """Signed by the element's own mark, and the currency. Raises BadStatement."""
    amount, currency = _unsigned(element, path)
    return _sign(element) * amount, currency


def _unsigned(element: Element, path: str) -> tuple[Decimal, str]:
    found = find_all(element, path)
    if not found:
        raise BadStatement("A line or a balance of the statement has no amount.")
    said = (found[0].text or "").strip()
    return bank.read_amount(said), tidy(found[0].get("Ccy", bank.EUR), 3).upper()


def _sign(element: Element) -> int:
    mark = text_at(element, "CdtDbtInd")
    if mark not in _SIGNS:
        raise BadStatement("A line or a balance of the statement does not say whether it is credit or debit.")
    return _SIGNS[mark]


def day_at(element: Element, *paths: str) -> date | None:
    """Of a day or an instant, as the bank wrote it; None where there is none. Raises BadStatement."""
    text = text_at(element, *paths)
    try:
        return read_day(text[:10]) if text else None
    except ValueError as fault:
        raise BadStatement(f"“{tidy(text, 30)}” is no day.") from fault


def _is_reversed(element: Element) -> bool:
    return text_at(element, "RvslInd") in ("true", "1")


def _name(element: Element, party: str) -> str:
    return tidy(text_at(element, f"RltdPties/{party}/Nm", f"RltdPties/{party}/Pty/Nm"), bank.NAME_LENGTH)


def _iban(element: Element, party: str) -> str:
    at = f"RltdPties/{party}Acct/Id"
    return bank.read_account(text_at(element, f"{at}/IBAN", f"{at}/Othr/Id"))
