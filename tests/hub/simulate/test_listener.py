"""A partner's door: a request whose sender died in the middle was never taken, here and at the receivers of the fault harness."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import ThreadingHTTPServer

import pytest

from hub.simulate.listener import Listener
from tests.faults.receivers import Receiver, _handler
from tests.hub.channels.contract import until

HEAD = b"POST /in HTTP/1.1\r\nHost: there\r\nIdempotency-Key: one\r\nContent-Length: 4\r\n\r\n"


def say(port: int, *parts: bytes) -> bytes:
    """Send and hang up for writing; what is answered until the other side closes or the answer is there."""
    with socket.create_connection(("127.0.0.1", port), 10) as connection:
        for part in parts:
            connection.sendall(part)
        connection.shutdown(socket.SHUT_WR)
        return connection.recv(1000)


@contextmanager
def listener(taken: list[bytes]) -> Iterator[int]:
    made = Listener(lambda path, headers, body: taken.append(body) or (200, "text/plain", b""))  # type: ignore[func-returns-value]
    try:
        yield int(made.url.rpartition(":")[2])
    finally:
        made.close()


@contextmanager
def receiver(taken: list[bytes]) -> Iterator[int]:
    one = Receiver.__new__(Receiver)
    one.misbehaves = lambda: ""  # type: ignore[method-assign]
    one.take = lambda name, body: taken.append(body)  # type: ignore[method-assign]
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(one))
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("door", [listener, receiver])
@pytest.mark.parametrize("cut", [b"", b"bod"])
def test_half_a_request_is_not_taken(door: object, cut: bytes) -> None:
    taken: list[bytes] = []
    with door(taken) as port:  # type: ignore[operator]
        assert say(port, HEAD, cut) == b""
        assert say(port, HEAD, b"body").startswith(b"HTTP/1.1 200")
        assert until(lambda: taken == [b"body"])
