"""Topology as it runs, and what the second after a fault is like: three workers in traffic on PostgreSQL and RabbitMQ.

  ./dev bench topology [--repeats N] [--rate R] [--packet N] [--quiet S] [--report FILE] [--json]

The workers write down which windows they plan and commit, which wake-ups come to them, and what relay and senders do
(``benchmarks/_probed.py``). After some seconds of quiet traffic, for the timeline, faults are repeated: a worker is told to meet SIGKILL,
SIGTERM or SIGSTOP (it goes on after 8 s) at a named point, in the middle of a window, of the relay or of a sending, so that it certainly
holds what another is to take over. After SIGKILL and SIGTERM another worker is started in its place. Figures of a fault: seconds until
another worker did the same work (window of that partition, relay, sending of that subscription), the longest that a message waited from
received to applied around it, wake-ups that came again, documents that were translated twice. At the end everything must have been applied
once and in order. ``--report`` writes the page; ``--json`` prints the report as one JSON object in the last line; exit 1 when a promise is
broken.
"""

from __future__ import annotations

import argparse
import signal
import statistics
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson

from benchmarks import _measure as measure
from benchmarks import _settling as settling
from benchmarks import _topology_page as pages
from benchmarks._entry import told, written
from benchmarks._production import Intake, Production, buyers, receiver_lines, senders, started
from benchmarks._receivers import Receivers
from benchmarks._stream import Traffic
from hub.cli import topology as declared
from hub.cli.settings import load_config
from tests.services.processes import Servers

BUYERS = buyers(8)
WORKERS = ("a", "b", "c")
PROBED = ("-m", "benchmarks._probed")
PAUSE = 8.0
AROUND = 2.0
"""Seconds around a fault in which it strikes: messages that came in them are looked at."""
WITHIN, START_SECONDS = 60.0, 240.0
Line = Mapping[str, Any]
Fault = tuple[str, str, str, str]
FAULTS: tuple[Fault, ...] = (
    ("window", "window.before_commit", "SIGKILL", "commit"),
    ("window", "window.before_commit", "SIGTERM", "commit"),
    ("window", "window.before_commit", "SIGSTOP", "commit"),
    ("window, nothing locked", "window.translated", "SIGSTOP", "commit"),
    ("relay", "relay.after_publish", "SIGKILL", "relay"),
    ("relay", "relay.after_publish", "SIGSTOP", "relay"),
    ("sender", "deliver.sending", "SIGKILL", "deliver"),
    ("sender", "deliver.sending", "SIGTERM", "deliver"),
    ("sender", "deliver.sending", "SIGSTOP", "deliver"),
)
"""(who is met, point, signal, which line of a trace says that somebody does the same work)."""


class Flowing(threading.Thread):
    """Traffic at a rate until it is stopped."""

    def __init__(self, port: int, traffic: Traffic, rate: float, packet: int) -> None:
        super().__init__(daemon=True)
        self.intake, self.traffic, self.rate, self.packet = Intake(port), traffic, rate, packet
        self._stopping = threading.Event()

    def run(self) -> None:
        while not self._stopping.is_set():
            self.intake.send(self.traffic.take(1, self.packet), self.rate)

    def stop(self) -> None:
        """Finish what is being sent."""
        self._stopping.set()
        self.join()


class Cluster:
    """The hub with its probed workers."""

    def __init__(self, folder: Path, given: Servers, rate: float, packet: int) -> None:
        self.receivers = Receivers(folder, len(BUYERS))
        self.hub = Production(folder / "hub", given, BUYERS, receiver_lines(BUYERS, self.receivers.ports))
        self.reader = settling.Reader(self.hub.channels)
        self.hub.open_door()
        for name in WORKERS:
            self.begin(name)
        self.hub.until(lambda: all(self._connected(name) for name in WORKERS), START_SECONDS)
        self.flowing = Flowing(self.hub.port, Traffic(senders(), BUYERS), rate, packet)
        self.flowing.start()

    def begin(self, name: str) -> None:
        """Start a worker of this letter (again)."""
        self.hub.start(f"worker-{name}", "worker", program=PROBED, extra={"TRACE": str(self._file(name))})

    def _file(self, name: str) -> Path:
        return self.hub.folder / f"{name}.trace"

    def _connected(self, name: str) -> bool:
        return self.hub.log(f"worker-{name}").count("connected to the broker") > 0

    def lines(self, since: int = 0) -> list[tuple[str, Line]]:
        """(letter, line) of all traces in the order of time."""
        found = [
            (name, orjson.loads(line))
            for name in WORKERS
            if self._file(name).exists()
            for line in self._file(name).read_bytes().splitlines()
        ]
        return sorted((item for item in found if item[1]["at"] >= since), key=lambda item: item[1]["at"])

    def meet(self, name: str, point: str, number: str) -> Line | None:
        """Tell a worker to send itself a signal at a point; the line that says when it did. None when it did not get there."""
        since = time.time_ns() // 1000
        self._file(name).with_suffix(".arm").write_text(f"{point} {number}")
        self.hub.signal(f"worker-{name}", signal.SIGUSR1)
        until = time.monotonic() + WITHIN
        while time.monotonic() < until:
            found = [line for who, line in self.lines(since) if who == name and "fault" in line]
            if found:
                return found[0]
            time.sleep(0.05)
        return None

    def close(self) -> None:
        """End everything."""
        self.reader.close()
        self.hub.close()
        self.receivers.close()


