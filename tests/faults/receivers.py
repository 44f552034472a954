"""Two systems that the hub sends to, and their own logs: one honours Idempotency-Key, one does not.

Both misbehave until the end: refuse with 500 before anything was taken, hang, close the connection after they took it, are gone
for a while. ``GET /taken?name=`` of the second one says whether something was taken: what a person would look up there.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Sequence
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from random import Random
from urllib.parse import parse_qs, urlsplit

from hub.simulate.listener import whole_body
from tests.faults.plan import Plan, load, read_lines, told, write_line

ORDER = re.compile(rb"N\d{8}[-\w]*")
CONFIRMED = re.compile(rb"<WMENG>([\d.]+)</WMENG>")
HOW = ("refuse", "hang", "lose", "hang_after", "away")
HANG = 4.0
"""Seconds; the hub gives up after two."""


class Receiver:
    """What one of them keeps. ``misbehaves`` draws what it does instead of taking a document in good order."""

    def __init__(self, name: str, plan: Plan) -> None:
        self.log, self._draw = f"{name}.jsonl", Random(f"{plan.seed}:{name}")
        self._share = 0.09 * min(1.0, 5_000 / plan.documents)
        self.taken = {line["name"] for line in read_lines(Path(self.log)) if line["event"] == "taken"}
        self._lock, self._away = threading.Lock(), 0.0

    def misbehaves(self) -> str:
        """Empty: not this time."""
        if told("finish"):
            return ""
        with self._lock:
            if time.monotonic() < self._away:
                return "away"
            if self._draw.random() >= self._share:
                return ""
            drawn = self._draw.choices(HOW, (3, 1, 4, 1.5, 0.5))[0]
            if drawn == "away":
                self._away = time.monotonic() + 1.5
        return drawn

    def take(self, name: str, body: bytes) -> None:
        """Keep a document: its name, its bytes as a hash, whose order it speaks of, the quantities that it confirms."""
        number = ORDER.search(body)
        write_line(
            self.log, event="taken", name=name, sha=sha256(body).hexdigest()[:16], order=number[0].decode() if number else "",
            confirmed=[float(one) for one in CONFIRMED.findall(body)],
        )  # fmt: skip
        with self._lock:
            self.taken.add(name)


def _handler(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = whole_body(self)
            if body is None:
                return
            how = receiver.misbehaves()
            if how in ("away", "refuse"):
                self._answer(503 if how == "away" else 500)
                return
            if how == "hang":
                time.sleep(HANG)
                self.close_connection = True
                return
            receiver.take(self.headers.get("Idempotency-Key", ""), body)
            if how == "hang_after":
                time.sleep(HANG)
            if how in ("lose", "hang_after"):
                self.close_connection = True
                return
            self._answer(200)

        def do_GET(self) -> None:
            [name] = parse_qs(urlsplit(self.path).query)["name"]
            self._answer(200 if name in receiver.taken else 404)

        def _answer(self, status: int) -> None:
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """The receiver's own log says what came."""

    return Handler


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 200

    def handle_error(self, request: object, client_address: object) -> None:
        """A hub that was killed hangs up in the middle: no news."""


def main(words: Sequence[str]) -> int:
    """Serve both until killed."""
    plan = load()
    for name, port in (("idempotent", plan.idempotent), ("doubtful", plan.doubtful)):
        server = _Server(("127.0.0.1", port), _handler(Receiver(name, plan)))
        threading.Thread(target=server.serve_forever, daemon=True).start()
    threading.Event().wait()
    return 0
