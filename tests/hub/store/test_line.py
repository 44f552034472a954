"""The writing line and claims taken at once, where something ends half-way; conditions of lists the other way round."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from canonical_model.problems import Misconfigured
from hub.store import locks
from hub.store.lane_tables import document
from hub.store.locks import FileLocks, attempt_each
from hub.store.schema import among
from hub.store.writing import Writer
from tests.hub.lane.world import World


@pytest.mark.embedded
def test_claims_that_were_taken_are_given_back_when_another_of_them_cannot_be_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once no file can be opened (EMFILE, ENOLCK). Held for ever by this process, which then took it for
    another and lets each partition stand for five seconds before each of its windows."""
    held, opened, left = FileLocks(tmp_path / "hub.db"), locks._opened, [2]

    def failing(folder: Path, name: str) -> Any:
        left[0] -= 1
        if left[0] < 0:
            raise Misconfigured("too many open files", at=str(folder))
        return opened(folder, name)

    monkeypatch.setattr(locks, "_opened", failing)
    names = [f"partition {p}" for p in range(4)]
    with pytest.raises(Misconfigured), attempt_each(held, names):
        pass
    monkeypatch.setattr(locks, "_opened", opened)
    assert held.take_each(names) == set(names)
    held.close()


@pytest.mark.embedded
@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, MemoryError, ValueError])
def test_a_sender_in_the_line_never_hangs(tmp_path: Path, error: type[BaseException]) -> None:
    world = World(tmp_path)
    began, go, told = threading.Event(), threading.Event(), dict[int, Any]()
    calls: list[list[int]] = []

    def action(unit: Any, jobs: Any) -> list[int]:
        calls.append(list(jobs))
        if len(calls) == 1:
            began.set()
            go.wait(10)
        elif len(calls) == 2:
            raise error("planted")
        return list(jobs)

    writer: Writer[int, int] = Writer(world.store, action)

    def send(n: int) -> None:
        try:
            told[n] = writer.write(n)
        except BaseException as caught:
            told[n] = caught

    threads = [threading.Thread(target=send, args=(n,), daemon=True) for n in range(6)]
    threads[0].start()
    began.wait(10)
    for thread in threads[1:]:
        thread.start()
        time.sleep(0.02)
    go.set()
    for thread in threads:
        thread.join(3)
    assert not [n for n, thread in enumerate(threads) if thread.is_alive()], "these hang"
    assert writer.write(9) == 9


def test_the_line_under_many_threads_with_failures(tmp_path: Path) -> None:
    world = World(tmp_path)
    seen: list[int] = []

    def action(unit: Any, jobs: Any) -> list[Any]:
        unit.connection.exec_driver_sql("select 1")
        if any(job % 17 == 0 for job in jobs):
            raise ValueError("planted")
        found = [KeyError(job) if job % 13 == 0 else job for job in jobs]
        unit.after_commit(lambda: seen.extend(jobs))
        return found

    writer: Writer[int, int] = Writer(world.store, action, most=5)
    told: dict[int, Any] = {}

    def send(start: int) -> None:
        for n in range(start, start + 40):
            try:
                told[n] = writer.write(n)
            except Exception as caught:
                told[n] = type(caught)

    threads = [threading.Thread(target=send, args=(n * 40,), daemon=True) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)
    assert told == {n: ValueError if n % 17 == 0 else KeyError if n % 13 == 0 else n for n in range(800)}
    assert not writer._led
    assert not writer._line


def test_a_negated_among(tmp_path: Path) -> None:
    world = World(tmp_path)
    for n in range(5):
        world.send({"k": str(n)}, system=f"s{n}")
    world.run()
    ids = [row.id for row in world.rows(select(document.c.id).order_by(document.c.id))]
    with world.store.read() as connection:

        def ask(condition: Any) -> list[int]:
            return sorted(connection.execute(select(document.c.id).where(condition), {"ids": ids[:2], "names": ["s2"]}).scalars())

        one, other = among(document.c.id, "ids"), among(document.c.system, "names")
        assert ask(one) == ids[:2]
        assert ask(~one) == ids[2:]
        assert ask(~~one) == ids[:2]
        assert ask(one | other) == ids[:3]
        assert ask(~(one | other)) == ids[3:]
        assert ask(~one & ~other) == ids[3:]
        assert ask(~(one & other)) == ids
        assert ask(one & ~other) == ids[:2]
        assert ask((~one) | other) == ids[2:]
        assert ask(one.is_(False)) == ids[2:]
        assert ask(one == (document.c.id > 0)) == ids[:2]
        found = connection.execute(select(document.c.id, one.label("x")).order_by(document.c.id), {"ids": ids[:2]}).all()
        assert [bool(row.x) for row in found] == [True, True, False, False, False]
