"""The durable lane: order after order through a real hub on RabbitMQ and PostgreSQL, against the same code one by one.

  ./dev bench lane [--rounds N] [--orders N] [--seconds S] [--json]

An ORDERS05 of ten lines (19 KB flat) comes in over HTTP and is answered 202; a window translates it, finds its codes and parties, reserves
its stock, writes order, ledger, events and the delivery of its answer; the relay publishes with confirms. CPU is that of all processes:
door, workers, PostgreSQL and RabbitMQ with all their children; the sender's own is told apart. Two kinds of traffic, told apart: `backlog`
(all orders come in, then windows run) and `steady` (as fast as the door takes them). Sides take turns within a round. ``--json``
prints one object a line, the whole report in the last.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from benchmarks import _measure as measure
from benchmarks._lane import measures
from benchmarks._lane.hubs import Hub, both_servers, embedded, production
from benchmarks._lane.orders import Orders
from benchmarks._measure import table
from hub.channels.sizes import Sizes

ONE_BY_ONE = Sizes(window=1, commit=1, publish=1, prefetch=1)
CONTROL_SHARE = 8
"""The control gets an eighth of the orders: it takes so much longer, and a figure is an order's."""
GOAL_RATIO = 8.0
GOAL_MS = {100: (10, 25), 500: (30, 100)}
"""Orders a second -> p50 and p99 from due to applied, on a free machine."""
WINDOWS = ((1, 8), (20, 2), (200, 1))
"""Windows whose statements are counted, and the share of the orders that each gets."""
WORKERS = (1, 2, 4)


