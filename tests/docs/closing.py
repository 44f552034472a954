"""A receiver that takes a request and closes the connection without a word."""

from __future__ import annotations

import socket
from threading import Thread
from types import TracebackType


class Closing:
    """As a context it gives its address."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._thread = Thread(target=self._run, daemon=True)

    def __enter__(self) -> str:
        self._thread.start()
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}/in"

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(5)

    def _run(self) -> None:
        while True:
            try:
                taken, _ = self._socket.accept()
            except OSError:
                return
            with taken:
                _read(taken)


def _read(taken: socket.socket) -> None:
    """The whole request: a connection that is closed with unread bytes is reset, which the sender tells in other words."""
    with taken.makefile("rb") as request:
        length = 0
        while line := request.readline().strip():
            name, _, value = line.lower().partition(b":")
            length = int(value) if name == b"content-length" else length
        request.read(length)
