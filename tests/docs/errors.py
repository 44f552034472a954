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
    """One error. ``how`` puts a hub into the state and gives the commands that show it; ``reading`` is said below them."""

    title: str
    text: str
    reading: str
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
    Case(
        "An unknown word in hub.yaml",
        "Two words are mistyped.",
        "All faults are told at once, each with its line and column and the nearest right word. Nothing starts.",
        word,
    ),
    Case(
        "A secret written into hub.yaml",
        "A password stands in the file instead of a word that says where it is.",
        "What is secret is known from the connector's settings, so no name has to look like a password. The value is not repeated.",
        secret,
    ),
    Case(
        "A mapping that is wrong",
        "A mapping names a function that does not exist.",
        "It is found before any message comes: line 12, column 56 of the mapping. Functions, their arguments and types, paths of the "
        "source's grammar and fields of the target are checked alike.",
        function,
    ),
    Case(
        "A value that is not there",
        "The second line of an order has no quantity, and the mapping does not say that it may be absent.",
        "Both uses of the value are told: the line of the mapping, the target, "
        "the source with its occurrence (`row[2]`), the bytes of that row.",
        absent,
    ),
    Case(
        "A code that nobody has given a meaning",
        "The table of articles has no row for one article of the order.",
        "The bytes hold the number itself. One `hub codes set` frees every order that waits for this row.",
        missing,
    ),
    Case(
        "A message that contradicts the code table",
        "The article's own number means one GTIN, the bar code beside it is another.",
        "The hub does not choose. Either the table is wrong, and the command mends it, or the sender is: `hub reject` tells him so.",
        ambiguous,
    ),
    Case(
        "An IDoc of a type without a definition",
        "A flat record cannot be cut into fields without one.",
        "The document waits for the definition; its technical id (system, client, DOCNUM) "
        "is known all the same, so a repeat is recognised.",
        idoc,
        SAP,
    ),
    Case(
        "An X12 interchange without its head",
        "The ISA says which characters separate; it is cut off.",
        "No document can be cut out, so the message itself is held.",
        envelope,
    ),
    Case(
        "Half a character in a GBK file",
        "A byte was overwritten in the middle of a Chinese character.",
        "Line, column and byte. Nothing is replaced by a question mark. Only the order with the damage is held.",
        broken,
    ),
    Case(
        "The same order again, with other content",
        "On Tuesday the agent sends Monday's order with another quantity and no revision.",
        "It is parked beside its key: Monday's order goes on. The diff names lines by their own id. A person applies it "
        "as a revision of the "
        "document that he saw, or discards it; see [identity](identity.md).",
        resend,
    ),
    Case(
        "A receiver that refuses",
        "The agent's system answers 422 to the order response.",
        "The receiver's own words are kept. Later answers for the same order wait behind this one, other orders do not. After the repair: "
        "`hub retry 1 --kind delivery`.",
        refused,
    ),
    Case(
        "A send whose end nobody knows",
        "The receiver took the request and closed the connection without an answer. It does not promise to recognise a repeat.",
        "The hub never repeats such a send by itself. Somebody asks the receiver, and types `hub deliveries 1 --sent` or "
        "`hub deliveries 1 --again`. With `idempotent: true` in the `out:` line the same bytes would have gone again by themselves.",
        doubt,
    ),
)


HEAD = """\
# Twelve errors, as you meet them

An error of the hub says three things: the fact, the place, the fix. The place is as exact as it can be: file, line and column of a
configuration or mapping; for data the mapping's line, the target (a JSON pointer), the source path with its occurrence, and the
bytes of the message. Bytes count from 0, and the second number is the first byte that does not belong to it any more.

All outputs are real: `.venv/bin/python -m tests.docs.write_errors` puts a hub into each of these states and writes down what the
command line says; a test fails when this page is not what it says today. Ports are shown as `PORT`. The same objects
come with `--json`, one a line. Exit codes are in [the command line](../reference/command-line.md#exit-codes), all causes of
holds in [holds](holds.md).
"""


def page() -> str:
    """The page of all cases."""
    parts = [f"## {n}. {one.title}\n\n{one.text}\n\n```text\n{told(one)}```\n\n{one.reading}\n" for n, one in enumerate(CASES, start=1)]
    return "\n".join([HEAD, *parts])


def told(case: Case) -> str:
    """The commands of a case with what they said."""
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder).resolve(), case.config)
        said = "\n".join(f"$ {command}\n{bench.type(command)}" for command in case.how(bench))
    for pattern, name in VARYING:
        said = pattern.sub(name, said)
    return PORT.sub("127.0.0.1:PORT", said)
