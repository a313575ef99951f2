"""Statements as banks write them: CAMT.053 in each version, and MT940 in the dialects of five banks.

What is written here is read again by the code under test, so it keeps to the banks' own descriptions of their formats.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from xml.sax.saxutils import escape

from bursar.billing.bank import Balance, Entry, Payment, Statement

OURS = "NL20INGB0001234567"
THEIRS = "NL91ABNA0417164300"
DAY = date(2026, 11, 3)
CAMT_VERSIONS = ("02", "03", "04", "06", "08")


def entry(amount: str, text: str = "", *, day: date = DAY, **said: object) -> Entry:
    return Entry(amount=Decimal(amount), text=text, booked_on=day, value_on=day, **said)  # type: ignore[arg-type]  # by name


def statement(*entries: Entry, opening: str = "1000.00", number: int = 12, **said: object) -> Statement:
    """Whose balances prove its lines."""
    begin = Decimal(opening)
    end = begin + sum((one.amount for one in entries), Decimal(0))
    day = entries[-1].booked_on if entries else DAY
    named: dict[str, object] = {
        "account": OURS,
        "id": f"S{number}",
        "number": number,
        "from_on": day,
        "until_on": day,
        **said,
    }
    balances = {"opening": Balance(begin, named["from_on"]), "closing": Balance(end, named["until_on"])}  # type: ignore[arg-type]  # days
    return Statement(**{**balances, **named, "entries": entries})  # type: ignore[arg-type]  # by name


def to_camt(*statements: Statement, version: str = "02", status: str = "BOOK") -> bytes:
    inside = "".join(_stmt(one, version, status) for one in statements)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.{version}"><BkToCstmrStmt>'
        "<GrpHdr><MsgId>M1</MsgId><CreDtTm>2026-11-04T04:00:00+01:00</CreDtTm></GrpHdr>"
        f"{inside}</BkToCstmrStmt></Document>"
    ).encode()


def _stmt(one: Statement, version: str, status: str) -> str:
    number = f"<ElctrncSeqNb>{one.number}</ElctrncSeqNb>" if one.number else ""
    days = f"<FrToDt><FrDtTm>{one.from_on}T00:00:00</FrDtTm><ToDtTm>{one.until_on}T23:59:59</ToDtTm></FrToDt>"
    account = f"<Acct><Id><IBAN>{one.account}</IBAN></Id><Ccy>{one.currency}</Ccy></Acct>"
    balances = "".join(
        f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp>{_money(balance.amount, one.currency)}<Dt><Dt>{balance.on}</Dt></Dt></Bal>"
        for code, balance in (("OPBD", one.opening), ("CLBD", one.closing))
        if balance
    )
    lines = "".join(_ntry(line, version, status) for line in one.entries)
    return f"<Stmt><Id>{escape(one.id)}</Id>{number}{days}{account}{balances}{lines}</Stmt>"


def _money(amount: Decimal, currency: str = "EUR") -> str:
    return f'<Amt Ccy="{currency}">{abs(amount)}</Amt><CdtDbtInd>{"DBIT" if amount < 0 else "CRDT"}</CdtDbtInd>'


def _ntry(line: Entry, version: str, status: str) -> str:
    said = f"<Sts><Cd>{status}</Cd></Sts>" if version >= "08" else f"<Sts>{status}</Sts>"
    reversal = "<RvslInd>true</RvslInd>" if line.is_reversal else ""
    reference = f"<AcctSvcrRef>{escape(line.bank_reference)}</AcctSvcrRef>" if line.bank_reference else ""
    parts = line.parts or (line,)
    details = "".join(_tx(part, version, line.currency, is_part=bool(line.parts)) for part in parts)
    return (
        f"<Ntry>{_money(line.amount, line.currency)}{reversal}{said}<BookgDt><Dt>{line.booked_on}</Dt></BookgDt>"
        f"<ValDt><Dt>{line.value_on}</Dt></ValDt>{reference}<NtryDtls>{details}</NtryDtls></Ntry>"
    )


def _tx(part: Payment, version: str, currency: str, *, is_part: bool) -> str:
    amount = f"<AmtDtls><TxAmt>{_money(part.amount, currency).split('<Cdt')[0]}</TxAmt></AmtDtls>" if is_part else ""
    if is_part and version >= "04":
        amount = _money(part.amount, currency)
    name = f"<Nm>{escape(part.name)}</Nm>"
    party = f"<Pty>{name}</Pty>" if version >= "08" else name
    side, us = ("Dbtr", "Cdtr") if part.amount > 0 else ("Cdtr", "Dbtr")
    other = f"<{side}>{party}</{side}>" if part.name else ""
    account = f"<{side}Acct><Id><IBAN>{part.iban}</IBAN></Id></{side}Acct>" if part.iban else ""
    ultimate = (
        part.on_behalf_of
        and f"<Ultmt{side}>{party.replace(name, f'<Nm>{escape(part.on_behalf_of)}</Nm>')}</Ultmt{side}>"
    )
    ours = f"<{us}><Nm>Agora</Nm></{us}><{us}Acct><Id><IBAN>{OURS}</IBAN></Id></{us}Acct>"
    bic = "BIC" if version == "02" else "BICFI"
    agent = (
        part.bic and f"<RltdAgts><{side}Agt><FinInstnId><{bic}>{part.bic}</{bic}></FinInstnId></{side}Agt></RltdAgts>"
    )
    strd = "".join(f"<Strd><CdtrRefInf><Ref>{escape(one)}</Ref></CdtrRefInf></Strd>" for one in part.references)
    text = f"<Ustrd>{escape(part.text)}</Ustrd>" if part.text else ""
    return (
        f"<TxDtls><Refs><EndToEndId>{escape(part.end_to_end_id) or 'NOTPROVIDED'}</EndToEndId></Refs>{amount}"
        f"<RltdPties>{other}{account}{ultimate}{ours}</RltdPties>{agent}<RmtInf>{text}{strd}</RmtInf></TxDtls>"
    )


def to_mt940(*statements: Statement, bank: str = "ing") -> bytes:
    return "".join(_message(one, bank) for one in statements).encode()


def _message(one: Statement, bank: str) -> str:
    begin, end = _FRAMES.get(bank, ("", "-\n"))
    account = f"{one.account}EUR" if bank in ("ing", "rabobank") else one.account
    lines = "".join(_booking(line, bank) for line in one.entries)
    number = f"{one.number:05d}/1" if one.number else "0"
    assert one.opening and one.closing, "a message has both"
    balances = (f"{_mark(b.amount)}{b.on:%y%m%d}{one.currency}{_comma(b.amount)}" for b in (one.opening, one.closing))
    return (
        f"{begin}:20:{one.id}\n:25:{account}\n:28C:{number}\n:60F:{next(balances)}\n{lines}:62F:{next(balances)}\n{end}"
    )


_FRAMES = {
    "ing": ("{1:F01INGBNL2ABXXX0000000000}\n{2:I940INGBNL2AXXXN}\n{4:\n", ":86:/SUM/1/1/0,00/0,00/\n-}\n"),
    "abn": ("ABNANL2A\n940\nABNANL2A\n", "-\n"),
    "rabobank": (":940:\n", ""),
}


def _booking(line: Entry, bank: str) -> str:
    mark = _mark(line.amount)
    if line.is_reversal:
        mark = "RC" if mark == "D" else "RD"
    reference = f"//{line.bank_reference}" if line.bank_reference else ""
    extra = f"\n{line.iban}" if bank == "rabobank" and line.iban else ""
    booked = f":61:{line.value_on:%y%m%d}{line.booked_on:%m%d}{mark}{_comma(line.amount)}NTRFNONREF{reference}{extra}\n"
    said = _DIALECTS[bank](line)
    return booked + "".join(f"{':86:' if at == 0 else ''}{said[at : at + 65]}\n" for at in range(0, len(said), 65))


def _ing(line: Entry) -> str:
    said = f"/EREF/{line.end_to_end_id or 'NOTPROVIDED'}/"
    if line.iban or line.name:
        said += f"/CNTP/{line.iban}/{line.bic}/{line.name}///"
    kind = f"STRD/CUR/{line.references[0]}" if line.references else f"USTD//{line.text}"
    return f"{said}/REMI/{kind}/" + (f"/ULTD/{line.on_behalf_of}/" if line.on_behalf_of else "")


def _abn(line: Entry) -> str:
    said = "/TRTP/SEPA OVERBOEKING"
    for tag, value in (("IBAN", line.iban), ("BIC", line.bic), ("NAME", line.name), ("REMI", _remittance(line))):
        said += f"/{tag}/{value}" if value else ""
    return f"{said}/EREF/{line.end_to_end_id or 'NOTPROVIDED'}"


def _remittance(line: Entry) -> str:
    return f"ISSUER: CUR                  REF: {line.references[0]}" if line.references else line.text


def _rabobank(line: Entry) -> str:
    side = "ORDP" if line.amount > 0 else "BENM"
    return f"/EREF/{line.end_to_end_id}/{side}//NAME/{line.name}/REMI/{line.text}/ISDT/2026-11-03"


def _numbered(sign: str) -> Callable[[Entry], str]:
    def write(line: Entry) -> str:
        purpose = f"EREF+{line.end_to_end_id}" if line.end_to_end_id else ""
        parts = [purpose[at : at + 27] for at in range(0, len(purpose), 27)]
        text = f"SVWZ+{line.text}" if sign == "?" else line.text
        parts += [text[at : at + 27] for at in range(0, len(text), 27)]
        numbers = [*range(20, 30), *range(60, 64)]
        said = "".join(f"{sign}{number}{part}" for number, part in zip(numbers, parts, strict=False))
        names = f"{sign}32{line.name[:27]}" + (f"{sign}33{line.name[27:]}" if line.name[27:] else "")
        return f"166{sign}00GUTSCHRIFT{said}{sign}30{line.bic}{sign}31{line.iban}{names}"

    return write


_DIALECTS: dict[str, Callable[[Entry], str]] = {
    "ing": _ing, "abn": _abn, "rabobank": _rabobank, "triodos": _numbered(">"), "german": _numbered("?"),
}  # fmt: skip
BANKS = tuple(_DIALECTS)


def _mark(amount: Decimal) -> str:
    return "D" if amount < 0 else "C"


def _comma(amount: Decimal) -> str:
    return f"{abs(amount):f}".replace(".", ",")


def without_keys(entries: Iterable[Entry]) -> list[Entry]:
    return [replace(one, key="") for one in entries]
