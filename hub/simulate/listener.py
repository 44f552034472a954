"""A partner's HTTP door: a small server of the standard library on a free loopback port."""

from __future__ import annotations

from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

Answer = tuple[int, str, bytes]
"""Status, media type, body."""


class Listener:
    """Answers POST with ``take(path, headers, body) -> Answer`` until ``close``."""

    def __init__(self, take: Callable[[str, dict[str, str], bytes], Answer]) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(take))
        self._server.daemon_threads = True
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """Where it listens, without a path."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()


def whole_body(request: BaseHTTPRequestHandler) -> bytes | None:
    """The body of a request; None, and the connection is closed, where its sender hung up before the end: nobody takes that."""
    length = int(request.headers.get("Content-Length") or 0)
    body = request.rfile.read(length)
    if len(body) < length:
        request.close_connection = True
        return None
    return body


def _handler(take: Callable[[str, dict[str, str], bytes], Answer]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = whole_body(self)
            if body is None:
                return
            status, media, answer = take(self.path, {name.lower(): text for name, text in self.headers.items()}, body)
            self.send_response(status)
            self.send_header("Content-Type", media)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: Any) -> None:
            """The partner's own log says what came; standard error stays quiet."""

    return Handler
