"""What happens to one business key: a script gives its documents. Each is drawn from the key's own random numbers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from random import Random

from hub.simulate import idocs
from hub.simulate.goods import ARTICLES, Place
from hub.simulate.orders import Line, Order
from tests.faults.corpus.goods import (
    AGENT,
    ANSWERED,
    DEADLY,
    DOUBTFUL,
    LATE,
    MANY,
    MARK,
    NEVER,
    OUT,
    QUIET,
    SCARCE,
    STORE,
    UNSOLD,
)  # fmt: skip
from tests.faults.corpus.model import Doc
from tests.faults.corpus.numbers import article_of, day_of
from tests.faults.corpus.writing import DAY

LATE_SHARE = 0.08
Script = Callable[[Random, int], Iterator[Doc]]


def name_of(index: int) -> str:
    """A key's number in the sender's words."""
    return f"N{index:08}"


def order(draw: Random, number: str, buyer: Place, lines: int = 1, late: float = LATE_SHARE) -> Order:
    """An order of a few lines; some name one or two codes that nobody knows yet."""
    chosen = draw.sample(ARTICLES, lines)
    made = tuple(Line(str(10 * (n + 1)), article, draw.randint(1, 9), case=draw.random() < 0.3) for n, article in enumerate(chosen))
    if draw.random() < late:
        unknown = iter(draw.sample(LATE, 2))
        made = tuple(replace(line, unknown=next(unknown)) if n < 2 else line for n, line in enumerate(made))
    return Order(number, DAY, buyer, buyer, made)


def _pair(draw: Random, family: str) -> tuple[str, str]:
    """The two systems that write one key, in either role."""
    pair = {"sap": ("sap-1", "sap-2"), "edi": ("edi-1", "edi-2"), "log": ("log-1", "log-3")}[family]
    return pair if draw.random() < 0.5 else (pair[1], pair[0])


# ---- X12 and tables: full orders without a revision


def plain(draw: Random, index: int) -> Iterator[Doc]:
    """An order over X12."""
    number = name_of(index)
    yield Doc(number, f"{number}/1", "plain", _pair(draw, "edi")[0], "x12", order(draw, number, QUIET, draw.choice((1, 1, 2, 3))))


def twin(draw: Random, index: int) -> Iterator[Doc]:
    """The same order from two systems at the same time: one is applied, the other is its duplicate."""
    number = name_of(index)
    said = order(draw, number, QUIET)
    for system in _pair(draw, "edi"):
        yield Doc(number, f"{number}/1", "twin", system, "x12", said)


def table(draw: Random, index: int) -> Iterator[Doc]:
    """An order in an agent's table, without any technical id of its own."""
    number = name_of(index)
    yield Doc(number, f"{number}/1", "table", "agent", "kd", order(draw, number, AGENT, draw.choice((1, 2))))


def corrected(draw: Random, index: int) -> Iterator[Doc]:
    """An order that never gets in, for a code that never comes, and its correction under a new number."""
    number = name_of(index)
    good = order(draw, number, QUIET, late=0)
    system = _pair(draw, "edi")[0]
    yield Doc(number, f"{number}/wrong", "corrected", system, "x12", good.with_code(NEVER), "superseded")
    yield Doc(number, f"{number}/right", "corrected", system, "x12", good, phase=1)


def rejected(draw: Random, index: int) -> Iterator[Doc]:
    """An order that never gets in, until the operator rejects it."""
    number = f"{name_of(index)}{OUT}"
    said = order(draw, number, QUIET, late=0).with_code(NEVER)
    yield Doc(number, f"{number}/1", "rejected", _pair(draw, "edi")[0], "x12", said, "superseded")


def changed_x12(draw: Random, index: int) -> Iterator[Doc]:
    """The same interchange number once more, with another quantity."""
    number = name_of(index)
    first, system, control = order(draw, number, QUIET, late=0.2), _pair(draw, "edi")[0], 500_000_000 + index
    yield Doc(number, f"{number}/1", "changed", system, "x12", first, control=control, alone=True)
    yield Doc(number, f"{number}/other", "changed", system, "x12", first.with_quantity(7), "case", phase=1, control=control, alone=True)


def refused(draw: Random, index: int) -> Iterator[Doc]:
    """The database refuses it until the operator has mended that."""
    number = f"{name_of(index)}-{MARK}"
    yield Doc(number, f"{number}/1", "refused", _pair(draw, "edi")[0], "x12", order(draw, number, QUIET, late=0))


