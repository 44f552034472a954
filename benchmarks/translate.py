"""Translation, one core: the hub against the usual ways, from bytes to validated canonical JSON.

  ./dev bench translate [--rounds N] [--messages N] [--json]

One ORDERS05 of ten lines and 101 segments a message, about 19 KB flat and 16 KB in XML, all different. Sides take turns in
one process; a figure is CPU time a message, the ratio is the sides' CPU in the same round. ``--json`` prints the report as
one JSON object in the last line.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import orjson

from benchmarks import _controls as controls
from benchmarks._measure import Side, Times, in_turns, machine, ratio, table
from benchmarks._orders import CODE_SET, draw, draw_codes
from canonical_model import canonical_json, fingerprint, validate
from canonical_model.catalogue import document_type
from hub.codebook.lines import LineBook, parse_csv
from hub.plugins import Library, formats
from hub.stages.translate import Envelope, Inputs, Route, context_of, technical_id, trace_document, translate

ENVELOPE = Envelope("sap", datetime(2026, 11, 25, 8, 30, tzinfo=UTC))
MAPPING = "sap/orders05.order"
GOALS = {"flat/by_hand": 3.0, "flat/jsonata": 50.0, "xml/by_hand": 1.2, "traced/row": 4.0}
RATES = {"flat": 8000, "xml": 1200}
SLOW = 2
"""Messages a turn of the slowest side: it takes a hundred times as long."""
FEW, OFTEN = 3, 20
"""Documents in turn, and how often, where single steps are measured: on the path their data are in the processor's cache."""


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


def side(name: str, work: Callable[[bytes], object], raws: Sequence[bytes]) -> Side:
    """A side that does its work on every message of a turn."""
    return Side(name, [lambda raw=raw: work(raw) for raw in raws])  # type: ignore[misc]


def parts(given: Inputs, raws: Sequence[bytes]) -> tuple[list[Side], frozenset[str]]:
    """The steps of the hub's path one by one, each on documents that nobody has looked at; the names of those over nodes."""
    documents = [next(iter(given.format.read(raw, **given.options))) for raw in raws]
    route = given.routes["ORDERS05/ORDERS"]
    bound, context = route.bound(documents[0].layout), context_of(ENVELOPE, given)
    unseen = [dict(vars(document)) for document in documents]
    bodies = [bound.row(document, given.codes, context).body or {} for document in documents]
    written = [canonical_json(body, "order/1") for body in bodies]
    fresh = list(zip(documents, unseen, strict=True))

    def looked(work: Callable[[Any], object]) -> Callable[[tuple[Any, Mapping[str, Any]]], object]:
        def run(pair: tuple[Any, Mapping[str, Any]]) -> object:
            document, before = pair
            vars(document).clear()
            vars(document).update(before)
            return work(document)

        return run

    def said(document: Any) -> object:
        bound.root(document)
        return (
            bound.key(document, context), bound.date(document, context, route.type.valid_on), bound.revision(document, context),
            bound.numbers(document, context), bound.stake(document, context),
        )  # fmt: skip

    over_nodes = [
        often("identity: K, V, numbers, stake, date", looked(said), fresh),
        often("row: fields, functions, codes", looked(lambda document: bound.row(document, given.codes, context)), fresh),
    ]
    sides = [
        often("read", lambda raw: list(given.format.read(raw, **given.options)), raws),
        often("identity: types, T, control", looked(lambda one: (one.types, technical_id(one, ENVELOPE), one.control)), fresh),
        often("nodes", looked(lambda document: document.root(bound.wanted)), fresh),
        *over_nodes,
        often("findings", looked(lambda document: document.findings), fresh),
        often("validation", lambda body: validate("order/1", body), bodies),
        often("canonical JSON", lambda body: canonical_json(body, "order/1"), bodies),
        often("fingerprint F", fingerprint, written),
        often("fingerprint S", looked(lambda document: document.fingerprint(route.mapping.volatile)), fresh),
    ]
    return sides, frozenset(one.name for one in over_nodes)


def often(name: str, work: Callable[[Any], object], values: Sequence[Any]) -> Side:
    """A step on few values of a turn, over and over: on the path each step finds its data just made."""
    return Side(name, [lambda value=value: work(value) for _ in range(OFTEN) for value in values[:FEW]])  # type: ignore[misc]


