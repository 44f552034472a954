"""Processes that die by SIGKILL at a named point. A forked child opens the store for itself: no connection is shared."""

from __future__ import annotations

import os
import signal
import traceback
from collections.abc import Callable
from pathlib import Path

from hub.signals import probe
from hub.store.invariants import broken
from tests.hub.lane.world import World


def in_child(action: Callable[[], object]) -> int:
    """Run in a process of its own; gives the signal that ended it (0: it came to its end)."""
    pid = os.fork()
    if pid == 0:
        code = 0
        try:
            action()
        except BaseException:
            traceback.print_exc()
            code = 1
        finally:
            os._exit(code)
    status = os.waitpid(pid, 0)[1]
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0, "the child failed; its error is above"
    return os.WTERMSIG(status)


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def kill_at(point: str, action: Callable[[], object], hit: int = 1) -> None:
    """Run ``action`` in a child that dies when it is at ``point`` for the ``hit``-th time."""
    left = [hit]

    def reached() -> None:
        left[0] -= 1
        if left[0] == 0:
            die()

    def run() -> None:
        probe(point, reached)
        action()

    assert in_child(run) == signal.SIGKILL, f"it never came to {point}"


def worker(folder: Path, limit: int = 200, partitions: int = 4) -> World:
    """The world of a process that begins: an owner of its own, what others left is looked at."""
    world = World(folder, limit, partitions=partitions)
    world.lane.owner = f"process {os.getpid()}"
    world.lane.recover()
    return world


def work(folder: Path, limit: int = 200, partitions: int = 4) -> None:
    """A process that works until nothing is left."""
    world = worker(folder, limit, partitions)
    world.run()
    world.lane.release_jobs()
    world.run()


def faults(world: World, *, at_rest: bool = True) -> set[str]:
    """Names of the invariants that do not hold."""
    with world.store.read() as connection:
        return set(broken(connection, at_rest=at_rest))
