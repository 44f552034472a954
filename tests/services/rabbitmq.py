"""A RabbitMQ for tests: the one that HUB_TEST_AMQP_URL names, else a private node, else one that is installed first, else a reason.

The private node has its own HOME, names, ports, epmd and process group: it touches no other broker of the machine, and is ended
by that group. Each test gets a virtual host of its own.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import quote

import pika

from tests.services.private import Unavailable, install
from tests.services.private import free_port as free_port

BIN = Path("/usr/lib/rabbitmq/bin")
STARTED_WITHIN = 90.0
PREFIX = "RABBITMQ_"
URL = "HUB_TEST_AMQP_URL"
PACKAGE = "rabbitmq-server"
DEPLOYED = Path(__file__).parents[2] / "deploy/rabbitmq.conf"
"""What is advised to who runs a hub is what is tried here."""
PRIVATE = "listeners.tcp.1 = 127.0.0.1:{port}\nloopback_users = none\nlog.console = false\n"


class Node:
    """A broker of our own in a folder; may be killed and started again on the same data."""

    def __init__(self, folder: Path, **extra: str) -> None:
        self.folder, self.extra = folder, extra
        self.port, self.dist, self.epmd = free_port(), free_port(), free_port()
        self.name = f"hub{self.port}@localhost"
        self.process: subprocess.Popen[bytes] | None = None
        self.ended = False
        (folder / "home").mkdir(parents=True)
        (folder / "plugins").write_text("[].")
        (folder / "rabbitmq.conf").write_text(DEPLOYED.read_text("utf-8") + PRIVATE.format(port=self.port))

    def environment(self) -> dict[str, str]:
        """Everything that would else be shared with another node of this machine."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
        own = {
            "HOME": str(self.folder / "home"),
            "ERL_EPMD_PORT": str(self.epmd),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_EPMD_RELAXED_COMMAND_CHECK": "1",
            "RABBITMQ_NODENAME": self.name,
            "RABBITMQ_CONFIG_FILE": str(self.folder / "rabbitmq.conf"),
            "RABBITMQ_MNESIA_BASE": str(self.folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(self.folder / "log"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "plugins"),
            "RABBITMQ_DIST_PORT": str(self.dist),
            "RABBITMQ_PID_FILE": str(self.folder / "pid"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+sbwt none +sbwtdcpu none +sbwtdio none",
        }
        return kept | own | self.extra

    def url(self, vhost: str = "/") -> str:
        return f"amqp://guest:guest@127.0.0.1:{self.port}/{quote(vhost, safe='')}"

    def start(self) -> Node:
        """Start and wait until it takes connections."""
        with (self.folder / "console").open("ab") as console:
            self.process = subprocess.Popen(
                [BIN / "rabbitmq-server"], env=self.environment(), stdin=subprocess.DEVNULL, stdout=console, stderr=console,
                start_new_session=True, cwd=self.folder,
            )  # fmt: skip
        until = time.monotonic() + STARTED_WITHIN
        while not answers(self.url()):
            self.ended = self.process.poll() is not None
            if self.ended or time.monotonic() > until:
                self.kill()
                raise Unavailable(f"the private RabbitMQ did not start: {(self.folder / 'console').read_text()[-500:]}")
            time.sleep(0.2)
        return self

    def kill(self) -> None:
        """End the broker with -9, as a power cut would; its data stay."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None

    def stop(self) -> None:
        """End broker and epmd."""
        self.kill()
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            subprocess.run(["epmd", "-kill"], env=self.environment(), capture_output=True, timeout=10, check=False)

    def control(self, *words: str) -> str:
        """``rabbitmqctl`` of this node."""
        command: list[str | Path] = [BIN / "rabbitmqctl", "--node", self.name, *words]
        done = subprocess.run(command, env=self.environment(), capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr or done.stdout
        return str(done.stdout)


def answers(url: str) -> bool:
    """Whether a broker takes connections there."""
    parameters = pika.URLParameters(f"{url}?connection_attempts=1&socket_timeout=2&blocked_connection_timeout=5")
    try:
        pika.BlockingConnection(parameters).close()
    except (pika.exceptions.AMQPError, OSError):
        return False
    return True


def need_programs() -> None:
    """RabbitMQ's programs, installed where they are not there. Raises Unavailable with the reason."""
    if not (BIN / "rabbitmq-server").exists():
        install(PACKAGE)
    if shutil.which("erl") is None:
        raise Unavailable("Erlang is not installed")


@contextlib.contextmanager
def private_node(folder: Path, **extra: str) -> Iterator[Node]:
    """A node of our own, installed first where it is not there. Raises Unavailable with the reason."""
    need_programs()
    node = _started(folder, extra)
    try:
        yield node
    finally:
        node.stop()


def _started(folder: Path, extra: Mapping[str, str], attempts: int = 3) -> Node:
    """A port that was free may be another's a moment later: such a node ends at once, and the next one has other ports."""
    for attempt in range(attempts):
        node = Node(folder / str(attempt), **extra)
        try:
            return node.start()
        except Unavailable:
            node.stop()
            if not node.ended or attempt + 1 == attempts:
                raise
    raise AssertionError("unreachable")