def steps(given: Inputs, raws: Sequence[bytes], rounds: int) -> dict[str, float]:
    """Least CPU microseconds a message of each step; what reads nodes without the making of them."""
    sides, over_nodes = parts(given, raws)
    least = {name: min(times.cpu) * 1e6 for name, times in in_turns(sides, rounds).items()}
    return {name: round(least[name] - (least["nodes"] if name in over_nodes else 0), 1) for name in least}


def compare(given: Inputs, raws: Mapping[str, Sequence[bytes]], rounds: int) -> dict[str, Any]:
    """All sides in turns, and what follows."""
    codes = draw_codes()
    flat = {
        "hub": hub(given),
        "by_hand": controls.by_hand(controls.flat_reader(), codes),
        "jsonata": controls.by_jsonata(controls.flat_reader(), codes),
    }
    xml = {"hub": hub(given), "by_hand": controls.by_hand(controls.read_xml, codes)}
    size = agree(flat, raws["flat"]), agree(xml, raws["xml"])
    sides = [side(f"flat/{name}", work, raws["flat"][: SLOW if name == "jsonata" else None]) for name, work in flat.items()]
    sides += [side(f"xml/{name}", work, raws["xml"]) for name, work in xml.items()]
    sides += [
        side("flat/traced", traced(given, leaves=False), raws["flat"]),
        side("flat/traced leaves", traced(given, leaves=True), raws["flat"]),
    ]
    times = in_turns(sides, rounds)
    return {
        "agreed": len(raws["flat"]) + len(raws["xml"]), "canonical_bytes": max(size),
        "sides": {name: one.figures() for name, one in times.items()}, "ratios": ratios(times),
    }  # fmt: skip


def ratios(times: Mapping[str, Times]) -> dict[str, dict[str, float]]:
    """Each goal's ratio, and the tracing engine with all its leaves."""
    pairs = {
        "flat/by_hand": ("flat/by_hand", "flat/hub"), "flat/jsonata": ("flat/jsonata", "flat/hub"), "xml/by_hand": ("xml/by_hand", "xml/hub"),
        "traced/row": ("flat/traced", "flat/hub"), "traced leaves/row": ("flat/traced leaves", "flat/hub"),
    }  # fmt: skip
    return {name: ratio(times[slow], times[fast]) for name, (slow, fast) in pairs.items()}


def report(messages: int, rounds: int) -> dict[str, Any]:
    """Everything that is measured."""
    given = inputs()
    idocs = draw(messages)
    raws = {"flat": [one.flat() for one in idocs], "xml": [one.xml() for one in idocs]}
    before = machine()
    found = {
        "benchmark": "translate", "messages": messages, "rounds": rounds, "segments": raws["flat"][0].count(b"\n") - 1,
        "raw_bytes": {form: len(some[0]) for form, some in raws.items()}, **compare(given, raws, rounds),
        "steps_us": {form: steps(given, some, rounds) for form, some in raws.items()},
    }  # fmt: skip
    return {**found, "machine": before, "load_after": machine()["load"]}


def show(found: Mapping[str, Any]) -> None:
    """The report for people."""
    print(f"{found['messages']} messages of {found['segments']} segments, {found['rounds']} rounds; raw bytes {found['raw_bytes']},")
    print(f"canonical {found['canonical_bytes']} bytes; {found['agreed']} bodies equal on all sides; Python {found['machine']['python']},")
    print(f"{found['machine']['cores']} cores, load {found['machine']['load']} before and {found['load_after']} after\n")
    head = ("side", "CPU us", "least", "wall us", "least", "a CPU second", "best")
    print(table([head, *((name, *one.values()) for name, one in found["sides"].items())]) + "\n")
    rows = [(name, *one.values(), wanted(name)) for name, one in found["ratios"].items()]
    print(table([("ratio of CPU", "median", "lowest", "highest", "of minima", "goal"), *rows]) + "\n")
    forms = found["steps_us"]
    print(table([("step of the hub, least CPU us", *forms), *((name, *(some[name] for some in forms.values())) for name in forms["flat"])]))
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
