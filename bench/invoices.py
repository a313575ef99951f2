"""The lists of Invoices, their file and the accounting export, over two years of documents; used by `bench.measure`."""

from __future__ import annotations

import resource
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bench.measure import Bench

FOUND = "i.account_id IN (SELECT id FROM tenants_billingaccount WHERE sort_key LIKE '%%haarlem 4%%')"


def measure(bench: Bench) -> None:
    from bench import floor
    from bursar.billing.seller import seller_day

    today = seller_day(bench.now)
    pages = {
        "issued": ("", "i.kind = 'invoice' AND i.open > 0", "≤ 1.5"),
        "all": ("show=all", "true", "≤ 1.5"),
        "all, two filters": (
            "show=all&country=DE&state=paid",
            "i.country = 'DE' AND i.settled_at IS NOT NULL",
            "≤ 1.5",
        ),
        "all, search": ("show=all&q=haarlem%204", FOUND, "reported"),
    }
    for what, (query, where, ratio) in pages.items():
        size, whole, mine, count = bench.measured(f"/panel/invoices/list/?{query}")
        floor.invoices(today, where)
        base = _median(lambda where=where: floor.invoices(today, where), 11)  # type: ignore[misc]  # bound early
        name = f"invoices, {what}"
        bench.row(f"{name}: database", f"{mine:.1f} ms", f"{base:.1f} ms", mine / base, ratio)
        bench.row(f"{name}: statements", str(count), target="constant")
        bench.row(f"{name}: whole", f"{whole:.0f} ms", target="≤ 250 ms")
        bench.row(f"{name}: size", f"{size / 1000:.0f} kB", target="≤ 200 kB")
    _files(bench)


def _files(bench: Bench) -> None:
    from bench import floor
    from bursar.billing import accounting_csv, invoice_csv
    from bursar.billing import invoice_filters as filters
    from bursar.billing.rules.periods import read_period
    from bursar.core.calendar import Month
    from bursar.core.reading import consistent_read
    from bursar.files.csv import PLAIN

    view = filters.read({"show": "all"}, bench.now)
    period = read_period(str(Month.of(view.today).previous()))

    def write() -> None:
        with consistent_read():
            invoice_csv.write(view, PLAIN)

    def account() -> None:
        with consistent_read():
            accounting_csv.write("lines", period, PLAIN)

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    mine, base = _median(write, 3), _median(floor.invoices_csv, 3)
    bench.row("CSV of all invoices", f"{mine:.0f} ms", f"{base:.0f} ms (COPY)", mine / base, "≤ 3")
    bench.row("accounting export of a month", f"{_median(account, 3):.0f} ms", target="reported")
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    bench.row("both files: memory they added", f"{grown:.0f} MB", target="flat")


def _median(run: Callable[[], object], times: int) -> float:
    from bench.measure import median

    return median(run, times)
