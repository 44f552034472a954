"""Translation, one core: the hub against the usual ways, from bytes to validated canonical JSON.

  ./dev bench translate [--rounds N] [--messages N] [--json]

One ORDERS05 of ten lines and 101 segments a message, about 19 KB flat and 16 KB in XML. Sides take turns in one process; a figure is
CPU time a message, the ratio is the sides' CPU in the same round. The hub remembers codes and values, so each of its sides has messages of
its own, of which it reads each once: what one has met is no help to another. ``--json`` prints the report as one JSON object in the last
line.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import orjson

from benchmarks import _controls as controls
from benchmarks import _measure as measure
from benchmarks._measure import Side, Times, in_turns, ratio, table
from benchmarks._orders import CODE_SET, draw, draw_codes
from canonical_model import canonical_json, fingerprint, validate
from canonical_model.catalogue import document_type
from hub.codebook.lines import LineBook, parse_csv
from hub.plugins import Library, formats
from hub.stages.translate import Envelope, Inputs, Route, context_of, technical_id, trace_document, translate

ENVELOPE = Envelope("sap", datetime(2026, 11, 25, 8, 30, tzinfo=UTC))
MAPPING = "sap/orders05.order"
GOALS = {"flat/by_hand": 3.0, "flat/jsonata": 50.0, "xml/by_hand": 1.2, "traced/row": 4.0}
COMPARED = (("flat", "by_hand"), ("flat", "jsonata"), ("xml", "by_hand"))
RATES = {"flat": 8000, "xml": 1200}
SLOW = 2
"""Messages a turn of the slowest side: it takes a hundred times as long."""
SHARES = 6
"""Sides of the hub, each with messages of its own."""
OFTEN = 10
"""How often the path is walked step by step over the messages of one turn."""


def inputs() -> Inputs:
    """The library's own mapping, on a route of its own, with code tables of one revision."""
    mapping = Library().parse(MAPPING)
    route = Route("in:ORDERS05/ORDERS", mapping, document_type(mapping.target.type), CODE_SET, {}, "0" * 32)
    codes = LineBook(parse_csv(draw_codes().csv())).for_code_set(CODE_SET)
    return Inputs("sap", "Asia/Shanghai", "HQ", formats()["idoc"], {}, {"ORDERS05/ORDERS": route}, codes)


def hub(given: Inputs) -> Callable[[bytes], bytes]:
    """The hub's path: ``translate``, as the window calls it. Identity, S, F, search numbers and findings are in it."""

    def run(raw: bytes) -> bytes:
        (done,) = translate(raw, ENVELOPE, given)
        assert done.canonical is not None, done.problems
        return done.canonical

    return run


def traced(given: Inputs, *, leaves: bool) -> Callable[[bytes], object]:
    """The tracing engine from bytes; with ``leaves`` the derivation of every leaf is made as well."""

    def run(raw: bytes) -> object:
        (document,) = given.format.read(raw, **given.options)
        found = trace_document(document, ENVELOPE, given)
        assert found is not None
        return dict(found.leaves) if leaves else found.result

    return run


def agree(sides: Mapping[str, Callable[[bytes], bytes]], raws: Sequence[bytes]) -> int:
    """Every side says the same of every message. Gives the size of the longest body; AssertionError names who differs."""
    size = 0
    for raw in raws:
        bodies = {name: orjson.loads(side(raw)) for name, side in sides.items()}
        first, *others = bodies
        for name in others:
            assert bodies[name] == bodies[first], f"{name} differs from {first}: {bodies[name]} {bodies[first]}"
        size = max(size, len(orjson.dumps(bodies[first])))
    return size


def side(name: str, work: Callable[[bytes], object], raws: Sequence[bytes], turn: int) -> Side:
    """A side that does its work on so many messages a turn, on none of them twice."""
    return Side(name, [lambda raw=raw: work(raw) for raw in raws], turn)  # type: ignore[misc]


def alike(given: Inputs) -> Callable[[bytes], bytes]:
    """What the controls do and no more: read, map, validate, write; no identity, S, F, search numbers, findings."""

    def run(raw: bytes) -> bytes:
        (document,) = given.format.read(raw, **given.options)
        route = given.route(tuple(document.types))
        assert route is not None
        result = route.bound(document.layout).row(document, given.codes, context_of(ENVELOPE, given))
        assert result.body is not None
        assert not validate("order/1", result.body)
        return canonical_json(result.body, "order/1")

    return run


def walk_through(given: Inputs, raw: bytes) -> Iterator[str]:
    """``translate_document`` step by step: yields the name of the step that was done, in the order of the path."""
    (document,) = given.format.read(raw, **given.options)
    yield "read"
    route = given.route(tuple(document.types))
    assert route is not None
    bound, context = route.bound(document.layout), context_of(ENVELOPE, given)
    yield "types and route"
    assert document.fingerprint(route.mapping.volatile)
    yield "fingerprint S (XML: the one walk)"
    bound.root(document)
    yield "nodes"
    key, _ = bound.key(document, context)
    bound.date(document, context, route.type.valid_on)
    said = (technical_id(document, ENVELOPE), key, bound.revision(document, context), bound.numbers(document, context))
    assert said
    bound.stake(document, context)
    yield "identity: T, K, V, numbers, stake, date"
    body = bound.row(document, given.codes, context).body
    assert body is not None
    yield "row: fields, functions, codes"
    assert not validate("order/1", body)
    yield "validation"
    written = canonical_json(body, "order/1")
    yield "canonical JSON"
    assert fingerprint(written)
    yield "fingerprint F"
    assert document.findings is not None
    yield "findings"


