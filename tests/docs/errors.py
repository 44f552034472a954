"""Errors as a user meets them, made by running them. Each case gives what was done, the commands and what they said."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from hub.simulate.listener import Listener
from tests.docs.bench import ANSWERS, CUSTOMER, HUB, LIBRARY, Bench
from tests.docs.closing import Closing
from tests.docs.steps import VARYING

ORDER = f"2026-11-02,PO-7,1,{CUSTOMER},0010101,矿泉水 1升,,瓶,120,8.50"
PORT = re.compile(r"127\.0\.0\.1:\d+")
SAP = """\
systems:
  sap-hq:
    party: HQ
    codes: example
    in:
      - {connector: sap_idoc_http, routes: {ZORDER01/ORDERS: sap/orders05.order}}
"""
Did = Iterator[str]
"""The commands to show, run by ``told`` when they are taken."""


@dataclass(frozen=True, slots=True)
class Case:
    """One error. ``how`` puts a hub into the state and gives the commands that show it."""

    title: str
    text: str
    how: Callable[[Bench], Did]
    config: str = HUB


def word(bench: Bench) -> Did:
    bench.write("hub.yaml", HUB.replace("complete: renamed", "compleet: renamed").replace("party: AG-JS", "partey: AG-JS").encode())
    yield "hub lint"


def secret(bench: Bench) -> Did:
    bench.write("hub.yaml", (HUB + ANSWERS.replace('url: "URL"', 'url: "https://agent.example/in", auth: {basic: [HUB, geheim]}')).encode())
    yield "hub doctor"


def function(bench: Bench) -> Did:
    text = bench.library("agents/kd/order.yaml").replace("agents/kd/order", "agents/js/order")
    text = text.replace("date('YYYY-M-D')", "datum('YYYY-M-D')", 1)
    bench.write("mappings/agents/js/order.yaml", text.encode())
    yield "hub lint mappings"


def absent(bench: Bench) -> Did:
    bench.orders("orders.csv", ORDER, ORDER.replace(",1,", ",2,", 1).replace(",120,", ",,"))
    yield "hub translate orders.csv --system agent-js --codes codes.csv"


def missing(bench: Bench) -> Did:
    bench.orders("orders.csv", ORDER, ORDER.replace(",1,", ",2,", 1).replace("0010101", "0010777"))
    yield "hub translate orders.csv --system agent-js --codes codes.csv"


def ambiguous(bench: Bench) -> Did:
    bench.orders("orders.csv", ORDER.replace("矿泉水 1升,,", "矿泉水 1升,9506000001029,"))
    yield "hub translate orders.csv --system agent-js --codes codes.csv"


def idoc(bench: Bench) -> Did:
    raw = (LIBRARY / "sap" / "examples" / "orders05_two_lines.idoc").read_bytes()
    bench.write("order.idoc", raw.replace(b"ORDERS05", b"ZORDER01"))
    yield "hub translate order.idoc --system sap-hq --codes codes.csv"


def envelope(bench: Bench) -> Did:
    raw = (LIBRARY / "x12" / "examples" / "po850.edi").read_bytes()
    bench.write("po.edi", raw[raw.index(b"ISA*") : 60])
    yield "hub read po.edi"


def broken(bench: Bench) -> Did:
    payload = bench.orders("orders.csv", ORDER)
    at = payload.index("矿泉水".encode("gbk")) + 1
    bench.write("orders.csv", payload[:at] + b"\x20" + payload[at + 1 :])
    yield "hub translate orders.csv --system agent-js --codes codes.csv"


def resend(bench: Bench) -> Did:
    bench.type("hub codes import codes.csv")
    bench.orders("in/monday.csv", ORDER)
    bench.take()
    bench.orders("in/tuesday.csv", ORDER.replace(",120,", ",12,"))
    bench.take()
    yield "hub holds"
    yield "hub cases 1"


def refused(bench: Bench) -> Did:
    listener = Listener(lambda path, headers, body: (422, "application/problem+json", b'{"title": "order PO-7 is not open"}'))
    try:
        _answered_at(bench, listener.url)
    finally:
        listener.close()
    yield "hub holds"
    yield "hub deliveries"


def doubt(bench: Bench) -> Did:
    with Closing() as url:
        _answered_at(bench, url)
    yield "hub holds"
    yield "hub deliveries"


def _answered_at(bench: Bench, url: str) -> None:
    bench.write("hub.yaml", (HUB + ANSWERS.replace("URL", url)).encode())
    bench.type("hub codes import codes.csv")
    bench.orders("in/orders.csv", ORDER)
    bench.take()


CASES = (
    Case("An unknown word in hub.yaml", "Two words are mistyped. Both are told at once, and nothing starts.", word),
    Case("A secret written into hub.yaml", "A password stands in the file instead of a word that says where it is.", secret),
    Case("A mapping that is wrong", "A mapping names a function that does not exist. It is found before any message comes.", function),
    Case(
        "A value that is not there",
        "The second line of an order has no quantity, and the mapping does not say that it may be absent.",
        absent,
    ),
    Case("A code that nobody has given a meaning", "The table of articles has no row for one article of the order.", missing),
    Case(
        "A message that contradicts the code table",
        "The article's own number means one GTIN, the bar code beside it is another. The hub does not choose.",
        ambiguous,
    ),
    Case(
        "An IDoc of a type without a definition",
        "A flat record cannot be cut into fields without one. The document waits for it; its technical id is known all the same.",
        idoc,
        SAP,
    ),
    Case(
        "An X12 interchange without its head",
        "The ISA says which characters separate; it is cut off, so nothing else can be read.",
        envelope,
    ),
    Case("Half a character in a GBK file", "A byte was overwritten in the middle of a Chinese character.", broken),
    Case(
        "The same order again, with other content",
        "On Tuesday the agent sends Monday's order with another quantity and no revision.",
        resend,
    ),
    Case("A receiver that refuses", "The agent's system answers 422 to the order response.", refused),
    Case(
        "A send whose end nobody knows",
        "The receiver took the request and closed the connection without an answer. It does not promise to recognise a repeat.",
        doubt,
    ),
)


def told(case: Case) -> str:
    """The commands of a case with what they said."""
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder).resolve(), case.config)
        said = "\n".join(f"$ {command}\n{bench.type(command)}" for command in case.how(bench))
    for pattern, name in VARYING:
        said = pattern.sub(name, said)
    return PORT.sub("127.0.0.1:PORT", said)
