"""What a door makes of heads and bodies as HTTP knows them: nothing is lost, nothing is taken for a request of its own."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import fastapi
import pytest

from connectors.base import Endpoint, Request, Response
from connectors.kit.doors import mount, speak_problems
from hub.cli.running import Server

OFFER = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA\r\n"


@pytest.fixture
def door() -> Iterator[tuple[int, list[Request]]]:
    got: list[Request] = []

    def take(request: Request) -> Response:
        got.append(request)
        return Response(202, b"kept")

    app = fastapi.FastAPI(openapi_url=None)
    mount(app, [Endpoint("POST", "/in", take, 1_000_000)])
    speak_problems(app)
    server = Server(app, "127.0.0.1:0")
    port = server._door.getsockname()[1]
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server._server.started:
        time.sleep(0.01)
    yield port, got
    server.stop()
    thread.join(15)


def asked(port: int, *parts: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.settimeout(1.0)
        found = b""
        try:
            for part in parts:
                client.sendall(part)
                time.sleep(0.05)
            while more := client.recv(65536):
                found += more
        except OSError:
            pass
        return found


@pytest.mark.parametrize("split", [False, True], ids=["at once", "body in a packet of its own"])
def test_a_body_of_a_client_that_offers_http2_is_kept(door: tuple[int, list[Request]], split: bool) -> None:
    """Some clients offer h2c with the first request of a plain connection."""
    port, got = door
    head = b"POST /in HTTP/1.1\r\nHost: hub\r\nContent-Length: 9\r\n" + OFFER + b"\r\n"
    answer = asked(port, head, b"an order.") if split else asked(port, head + b"an order.")
    assert answer.startswith(b"HTTP/1.1 202")
    assert [request.body for request in got] == [b"an order."]


@pytest.mark.parametrize("kind", ["many", "one"])
def test_a_head_without_end_is_refused(door: tuple[int, list[Request]], kind: str) -> None:
    """One client cannot fill the memory."""
    port, got = door
    lines = b"".join(b"X-%d: %s\r\n" % (n, b"h" * 1000) for n in range(20_000)) if kind == "many" else b"X: " + b"h" * 20_000_000 + b"\r\n"
    answer = asked(port, b"POST /in HTTP/1.1\r\nHost: hub\r\nContent-Length: 1\r\n" + lines + b"\r\n1")
    assert not got
    assert not answer.startswith(b"HTTP/1.1 202")


def test_a_method_that_nobody_knows_is_answered_with_a_problem(door: tuple[int, list[Request]]) -> None:
    """405 with ``allow`` (RFC 9457)."""
    answer = asked(door[0], b"FOO /in HTTP/1.1\r\nHost: hub\r\nContent-Length: 0\r\n\r\n")
    assert b" 405 " in answer.split(b"\r\n")[0]
    assert b"application/problem+json" in answer
    assert b"allow: POST" in answer


def test_two_that_are_told_apart_by_a_body_inside_a_body(door: tuple[int, list[Request]]) -> None:
    """A sender of a document may not speak as the proxy before the hub."""
    port, got = door
    inner = b"POST /in HTTP/1.1\r\nHost: hub\r\nX-User: admin\r\nContent-Length: 5\r\n\r\ninner"
    asked(port, b"POST /in HTTP/1.1\r\nHost: hub\r\nContent-Length: %d\r\n" % len(inner) + OFFER + b"\r\n", inner)
    assert [request.body for request in got] == [inner]
