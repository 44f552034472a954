"""Sends orders over HTTP: raw HTTP/1.1 on kept connections, so that the sender takes little of the machine. Its CPU is told apart."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass

import orjson

_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Sent:
    """One order: when it was due, when its 202 was there (nanoseconds since 1970), and the hub's number of the message."""

    due: int
    answered: int
    message: int


class Connection(asyncio.Protocol):
    """One connection, one request at a time."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[bytes] | None = None
        self._data = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._data += data
        head, end, body = self._data.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        if end and length is not None and len(body) >= int(length[1]) and self._answer is not None:
            whole, self._data = self._data, b""
            self._answer.set_result(whole)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(ConnectionError("the hub closed the connection"))

    async def ask(self, request: bytes) -> bytes:
        """Send a request; gives the answer with its head."""
        assert self._transport is not None
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._answer

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


def request(path: str, key: str, body: bytes) -> bytes:
    """A POST as it goes over the wire."""
    head = f"POST {path} HTTP/1.1\r\nHost: hub\r\nContent-Type: application/octet-stream\r\nIdempotency-Key: {key}\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def send(port: int, requests: Sequence[bytes], *, connections: int = 32, rate: float | None = None) -> list[Sent]:
    """Send all. Without ``rate`` each connection sends as soon as it has its answer; with it orders are due at equal distances, whatever
    became of those before (open loop). Raises RuntimeError where one is not answered 202."""
    return asyncio.run(_send(port, requests, connections, rate))


async def _send(port: int, requests: Sequence[bytes], connections: int, rate: float | None) -> list[Sent]:
    loop = asyncio.get_running_loop()
    opened = [(await loop.create_connection(Connection, "127.0.0.1", port))[1] for _ in range(min(connections, len(requests)))]
    began, waiting, found = time.time_ns() + 10_000_000, iter(enumerate(requests)), list[Sent]()

    async def work(connection: Connection) -> None:
        for number, one in waiting:
            due = time.time_ns() if rate is None else began + int(number * 1e9 / rate)
            if rate is not None:
                await asyncio.sleep(max(0.0, (due - time.time_ns()) / 1e9))
            answer = await connection.ask(one)
            found.append(Sent(due, time.time_ns(), _message(answer)))

    try:
        await asyncio.gather(*(work(one) for one in opened))
    finally:
        for one in opened:
            one.close()
    return found


def _message(answer: bytes) -> int:
    head, _, body = answer.partition(b"\r\n\r\n")
    if b" 202 " not in head.partition(b"\r\n")[0]:
        raise RuntimeError(f"the hub did not take an order: {answer[:300]!r}")
    return int(orjson.loads(body)["message"])
