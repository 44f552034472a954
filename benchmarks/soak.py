"""Half the limit for half an hour: whether memory, files, threads, connections and queues of a hub in production stay as they are.

  ./dev bench soak [--minutes M] [--limit-seconds S] [--rate R] [--workers N] [--every S] [--threshold MB] [--report FILE] [--json]

First the limit is measured: messages as fast as the door takes them, until all of them are applied, published and answered. Then half of
it, open loop, for so many minutes (or ``--rate`` messages a second). Every ten seconds a look at each process (resident and anonymous
memory, open files, sockets, threads; of ours also what its allocators say is in use), at the sessions of PostgreSQL, at queues, outbox
and work. At the end the slopes over the last two thirds by least squares, in MB an hour with their standard errors; one of ours whose
slope, of what is in use or of what is resident, is above the threshold by more than two errors is a fault, and so is anything that is
left over. The first tells whether something is kept, the second whether it all fits where it fitted before. PostgreSQL counts anonymous
memory of all its processes (its shared buffers fill up and are no leak). ``--report`` writes the page; ``--json`` prints the report as
one JSON object in the last line; exit 1 on a fault.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pika

from benchmarks import _measure as measure
from benchmarks import _proc as proc
from benchmarks import _settling as settling
from benchmarks import _soak_page as pages
from benchmarks._entry import told, written
from benchmarks._production import Intake, Production, buyers, receiver_lines, senders, started
from benchmarks._receivers import Receivers
from benchmarks._stream import Traffic
from benchmarks.topology import Flowing
from hub.channels.rabbitmq import topology
from monitoring.memory import BLOCKS, HEAP
from tests.services.processes import Servers

BUYERS = buyers(8)
DRAIN_SECONDS = 600
BLOCK = 93
"""Bytes of a piece of Python's allocator, on average: 63,003,840 in 680,000 of a worker in traffic (``sys._debugmallocstats``)."""
OWN = ("api", "worker")
"""Processes whose memory has to be flat: ours."""
SILENT = 0.1
"""Share of looks that a process of ours may leave without an answer; one that stands still answers none."""
CALM = 4
"""Files or sockets more or less that are no leak: requests come and go."""


class Run:
    """The hub, its traffic and what was seen."""

    def __init__(self, folder: Path, given: Servers, workers: int) -> None:
        self.receivers = Receivers(folder, len(BUYERS))
        self.hub = Production(folder / "hub", given, BUYERS, receiver_lines(BUYERS, self.receivers.ports))
        self.reader, self.traffic = settling.Reader(self.hub.channels), Traffic(senders(), BUYERS)
        self.hub.open_door()
        self.hub.work_with(workers, watched=True)
        self.samples: list[dict[str, Any]] = []
        Intake(self.hub.port).send(self.traffic.take(1))
        self.drain()

    def drain(self) -> float:
        """Until everything is applied, published and answered; gives seconds."""
        hub = self.hub
        return hub.until(lambda: hub.drained() and not hub.standing()["leaving"], DRAIN_SECONDS)

    def limit(self, seconds: float) -> float:
        """Messages a second, from sent to answered, when as many are sent as the door takes."""
        flowing = Flowing(self.hub.port, self.traffic, 0, 1)
        before, began = self._messages(), time.monotonic()
        flowing.start()
        time.sleep(seconds)
        flowing.stop()
        self.drain()
        return (self._messages() - before) / (time.monotonic() - began)

    def soak(self, seconds: float, rate: float, every: float) -> float:
        """Traffic at a rate, and looks; gives the messages a second that there really were."""
        flowing = Flowing(self.hub.port, self.traffic, rate, 1)
        before, began = self._messages(), time.monotonic()
        flowing.start()
        while time.monotonic() - began < seconds:
            time.sleep(every)
            self.reader.take(every / 2)
            self.samples.append({"at": round(time.monotonic() - began, 1), **self.look()})
            print(f"{self.samples[-1]['at']:6.0f} s  {_short(self.samples[-1])}", file=sys.stderr, flush=True)
        flowing.stop()
        return (self._messages() - before) / (time.monotonic() - began)

    def look(self) -> dict[str, Any]:
        """Everything as it is now."""
        hub = self.hub
        found: dict[str, Any] = {name: seen for name, pids in hub.pids().items() if (seen := _together(name, pids))}
        for name in found.keys() & hub.watches.keys():
            found[name] |= in_use(hub.metrics(name))
        return {"processes": found, "standing": hub.standing(), "queued": depth(hub.channels), "load": measure.machine()["load"][0]}

    def spent(self) -> dict[str, float]:
        """CPU seconds of each process so far, transactions of the database, messages."""
        hub = self.hub
        commits = hub.one("select xact_commit from pg_stat_database where datname = current_database()")
        return {**hub.cpu(), "transactions": commits, "messages": self._messages()}

    def cost(self, before: Mapping[str, float]) -> dict[str, Any]:
        """What a message took since then: CPU microseconds of each process, transactions."""
        each = {name: value - before.get(name, 0.0) for name, value in self.spent().items()}
        messages = max(each.pop("messages"), 1)
        transactions = round(each.pop("transactions") / messages, 1)
        return {"cpu_us": {name: round(value / messages * 1e6) for name, value in each.items()}, "transactions_a_message": transactions}

    def _messages(self) -> int:
        return int(self.hub.one("select count(*) from message"))

    def close(self) -> None:
        """End everything."""
        self.reader.close()
        self.hub.close()
        self.receivers.close()


