"""A hub as processes in a folder: api, workers, their partners, a subscriber of ``canonical``."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

from sqlalchemy import Table, func, select

from canonical_model.problems import SystemUnreachable
from hub.bootstrap import build
from hub.commands import Actor, Commands
from hub.simulate.goods import codes_csv
from hub.store.database import Store
from hub.store.invariants import broken
from hub.store.lane_tables import document, work
from hub.store.out_tables import delivery, outbox
from tests.operations.partners import Partners
from tests.operations.release import ROOT, begun, this_release
from tests.services.private import free_port

HUB = """
hub:
  store: file:store
  channels: {channels}
  subscribers: {subscribers}
  listen: 127.0.0.1:{port}
  timezone: Asia/Shanghai
"""
PATIENCE = 60.0


class House:
    """Everything that runs on one store. As a context it ends what it began."""

    def __init__(self, folder: Path, store: str, broker: str | None = None) -> None:
        self.folder, self.store, self.port = folder, store, free_port()
        self.partners = Partners(f"http://127.0.0.1:{self.port}", folder)
        (folder / "store").write_text(store)
        if broker is not None:
            (folder / "broker").write_text(broker)
        words = {"channels": "file:broker" if broker else "local", "subscribers": "[reader]" if broker else "[]", "port": self.port}
        (folder / "hub.yaml").write_text(HUB.format(**words) + self.partners.systems(), "utf-8")
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self._looking: tuple[str, Store] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for name in list(self.processes):
            self.kill(name)
        self.forget()
        self.partners.close()

    def prepare(self) -> None:
        """Tables and codes, before the first start."""
        store = Store(self.store)
        store.migrate()
        store.close()
        self.commands(lambda commands: commands.import_codes(Actor("test"), codes_csv()))

    def commands(self, action: Callable[[Commands], object]) -> None:
        """What a person does, as the command line would."""
        hub = build(self.folder / "hub.yaml", promote=False)
        try:
            action(hub.commands)
        finally:
            hub.close()

    def start(self, name: str, *words: str, release: Callable[..., list[str]] = this_release) -> None:
        """A process under a name of ours; without words its name is its command."""
        self.processes[name] = begun(release(*(words or (name,))), self.folder, self.folder / f"{name}.log")

    def kill(self, name: str) -> None:
        """With -9."""
        process = self.processes.pop(name)
        process.send_signal(signal.SIGCONT)
        process.kill()
        process.wait()

    def stop(self, name: str) -> int:
        """In good order; its exit code."""
        process = self.processes.pop(name)
        process.terminate()
        return process.wait(60)

    def stop_all(self) -> None:
        for name in list(self.processes):
            assert self.stop(name) == 0, self.log(name)

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text()

    def get(self, path: str) -> tuple[int, str]:
        """(status, body) of an address of the api; 0 when it does not answer."""
        try:
            with urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=30) as answer:
                return answer.status, answer.read().decode()
        except HTTPError as error:
            return error.code, error.read().decode()
        except (URLError, OSError):
            return 0, ""

    def ready(self) -> None:
        """Wait until the api takes messages."""
        assert until(lambda: self.get("/health/ready")[0] == 200), self.log("api")

    def begin_day(self) -> None:
        """Articles, customers and stock are applied before the first order comes: one that comes earlier is told that it waits for stock,
        and once more when it has it."""
        self.partners.begin_day()
        self.quiet()

    def orders(self, count: int) -> None:
        """Send so many orders, each until the hub has it."""
        for _ in range(count):
            assert until(self.partners.order), "an order was not taken"

    def quiet(self) -> None:
        """Wait until nothing is left to do but what people have to decide, and every file is taken."""
        assert until(self._is_quiet), (self.counts(), self.log("worker") if "worker" in self.processes else "")

    def _is_quiet(self) -> bool:
        counts = self.counts()
        waiting = [path for path in (self.folder / "in").glob("*.csv") if path.is_file()]
        return not waiting and counts["work"] == counts["outbox"] == counts["leaving"] == 0

    def look(self, question: Callable[[Any], Any]) -> Any:
        """Ask the store through a session of our own, which is kept until ``forget``; once more when its server went meanwhile, as the
        processes of a hub do."""
        if self._looking is None or self._looking[0] != self.store:
            self.forget()
            self._looking = self.store, Store(self.store)
        try:
            return self._ask(self._looking[1], question)
        except SystemUnreachable:
            return self._ask(self._looking[1], question)

    @staticmethod
    def _ask(store: Store, question: Callable[[Any], Any]) -> Any:
        with store.read() as connection:
            return question(connection)

    def forget(self) -> None:
        """End that session: the store moves, or wants to be alone."""
        if self._looking is not None:
            self._looking[1].close()
        self._looking = None

    def counts(self) -> dict[str, int]:
        """Rows that mean work."""

        def ask(connection: Any) -> dict[str, int]:
            def count(table: Table, *where: Any) -> int:
                return int(connection.execute(select(func.count()).select_from(table).where(*where)).scalar_one())

            leaving = delivery.c.state.in_(("pending", "sending"))
            return {"work": count(work), "outbox": count(outbox), "leaving": count(delivery, leaving)}

        return dict(self.look(ask))

    def broken(self) -> dict[str, list[Any]]:
        """Invariants that do not hold; at rest."""
        return dict(self.look(broken))

    def applied(self) -> dict[str, int]:
        """Order number -> how many documents of its key are applied."""

        def ask(connection: Any) -> dict[str, int]:
            query = select(document.c.k, func.count()).where(document.c.state == "applied", document.c.type == "order/1")
            return {k.rpartition(":")[2]: count for k, count in connection.execute(query.group_by(document.c.k))}

        return dict(self.look(ask))

    def hub(self, *words: str) -> str:
        """What a command says that ends well."""
        done = subprocess.run(
            this_release(*words), cwd=self.folder, capture_output=True, text=True, timeout=120, check=False,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


def until(true: Callable[[], bool], seconds: float = PATIENCE) -> bool:
    """Wait for it."""
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            return False
        time.sleep(0.2)
    return True