def doubtful(draw: Random, index: int) -> Iterator[Doc]:
    """Its answer goes to a receiver that may not get it twice."""
    number = name_of(index)
    yield Doc(number, f"{number}/1", "doubtful", "edi-1", "x12", order(draw, number, DOUBTFUL, late=0), answered=True)


# ---- IDoc: revisions, changes, cancels


def _idoc(draw: Random, docnum: int, said: Order, v: int, kind: str) -> idocs.Idoc:
    """One IDoc; every seventh has no number of its own. A cancel has one: under a new number and its own revision it is another."""
    message, variant = {"order": ("ORDERS", ""), "change": ("ORDCHG", ""), "cancel": ("ORDCHG", "CAN")}[kind]
    if kind == "change":
        said = replace(said, lines=(replace(said.lines[0], action="002", quantity=100 + v),))
    made = idocs.purchase_order(docnum, said, message=message, variant=variant, serial=str(v))
    without = _Numberless(made.number, made.basic, made.message, made.segments, made.serial, made.variant)
    return without if kind != "cancel" and draw.random() < 0.14 else made


class _Numberless(idocs.Idoc):
    """An IDoc whose control record names no number."""

    @property
    def control(self) -> idocs.Fields:
        return {name: text for name, text in super().control.items() if name != "DOCNUM"}


def revised(draw: Random, index: int, buyer: Place = QUIET) -> Iterator[Doc]:
    """An order, its later revisions, changes and perhaps its cancel, by two systems, shuffled: what overtakes must wait."""
    number = name_of(index)
    kinds = ["order", *draw.choices(("order", "change"), k=draw.choice((0, 0, 1, 2, 3)))] + (["cancel"] if draw.random() < 0.15 else [])
    systems, said = _pair(draw, "sap"), order(draw, number, buyer, draw.choice((1, 2)))
    for v, kind in enumerate(kinds, start=1):
        system = systems[draw.random() < 0.5]
        what = _idoc(draw, 10 * index + v, said.with_quantity(v), v, kind)
        yield Doc(number, f"{number}/{v}", "revised", system, "idoc", what, v=v, answered=buyer is ANSWERED)


def answered(draw: Random, index: int) -> Iterator[Doc]:
    """The same for a buyer whose system is told."""
    yield from revised(draw, index, ANSWERED)


def changed(draw: Random, index: int) -> Iterator[Doc]:
    """A changed resend: the number of an IDoc once more with another content, and perhaps a later revision beside it."""
    number = name_of(index)
    said, system = order(draw, number, QUIET, late=0.2), _pair(draw, "sap")[0]
    first = idocs.purchase_order(10 * index + 1, said, serial="1")
    other = idocs.purchase_order(10 * index + 1, said.with_quantity(7), serial="1")
    yield Doc(number, f"{number}/1", "changed", system, "idoc", first, v=1)
    yield Doc(number, f"{number}/other", "changed", system, "idoc", other, "case", v=1, phase=1)
    if draw.random() < 0.5:
        later = idocs.purchase_order(10 * index + 2, said.with_quantity(3), serial="2")
        yield Doc(number, f"{number}/2", "changed", system, "idoc", later, v=2, phase=draw.choice((1, 2)))


def scarce(draw: Random, index: int) -> Iterator[Doc]:
    """An order of an article of which there is not enough for everybody."""
    number = name_of(index)
    said = Order(number, DAY, ANSWERED, ANSWERED, (Line("10", SCARCE, draw.randint(1, 4), case=False),))
    what = idocs.purchase_order(10 * index + 1, said, serial="1")
    yield Doc(number, f"{number}/1", "scarce", _pair(draw, "sap")[0], "idoc", what, v=1)


def product(draw: Random, index: int) -> Iterator[Doc]:
    """An article of SAP and its revisions; the last may say what the first said."""
    number, count = name_of(index), draw.choice((1, 2, 3))
    for v in range(1, count + 1):
        what = idocs.material(10 * index + v, article_of(index, f"article {v % 2}"), f"2026110108{v:02}00")
        yield Doc(number, f"{number}/{v}", "product", draw.choice(("sap-1", "sap-2")), "idoc", what, v=v)


# ---- stock: replaced as a whole