def in_use(metrics: Mapping[str, float]) -> dict[str, float]:
    """MB that the allocators of a process have given out, from its metrics; nothing where it does not tell. Another C library than
    glibc tells nothing of its own part."""
    if BLOCKS not in metrics:
        return {}
    return {"in_use": round((metrics[BLOCKS] * BLOCK + metrics.get(HEAP, 0)) / 2**20, 2)}


def _short(sample: Mapping[str, Any]) -> str:
    """A look in one line: what was seen must not be lost with the run."""
    memory = "  ".join(
        f"{name} {one['memory']} ({one.get('in_use', '-')}) MB {one['files']} files" for name, one in sample["processes"].items()
    )
    return f"{memory}  {sample['standing']} load {sample['load']}"


def _together(name: str, pids: Sequence[int]) -> dict[str, float]:
    """One process, or all of a server's: memory that is nobody else's, files, threads, and how many there are."""
    seen = [one for pid in pids if (one := proc.look(pid))]
    shared = name == "postgresql"
    memory = sum(one.anonymous if shared else one.resident for one in seen)
    counts = {word: sum(getattr(one, word) for one in seen) for word in ("files", "sockets", "threads")}
    return {"memory": round(memory, 2), **counts, "processes": len(seen)} if seen else {}


def depth(url: str) -> int:
    """Messages that lie in the queues of the hub, ready to be taken; when no worker runs, also those that nobody acknowledged."""
    with pika.BlockingConnection(pika.URLParameters(url)) as connection:
        channel = connection.channel()
        names = [queue.name for queue in topology(8, ["reader"]).queues]
        return sum(channel.queue_declare(name, passive=True).method.message_count for name in names)


