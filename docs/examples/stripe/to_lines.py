"""Three CSV exports of Stripe become lines for `bursar import`: python3 to_lines.py FOLDER > history.ndjson

Nothing but Python is needed. Look at the two tables below first: they are yours to fill.
"""

import csv
import json
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

TIERS = {"price_changemaker_year": "changemaker", "price_changemaker_month": "changemaker"}  # your price or plan ids
CADENCES = {"year": "yearly", "month": "monthly"}
MONTHS = {"year": 12, "month": 1}
Row = dict[str, str]


def read(folder: Path, name: str) -> list[Row]:
    with (folder / name).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def instant(text: str) -> str:
    """Stripe writes “2026-06-01 00:00”, in UTC."""
    return text.strip().replace(" ", "T") + "Z"


def amount(text: str) -> Decimal:
    return Decimal(text.replace(",", ""))


def account_of(customer: Row) -> dict[str, str]:
    return {"organisation": customer["organisation (metadata)"]}


def lines_of_customer(customer: Row) -> Iterator[dict[str, Any]]:
    """Step 1: who it is. The ids are the product's own, which Stripe keeps as metadata."""
    since = instant(customer["Created (UTC)"])
    organisation, workspace = customer["organisation (metadata)"], customer["workspace (metadata)"]
    yield {"kind": "organisation", "external_id": organisation, "name": customer["Name"], "created_at": since}
    yield {
        "kind": "workspace",
        "external_id": workspace,
        "organisation": organisation,
        "name": customer["Name"],
        "created_at": since,
    }


def lines_of_subscription(sub: Row, customer: Row, invoices: list[Row]) -> Iterator[dict[str, Any]]:
    """Step 2: what they are on, at which price, and how it is paid."""
    since, until = instant(sub["Start Date (UTC)"]), instant(sub["Current Period End (UTC)"])
    tier, cadence, account = TIERS[sub["Plan"]], CADENCES[sub["Interval"]], account_of(customer)
    rate = amount(sub["Amount"]) / MONTHS[sub["Interval"]]
    if rate != int(rate):
        sys.exit(f"{sub['id']}: {rate} a month is no whole rate; Bursar's rates are whole euros.")
    yield {"kind": "tier", "workspace": customer["workspace (metadata)"], "tier": tier, "from": since}
    price = {"kind": "price", "account": account, "tier": tier, "cadence": cadence, "rate": str(int(rate))}
    yield {**price, "from": since, "until": until}
    terms = {"kind": "payment", "account": account, "mode": "self_serve", "cadence": cadence}
    yield {**terms, "status": "active", "from": since, "paid_until": until}
    if sub["Canceled At (UTC)"]:
        end = instant(sub["Ended At (UTC)"]) if sub["Ended At (UTC)"] else until
        yield {**terms, "status": "cancelled", "from": instant(sub["Canceled At (UTC)"]), "paid_until": end}
    failed = [instant(i["Date (UTC)"]) for i in invoices if i["Subscription"] == sub["id"] and i["Status"] == "open"]
    if sub["Status"] == "past_due" and failed:
        yield {**terms, "status": "past_due", "from": min(failed), "past_due_since": min(failed), "paid_until": until}


def line_of_invoice(invoice: Row, customer: Row) -> dict[str, Any]:
    """Step 3: what was really paid, for which time. Net is without VAT."""
    gross = amount(invoice["Total"])
    return {
        "kind": "paid",
        "external_id": invoice["id"],
        "account": account_of(customer),
        "source": "mollie",  # as every charge that a customer's own subscription made
        "from": instant(invoice["Minimum Line Item Period Start (UTC)"]),
        "until": instant(invoice["Maximum Line Item Period End (UTC)"]),
        "net": str(gross - amount(invoice["Tax"])),
        "gross": str(gross),
        "booked_at": instant(invoice["Paid At (UTC)"]),
    }


def main() -> None:
    folder = Path(sys.argv[1])
    customers = {row["id"]: row for row in read(folder, "customers.csv")}
    invoices = read(folder, "invoices.csv")
    lines = [line for customer in customers.values() for line in lines_of_customer(customer)]
    for sub in read(folder, "subscriptions.csv"):
        lines += lines_of_subscription(sub, customers[sub["Customer ID"]], invoices)
    lines += [line_of_invoice(row, customers[row["Customer"]]) for row in invoices if row["Status"] == "paid"]
    for line in lines:
        print(json.dumps(line, ensure_ascii=False))


if __name__ == "__main__":
    main()
