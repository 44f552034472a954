"""Killed around a send, with three receivers: one that takes the same bytes twice, one that can be asked, one that can neither."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import select

from connectors.base import Receipt, SendUncertain
from hub.commands import Actor, Commands
from hub.stages.deliver import Delivering
from hub.stages.ports import Rendered, Subscription
from hub.store.out_tables import delivery
from tests.hub.kills.dying import kill_at
from tests.hub.lane.world import World
from tests.hub.races.broken_rules import broken

KINDS = ("idempotent", "asked", "neither")


class Receivers:
    """The other sides. What they got lies in files, a line each, so that it outlives the sender."""

    def __init__(self, folder: Path, *, silent: bool = False) -> None:
        self.folder, self.silent = folder, silent

    def got(self, kind: str) -> list[list[str]]:
        file = self.folder / kind
        return [orjson.loads(line) for line in file.read_bytes().splitlines()] if file.exists() else []

    def send(self, kind: str, rendered: Rendered) -> Receipt:
        with (self.folder / kind).open("ab") as file:
            file.write(orjson.dumps([rendered.name, rendered.payload.decode()]) + b"\n")
        if self.silent:
            raise SendUncertain("no answer")
        return Receipt("taken")

    def subscription(self, kind: str) -> Subscription:
        def render(body: Any, assigned: Any) -> Rendered:
            return Rendered(orjson.dumps([body, assigned]), f"{kind}-{assigned['n']}")

        def ask(name: str) -> bool:
            return any(taken == name for taken, _ in self.got(kind))

        return Subscription(
            kind, kind, "order_response/1", lambda number, now: {"n": str(number), "at": str(now)}, render, partial(self.send, kind),
            idempotent=kind == "idempotent", ask=ask if kind == "asked" else None,
        )  # fmt: skip


def world_with(folder: Path, receivers: Receivers) -> tuple[World, Delivering]:
    lines = [receivers.subscription(kind) for kind in KINDS]
    world = World(folder, subscriptions=lines)
    return world, Delivering(world.store, lines, owner=world.clock.new_id())


def killed(folder: Path, point: str, *, silent: bool = False) -> World:
    """An answer for three receivers, and for each a process that died at a point of its send."""
    world, _ = world_with(folder, Receivers(folder))
    world.send({"k": "A"})
    world.run()
    for kind in KINDS:

        def send(kind: str = kind) -> None:
            _, delivering = world_with(folder, Receivers(folder, silent=silent))
            delivering.owner = f"sender of {kind}"
            delivering.store.clock.pass_seconds(100)  # type: ignore[attr-defined]
            delivering.run_one(delivering.subscriptions[kind])

        kill_at(point, send)
    return world


def later(folder: Path, world: World) -> dict[str, tuple[list[list[str]], str, set[str]]]:
    """The next process, for as long as there is something to send: kind -> what its receiver got, the delivery's state, its holds."""
    world.clock.pass_seconds(1000)
    receivers = Receivers(folder)
    _, delivering = world_with(folder, receivers)
    delivering.store.clock.pass_seconds(2000)  # type: ignore[attr-defined]
    for _ in range(3):
        delivering.recover()
        delivering.run()
        delivering.store.clock.pass_seconds(2000)  # type: ignore[attr-defined]
    held = world.causes()
    rows = world.rows(select(delivery.c.subscription, delivery.c.id, delivery.c.state))
    return {row.subscription: (receivers.got(row.subscription), row.state, held.get(row.id, set())) for row in rows}


def test_before_it_is_marked_nothing_has_happened(tmp_path: Path) -> None:
    for got, state, held in later(tmp_path, killed(tmp_path, "deliver.before_sending")).values():
        assert (len(got), state, held) == (1, "sent", set())


def test_marked_and_not_sent_is_in_doubt_only_where_nobody_can_tell(tmp_path: Path) -> None:
    found = later(tmp_path, killed(tmp_path, "deliver.sending"))
    assert {kind: (len(got), state, held) for kind, (got, state, held) in found.items()} == {
        "idempotent": (1, "sent", set()), "asked": (1, "sent", set()), "neither": (0, "uncertain", {"in_doubt"}),
    }  # fmt: skip


@pytest.mark.parametrize("rule", ["", "sending"], ids=["kept", "sending"])
def test_sent_and_not_marked_goes_again_with_the_same_bytes_or_not_at_all(tmp_path: Path, rule: str) -> None:
    with broken(rule):
        world = killed(tmp_path, "deliver.sent")
    found = later(tmp_path, world)
    if rule:
        assert len(found["neither"][0]) == 2
        return
    again = found["idempotent"][0]
    assert (len(again), again[0] == again[1]) == (2, True)
    assert (len(found["asked"][0]), *found["asked"][1:]) == (1, "sent", set())
    assert (len(found["neither"][0]), *found["neither"][1:]) == (1, "uncertain", {"in_doubt"})
    [doubted] = [row.id for row in world.rows(select(delivery.c.id).where(delivery.c.state == "uncertain"))]
    Commands(world.store, world.ports).delivery_again(Actor("boss"), doubted)
    ended = later(tmp_path, world)["neither"]
    assert (ended[0][0] == ended[0][1], *ended[1:]) == (True, "sent", set())


def test_what_is_marked_as_uncertain_and_not_settled_is_settled_by_the_next(tmp_path: Path) -> None:
    """Its receiver was silent; the process died between saying so and doing something about it."""
    found = later(tmp_path, killed(tmp_path, "deliver.marked", silent=True))
    assert {kind: (len(got), state, held) for kind, (got, state, held) in found.items()} == {
        "idempotent": (2, "sent", set()), "asked": (1, "sent", set()), "neither": (1, "uncertain", {"in_doubt"}),
    }  # fmt: skip


def test_marked_as_sent_it_is_done(tmp_path: Path) -> None:
    for got, state, held in later(tmp_path, killed(tmp_path, "deliver.marked")).values():
        assert (len(got), state, held) == (1, "sent", set())


def test_a_sender_thought_dead_comes_too_late(tmp_path: Path) -> None:
    """It was stopped after its mark, and nothing says that it lives; another has recovered and sent. What it says does not count."""
    world, slow = world_with(tmp_path, Receivers(tmp_path))
    world.send({"k": "A"})
    world.run()
    slow.owner = "slow"
    line = slow.subscriptions["idempotent"]
    batch = slow._start(line)
    found = later(tmp_path, world)
    assert found["idempotent"][1] == "sent"
    slow._sent[line.id] = batch, []
    slow._finish(line)
    assert [row.state for row in world.rows(select(delivery.c.state).where(delivery.c.subscription == "idempotent"))] == ["sent"]
