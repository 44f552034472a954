"""A real HTTP server on a free loopback port, and a hub in memory that keeps what arrives."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import fastapi
import uvicorn

from canonical_model.problems import Reject
from connectors.base import Inbound, Kept, PushConnector
from connectors.kit.doors import mount, speak_problems


class MemoryHub:
    """Answers as the hub's receive step: same delivery id and body is a repeat, another body is refused."""

    def __init__(self) -> None:
        self.kept: list[Inbound] = []
        self.waits: list[int] = []
        self.fails: Exception | None = None
        self.answer: dict[str, Any] | None = None
        self.full = False

    def store(self, inbound: Inbound, wait: int) -> Kept:
        if self.fails:
            raise self.fails
        self.waits.append(wait)
        waited = wait > 0 and not self.full
        answer = self.answer if waited else None
        for number, earlier in enumerate(self.kept, start=1):
            if inbound.delivery_id and earlier.delivery_id == inbound.delivery_id:
                if earlier.payload != inbound.payload:
                    raise Reject("this key was used with another body", at=inbound.delivery_id, fix="use a new key")
                return Kept(str(number), f"/v1/messages/{number}", True, answer, waited)
        self.kept.append(inbound)
        return Kept(str(len(self.kept)), f"/v1/messages/{len(self.kept)}", False, answer, waited)


def application(hub: MemoryHub, *doors: PushConnector) -> fastapi.FastAPI:
    app = fastapi.FastAPI()
    speak_problems(app)
    for door in doors:
        mount(app, door.endpoints(hub.store))
    return app


@contextmanager
def serving(app: fastapi.FastAPI) -> Iterator[str]:
    """Run the application in uvicorn; gives its address."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        try:
            yield f"http://127.0.0.1:{sock.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(10)


Handler = Callable[[BaseHTTPRequestHandler, bytes], None]


@contextmanager
def counterpart(handle: Handler) -> Iterator[str]:
    """A receiver that is not ours: the standard library's server, which does with each request what the test says."""

    class Server(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            handle(self, self.rfile.read(int(self.headers.get("content-length", 0))))

        do_PUT = do_OPTIONS = do_POST  # noqa: N815

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


def reply(handler: BaseHTTPRequestHandler, status: int, body: bytes = b"", **headers: str) -> None:
    """Answer from inside a handler; ``retry_after=`` becomes ``Retry-After``."""
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.send_header("content-length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)
