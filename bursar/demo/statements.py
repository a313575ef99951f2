"""Three bank statements for the demo's open invoices, to upload: CAMT.053, Dutch MT940 and German MT940.

They hold what one meets: references and numbers, parts and too much, one payment for two invoices, known payers and
strangers, a direct debit that came back, a payout by Mollie and a cost. One statement between the first two is missing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

from lxml import etree
from lxml.builder import ElementMaker

from bursar.billing.documents.document import DocumentKind
from bursar.billing.models import Invoice
from bursar.billing.seller import get_payee
from bursar.core.money import plain

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"
PAYERS = ("NL91ABNA0417164300", "NL02ABNA0123456789", "NL39RABO0300065264", "NL69INGB0123456789")
GERMAN_PAYER = "DE02120300000000202051"
OPENING = Decimal("18250.40")
E_ = ElementMaker(namespace=NAMESPACE, nsmap={None: NAMESPACE})


@dataclass(frozen=True)
class Line:
    """`amount`: EUR; below 0 it left. `reference`: structured; `text`: free."""

    amount: Decimal
    name: str
    iban: str
    text: str = ""
    reference: str = ""


def write_statements(folder: Path, today: date) -> list[Path]:
    """Into `folder`, which is made; files of before are written over. None without enough open invoices."""
    lines = _list_lines()
    if lines is None:
        return []
    first, second, third = lines
    folder.mkdir(parents=True, exist_ok=True)
    day, iban = today - timedelta(days=3), get_payee().iban
    after = OPENING + sum(line.amount for line in first)
    files = {
        "statement-1.xml": _camt(first, iban, day, OPENING),
        "statement-2.940": _dutch(second, iban, day + timedelta(days=2), after + Decimal("1433.50")),
        "statement-3.sta": _german(third, day + timedelta(days=2)),
    }
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return [folder / name for name in files]


def _list_lines() -> tuple[list[Line], list[Line], list[Line]] | None:
    by_account: dict[int, list[Invoice]] = {}
    for row in Invoice.objects.filter(kind=DocumentKind.INVOICE.value, open__gt=0).order_by("issued_at", "id"):
        by_account.setdefault(row.account_id, []).append(row)
    twos = [rows for rows in by_account.values() if len(rows) == 2]
    ones = [rows[0] for rows in by_account.values() if len(rows) == 1]
    if len(twos) < 2 or len(ones) < 4:
        return None
    (exact, known), (split, last) = twos[:2]
    half, numbered, named, over = ones[:4]
    cent = Decimal("0.01")

    def name(row: Invoice) -> str:
        return row.document.buyer.name

    first = [
        Line(exact.open, name(exact), PAYERS[0], reference=exact.reference),
        Line(numbered.open, name(numbered), PAYERS[1], text=f"Factuur {numbered.number.replace('-', ' / ')}"),
        Line(Decimal("482.79"), "Stichting Mollie Payments", PAYERS[2], text="Settlement 2174823.2611.01 MOLLIE"),
        Line(Decimal("-14.95"), "ING", PAYERS[3], text="Kosten zakelijk pakket"),
    ]
    second = [
        Line((half.open / 2).quantize(cent), name(half), PAYERS[1], text=half.reference),
        Line(over.open + 50, name(over), PAYERS[2], text=over.reference),
        Line(known.open, "Administratiekantoor Smits", PAYERS[0], text="dank voor de training"),
        Line(named.open, name(named), PAYERS[3], text="contributie"),
        Line(Decimal("75.00"), "J. Peeters", PAYERS[2], text="voor het buurtfeest"),
        Line(Decimal("-1089.00"), name(exact), PAYERS[0], text="storno"),
    ]
    both = split.open + last.open
    third = [Line(both, name(split), GERMAN_PAYER, text=f"Rechnungen {split.number} {last.number}")]
    return first, second, third


def _camt(lines: Sequence[Line], iban: str, day: date, opening: Decimal) -> bytes:
    closing = opening + sum(line.amount for line in lines)
    statement = E_.Stmt(
        E_.Id(f"{iban}-{day:%Y}-211"), E_.ElctrncSeqNb("211"),
        E_.FrToDt(E_.FrDtTm(f"{day}T00:00:00"), E_.ToDtTm(f"{day}T23:59:59")),
        E_.Acct(E_.Id(E_.IBAN(iban)), E_.Ccy("EUR")), _balance("OPBD", opening, day), _balance("CLBD", closing, day),
        *(_entry(line, day, place) for place, line in enumerate(lines, 1)),
    )  # fmt: skip
    head = E_.GrpHdr(E_.MsgId("DEMO-1"), E_.CreDtTm(f"{day}T23:00:00+01:00"))
    document = E_.Document(E_.BkToCstmrStmt(head, statement))
    written: bytes = etree.tostring(document, xml_declaration=True, encoding="UTF-8", pretty_print=True)
    return written


def _balance(kind: str, amount: Decimal, day: date) -> etree._Element:
    return E_.Bal(
        E_.Tp(E_.CdOrPrtry(E_.Cd(kind))), E_.Amt(plain(amount), Ccy="EUR"), E_.CdtDbtInd("CRDT"), E_.Dt(E_.Dt(f"{day}"))
    )


def _entry(line: Line, day: date, place: int) -> etree._Element:
    sign, side = ("CRDT", "Dbtr") if line.amount > 0 else ("DBIT", "Cdtr")
    told = E_.Strd(E_.CdtrRefInf(E_.Ref(line.reference))) if line.reference else E_.Ustrd(line.text)
    parties = E_.RltdPties(E_(side, E_.Pty(E_.Nm(line.name))), E_(f"{side}Acct", E_.Id(E_.IBAN(line.iban))))
    return E_.Ntry(
        E_.Amt(plain(abs(line.amount)), Ccy="EUR"), E_.CdtDbtInd(sign), E_.Sts(E_.Cd("BOOK")),
        E_.BookgDt(E_.Dt(f"{day}")), E_.ValDt(E_.Dt(f"{day}")), E_.AcctSvcrRef(f"{day:%y%m%d}{place:06d}"),
        E_.NtryDtls(E_.TxDtls(E_.Refs(E_.EndToEndId("NOTPROVIDED")), parties, E_.RmtInf(told))),
    )  # fmt: skip


def _dutch(lines: Sequence[Line], iban: str, day: date, opening: Decimal) -> bytes:
    rows = ["{1:F01INGBNL2ABXXX0000000000}", "{2:I940INGBNL2AXXXN}", "{4:", f":20:P{day:%y%m%d}000000001",
            f":25:{iban}EUR", ":28C:00213/1", _mt_balance("60F", opening, day)]  # fmt: skip
    for place, line in enumerate(lines, 1):
        rows.append(_mt_line(line, day, f"NONREF//{day:%m%d}{place:010d}"))
        told = f"/EREF/NOTPROVIDED//CNTP/{line.iban}/{line.iban[4:8]}NL2A/{line.name}////REMI/USTD//{line.text}/"
        rows += _wrapped(f":86:{told}")
    rows += [_mt_balance("62F", opening + sum(line.amount for line in lines), day), "-}"]
    return "\r\n".join(rows).encode("latin-1", "replace")


def _german(lines: Sequence[Line], day: date) -> bytes:
    opening = Decimal("4100.00")
    rows = [":20:STARTUMS", ":25:DE75512108001245126199", ":28C:00041/1", _mt_balance("60F", opening, day)]
    for line in lines:
        rows.append(_mt_line(line, day, "NONREF"))
        told = f"166?00GUTSCHRIFT?20SVWZ+{line.text}?30BYLADEM1001?31{line.iban}?32{line.name[:27]}"
        rows += _wrapped(f":86:{told}")
    rows += [_mt_balance("62F", opening + sum(line.amount for line in lines), day), "-"]
    return "\r\n".join(rows).encode("latin-1", "replace")


def _mt_balance(tag: str, amount: Decimal, day: date) -> str:
    return f":{tag}:C{day:%y%m%d}EUR{_comma(amount)}"


def _mt_line(line: Line, day: date, words: str) -> str:
    """What left and came back is a reversal."""
    sign = "C" if line.amount > 0 else "RC" if line.text == "storno" else "D"
    return f":61:{day:%y%m%d}{day:%m%d}{sign}{_comma(abs(line.amount))}NTRF{words}"


def _comma(amount: Decimal) -> str:
    return plain(amount).replace(".", ",")


def _wrapped(text: str) -> Iterator[str]:
    """Banks break a line of 65 characters wherever it ends."""
    for start in range(0, len(text), 65):
        yield text[start : start + 65]
