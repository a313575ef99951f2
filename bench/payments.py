"""The Payments page, its file, the gap and drift, over thirteen months of payments; used by `bench.measure`."""

from __future__ import annotations

import resource
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bench.measure import Bench


def measure(bench: Bench) -> None:
    Payments(bench).measure()


class Payments:
    """One company's."""

    def __init__(self, bench: Bench) -> None:
        from bursar.billing.seller import seller_month, span_of

        self.bench = bench
        self.month = seller_month(bench.now)
        self.span = span_of(self.month)

    def measure(self) -> None:
        from bench import floor

        self._page("current month", "", partial(floor.payments, *self.span), "≤ 1.5", "≤ 150 ms")
        where = "status = 'failed' AND kind = 'renewal'"
        every = partial(floor.payments, *self.span, where)
        self._page("all months, two filters", "month=all&status=failed&kind=renewal", every, "reported", "≤ 500 ms")
        where = "account_id IN (SELECT id FROM tenants_billingaccount WHERE sort_key LIKE '%%haarlem 4%%')"
        found = partial(floor.payments, *self.span, where)
        self._page("all months, search", "month=all&q=haarlem%204", found, "reported", "≤ 500 ms")
        self._gap()
        self._csv()

    def _page(self, what: str, query: str, floor: Callable[[], None], ratio: str, whole_target: str) -> None:
        size, whole, mine, count = self.bench.measured(f"/panel/payments/?{query}")
        floor()
        base = _median(floor, 11)
        name = f"payments, {what}"
        self.bench.row(f"{name}: database", f"{mine:.1f} ms", f"{base:.1f} ms", mine / base, ratio)
        self.bench.row(f"{name}: statements", str(count), target="constant")
        self.bench.row(f"{name}: whole", f"{whole:.0f} ms", target=whole_target)
        self.bench.row(f"{name}: size", f"{size / 1000:.0f} kB", target="≤ 200 kB")

    def _gap(self) -> None:
        from bench import floor
        from bursar.payments.queries.drift import count_drift
        from bursar.payments.queries.gap import calc_gap

        mine = _median(lambda: calc_gap(self.month, self.bench.now), 5)
        base = _median(lambda: floor.gap(*self.span, self.month.first, self.month.next().first), 5)
        self.bench.row("gap of a month", f"{mine:.0f} ms", f"{base:.0f} ms", mine / base, "reported")
        self.bench.row("drift, counted", f"{_median(lambda: count_drift(self.bench.now), 5):.0f} ms", target="reported")

    def _csv(self) -> None:
        from django.http import QueryDict

        from bench import floor
        from bursar.core.reading import consistent_read
        from bursar.files.csv import PLAIN
        from bursar.payments import csv, filters

        view = filters.read(QueryDict(""), self.bench.now)

        def write() -> None:
            with consistent_read():
                csv.write(view, PLAIN)

        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        mine = _median(write, 3)
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
        base = _median(lambda: floor.payments_csv(*self.span), 3)
        self.bench.row("CSV of a month's payments", f"{mine:.0f} ms", f"{base:.0f} ms (COPY)", mine / base, "≤ 3")
        self.bench.row("CSV of payments: memory it added", f"{grown:.0f} MB", target="flat")


def _median(run: Callable[[], object], times: int) -> float:
    from bench.measure import median

    return median(run, times)