def stock(draw: Random, index: int) -> Iterator[Doc]:
    """Reports of one day, each as of another instant: the newest counts, in whatever order they come."""
    number, day = name_of(index), day_of(index)
    for v in range(1, draw.choice((1, 2, 3, 4)) + 1):
        row = {"sku": UNSOLD.material, "uom": "EA", "qty": 100 + v, "status": "OK"}
        what = {"report": f"{number}/{v}", "warehouse": STORE.warehouse, "asOf": f"{day}T08:{v:02}:00+08:00", "stock": [row]}
        yield Doc(number, f"{number}/{v}", "stock", "wms", "stock", what, v=v)


def depot(draw: Random, index: int) -> Iterator[Doc]:
    """Stock lists without a revision, one after the other; some say again what an older one said."""
    number, day = name_of(index), day_of(index)
    for phase in range(draw.choice((1, 2, 3, 4))):
        pieces = phase % 2 + 5
        yield Doc(number, f"{number}/{pieces}", "depot", "agent", "depot", (day, pieces), "sequence", phase=phase, alone=True)


# ---- events


def _event(about: str, event: str, kind: str = "sale") -> bytes:
    return json.dumps({"about": about, "event": event, "kind": kind}).encode()


def events(draw: Random, index: int) -> Iterator[Doc]:
    """Events of one object with technical ids, some from a second system, some with a code that comes late."""
    number, systems = name_of(index), _pair(draw, "log")
    for n in range(1, draw.choice((2, 4, 8, 16)) + 1):
        kind = draw.choice(LATE) if draw.random() < LATE_SHARE / 4 else "sale"
        system = systems[draw.random() < 0.2]
        yield Doc(number, f"{number}/{n}", "events", system, "events", _event(number, f"{number}/{n}", kind), phase=n // 4)


def blocked(draw: Random, index: int) -> Iterator[Doc]:
    """Events of one object; the first waits for a code, so that those behind it must wait too."""
    number, system = name_of(index), _pair(draw, "log")[0]
    for n in range(1, 5):
        what = _event(number, f"{number}/{n}", draw.choice(LATE) if n == 1 else "sale")
        yield Doc(number, f"{number}/{n}", "blocked", system, "events", what, phase=n)


def rows(draw: Random, index: int) -> Iterator[Doc]:
    """A file that grows, without technical ids; two equal rows of one file are two events."""
    number = name_of(index)
    contents = [f"{number}/{draw.randint(1, 4)}" for _ in range(draw.randint(2, 6))]
    lengths = sorted(draw.sample(range(1, len(contents) + 1), 2))
    for phase, length in enumerate(lengths):
        for content in contents[:length]:
            times = contents[: lengths[-1]].count(content)
            yield Doc(number, content, f"rows {number}", "files", "rows", _event(number, content), "times", phase=phase, times=times)


def deltas(draw: Random, index: int) -> Iterator[Doc]:
    """Files of new rows only, without technical ids: the same file again is a repeat."""
    number = name_of(index)
    for n in range(1, draw.choice((1, 2, 4)) + 1):
        yield Doc(number, f"{number}/{n}", "deltas", "files", "deltas", _event(number, f"{number}/{n}"), phase=n)


def many(draw: Random, index: int) -> Iterator[Doc]:
    """More than a thousand events that wait for one code, in messages above one window."""
    for n in range(1, 1101):
        number = f"{name_of(index)}-{n % 400}"
        yield Doc(number, f"{number}/{n}", "many", "log-1", "events", _event(number, f"{number}/{n}", MANY), phase=n // 400)


def large(draw: Random, index: int) -> Iterator[Doc]:
    """A message of several hundred orders."""
    for n in range(450):
        number = f"{name_of(index)}-{n}"
        yield Doc(number, f"{number}/1", "large", "edi-2", "x12", order(draw, number, QUIET, late=0.01))


def deadly(draw: Random, index: int) -> Iterator[Doc]:
    """A document that kills whoever translates it."""
    number = name_of(index)
    what = _event(number, f"{number}/1")[:-1] + b', "note": "' + DEADLY + b'"}'
    yield Doc(number, f"{number}/1", "deadly", "poison", "events", what, alone=True)


def unreadable(draw: Random, index: int) -> Iterator[Doc]:
    """Bytes that are no interchange; nothing comes of them."""
    number = name_of(index)
    yield Doc(number, f"{number}/1", "unreadable", "edi-1", "x12", b"GS*not an interchange " + number.encode(), "superseded", alone=True)
