"""Race 6: a worker that is thought dead goes on. Ownership is a lock inside the window's transaction, and the work is read again."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import select

from canonical_model.problems import Retry
from connectors.base import Receipt
from hub.signals import ALERT, probe
from hub.stages.outward import SYNTAX
from hub.stages.ports import Rendered, Subscription
from hub.store.effects import Outgoing
from hub.store.engines import postgresql
from hub.store.out_tables import delivery
from hub.store.work import partition_of
from tests.hub.lane.world import World
from tests.hub.races.broken_rules import broken
from tests.hub.races.staging import beside, faults, runs_into_a_lock, stopped_at, window_of
from tests.hub.races.test_facts import rules

PACKET = 25
TOLD = Subscription("s", "north", SYNTAX, lambda n, now: {}, lambda body, assigned: Rendered(b""), lambda rendered: Receipt("r"))


def packet_world(folder: Path) -> World:
    """A window of ten documents, a packet of 25; its sender is owed one acknowledgement."""
    world = World(folder, limit=10, subscriptions=[TOLD], acknowledge=lambda message, raw: [Outgoing(SYNTAX, "north:1", {}, "")])
    world.send(*[{"k": f"K{n}"} for n in range(PACKET)])
    return world


@pytest.mark.production
@rules("partition_lock")
def test_a_partition_has_one_window_at_a_time(tmp_path: Path, rule: str) -> None:
    world, alerts = World(tmp_path), list[str]()
    world.signals.connect(lambda name, facts: alerts.append(facts["text"]), ALERT)
    world.send({"k": "A"})
    with broken(rule), stopped_at("window.locked", window_of(world, "north")):
        other = beside(window_of(world, "north"))
        assert runs_into_a_lock(world, other) is bool(rule)
    other.ended()
    assert world.states() == ["applied"]
    assert ["duplicate key value" in text for text in alerts] == [True] * bool(rule)


@rules("work_again")
def test_a_window_planned_before_another_did_the_work_is_not_written(tmp_path: Path, rule: str) -> None:
    world = packet_world(tmp_path)
    with broken(rule), stopped_at("window.translated", window_of(world, "north")):
        window_of(world, "north")()
        assert world.states() == ["applied"] * 10
    world.run()
    assert world.states() == ["applied"] * (10 if rule else PACKET)
    assert world.causes() == ({1: {"refused_by_store"}} if rule else {})
    assert len(world.rows(select(delivery.c.id))) == 1
    assert faults(world) == set()


def stop_once(point: str) -> None:
    probe(point, None)
    os.kill(os.getpid(), signal.SIGSTOP)


def stopped_child(point: str, action: Callable[[], object]) -> int:
    """A process that stops itself (SIGSTOP) at a point of ``action``, and ends when it was continued and has come to its end."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            probe(point, partial(stop_once, point))
            action()
            code = 0
        except Retry:
            code = 7
        finally:
            os._exit(code)
    assert os.WIFSTOPPED(os.waitpid(pid, os.WUNTRACED)[1])
    return pid


def continued(pid: int) -> int:
    os.kill(pid, signal.SIGCONT)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def work_in(folder: Path) -> None:
    world = World(folder)
    world.lane.owner = f"process {os.getpid()}"
    world.run()


@pytest.mark.production
def test_a_process_stopped_inside_its_transaction_is_cut_off_by_the_server_and_comes_too_late(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server ends a session that is idle in a transaction (here after 0.3 s, in production after 10)."""
    monkeypatch.setitem(postgresql.SETTINGS, "idle_in_transaction_session_timeout", "300ms")
    world = World(tmp_path)
    world.send({"k": "A"}, {"k": "B", "items": ["X"]})
    pid = stopped_child("window.before_commit", lambda: work_in(tmp_path))
    assert world.lane.run(partition_of("north", 4)).busy
    until = time.monotonic() + 10
    while not world.states() and time.monotonic() < until:
        time.sleep(0.05)
        window_of(world, "north")()
    assert world.states() == ["applied", "waiting"]
    assert continued(pid) == 7
    assert world.states() == ["applied", "waiting"]
    assert faults(world) == set()


@pytest.mark.embedded
def test_a_process_stopped_inside_its_transaction_stops_every_writer_until_it_goes_on(tmp_path: Path) -> None:
    """SQLite has no way to cut it off: a writer waits as long as it may, and nothing is lost."""
    world = World(tmp_path)
    world.send({"k": "A"})
    pid = stopped_child("window.before_commit", lambda: work_in(tmp_path))
    sender = beside(lambda: World(tmp_path).send({"k": "B"}))
    sender.join(0.3)
    assert sender.is_alive()
    assert continued(pid) == 0
    sender.ended()
    world.run()
    assert world.states() == ["applied", "applied"]
    assert faults(world) == set()