def slope(points: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Slope by least squares and its standard error, in units of y for one of x.

    >>> slope([(0, 1), (1, 2), (2, 3)])
    (1.0, 0.0)
    """
    n = len(points)
    if n < 3:
        return 0.0, 0.0
    mean_x, mean_y = sum(x for x, _ in points) / n, sum(y for _, y in points) / n
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    found = sum((x - mean_x) * (y - mean_y) for x, y in points) / spread
    left = sum((y - mean_y - found * (x - mean_x)) ** 2 for x, y in points)
    return float(found), float((left / (n - 2) / spread) ** 0.5)


def trends(samples: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Per process over the last two thirds: memory at begin and end, its slope in MB an hour with its error, files and the like."""
    late = samples[len(samples) // 3 :]
    found = {}
    for name in late[-1]["processes"] if late else ():
        rows = [(one["at"] / 3600, one["processes"][name]) for one in late if name in one["processes"]]
        spans = {word: [min(seen[word] for _, seen in rows), max(seen[word] for _, seen in rows)] for word in _COUNTS}
        told = {word: [(at, seen[word]) for at, seen in rows if word in seen] for word in ("memory", "in_use")}
        memory = {word: trend(points) for word, points in told.items() if points}
        silent = len(rows) - len(told["in_use"])
        found[name] = {**memory, **spans, "looks": len(rows), "silent": silent, "files_grew": _grew([seen["files"] for _, seen in rows])}
    return found


def trend(points: Sequence[tuple[float, float]]) -> dict[str, float]:
    """First and last value, slope and its error."""
    rise, error = slope(points)
    return {"first": points[0][1], "last": points[-1][1], "slope": round(rise, 2), "error": round(error, 2)}


_COUNTS = ("files", "sockets", "threads", "processes")


def _grew(counts: Sequence[float]) -> float:
    """By how much the mean of the last third is above that of the first."""
    third = max(len(counts) // 3, 1)
    return round(sum(counts[-third:]) / third - sum(counts[:third]) / third, 1)


def faults(found: Mapping[str, Any]) -> list[str]:
    """What is not flat, and what is left over."""
    told = []
    for name, one in found["processes"].items():
        if not name.startswith(OWN):
            continue
        if one["silent"] > one["looks"] * SILENT:
            told.append(f"{name} did not say in {one['silent']} of {one['looks']} looks what it has in use")
        for word, meant in (("in_use", "memory in use"), ("memory", "resident memory")):
            if word in one and one[word]["slope"] - 2 * one[word]["error"] > found["threshold"]:
                told.append(f"{meant} of {name} grows by {one[word]['slope']} +- {one[word]['error']} MB an hour")
        if one["files_grew"] > CALM:
            told.append(f"{name} has {one['files_grew']} more files open than in the beginning")
    told += [f"left over: {name} = {value}" for name, value in found["left"].items() if value]
    return told


def report(chosen: argparse.Namespace) -> dict[str, Any]:
    """Everything that is measured."""
    before = measure.machine()
    with started() as (folder, given):
        found = measured(folder, given, chosen)
    kept = {name: value for name, value in vars(chosen).items() if name not in ("report", "rate", "json")}
    return {"benchmark": "soak", **kept, **found, "machine": before, "load_after": measure.machine()["load"]}


def measured(folder: Path, given: Servers, chosen: argparse.Namespace) -> dict[str, Any]:
    """The limit, the soak and what is left over, on servers that run."""
    run = Run(folder, given, chosen.workers)
    try:
        return _measured(run, chosen)
    finally:
        run.close()


def _measured(run: Run, chosen: argparse.Namespace) -> dict[str, Any]:
    limit = 0.0 if chosen.rate else run.limit(chosen.limit_seconds)
    rate = chosen.rate or limit / 2
    before = run.spent()
    real = run.soak(chosen.minutes * 60, rate, chosen.every)
    drained = run.drain()
    cost = run.cost(before)
    run.reader.take()
    run.hub.stop_workers()
    found = settling.standing_proof(run.hub, run.reader)
    names, received = {row[0] for row in run.hub.rows("select name from delivery")}, run.receivers.received()
    proof = {name: found[name] for name in ("inversions", "invariants", "waiting", "canonical_gaps", "canonical_missing")}
    left = {**run.hub.standing(), "queued": depth(run.hub.channels), **proof}
    left["answers_lost"] = len(names - {name for _, _, name in received})
    return {
        "limit": round(limit, 1), "rate": round(rate, 1), "real_rate": round(real, 1), "drained_seconds": round(drained, 1),
        "messages": run._messages(), "published": found["published"], "answers": len(names), **cost,
        "processes": trends(run.samples), "left": left, "samples": run.samples,
    }  # fmt: skip


def options(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--limit-seconds", type=float, default=60, help="seconds of sending while the limit is measured")
    parser.add_argument("--rate", type=float, default=0, help="messages a second, instead of half the limit")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--every", type=float, default=10, help="seconds between two looks")
    parser.add_argument("--threshold", type=float, default=6, help="MB an hour that a process of ours may grow")
    parser.add_argument("--report", type=Path, help="write the page there, as docs/reports/soak.md")
    parser.add_argument("--json", action="store_true", help="the report as one JSON object in the last line")
    return parser.parse_args(arguments)


def main() -> None:
    """Measure and print."""
    told("soak", options(), report, faults, lambda found, chosen: written(pages.page(found), chosen.report))


if __name__ == "__main__":
    main()
