"""Articles, parties, systems and codes of the harness: those of the simulated partners, and some that only it has."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from hub.simulate.goods import AGENT_JS, AGENT_ZJ, ARTICLES, CHAIN, KEY_ACCOUNT, WAREHOUSE, Article, codes_csv

QUIET, ANSWERED, DOUBTFUL, AGENT = AGENT_ZJ, KEY_ACCOUNT, CHAIN, AGENT_JS
"""Buyers: nobody is told of the first one's orders, an idempotent receiver of the second's, one that is not of the third's."""
DEPOT, STORE = AGENT_ZJ, WAREHOUSE
SCARCE = Article("100190", "0010190", "scarce", 10, Decimal("9.90"))
UNSOLD = Article("100191", "0010191", "unsold", 10, Decimal("1.00"))
"""What stock reports speak of: nobody orders it, so that no report changes what orders get."""
LATE = tuple(f"L{n:02}" for n in range(40))
"""Codes that are missing at first and come at random times."""
MANY, NEVER = "MANY", "NEVER"
"""A code that more than 1,000 documents wait for, and one that never comes."""
MARK = "REFUSED"
"""Order numbers with this word are refused by a trigger in the harness's database."""
OUT = "-OUT"
"""Order numbers that end so are rejected by the operator."""
DEADLY = b"THIS-DOCUMENT-KILLS"
"""Bytes at whose translation the wrapper kills the process, until the repair."""
SETS = ("sap-hq", "wms-3pl", "agent-js")


@dataclass(frozen=True, slots=True)
class Sender:
    """A system that sends: its code set (systems of one code set write the same keys), and its ways in: name -> routes."""

    name: str
    codes: str
    ways: dict[str, str]


IDOC = (
    "ORDERS05/ORDERS: sap/orders05.order, ORDERS05/ORDCHG: sap/orders05.change, ORDERS05/ORDCHG/CAN: sap/orders05.cancel, "
    "MATMAS05/MATMAS: sap/matmas05.product"
)
X12 = '"850": x12/po850.order'
SENDERS: tuple[Sender, ...] = (
    Sender("sap-1", "sap-hq", {"idoc": IDOC}),
    Sender("sap-2", "sap-hq", {"idoc": IDOC}),
    Sender("edi-1", "wms-3pl", {"x12": X12}),
    Sender("edi-2", "wms-3pl", {"x12": X12}),
    Sender("agent", "agent-js", {"kd": "kd.order: agents/kd/order", "depot": "kd.stock: agents/kd/stock"}),
    Sender("log-1", "log", {"events": "faults.event: faults/event"}),
    Sender("log-3", "log", {"events": "faults.event: faults/event"}),
    Sender("files", "log", {
        "rows": "faults.event: {mapping: faults/event, repeats: cumulative}",
        "deltas": "faults.event: {mapping: faults/event, repeats: delta}",
    }),
    Sender("wms", "wms-3pl", {"stock": "wms.stock: wms/stock"}),
    Sender("poison", "log", {"events": "faults.event: faults/event"}),
)  # fmt: skip
"""sap-1 and sap-2, edi-1 and edi-2, log-1 and log-3 write the same keys and lie in different partitions."""


def codes() -> str:
    """The tables that stand at the beginning."""
    return codes_csv() + "\n".join(_rows()) + "\n"


def _rows() -> Iterator[str]:
    for article in (*ARTICLES, SCARCE, UNSOLD):
        for unit, gtin in (("EA", article.gtin.zfill(14)), ("CS", article.case_gtin)):
            yield f"item,sap-hq,{article.material},{unit},{gtin},{unit},1"
            yield f"item,wms-3pl,{article.material},{unit},{gtin},{unit},1"
            if article in (SCARCE, UNSOLD):
                yield f"item,agent-js,{article.agent},{unit},{gtin},{unit},1"
    yield "kind,log,sale,,sale,,1"


def plenty(documents: int) -> int:
    """Pieces of every other article that are there: more than a corpus of that size orders, so that no order waits for stock and is
    answered once more when it comes. No document orders more than 105 cases of 24 of one article, and most a few pieces."""
    return 10_000 * max(100, documents)


def scarce_stock(documents: int) -> int:
    """Pieces of the scarce article that are there: about a third of what a corpus of that size orders."""
    return max(6, documents // 500)


def packs() -> Iterator[tuple[str, str, str, int]]:
    """(code set, item, unit, pieces in it) of every article."""
    for name in SETS:
        for article in (*ARTICLES, SCARCE, UNSOLD):
            for item in (article.gtin.zfill(14), article.case_gtin):
                yield name, item, "EA", 1
                yield name, item, "CS", article.case
