"""A hub as its users run it: processes of its own commands in a folder with a ``hub.yaml``, over servers that a test has of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

import pika

from tests.services import postgres, rabbitmq

ROOT = Path(__file__).resolve().parents[2]
HUB = ("-m", "hub.cli")


@dataclass(frozen=True, slots=True)
class Servers:
    """A private PostgreSQL with fsync on and a private RabbitMQ, both in use by one hub."""

    store: str
    channels: str
    database: postgres.Node
    broker: rabbitmq.Node


@contextmanager
def servers(folder: Path, *settings: str) -> Iterator[Servers]:
    """Start both; gives the two addresses that a ``hub.yaml`` needs. ``settings`` are further ones of PostgreSQL. Raises what their
    modules raise where they cannot be had."""
    with postgres.private_node(*settings, fsync=True) as database, rabbitmq.private_node(folder / "broker") as broker:
        yield Servers(database.of(database.create()).replace("postgresql:", "postgresql+psycopg:"), vhost(broker, "hub"), database, broker)


def vhost(broker: rabbitmq.Node, name: str) -> str:
    """A new virtual host of a broker; gives its address."""
    broker.control("add_vhost", name)
    broker.control("set_permissions", "-p", name, "guest", ".*", ".*", ".*")
    return broker.url(name)


class Processes:
    """Processes by names of the caller's; each writes ``NAME.log`` in the folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, *words: str, program: Sequence[str] = HUB, extra: Mapping[str, str] | None = None) -> int:
        """Start ``python PROGRAM WORDS``; gives its process id."""
        with (self.folder / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(
                [sys.executable, *program, *words], cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env={**os.environ, "PYTHONPATH": str(ROOT), **(extra or {})},
            )  # fmt: skip
        return self.running[name].pid

    def signal(self, name: str, number: signal.Signals) -> None:
        """Send it a signal."""
        self.running[name].send_signal(number)

    def ended(self, name: str, seconds: float = 40) -> int:
        """Its exit code (negative: the signal that ended it), once it has come to its end. Raises subprocess.TimeoutExpired."""
        code = self.running[name].wait(seconds)
        del self.running[name]
        return code

    def stop(self) -> None:
        """End everything, whatever state it is in."""
        for process in self.running.values():
            process.kill()
            process.wait()
        self.running.clear()

    def log(self, name: str) -> str:
        """What it has written so far."""
        return (self.folder / f"{name}.log").read_text()


def get(url: str, seconds: float = 5) -> bytes | None:
    """The body of an answer, also of a refusal; None when nobody answers."""
    try:
        with urlopen(url, timeout=seconds) as answer:
            return bytes(answer.read())
    except HTTPError as error:
        return error.read()
    except (URLError, OSError):
        return None


def purge(url: str, partitions: int = 8) -> None:
    """Empty every wake-up queue of the hub at a broker, as an operator's mistake would."""
    with pika.BlockingConnection(pika.URLParameters(url)) as connection:
        channel = connection.channel()
        for kind in ("inbound", "outbound"):
            for p in range(partitions):
                channel.queue_purge(f"{kind}.{p}")
