"""Receivers that hang, refuse, or are not there, beside others that answer at once; on PostgreSQL and RabbitMQ.

  ./dev bench hang [--seconds S] [--rounds N] [--rate R] [--workers N] [--json]

Orders of eight buyers come at a fixed rate (open loop); each buyer has a receiver of its own for the answers. A round has four phases of
the same length: all well; the first receiver hangs (takes the connection and does not answer); it answers 500; nobody listens there. The
figure is the time from the order applied (the stamp of its window) to the answer received, of the other seven, as p50 and p99 of each
phase, and their ratio to the phase without a sick one in the same round. After each sick phase the receiver is well again, and how long it
takes until all that waited has arrived is measured; everything must arrive, in the order of its key. Threads and sockets of the workers
are looked at all the time. ``--json`` prints the report as one JSON object in the last line; exit 1 when a promise is broken.
"""

from __future__ import annotations

import argparse
import statistics
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks import _measure as measure
from benchmarks import _proc as proc
from benchmarks._entry import told
from benchmarks._production import Intake, Production, buyers, receiver_lines, senders, started
from benchmarks._receivers import Receivers
from benchmarks._stream import WAVE, Traffic
from tests.services.processes import Servers

GOAL = 1.10
BUYERS = buyers(8)
SICK = 0
PHASES = ("ok", "hang", "500", "gone")
RECOVERY_SECONDS = 400
LOOK = 1.0


@contextmanager
def watched(hub: Production) -> Iterator[dict[str, int]]:
    """Look at the workers again and again; the largest numbers of threads and of sockets of one process, and of database sessions."""
    found, stop = {"threads": 0, "sockets": 0, "files": 0, "sessions": 0}, threading.Event()

    def look() -> None:
        while not stop.wait(LOOK):
            seen = [one for name in hub.workers() if (one := proc.look(hub.running[name].pid))]
            for name in ("threads", "sockets", "files"):
                found[name] = max([found[name], *(getattr(one, name) for one in seen)])
            found["sessions"] = max(found["sessions"], len(proc.children(hub.postmaster)))

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    yield found
    stop.set()
    thread.join()


class Run:
    """One hub, its receivers, and what the phases gave."""

    def __init__(self, folder: Path, given: Servers, chosen: argparse.Namespace) -> None:
        self.chosen, self.receivers, self.traffic = chosen, Receivers(folder, len(BUYERS)), Traffic(senders(), BUYERS)
        lines = receiver_lines(BUYERS, self.receivers.ports, chosen.timeout)
        self.hub = Production(folder / "hub", given, BUYERS, lines)
        self.hub.open_door()
        self.hub.work_with(chosen.workers)
        self._send(WAVE * 2)
        self._arrived()

    def phase(self, mode: str) -> dict[str, Any]:
        """Traffic while the first receiver behaves so, then well again until all has arrived."""
        hub = self.hub
        last = hub.one("select coalesce(max(id), 0) from document")
        self.receivers.be([SICK], mode)
        with watched(hub) as seen:
            self._send(round(self.chosen.seconds * self.chosen.rate))
            others = hub.until(lambda: not self._leaving(self._others), RECOVERY_SECONDS)
        opened = hub.one("select coalesce(max(failures), 0) from circuit")
        waited = self._leaving(self._sick)
        self.receivers.be([SICK], "ok")
        recovery = self._arrived()
        figures = self._latencies(last)
        return {
            "mode": mode, **figures, "others_left": round(others, 2), "waited": waited, "failures": opened,
            "recovery_seconds": round(recovery, 2), **seen,
        }  # fmt: skip

    def _send(self, many: int) -> None:
        Intake(self.hub.port).send(self.traffic.take(many), self.chosen.rate)
        self.hub.until(lambda: self.hub.drained(outbox=False), RECOVERY_SECONDS)

    _sick, _others = f"system = 'wms-{SICK}'", f"system <> 'wms-{SICK}'"

    def _leaving(self, which: str = "true") -> int:
        return int(self.hub.one(f"select count(*) from delivery where state in ('pending', 'sending', 'uncertain') and {which}"))

    def _arrived(self) -> float:
        return self.hub.until(lambda: not self._leaving(), RECOVERY_SECONDS)

    def _latencies(self, last: int) -> dict[str, Any]:
        """Milliseconds from applied to received, of everything that came after document ``last`` and is not for the sick one."""
        query = "select d.name, x.at from delivery d join effect x on x.document = d.document where d.document > %s"
        applied = dict(self.hub.rows(query, last))
        first: dict[str, int] = {}
        for n, at, name in self.receivers.received():
            if n != SICK and name in applied:
                first.setdefault(name, at)
        times = sorted((at - applied[name]) / 1000 for name, at in first.items())
        return {"answers": len(times), "p50_ms": percentile(times, 0.5), "p99_ms": percentile(times, 0.99), "max_ms": round(times[-1], 1)}

    def proof(self) -> dict[str, Any]:
        """What must be 0: answers that never arrived, that arrived in another order than their key's, that are held."""
        sent = self.hub.rows("select name, k, id from delivery")
        places = {name: (k, id) for name, k, id in sent}
        seen: set[str] = set()
        last: dict[tuple[int, str], int] = {}
        swapped = 0
        received = self.receivers.received()
        for n, _, name in received:
            k, id = places[name]
            if name not in seen:
                swapped += id < last.get((n, k), 0)
                last[n, k] = id
            seen.add(name)
        return {
            "lost": len(places) - len(seen), "swapped": swapped, "repeated": len(received) - len(seen),
            "held": dict(self.hub.rows("select cause, count(*) from hold group by cause order by cause")),
        }  # fmt: skip

    def close(self) -> None:
        """End hub and receivers."""
        self.hub.close()
        self.receivers.close()


