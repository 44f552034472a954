"""Senders of a worker: each has its own slot, and one look at the store is made for all of them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from connectors.base import Inbound
from hub.bootstrap import Hub, build
from hub.commands import Actor
from hub.simulate import sets
from hub.simulate.goods import ARTICLES, CHAIN, STORE_JS, codes_csv
from hub.simulate.orders import Line, Order
from hub.stages.ports import Subscription
from hub.worker import Worker

CONFIG = """
hub: {store: "sqlite:///hub.db", timezone: Asia/Shanghai}
systems:
  wms-3pl:
    party: WH-SH
    in: [{connector: http, path: /x12, routes: {"850": x12/po850.order}}]
"""
SYSTEM = """  other-{n}:
    party: P-{n}
    codes: wms-3pl
    out:
      - {{on: order_response, party: [{party}], mapping: x12/ack855.response, connector: file_drop, out: {folder}/out-{n},
         options: {{sender: CHANNELHUB, receiver: WH090}}}}
"""
MANY = 20


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    """A hub with many receivers; the first takes the chain's answers."""
    systems = [SYSTEM.format(n=n, party="P" if n else "AG-CHAIN", folder=tmp_path) for n in range(MANY)]
    for n in range(MANY):
        (tmp_path / f"out-{n}").mkdir()
    (tmp_path / "hub.yaml").write_text(CONFIG + "".join(systems), "utf-8")
    made = build(tmp_path / "hub.yaml")
    made.commands.import_codes(Actor("test"), codes_csv() + f"pack,wms-3pl,{ARTICLES[0].gtin.zfill(14)},EA,EA,EA,0\n")
    yield made
    made.close()


@contextmanager
def working(hub: Hub) -> Iterator[Worker]:
    worker = Worker(hub)
    worker.start()
    try:
        yield worker
    finally:
        ended = worker.stop()
    assert ended


def until(condition: Any, seconds: float = 60) -> bool:
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)
    return bool(condition())


def test_senders_without_work_do_not_ask_the_store(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    run = hub.flow.delivering.run_one

    def counted(one: Subscription) -> int:
        asked.append(1)
        return run(one)

    monkeypatch.setattr(hub.flow.delivering, "run_one", counted)
    with working(hub):
        assert until(lambda: len(asked) >= MANY)

        def calm() -> bool:
            begun = len(asked)
            time.sleep(1.0)
            return len(asked) - begun <= MANY

        assert until(calm), "they go on to ask"


def test_what_nobody_woke_a_sender_for_is_found(hub: Hub, tmp_path: Path) -> None:
    """Another process applied it, or a command let it go, and no broker carried the news."""
    with working(hub):
        time.sleep(0.3)
        other = build(tmp_path / "hub.yaml")
        order = Order("C1", "2026-11-25", CHAIN, STORE_JS, (Line("1", ARTICLES[0], 1, case=False),))
        raw = sets.interchange(1, "PO", [("850", sets.po850(order))], "2026-11-25")
        door, _ = next(iter(other.inward.values()))
        other.flow.receive(Inbound(raw, "test"), door)
        other.flow.lane.drain()
        other.close()
        assert until(lambda: any(path.is_file() for path in (tmp_path / "out-0").iterdir()))