class Bench:
    """One run: all sides over the same two servers."""

    def __init__(self, rounds: int, orders: int, seconds: float, *, as_json: bool) -> None:
        self.rounds, self.many, self.seconds, self.as_json = rounds, orders, seconds, as_json
        self.orders = Orders(datetime.now(UTC).date())
        self.began = time.monotonic()

    def run(self, folder: Path) -> dict[str, Any]:
        """Everything that is measured, in the order of the report."""
        before = measure.machine()
        with both_servers(folder) as at:
            with ExitStack() as open_:
                batched = open_.enter_context(production(folder, "batched", Sizes(), at))
                control = open_.enter_context(production(folder, "control", ONE_BY_ONE, at))
                alone = open_.enter_context(embedded(folder, "embedded", Sizes()))
                sides = self.sides([batched, control, alone])
                control.stop()
                alone.stop()
                latency = [self.told("latency", measures.latency(batched, self.orders, rate, self.seconds)) for rate in GOAL_MS]
                workers = list(self.workers(batched))
                batched.check()
            counted = [self.told("statements", self.statements(folder, at, *case)) for case in WINDOWS]
            with production(folder, "inside", Sizes(), at, measured_inside=True) as inside:
                measures.warm(inside, self.orders)
                shares = self.told("shares", measures.shares(inside, self.orders, self.many))
        return {
            "benchmark": "lane", "rounds": self.rounds, "orders": self.many, "seconds": self.seconds,
            "sizes": {"batched": asdict(Sizes()), "control": asdict(ONE_BY_ONE)}, "sides": sides, "ratios": ratios(sides),
            "latency": latency, "statements": counted, "workers": workers, "shares": shares, "machine": before,
            "load_after": measure.machine()["load"], "took_s": round(time.monotonic() - self.began),
        }  # fmt: skip

    def sides(self, hubs: Sequence[Hub]) -> dict[str, Any]:
        """Each side's backlog and steady traffic, round by round, the order of sides turned; the first round is not counted."""
        found: dict[str, dict[str, list[Any]]] = {hub.name: {"backlog": [], "steady": []} for hub in hubs}
        for hub in hubs:
            measures.warm(hub, self.orders, self.count(hub))
        for number in range(self.rounds):
            shift = number % len(hubs)
            for hub in (*hubs[shift:], *hubs[:shift]):
                for kind, measured in (("backlog", measures.backlog), ("steady", measures.steady)):
                    one = measured(hub, self.orders, self.count(hub))
                    self.told(kind, {"side": hub.name, "round": number + 1, **one})
                    found[hub.name][kind].append(one)
        for hub in hubs:
            hub.check()
        return {
            name: {kind: {"rounds": some, "median": measures.middle(some)} for kind, some in kinds.items()} for name, kinds in found.items()
        }

    def count(self, hub: Hub) -> int:
        """Orders a turn."""
        return max(self.many // (CONTROL_SHARE if hub.name == "control" else 1), 8)

    def statements(self, folder: Path, at: Any, window: int, share: int) -> dict[str, Any]:
        """Statements of one worker whose windows have so many documents."""
        with production(folder, f"window-{window}", Sizes(window=window), at) as hub:
            many = max(self.many // share, 8)
            measures.warm(hub, self.orders, 16)
            return measures.statements(hub, self.orders, many)

    def workers(self, hub: Hub) -> Iterator[dict[str, Any]]:
        """The same backlog worked off by more and more workers."""
        for many in WORKERS:
            for number in range(len(hub.workers), many):
                hub.start(f"worker-{number + 1}", "worker")
            if many > 1:
                measures.warm(hub, self.orders, many * measures.WARM)
            rounds = [measures.scaled(hub, self.orders, self.many, many) for _ in range(min(self.rounds, 3))]
            yield self.told("workers", measures.middle(rounds))

    def told(self, name: str, found: dict[str, Any]) -> dict[str, Any]:
        """Say it as it comes, where objects are wanted."""
        if self.as_json:
            print(orjson.dumps({"measured": name, "load": measure.machine()["load"][0], **found}).decode(), flush=True)
        return found


def ratios(sides: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """How many times the batched lane's CPU and wall an order the control takes, round by round."""
    found = {}
    for kind in ("backlog", "steady"):
        pairs = list(zip(sides["control"][kind]["rounds"], sides["batched"][kind]["rounds"], strict=True))
        cpu = [slow["whole"]["cpu_us"]["all"] / fast["whole"]["cpu_us"]["all"] for slow, fast in pairs]
        wall = [slow["whole"]["wall_us"] / fast["whole"]["wall_us"] for slow, fast in pairs]
        for name, each in (("cpu", cpu), ("wall", wall)):
            found[f"{kind}/{name}"] = {
                "median": round(statistics.median(each), 2),
                "lowest": round(min(each), 2),
                "highest": round(max(each), 2),
            }
    return found


def show(found: Mapping[str, Any]) -> None:
    """The report for people."""
    machine = found["machine"]
    print(f"{found['orders']} orders of ten lines a turn, {found['rounds']} rounds, {found['took_s']} s; Python {machine['python']},")
    print(f"{machine['cores']} cores, load {machine['load']} before and {found['load_after']} after; sizes {found['sizes']}")
    _table(("side", "traffic", "CPU us an order", "by group", "orders a second"), _side_rows(found["sides"]))
    _table(("control to batched", "median", "lowest", "highest", "goal"), _ratio_rows(found["ratios"]))
    _table(("ms p50/p90/p99", "202", "applied", "goal p50/p99", "CPU us an order", "sender's us"), map(_latency_row, found["latency"]))
    _table(("window", "orders", "statements", "an order"), (list(one.values())[:4] for one in found["statements"]))
    _table(("workers", "CPU us an order", "orders a second", "waiting for a lock"), map(_worker_row, found["workers"]))
    for name, some in found["shares"].items():
        if isinstance(some, dict):
            print(f"\n{name}, CPU us an order: " + ", ".join(f"{what} {us}" for what, us in some.items()))


def _table(head: Sequence[object], rows: Iterable[Sequence[object]]) -> None:
    print("\n" + table([head, *rows]))


def _ratio_rows(found: Mapping[str, Mapping[str, float]]) -> Iterator[Sequence[object]]:
    return ((name, *one.values(), f">= {GOAL_RATIO}") for name, one in found.items())


def _worker_row(one: Mapping[str, Any]) -> Sequence[object]:
    return one["workers"], one["lane"]["cpu_us"]["all"], one["lane"]["per_second"], one["lock_waits"]


def _side_rows(sides: Mapping[str, Any]) -> Iterator[Sequence[object]]:
    for name, kinds in sides.items():
        for kind, found in kinds.items():
            whole = found["median"]["whole"]
            groups = ", ".join(f"{group} {us:.0f}" for group, us in whole["cpu_us"].items() if group != "all")
            yield name, kind, whole["cpu_us"]["all"], groups, whole["per_second"]


def _latency_row(one: Mapping[str, Any]) -> Sequence[object]:
    times = ["/".join(str(ms) for ms in one[name].values()) for name in ("answered_ms", "applied_ms")]
    goal = "/".join(str(ms) for ms in GOAL_MS[one["rate"]])
    return f"{one['rate']}/s", *times, goal, one["cpu_us"]["all"], one["generator_us"]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--orders", type=int, default=1600, help="orders a turn; the control gets an eighth")
    parser.add_argument("--seconds", type=float, default=10.0, help="seconds of traffic at each rate of the latency")
    parser.add_argument("--json", action="store_true", help="one object a line, the report in the last")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="hub-bench-") as folder:
        found = Bench(given.rounds, given.orders, given.seconds, as_json=given.json).run(Path(folder))
    show(found)
    if given.json:
        print(orjson.dumps(found).decode())


if __name__ == "__main__":
    main()