def strike(cluster: Cluster, victim: str, fault: Fault) -> dict[str, Any] | None:
    """One fault from beginning to end; None when the worker had no such work for a minute."""
    who, point, number, kind = fault
    met = cluster.meet(victim, point, number)
    if met is None:
        return None
    work = _same_work(cluster.lines(met["at"] - 5_000_000), victim, met["at"], kind)
    taken = _wait(lambda: _taken(cluster.lines(met["at"]), victim, met["at"], work), WITHIN if number != "SIGSTOP" else PAUSE)
    ended = _aftermath(cluster, victim, number)
    time.sleep(AROUND)
    lines = cluster.lines(met["at"] - 5_000_000)
    return {
        "who": who, "point": point, "signal": number, "worker": victim, "work": str(work[1]), "taken_seconds": taken, **ended,
        "wake_ups_again": sum(bool(line.get("again")) for name, line in lines if line["at"] >= met["at"] and name != victim),
        "translated_twice": _twice(lines, victim, met["at"]), "longest_wait": _longest_wait(cluster.hub, met["at"]),
    }  # fmt: skip


def _same_work(lines: Sequence[tuple[str, Line]], victim: str, at: int, kind: str) -> tuple[str, Any]:
    """What the victim was doing: the partitions that it planned last, the relay, or the subscription that it is sending for."""
    mine = [line for name, line in lines if name == victim and line["at"] <= at]
    if kind == "commit":
        return kind, next((line["plan"] for line in reversed(mine) if "plan" in line), None)
    return kind, None


def _taken(lines: Sequence[tuple[str, Line]], victim: str, at: int, work: tuple[str, Any]) -> float | None:
    """Seconds until others had done the same work, all partitions of a window."""
    kind, left = work[0], set(work[1] or ())
    for name, line in lines:
        if name != victim and line["at"] > at and kind in line:
            left -= set(line["commit"]) if kind == "commit" else set()
            if not left:
                return float(round((line["at"] - at) / 1e6, 3))
    return None


def _wait(look: Callable[[], float | None], seconds: float) -> float | None:
    until = time.monotonic() + seconds
    while (found := look()) is None and time.monotonic() < until:
        time.sleep(0.1)
    return found


def _aftermath(cluster: Cluster, victim: str, number: str) -> dict[str, Any]:
    """A stopped worker goes on when its pause is over; in the place of one that ended another is started."""
    name = f"worker-{victim}"
    began = time.monotonic()
    if number == "SIGSTOP":
        time.sleep(PAUSE)
        cluster.hub.signal(name, signal.SIGCONT)
        return {}
    code = cluster.hub.ended(name)
    seconds = round(time.monotonic() - began, 2)
    before = cluster.hub.log(name).count("connected to the broker")
    cluster.begin(victim)
    cluster.hub.until(lambda: cluster.hub.log(name).count("connected to the broker") > before, START_SECONDS)
    return {"exit_code": code, "ended_seconds": seconds}


def _twice(lines: Sequence[tuple[str, Line]], victim: str, at: int) -> int:
    """Documents that the victim had translated and another worker translated again."""
    plans = [(name, line) for name, line in lines if "plan" in line]
    mine = {id for name, line in plans if name == victim and line["at"] <= at for id in line["documents"]}
    others = {id for name, line in plans if name != victim and line["at"] > at for id in line["documents"]}
    return len(mine & others)


def _longest_wait(hub: Production, at: int) -> float:
    """Seconds from received to applied, the longest of messages that came in the seconds around the fault."""
    hub.until(lambda: not hub.one(_OPEN, at - int(AROUND * 1e6), at + int(AROUND * 1e6)), 120)
    query = (
        "select max(d.created_at - m.received_at) from message m join document d on d.message = m.seq where m.received_at between %s and %s"
    )
    return round((hub.one(query, at - int(AROUND * 1e6), at + int(AROUND * 1e6)) or 0) / 1e6, 3)


_OPEN = "select exists (select 1 from message m join work w on w.kind = 'message' and w.ref = m.seq where m.received_at between %s and %s)"


def report(chosen: argparse.Namespace) -> dict[str, Any]:
    """Everything that is measured."""
    before = measure.machine()
    with started() as (folder, given):
        found = measured(folder, given, chosen)
    return {"benchmark": "topology", **vars(chosen), **found, "machine": before, "load_after": measure.machine()["load"]}


def measured(folder: Path, given: Servers, chosen: argparse.Namespace, struck: Sequence[Fault] = FAULTS) -> dict[str, Any]:
    """Quiet traffic, the faults, and the proof, on servers that run."""
    cluster = Cluster(folder, given, chosen.rate, chosen.packet)
    try:
        return _measured(cluster, chosen, struck)
    finally:
        cluster.close()


