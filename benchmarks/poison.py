"""Healthy keys beside poisoned ones, on PostgreSQL and RabbitMQ, against the same traffic without poison.

  ./dev bench poison [--messages N] [--keys N] [--share S] [--packet N] [--rounds N] [--workers N] [--seed N] [--json]

Two hubs on the same servers take the same stream in rounds, in turns: one with, one without poison. Of each round the messages are
sent to ``hub api`` while no worker runs, then the workers are started and the time is what lies between the first and the last
document that they settled, by the store's own stamps; CPU is that of all processes of the hub, servers among them, from the start of the
workers to their end. Healthy are the keys that the whole stream never poisons: their throughput is compared. Then codes are given, the
mapping is mended, refused ones are resubmitted, conflicts discarded, unreadable ones rejected; and everything must have been applied once,
in the order of its key, in the store and on ``canonical``. With ``--packet`` documents come in messages of several; unreadable ones
are always messages of their own. ``--json`` prints the report as one JSON object in the last line; exit 1 when a promise is broken.
"""

from __future__ import annotations

import argparse
import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks import _measure as measure
from benchmarks import _settling as settling
from benchmarks._entry import told
from benchmarks._production import Intake, Production, buyers, started
from benchmarks._stream import UNREADABLE, Item, clean, draw
from hub.simulate.goods import Place
from tests.services.processes import Servers

GOAL = 0.95
PLACES = buyers(8)
DRAIN_SECONDS = 1800
TOLD = ("applied", "published", "canonical_repeats")
"""Counts of the proof that are no faults."""


def place_of(item: Item) -> Place:
    """Who orders: one buyer a key."""
    return PLACES[item.key % len(PLACES)]


def messages(items: Sequence[Item], names: Sequence[str], packet: int) -> dict[str, list[tuple[str, bytes]]]:
    """System -> what it sends, in order: ``packet`` documents a message, an unreadable one alone."""
    streams: dict[str, list[list[Item]]] = {name: [] for name in names}
    for item in items:
        mine = streams[names[item.key % len(names)]]
        if not mine or len(mine[-1]) >= packet or UNREADABLE in (item.poison, mine[-1][0].poison):
            mine.append([])
        mine[-1].append(item)
    return {
        name: [(f"{name}-{one[0].key}-{one[0].n}", b"".join(item.raw(place_of(item)) for item in one)) for one in some]
        for name, some in streams.items()
    }


class Side:
    """One of the two hubs, and what its rounds gave."""

    def __init__(self, name: str, folder: Path, given: Servers, items: Sequence[Item], workers: int, packet: int) -> None:
        self.name, self.items, self.workers, self.packet = name, items, workers, packet
        self.hub = Production(folder / name, given, PLACES)
        self.hub.open_door()
        self.reader = settling.Reader(self.hub.channels)
        self.rounds: list[dict[str, float]] = []
        self.sent = 0

    def round(self, items: Sequence[Item], healthy: set[int]) -> None:
        """Send, work, and keep the figures of it."""
        hub = self.hub
        streams = messages(items, hub.names, self.packet)
        self.sent += sum(map(len, streams.values()))
        since = hub.one("select coalesce(max(id), 0) from document")
        intake = Intake(hub.port).send(streams)
        before = hub.cpu()
        hub.work_with(self.workers)
        hub.until(lambda: hub.drained(outbox=False), DRAIN_SECONDS, pause=0.2)
        hub.until(hub.drained, DRAIN_SECONDS, pause=0.2)
        after = hub.cpu()
        hub.stop_workers()
        seconds, settled = self._stamps(since)
        spent = sum(after[name] - before.get(name, 0.0) for name in after)
        wanted = sum(item.key in healthy for item in items)
        self.rounds.append({
            "documents": len(items), "healthy": wanted, "settled": settled, "seconds": round(seconds, 3),
            "intake_seconds": round(intake, 2), "healthy_per_second": round(wanted / seconds, 1), "cpu_us": round(spent / len(items) * 1e6),
        })  # fmt: skip
        self.reader.take()

    def _stamps(self, since: int) -> tuple[float, int]:
        """Seconds between the first and the last commit of documents that came in this round, and how many were settled."""
        query = "select min(created_at), max(created_at), count(settled_at) from document where id > %s"
        first, last, settled = self.hub.rows(query, since)[0]
        return max(last - first, 1) / 1e6, settled


