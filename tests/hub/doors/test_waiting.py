"""Senders that wait for an outcome, many at once, while no worker runs: everybody else is answered as if they were not there."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import fastapi
import pytest

from canonical_model.problems import SystemUnreachable
from connectors.base import Endpoint, Kept, Request, Response
from connectors.kit.doors import mount
from hub import api
from hub.api import MOST_WAITING, Waiting
from monitoring.health import Health
from monitoring.metrics import Metrics
from monitoring.router import router
from tests.connectors.serving import serving
from tests.hub.doors.served import Served, served
from tests.services.stores import SQLITE, running_on

SENDERS, WAIT = 120, 6
THREADS = 40
"""As many handlers as run at a time."""


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Served]:
    with running_on(SQLITE), served(tmp_path) as running:
        yield running


def sent(hub: Served, number: int, prefer: str = "") -> tuple[int, bool, float]:
    """(status, whether the hub waited, seconds) of a stock report."""
    begun = time.monotonic()
    status, head, _ = hub.answer(f"POST /in HTTP/1.1{prefer}", b'{"report":"R%d"}' % number)
    return status, b"preference-applied" in head.lower(), time.monotonic() - begun


def test_while_many_wait_everybody_else_is_answered(hub: Served) -> None:
    answers: list[tuple[int, bool, float]] = []
    prefer = f"\r\nPrefer: wait={WAIT}"
    threads = [threading.Thread(target=lambda n=n: answers.append(sent(hub, n, prefer))) for n in range(SENDERS)]
    for thread in threads:
        thread.start()
    end = time.monotonic() + WAIT - 1
    while len(answers) < SENDERS - MOST_WAITING and time.monotonic() < end:
        time.sleep(0.02)
    assert [(status, waited) for status, waited, _ in answers] == [(202, False)] * (SENDERS - MOST_WAITING)
    assert sum(thread.is_alive() for thread in threads) == MOST_WAITING
    for path in ("/health/live", "/health/ready", "/metrics"):
        begun = time.monotonic()
        assert hub.asked(f"GET {path} HTTP/1.1")[0] == 200
        assert time.monotonic() - begun < 1
    status, _, took = sent(hub, SENDERS)
    assert (status, took < 1) == (202, True)
    for thread in threads:
        thread.join()
    waited = [took for status, waited, took in answers if waited and status == 202]
    assert (len(waited), min(waited) >= WAIT) == (MOST_WAITING, True)
    assert sent(hub, 0, "\r\nPrefer: wait=1")[1], "a place is free again"


def test_an_outcome_that_cannot_be_looked_at_does_not_take_the_acknowledgement_back(
    hub: Served, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The sender would send again what is kept."""

    def away(*_: object) -> None:
        raise SystemUnreachable("the store does not answer")

    monkeypatch.setattr(api, "message_object", away)
    assert [sent(hub, n, "\r\nPrefer: wait=5")[:2] for n in range(MOST_WAITING + 1)] == [(202, False)] * (MOST_WAITING + 1)
    assert "the outcome of message 1 cannot be looked at: the store does not answer" in caplog.text


def test_what_takes_long_is_looked_at_less_and_less_often(hub: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[float] = []
    monkeypatch.setattr(api, "message_object", lambda *_: looks.append(time.monotonic()))
    begun = time.monotonic()
    assert Waiting(hub.hub).for_outcome(Kept("1"), 1, 2).waited
    assert looks[-1] - begun == pytest.approx(2, abs=0.5)
    assert 5 < len(looks) < 20


def test_that_the_process_lives_is_told_when_every_thread_is_busy(hub: Served) -> None:
    busy, free = threading.Semaphore(0), threading.Event()

    def hang(_: Request) -> Response:
        busy.release()
        free.wait(30)
        return Response(202)

    app = fastapi.FastAPI()
    mount(app, [Endpoint("POST", "/in", hang, 10)])
    app.include_router(router(hub.watched, Metrics(hub.hub.signals, hub.watched), Health({})))
    with serving(app) as url:
        port = int(url.rpartition(":")[2])
        clients = [socket.create_connection(("127.0.0.1", port)) for _ in range(THREADS)]
        try:
            for client in clients:
                client.sendall(b"POST /in HTTP/1.1\r\nHost: hub\r\nContent-Length: 1\r\n\r\n1")
            assert all(busy.acquire(timeout=10) for _ in clients)
            begun = time.monotonic()
            assert Served(hub.hub, port).asked("GET /health/live HTTP/1.1")[0] == 200
            assert time.monotonic() - begun < 1
        finally:
            free.set()
            for client in clients:
                client.close()