def percentile(times: Sequence[float], share: float) -> float:
    """By nearest rank; ``times`` sorted."""
    return round(times[min(int(share * len(times)), len(times) - 1)], 2)


def report(chosen: argparse.Namespace) -> dict[str, Any]:
    """Everything that is measured."""
    before = measure.machine()
    with started() as (folder, given):
        found = measured(folder, given, chosen)
    return {"benchmark": "hang", **vars(chosen), **found, "goal": GOAL, "machine": before, "load_after": measure.machine()["load"]}


def measured(folder: Path, given: Servers, chosen: argparse.Namespace, phases: Sequence[str] = PHASES) -> dict[str, Any]:
    """All rounds and the proof, on servers that run."""
    run = Run(folder, given, chosen)
    try:
        rounds = []
        for number in range(chosen.rounds):
            order = [*phases[number % len(phases) :], *phases[: number % len(phases)]]
            rounds.append({mode: {**run.phase(mode), "load": measure.machine()["load"][0]} for mode in order})
        return {"receivers": len(BUYERS), "rounds_found": rounds, "ratios": ratios(rounds, phases), "after": run.proof()}
    finally:
        run.close()


def ratios(rounds: Sequence[Mapping[str, Any]], phases: Sequence[str] = PHASES) -> dict[str, Any]:
    """Of each sick phase to the well one of its round: p99 and p50, each round's and their median."""
    found: dict[str, Any] = {}
    for mode in phases[1:]:
        for name in ("p99_ms", "p50_ms"):
            each = [round(one[mode][name] / max(one["ok"][name], 0.01), 3) for one in rounds]
            found[f"{mode} {name[:3]}"] = {"median": round(statistics.median(each), 3), "each": each}
    return found


def faults(found: Mapping[str, Any]) -> list[str]:
    """Promises that were broken; latencies are figures of this machine."""
    return [f"{name}: {found['after'][name]}" for name in ("lost", "swapped", "held") if found["after"][name]]


def show(found: Mapping[str, Any]) -> None:
    """The report for people."""
    columns = ("answers", "p50_ms", "p99_ms", "max_ms", "waited", "failures", "recovery_seconds", "threads", "sockets", "sessions", "load")
    rows = [(n, mode, *(one[name] for name in columns)) for n, some in enumerate(found["rounds_found"]) for mode, one in some.items()]
    print(f"{found['rate']} messages/s, phases of {found['seconds']} s; times are those of the {found['receivers'] - 1} well receivers\n")
    print(measure.table([("round", "the other", *columns), *rows]) + "\n")
    listed = ((name, one["median"], one["each"]) for name, one in found["ratios"].items())
    print(measure.table([("ratio to well", "median", "each"), *listed]))
    print(f"\ngoal: p99 <= {GOAL} of well; after all: {found['after']}")
    print(f"load {found['machine']['load']} before and {found['load_after']} after")


def options(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60, help="seconds of a phase: how long the receiver hangs")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rate", type=float, default=20, help="messages a second")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--timeout", type=int, default=30, help="seconds after which the hub gives a request up (its default)")
    parser.add_argument("--json", action="store_true", help="the report as one JSON object in the last line")
    return parser.parse_args(arguments)


def main() -> None:
    """Measure and print."""
    told("hang", options(), report, faults, lambda found, _: show(found))


if __name__ == "__main__":
    main()
