"""The HTTP connectors under the contracts that every connector keeps."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from connectors.base import PushConnector, Sender
from connectors.http import HttpIn, HttpOut, HttpReceiver, HttpSender
from connectors.sap_idoc_http import OK, IdocIn, IdocOut, SapIdocHttpReceiver, SapIdocHttpSender
from tests.connectors.contract import PAYLOADS, SenderContract, SendingCounterpart
from tests.connectors.push_contract import PushContract
from tests.connectors.serving import MemoryHub, application, counterpart, reply, serving
from tests.connectors.test_sap_idoc_http import idoc, packet


class TestHttpReceiver(PushContract):
    payloads = PAYLOADS

    def connector(self) -> PushConnector:
        return HttpReceiver(HttpIn(path="/in", max_bytes=10_000))


class TestSapIdocHttpReceiver(PushContract):
    payloads = (packet(idoc("1")), packet(idoc("2"), idoc("3")))

    def connector(self) -> PushConnector:
        return SapIdocHttpReceiver(IdocIn(max_bytes=10_000))


class IdempotentSystem:
    """A receiver that honours Idempotency-Key: another hub."""

    def __init__(self) -> None:
        self.hub, self.running = MemoryHub(), ExitStack()
        self.url = self.running.enter_context(serving(application(self.hub, HttpReceiver(HttpIn(path="/in"))))) + "/in"

    def connector(self) -> Sender:
        return HttpSender(HttpOut(url=self.url, idempotent=True))

    def taken(self) -> list[bytes]:
        return [kept.payload for kept in self.hub.kept]

    def vanish(self) -> None:
        self.running.close()


class PlainSystem:
    """A receiver that takes whatever comes, as often as it comes: the standard library's server."""

    answer = b""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.running = ExitStack()
        self.url = self.running.enter_context(counterpart(self._take))

    def _take(self, handler: BaseHTTPRequestHandler, body: bytes) -> None:
        if handler.command == "POST":
            self.bodies.append(body)
        reply(handler, 200, self.answer)

    def connector(self) -> Sender:
        return HttpSender(HttpOut(url=self.url))

    def taken(self) -> list[bytes]:
        return self.bodies

    def vanish(self) -> None:
        self.running.close()


class Sap(PlainSystem):
    """An SAP as its clients know it."""

    answer = f"<html><head><title>{OK}</title></head></html>".encode()

    def connector(self) -> Sender:
        return SapIdocHttpSender(IdocOut(url=self.url))


class Contract(SenderContract):
    """Closes the other side after each test."""

    system: type[IdempotentSystem] | type[PlainSystem] = PlainSystem

    def counterpart(self, tmp_path: Path) -> IdempotentSystem | PlainSystem:
        return self.system()

    @pytest.fixture
    def other(self, tmp_path: Path) -> Iterator[SendingCounterpart]:
        made = self.counterpart(tmp_path)
        yield made
        made.vanish()


class TestIdempotentHttpSender(Contract):
    system = IdempotentSystem


class TestPlainHttpSender(Contract):
    system = PlainSystem


class TestSapIdocHttpSender(Contract):
    system = Sap