def steps(given: Inputs, raws: Sequence[bytes]) -> dict[str, float]:
    """Wall microseconds a message of each step in the order of the path; the lowest tenth, since other processes only add."""
    spent: dict[str, list[int]] = {}
    for _ in range(OFTEN):
        for raw in raws:
            before = time.perf_counter_ns()
            for name in walk_through(given, raw):
                now = time.perf_counter_ns()
                spent.setdefault(name, []).append(now - before)
                before = time.perf_counter_ns()
    return {name: round(sorted(times)[len(times) // 10] / 1000, 1) for name, times in spent.items()}


def compare(given: Inputs, raws: Mapping[str, Sequence[bytes]], rounds: int) -> dict[str, Any]:
    """All sides in turns, and what follows."""
    codes, read, turn = draw_codes(), controls.flat_reader(), len(raws["flat"]) // (rounds + 1) // SHARES
    ours = {"hub": hub(given), "hub alike": alike(given)}
    flat = {**ours, "by_hand": controls.by_hand(read, codes), "jsonata": controls.by_jsonata(read, codes)}
    xml = {**ours, "by_hand": controls.by_hand(controls.read_xml, codes)}
    size = agree(flat, raws["flat"][:turn]), agree(xml, raws["xml"][:turn])
    works: dict[str, Callable[[bytes], object]] = {f"flat/{name}": work for name, work in flat.items()}
    works |= {f"xml/{name}": work for name, work in xml.items()}
    works |= {"flat/traced": traced(given, leaves=False), "flat/traced leaves": traced(given, leaves=True)}
    own = [name for name in works if name.rpartition("/")[2] not in ("by_hand", "jsonata")]
    assert len(own) == SHARES
    sides = []
    for name, work in works.items():
        share = raws[name.partition("/")[0]][own.index(name) if name in own else 0 :: SHARES]
        sides.append(side(name, work, share, SLOW if name == "flat/jsonata" else turn))
    times = in_turns(sides, rounds)
    figures = {name: one.figures() for name, one in times.items()}
    return {"agreed": 2 * turn, "canonical_bytes": max(size), "sides": figures, "ratios": ratios(times)}


def ratios(times: Mapping[str, Times]) -> dict[str, dict[str, float]]:
    """Each goal's ratio, and the tracing engine with all its leaves."""
    pairs = {f"{form}/{control}": (f"{form}/{control}", f"{form}/hub") for form, control in COMPARED}
    pairs |= {f"{form}/{control}, work alike": (f"{form}/{control}", f"{form}/hub alike") for form, control in COMPARED}
    pairs |= {"traced/row": ("flat/traced", "flat/hub"), "traced leaves/row": ("flat/traced leaves", "flat/hub")}
    return {name: ratio(times[slow], times[fast]) for name, (slow, fast) in pairs.items()}


def report(messages: int, rounds: int) -> dict[str, Any]:
    """Everything that is measured."""
    given = inputs()
    idocs = draw(messages * (rounds + 1) * SHARES)
    raws = {"flat": [one.flat() for one in idocs], "xml": [one.xml() for one in idocs]}
    before = measure.machine()
    found = {
        "benchmark": "translate", "messages": messages, "rounds": rounds, "segments": raws["flat"][0].count(b"\n") - 1,
        "raw_bytes": {form: len(some[0]) for form, some in raws.items()}, **compare(given, raws, rounds),
        "steps_us": {form: steps(given, some[:messages]) for form, some in raws.items()},
    }  # fmt: skip
    return {**found, "machine": before, "load_after": measure.machine()["load"]}


def show(found: Mapping[str, Any]) -> None:
    """The report for people."""
    machine, steps_us = found["machine"], found["steps_us"]
    print(f"{found['messages']} messages of {found['segments']} segments a turn, {found['rounds']} rounds, no message twice by one side;")
    print(f"raw bytes {found['raw_bytes']}, canonical {found['canonical_bytes']} bytes; {found['agreed']} bodies equal on all sides;")
    print(f"Python {machine['python']}, {machine['cores']} cores, load {machine['load']} before and {found['load_after']} after\n")
    head = ("side", "CPU us", "least", "wall us", "least", "a CPU second", "best")
    print(table([head, *((name, *one.values()) for name, one in found["sides"].items())]) + "\n")
    rows = [(name, *one.values(), wanted(name)) for name, one in found["ratios"].items()]
    print(table([("ratio of CPU", "median", "lowest", "highest", "of minima", "goal"), *rows]) + "\n")
    lines = [(name, *(some[name] for some in steps_us.values())) for name in steps_us["flat"]]
    print(table([("step of the hub, wall us (lowest tenth)", *steps_us), *lines]))
    print("\nRates wanted on a free core:", ", ".join(f"{form} {rate}/s" for form, rate in RATES.items()))


def wanted(name: str) -> str:
    """The goal of a ratio, where it has one."""
    return f"{'<=' if name == 'traced/row' else '>='} {GOALS[name]}" if name in GOALS else ""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--messages", type=int, default=40)
    parser.add_argument("--json", action="store_true", help="the report as one JSON object in the last line")
    given = parser.parse_args()
    found = report(given.messages, given.rounds)
    show(found)
    if given.json:
        print(orjson.dumps(found).decode())


if __name__ == "__main__":
    main()
