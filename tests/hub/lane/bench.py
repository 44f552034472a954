"""What a document costs on each database: ``python -m tests.hub.lane.bench [DOCUMENTS]``, one object a line.

CPU microseconds a document of the workers and, on PostgreSQL, of all server processes; wall documents a second; fsync on.
Translation is the tests' own and nearly free: this is the store's share. Eight systems, packets of 50, keys of their own.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from hub.store import work as pending
from hub.store.database import Store
from tests.hub.lane import world as worlds
from tests.hub.lane.world import World
from tests.services.postgres import private_node
from tests.services.stores import SERVICES

PACKET, SYSTEMS = 50, 8
TICK = os.sysconf("SC_CLK_TCK")


def fill(world: World, documents: int, tag: str) -> None:
    for start in range(0, documents, PACKET):
        lines = [{"k": f"{tag}{n}", "t": f"{tag}{n}", "x": "a text of some length " * 20} for n in range(start, start + PACKET)]
        world.send(*lines, system=f"s{start // PACKET % SYSTEMS}")


def server_cpu(folder: Path | None) -> float:
    """CPU seconds of a PostgreSQL with all its processes, those that ended included."""
    if folder is None:
        return 0.0
    master = (folder / "data" / "postmaster.pid").read_text().split()[0]
    own = stat(Path("/proc") / master)
    total = sum(own[11:15])
    for path in Path("/proc").glob("[0-9]*"):
        try:
            fields = stat(path)
        except OSError:
            continue
        total += sum(fields[11:13]) if str(fields[1]) == master else 0
    return total / TICK


def stat(path: Path) -> list[int]:
    """The numbers of /proc/PID/stat from the third field on; the state is 0."""
    words = (path / "stat").read_text().rpartition(")")[2].split()
    return [0, *(int(word) for word in words[1:])]


def work(workers: int, make: Callable[[], World]) -> tuple[float, float]:
    """(CPU seconds of the workers, wall seconds) until nothing is left."""
    began, pids = time.monotonic(), []
    for _ in range(workers):
        pid = os.fork()
        if pid == 0:
            drain(make())
            os._exit(0)
        pids.append(pid)
    used = [os.wait4(pid, 0)[2] for pid in pids]
    return sum(usage.ru_utime + usage.ru_stime for usage in used), time.monotonic() - began


def drain(world: World) -> None:
    """As a worker does: windows of whatever partition is free."""
    world.lane.owner = f"worker {os.getpid()}"
    while True:
        with world.store.read() as connection:
            partitions = pending.waiting_partitions(connection)
        if not partitions:
            return
        worked = [bool(world.lane.run(p)) for p in partitions]
        if not any(worked):
            time.sleep(0.005)


@contextmanager
def place(engine: str) -> Iterator[tuple[str, Path | None]]:
    """(address of an empty store, folder of the server)."""
    if engine == "sqlite":
        with tempfile.TemporaryDirectory() as folder:
            Store(f"sqlite:///{folder}/hub.db", partitions=SYSTEMS).open().close()
            yield f"sqlite:///{folder}/hub.db", None
        return
    with private_node(fsync=True) as node:
        url = node.of(node.create())
        store = Store(url, partitions=SYSTEMS)
        store.migrate()
        with store.read() as connection:
            data = connection.exec_driver_sql("show data_directory").scalar()
        store.close()
        yield url, Path(str(data)).parent


def measure(engine: str, workers: int, limit: int, documents: int) -> dict[str, object]:
    with place(engine) as (url, folder):
        vars(worlds)["open_store"] = lambda path, clock, partitions=4: Store(url, clock, SYSTEMS)

        def make() -> World:
            return World(Path("/"), limit)

        first = make()
        fill(first, documents // 4, "warm")
        first.store.close()
        work(workers, make)
        first = make()
        fill(first, documents, "K")
        before = server_cpu(folder)
        cpu, wall = work(workers, make)
        time.sleep(0.5)
        server = server_cpu(folder) - before
        assert first.states().count("applied") == documents + documents // 4
        first.store.close()
    return {
        "engine": engine, "workers": workers, "window": limit, "documents": documents, "load": round(os.getloadavg()[0], 1),
        "worker_us": round(cpu / documents * 1e6), "server_us": round(server / documents * 1e6),
        "us": round((cpu + server) / documents * 1e6), "per_second": round(documents / wall),
    }  # fmt: skip


if __name__ == "__main__":
    assert SERVICES
    many = int(sys.argv[1]) if len(sys.argv) > 1 else 8000
    for case in (("sqlite", 1, 200), ("postgresql", 1, 200), ("postgresql", 2, 200), ("postgresql", 1, 1)):
        count = many if case[2] > 1 else many // 10
        print(json.dumps(measure(*case, count // (4 * PACKET) * 4 * PACKET)), flush=True)
