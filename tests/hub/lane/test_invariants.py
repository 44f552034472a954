"""The invariants answer to planted damage, each to its own; and they hold while senders, codes and the lane run at the same time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text

from hub.store.invariants import broken
from tests.hub.lane.world import World

DAMAGE = {
    "effect missing": ("delete from effect where kseq = 1", {"2 effect once", "3 dense, in step"}),
    "effect of a waiting document": (
        "insert into effect (document, effect_no, k, kseq, at) select id, 0, k, 9, 1 from document where state = 'waiting'",
        {"2 effect once", "3 dense, in step"},
    ),
    "two swapped": ("update effect set kseq = 105 - kseq where kseq > 100", {"4 order", "5 revisions rise"}),
    "hold of a known code": (
        "insert into code (tab, code_set, code, canonical, since) values ('item', 'north', '?', 'C', 1)",
        {"6 hold ends"},
    ),
    "message without documents": (
        "insert into message (system, sha, size, received_at, partition) values ('s', cast('0' as {bytes}), 0, 1, 0)",
        {"1 nothing vanishes"},
    ),
    "waiting without a cause": ("delete from hold", {"7 has cause", "12 what was let go was looked at"}),
    "hold of what is closed": (
        "insert into hold (owner_kind, owner, cause, cause_key, since) values ('document', 1048577, 'conflict', 'x', 1)",
        {"8 no hold of what is closed"},
    ),
    "published twice under one number": ("update published set n = n + 7 where n = 2", {"3b published dense"}),
    "a counter that drifts": ("update counter set entered = entered + 1 where state = 'applied'", {"11 counters"}),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_planted_damage_is_named(tmp_path: Path, name: str) -> None:
    world = World(tmp_path)
    world.send(*[{"k": "A", "v": str(n), "x": n} for n in range(1, 5)], {"k": "B", "items": ["?"]})
    world.run()
    statement, named = DAMAGE[name]
    with world.store.unit() as unit:
        if name == "two swapped":
            unit.connection.exec_driver_sql("update effect set kseq = kseq + 100 where kseq in (2, 3)")
        unit.connection.execute(text(statement.format(bytes="blob" if unit.connection.dialect.name == "sqlite" else "bytea")))
    with world.store.read() as connection:
        found = broken(connection)
    assert set(found) - {"3b published dense"} == named - {"3b published dense"}
    assert ("3b published dense" in found) == (name == "published twice under one number")


class Crowd:
    """Threads whose failures are kept."""

    def __init__(self, world: World) -> None:
        self.world, self.stop, self.failures = world, threading.Event(), list[BaseException]()

    def thread(self, action: Callable[..., None], *words: str) -> threading.Thread:
        def body() -> None:
            try:
                action(*words)
            except BaseException as error:
                self.failures.append(error)

        thread = threading.Thread(target=body)
        thread.start()
        return thread

    def sender(self, system: str) -> None:
        for n in range(25):
            lines = [{"k": f"K{n % 5}", "v": str(n), "x": n, "t": f"{n}-{m}", "items": [f"X{n % 4}"]} for m in range(2)]
            self.world.send(*lines, system=system)

    def coder(self) -> None:
        for n in range(8):
            self.world.codes((f"X{n // 2}", f"C{n // 2}"), system=("east", "west")[n % 2])

    def lane(self) -> None:
        while not self.stop.is_set():
            self.world.run()
            with self.world.store.read() as connection:
                assert broken(connection, at_rest=False) == {}


def test_senders_codes_and_lane_at_the_same_time(tmp_path: Path) -> None:
    world = World(tmp_path, limit=20)
    crowd = Crowd(world)
    working = crowd.thread(crowd.lane)
    for thread in (crowd.thread(crowd.sender, "east"), crowd.thread(crowd.sender, "west"), crowd.thread(crowd.coder)):
        thread.join()
    crowd.stop.set()
    working.join()
    world.run()
    assert crowd.failures == []
    with world.store.read() as connection:
        assert broken(connection) == {}
    assert all(causes == {"conflict"} for causes in world.causes().values())
