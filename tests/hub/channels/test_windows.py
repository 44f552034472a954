"""Which partitions a worker takes: woken ones, old ones, those whose owner stands still; and locks that die with their process."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from sqlalchemy import select

from canonical_model.problems import SystemUnreachable
from hub.channels.local import LocalChannels
from hub.flow import Flow
from hub.stages.window import Outcome
from hub.store.lane_tables import partition
from hub.store.locks import FileLocks, alone, attempt
from hub.store.session_locks import lock_key
from hub.worker.windows import RELEASED, SWEEP, TURN, Windows
from tests.hub.lane.world import World


class Connected(LocalChannels):
    """Local channels that say that a broker is there: the worker looks by itself only now and then."""

    def __init__(self) -> None:
        super().__init__()
        self.inbound.connected = True


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def windows(world: World, now: list[float]) -> tuple[Flow, Windows]:
    flow = Flow(world.store, world.ports, world.signals, channels=Connected())
    return flow, Windows(flow, lambda: now[0])


def test_work_without_its_wake_up_is_taken_when_it_is_old(world: World) -> None:
    now = [100.0]
    _, lane = windows(world, now)
    assert lane.step() is False
    world.send({"k": "A"})
    now[0] += 1
    assert lane.step() is False
    world.clock.pass_seconds(6)
    now[0] += SWEEP
    assert lane.step() is True
    assert world.states() == ["applied"]


def test_what_a_command_released_is_taken_at_the_next_look_though_nobody_was_woken(world: World) -> None:
    now = [100.0]
    _, lane = windows(world, now)
    world.send({"k": "A", "items": ["X"]})
    lane.step()
    world.codes(("X", "C"))
    assert lane.step() is False
    now[0] += RELEASED
    assert lane.step() is True
    assert world.states() == ["applied"]


def test_no_window_begins_after_the_stop_and_what_is_left_is_left(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    flow, lane = windows(world, now)
    run = flow.lane.run

    def stopped(p: int) -> Outcome:
        lane.stop()
        return run(p, 1)

    monkeypatch.setattr(flow.lane, "run", stopped)
    for k in ("A", "B"):
        world.send({"k": k})
    assert lane.step() is True
    assert lane.step() is False
    assert world.states() == ["applied"]


def test_a_full_partition_does_not_keep_the_others_waiting(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its windows end after a while, whatever is left, and go on when the others have had their turn."""
    now = [100.0]
    flow, lane = windows(world, now)
    run = flow.lane.run

    def slow(p: int) -> Outcome:
        now[0] += TURN * 0.6
        return run(p, 1)

    monkeypatch.setattr(flow.lane, "run", slow)
    monkeypatch.setattr("hub.stages.window.FEW", 0)
    for n in range(10):
        world.send({"k": f"A{n}"})
    world.send({"k": "B"}, system="east")
    assert lane.step() is True
    assert world.states(system="east") == ["applied"]
    assert 0 < len(world.states(system="north")) < 10
    for _ in range(20):
        lane.step()
    assert world.states() == ["applied"] * 11


def test_a_partition_that_another_has_is_looked_at_again_and_taken_when_it_stands_still(world: World) -> None:
    now = [100.0]
    flow, lane = windows(world, now)
    lane.step()
    world.send({"k": "A"})
    with world.store.read() as connection:
        p = connection.exec_driver_sql("SELECT partition FROM work").scalar_one()
    others = FileLocks(world.store.path)
    assert others.take(f"partition {p}")
    flow.channels.inbound.wake(p)
    for _ in range(40):
        assert lane.step() is False
        now[0] += SWEEP / 41
    assert world.states() == []
    now[0] += SWEEP
    assert lane.step() is True
    assert world.states() == ["applied"]
    others.close()


def test_left_work_counts_as_a_try_and_a_window_that_commits_clears_it(world: World) -> None:
    flow, lane = windows(world, [100.0])
    world.send({"k": "A"})
    tried: list[int] = []
    world.signals.connect(lambda name, facts: tried.append(1), "applied")
    lane.step()
    assert tried == [1]
    assert {row.tries for row in world.rows(select(partition))} == {0}
    assert flow.lane._left == set()


def test_a_lock_dies_with_its_process(tmp_path: Path) -> None:
    file = tmp_path / "hub.db"
    ready, told = os.pipe()
    pid = os.fork()
    if pid == 0:
        held = FileLocks(file)
        held.take("relay")
        os.write(told, b"x")
        signal.pause()
        os._exit(0)
    os.read(ready, 1)
    ours = FileLocks(file)
    assert not ours.take("relay")
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    assert ours.take("relay")
    for end in (ready, told):
        os.close(end)
    ours.close()


def test_a_lock_is_alone_within_a_process_too_and_is_waited_for(tmp_path: Path) -> None:
    for locks in (FileLocks(tmp_path / "hub.db"), FileLocks(None)):
        with attempt(locks, "a") as mine, attempt(locks, "a") as again, attempt(locks, "b/c") as other:
            assert (mine, again, other) == (True, False, True)
            with pytest.raises(SystemUnreachable, match="holds 'a'"), alone(locks, "a", 0.05):
                pass
        with alone(locks, "a", 0.05):
            pass


def test_the_key_of_a_lock_fits_postgresql_and_does_not_change() -> None:
    assert lock_key("relay") == lock_key("relay") != lock_key("start")
    assert all(-(1 << 63) <= lock_key(name) < 1 << 63 for name in ("relay", "start", "deliver x", ""))