def _measured(cluster: Cluster, chosen: argparse.Namespace, wanted: Sequence[Fault]) -> dict[str, Any]:
    began = time.time_ns() // 1000
    time.sleep(chosen.quiet)
    config = load_config(cluster.hub.file)
    page = list(declared.page(declared.look(config), declared.declared(config)))
    quiet = {"timeline": timeline(cluster.lines(began)), "waits": waits(cluster.hub, began)}
    struck = list(_struck(cluster, chosen.repeats, wanted))
    cluster.flowing.stop()
    hub = cluster.hub
    hub.until(lambda: hub.drained() and not hub.standing()["leaving"], 180)
    cluster.reader.take()
    return {
        "queues": page, **quiet, "windows": _share(cluster.lines(began)), "faults_met": struck, "summary": summary(struck),
        "after": proof(cluster),
    }  # fmt: skip


def _struck(cluster: Cluster, repeats: int, wanted: Sequence[Fault]) -> Iterator[dict[str, Any]]:
    for number in range(repeats):
        for place, fault in enumerate(wanted):
            found = strike(cluster, WORKERS[(number + place) % len(WORKERS)], fault)
            if found is not None:
                yield found


def timeline(lines: Sequence[tuple[str, Line]]) -> list[dict[str, Any]]:
    """Second after second: partition -> the workers that committed windows of it, in the order of their first."""
    if not lines:
        return []
    began, seconds = lines[0][1]["at"], dict[int, dict[str, str]]()
    for name, line in lines:
        if "commit" in line:
            second = seconds.setdefault((line["at"] - began) // 1_000_000, {})
            for p in map(str, line["commit"]):
                there = second.setdefault(p, "")
                second[p] = there if name in there else there + name
    return [{"second": number, **seconds[number]} for number in sorted(seconds)]


def _share(lines: Sequence[tuple[str, Line]]) -> dict[str, dict[str, int]]:
    """Worker -> windows, documents, wake-ups, and batches of the relay."""
    found: dict[str, Counter[str]] = {name: Counter() for name in WORKERS}
    for name, line in lines:
        found[name].update({"windows": "commit" in line, "documents": line.get("documents", 0) if "commit" in line else 0})
        found[name].update({"wake_ups": "wake" in line, "relays": "relay" in line, "sendings": "deliver" in line})
    return {name: dict(count) for name, count in found.items()}


def waits(hub: Production, since: int) -> dict[str, float]:
    """Milliseconds from received to applied while nothing is wrong."""
    rows = hub.rows(
        "select d.created_at - m.received_at from message m join document d on d.message = m.seq where m.received_at > %s", since
    )
    times = sorted(int(row[0]) / 1000 for row in rows) or [0.0]
    return {"p50_ms": round(times[len(times) // 2], 1), "p99_ms": round(times[int(len(times) * 0.99)], 1), "max_ms": round(times[-1], 1)}


def summary(struck: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One row a kind of fault: median and longest."""
    rows = []
    for who, point, number, _ in FAULTS:
        some = [one for one in struck if (one["who"], one["signal"]) == (who, number)]
        if some:
            taken = [one["taken_seconds"] for one in some if one["taken_seconds"] is not None]
            rows.append({
                "who": who, "point": point, "signal": number, "times": len(some), "not_taken": len(some) - len(taken),
                "taken_p50": round(statistics.median(taken), 3) if taken else None, "taken_max": max(taken, default=None),
                "longest_wait": max(one["longest_wait"] for one in some), "wake_ups_again": sum(one["wake_ups_again"] for one in some),
                "translated_twice": sum(one["translated_twice"] for one in some),
                "ended_max": max((one["ended_seconds"] for one in some if "ended_seconds" in one), default=None),
            })  # fmt: skip
    return rows


def proof(cluster: Cluster) -> dict[str, Any]:
    """What must be 0, beside how much there was."""
    hub = cluster.hub
    found = settling.standing_proof(hub, cluster.reader)
    names = dict(hub.rows("select name, id from delivery"))
    received = [name for _, _, name in cluster.receivers.received()]
    return {
        **found,
        "answers": len(names),
        "answers_lost": len(names.keys() - set(received)),
        "answers_repeated": len(received) - len(set(received)),
    }


def faults(found: Mapping[str, Any]) -> list[str]:
    """Promises that were broken."""
    told = ("applied", "published", "answers", "answers_repeated", "canonical_repeats")
    return [f"{name} = {value}" for name, value in found["after"].items() if name not in told and value]


def options(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5, help="how often each fault is met")
    parser.add_argument("--rate", type=float, default=20, help="messages a second")
    parser.add_argument("--packet", type=int, default=3, help="documents a message")
    parser.add_argument("--quiet", type=float, default=15, help="seconds of traffic before the first fault")
    parser.add_argument("--report", type=Path, help="write the page there, as docs/reports/topology.md")
    parser.add_argument("--json", action="store_true", help="the report as one JSON object in the last line")
    return parser.parse_args(arguments)


def main() -> None:
    """Measure and print."""
    told("topology", options(), report, faults, lambda found, chosen: written(pages.page(found), chosen.report))


if __name__ == "__main__":
    main()
