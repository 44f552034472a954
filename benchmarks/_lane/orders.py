"""Any number of different orders, cheaply: those of ``_orders`` with numbers of their own, and dates of today."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import count

import orjson

from benchmarks._lane.intake import request
from benchmarks._orders import draw, draw_codes
from hub.store.work import partition_of

DRAWN = 200
FIRST = 6_000_000_000
WAREHOUSE = "WH01"
PARTITIONS = 8


def system_names() -> list[str]:
    """One system for each partition."""
    found: dict[int, str] = {}
    for n in count(1):
        found.setdefault(partition_of(f"sap-{n}", PARTITIONS), f"sap-{n}")
        if len(found) == PARTITIONS:
            return [found[p] for p in sorted(found)]
    raise AssertionError


class Orders:
    """Requests for the hub's door: order after order, system after system."""

    def __init__(self, today: date) -> None:
        later = (today.replace(day=1) + timedelta(days=40)).strftime("%Y%m").encode()
        day = today.strftime("%Y%m%d").encode()
        days = {b"202612": later, b"20261119": day, b"20261120": day}  # the month first: today may be in it
        self._drawn = [_dated(one.flat(), days) for one in draw(DRAWN)]
        self._numbers, self.systems = count(), system_names()

    def take(self, many: int) -> list[bytes]:
        """The next ones."""
        return [self._one(n) for n in (next(self._numbers) for _ in range(many))]

    def _one(self, n: int) -> bytes:
        drawn = n % DRAWN
        raw = self._drawn[drawn].replace(b"%d" % (4_500_000_000 + drawn), b"%d" % (FIRST + n))
        raw = raw.replace(b"%016d" % (8_100_000 + drawn), b"%016d" % (20_000_000 + n))
        return request(f"/in/{self.systems[n % PARTITIONS]}", f"order-{n}", raw)


def _dated(raw: bytes, days: dict[bytes, bytes]) -> bytes:
    for old, new in days.items():
        raw = raw.replace(old, new)
    return raw


def stock_report(today: date) -> bytes:
    """Plenty of every item in every unit, as a request."""
    codes, rows = draw_codes(), list(_rows())
    report = {"report": "ST-1", "warehouse": WAREHOUSE, "asOf": f"{today.isoformat()}T00:00:00+00:00", "stock": rows}
    assert len(rows) == len(codes.items)
    return request("/in/stock", "stock-1", orjson.dumps(report))


def _rows() -> Iterator[dict[str, object]]:
    codes = draw_codes()
    given = {meant: unit for unit, meant in codes.units.items()}
    for name, gtin in codes.items.items():
        sku, unit = name.split("|")
        yield {"sku": sku, "uom": given[unit], "qty": 100_000_000, "gtin": gtin, "status": "OK"}


def codes_csv() -> str:
    """The code rows of orders and of the stock report."""
    return draw_codes().csv() + f"party,bench,{WAREHOUSE},,WH01,,1,1\n"