def compare(folder: Path, given: Servers, chosen: argparse.Namespace) -> dict[str, Any]:
    """Both sides in turns, then the settling of what is held."""
    items = draw(chosen.keys, max(chosen.messages // chosen.keys, 2), chosen.share, chosen.seed)
    healthy = set(range(chosen.keys)) - {item.key for item in items if item.poison}
    sides = [Side(name, folder, given, some, chosen.workers, chosen.packet) for name, some in (("poison", items), ("clean", clean(items)))]
    size = -(-len(items) // chosen.rounds)
    for number in range(chosen.rounds):
        part = slice(number * size, (number + 1) * size)
        for side in sides if number % 2 else sides[::-1]:
            side.round(side.items[part], healthy)
    poison, without = sides
    held = settling.held(poison.hub)
    found = {
        "keys": chosen.keys, "documents": len(items), "messages": {side.name: side.sent for side in sides}, "healthy_keys": len(healthy),
        "poison": dict(Counter(item.poison for item in items if item.poison)), "held": held,
        "rounds": {side.name: side.rounds for side in sides}, **ratios(poison.rounds, without.rounds),
        "inversions_while_held": settling.inversions(poison.hub),
    }  # fmt: skip
    found["released"] = settling.settle(poison.hub, items, place_of, chosen.workers)
    poison.reader.take()
    found["after"] = settling.proof(poison.hub, poison.reader, items)
    found["clean"] = settling.proof(without.hub, without.reader, without.items)
    for side in sides:
        side.reader.close()
        side.hub.close()
    return found


def ratios(poison: Sequence[Mapping[str, float]], without: Sequence[Mapping[str, float]]) -> dict[str, Any]:
    """Throughput of the healthy keys, with poison to without: per round and the median; CPU a document likewise."""
    wall = [one["healthy_per_second"] / other["healthy_per_second"] for one, other in zip(poison, without, strict=True)]
    cpu = [one["cpu_us"] / other["cpu_us"] for one, other in zip(poison, without, strict=True)]
    return {
        "throughput_ratio": round(statistics.median(wall), 3), "throughput_ratios": [round(one, 3) for one in wall],
        "cpu_ratio": round(statistics.median(cpu), 3), "cpu_ratios": [round(one, 3) for one in cpu], "goal": GOAL,
    }  # fmt: skip


def faults(found: Mapping[str, Any]) -> list[str]:
    """Promises that were broken; the throughput is a figure, not a promise of this machine."""
    told = [f"{found['inversions_while_held']} inversions while held"] if found["inversions_while_held"] else []
    for side in ("after", "clean"):
        told += [f"{side}: {name} = {value}" for name, value in found[side].items() if name not in TOLD and value]
    return told


def show(found: Mapping[str, Any]) -> None:
    """The report for people."""
    print(f"{found['documents']} documents of {found['keys']} keys in {found['messages']} messages; poison {found['poison']}")
    print(f"held before the release: {found['held']}; {found['healthy_keys']} keys were never poisoned\n")
    head = ("round", "side", "healthy/s", "CPU us", "seconds")
    rows = [
        (number, name, one["healthy_per_second"], one["cpu_us"], one["seconds"])
        for name, some in found["rounds"].items()
        for number, one in enumerate(some)
    ]
    print(measure.table([head, *rows]) + "\n")
    print(f"healthy keys' throughput with poison to without: {found['throughput_ratio']} (goal {GOAL}) {found['throughput_ratios']}")
    print(f"CPU a document, with to without: {found['cpu_ratio']} {found['cpu_ratios']}")
    print(f"released: {found['released']}\nafter it: {found['after']}\nwithout poison: {found['clean']}")
    print(f"load {found['machine']['load']} before and {found['load_after']} after")


def report(chosen: argparse.Namespace) -> dict[str, Any]:
    """Everything that is measured."""
    before = measure.machine()
    with started() as (folder, given):
        found = compare(folder, given, chosen)
    return {"benchmark": "poison", **vars(chosen), **found, "machine": before, "load_after": measure.machine()["load"]}


def options(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=100_000, help="documents of each side")
    parser.add_argument("--keys", type=int, default=2000)
    parser.add_argument("--share", type=float, default=0.01, help="poisoned of all")
    parser.add_argument("--packet", type=int, default=1, help="documents a message")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--json", action="store_true", help="the report as one JSON object in the last line")
    return parser.parse_args(arguments)


def main() -> None:
    """Measure and print."""
    told("poison", options(), report, faults, lambda found, _: show(found))


if __name__ == "__main__":
    main()
