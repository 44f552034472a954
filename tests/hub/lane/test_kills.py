"""Killed at named points, started again: the same end. A forked child works on the file until it is killed with -9 from within."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

from hub.signals import probe
from hub.store.invariants import broken
from tests.hub.lane.world import World

POINTS = ("window.translated", "window.before_commit", "window.after_commit")


def in_child(action: Callable[[], None]) -> int:
    """Run in a process of its own; gives the signal that ended it (0: it came to its end)."""
    pid = os.fork()
    if pid == 0:
        try:
            action()
        finally:
            os._exit(0)
    return os.WTERMSIG(os.waitpid(pid, 0)[1])


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def work_until(folder: Path, point: str, hits: int, owner: str = "") -> None:
    """Work on what is there; at the n-th hit of a point the process dies."""
    world, left = World(folder, limit=50), [hits]
    world.lane.owner = owner or world.lane.owner

    def hit() -> None:
        left[0] -= 1
        if left[0] == 0:
            die()

    probe(point, hit)
    world.lane.recover()
    world.run()


def fill(world: World) -> None:
    world.codes(("X1", "C"))
    items = {1: ["X1"], 4: ["X4"]}
    for _ in range(2):
        world.send(*[{"k": f"K{n // 3}", "v": str(n % 3), "x": n, "t": str(n), "items": items.get(n % 9, [])} for n in range(240)])


def test_killed_at_named_points_and_started_again_it_ends_the_same(tmp_path: Path) -> None:
    for name in ("calm", "wild"):
        (tmp_path / name).mkdir()
    calm, wild = World(tmp_path / "calm", limit=50), World(tmp_path / "wild", limit=50)
    fill(calm)
    calm.run()
    fill(wild)
    for n, point in enumerate(POINTS):
        assert in_child(lambda point=point, n=n: work_until(tmp_path / "wild", point, 2 + n)) == signal.SIGKILL  # type: ignore[misc]
        with wild.store.read() as connection:
            assert broken(connection, at_rest=False) == {}
    assert in_child(lambda: work_until(tmp_path / "wild", "nowhere", 1)) == 0
    assert wild.states() == calm.states()
    assert wild.causes() == calm.causes()
    with wild.store.read() as connection:
        assert broken(connection) == {}


def test_a_process_that_dies_inside_a_writing_transaction_stops_nobody(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.send({"k": "A", "items": ["X"]})
    world.run()

    def die_in_transaction() -> None:
        with World(tmp_path).store.unit() as unit:
            unit.connection.exec_driver_sql("delete from hold")
            die()

    assert in_child(die_in_transaction) == signal.SIGKILL
    assert world.states() == ["waiting"]
    world.codes(("X", "C"))
    world.run()
    assert world.states() == ["applied"]


def test_a_receive_killed_before_its_commit_was_never_accepted_and_may_come_again(tmp_path: Path) -> None:
    world = World(tmp_path)

    def receive() -> None:
        probe("receive.before_commit", die)
        World(tmp_path).send({"k": "A"}, delivery_id="1")

    assert in_child(receive) == signal.SIGKILL
    assert not world.send({"k": "A"}, delivery_id="1").repeat
    assert world.send({"k": "A"}, delivery_id="1").repeat
    world.run()
    assert world.states() == ["applied"]


def test_what_killed_its_process_three_times_is_held_alone(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.send({"k": "A"}, {"k": "B"})

    def translate() -> None:
        probe("window.translated", die)
        again = World(tmp_path)
        again.lane.owner = f"process {os.getpid()}"
        again.lane.recover()
        again.run()

    assert [in_child(translate) for _ in range(4)] == [signal.SIGKILL] * 4
    world.run()
    assert world.states() == []
    assert world.causes() == {1: {"program_error"}}
    world.send({"k": "C"})
    world.run()
    assert world.states() == ["applied"]


def test_processes_that_end_with_nothing_to_do_put_nobody_under_suspicion(tmp_path: Path) -> None:
    """A worker looks at every partition when it starts: what it owned then and did not work on cannot have killed it."""
    world = World(tmp_path)

    def look_and_die() -> None:
        again = World(tmp_path)
        again.lane.owner = f"process {os.getpid()}"
        for p in range(again.store.partitions):
            again.lane.run(p)
        die()

    assert [in_child(look_and_die) for _ in range(4)] == [signal.SIGKILL] * 4
    world.send({"k": "A"})
    world.run()
    assert world.states() == ["applied"]
