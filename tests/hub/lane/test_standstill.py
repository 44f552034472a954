"""A sender that stood still: what it goes on with when it comes back, after another has taken its slot."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from canonical_model.problems import SystemUnreachable
from connectors.base import Receipt
from hub.stages.deliver import OURS, Delivering
from hub.stages.ports import Rendered
from hub.store.lane_tables import hold
from hub.store.out_tables import delivery
from tests.hub.lane.test_deliver import Receiver, subscribed


def states(world: Any) -> list[str]:
    return [row.state for row in world.rows(select(delivery).order_by(delivery.c.id))]


def other_sender(world: Any, delivering: Delivering) -> Delivering:
    return Delivering(world.store, list(delivering.subscriptions.values()), world.signals, "another")


def test_a_batch_is_not_gone_on_with_after_a_standstill(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other, now = Receiver(), [0.0]
    world, delivering = subscribed(tmp_path, other, idempotent=True)
    monkeypatch.setattr(world.clock, "monotonic", lambda: now[0])
    world.send(*[{"k": f"K{n}"} for n in range(5)])
    world.run()
    taken = other.send

    def stands_still(rendered: Rendered) -> Receipt:
        now[0] += OURS + 1 if len(other.got) == 1 else 0
        return taken(rendered)

    monkeypatch.setattr(other, "send", stands_still)
    subscription = next(iter(delivering.subscriptions.values()))
    object.__setattr__(subscription, "send", stands_still)
    assert delivering.run() == 2
    assert states(world) == ["sent"] * 2 + ["pending"] * 3
    assert delivering.run() == 3
    assert states(world) == ["sent"] * 5
    assert len({name for name, _ in other.got}) == len(other.got) == 5


@pytest.mark.parametrize(("words", "state", "held"), [({"idempotent": True}, "sent", 0), ({}, "uncertain", 1)])
def test_what_another_took_over_meanwhile_is_left_to_it(tmp_path: Path, words: dict[str, Any], state: str, held: int) -> None:
    other = Receiver()
    world, delivering = subscribed(tmp_path, other, **words)
    world.send({"k": "A"})
    world.run()
    subscription = next(iter(delivering.subscriptions.values()))
    again = other_sender(world, delivering)

    def stands_still(rendered: Rendered) -> Receipt:
        object.__setattr__(subscription, "send", other.send)
        assert again.recover() == 1
        world.clock.pass_seconds(600)
        again.run()
        raise SystemUnreachable("not sent: the connection is gone")

    object.__setattr__(subscription, "send", stands_still)
    delivering.run()
    assert (states(world), len(world.rows(select(hold)))) == ([state], held)
    world.clock.pass_seconds(600)
    assert delivering.run() == 0
    assert len(other.got) == (1 if state == "sent" else 0)


def test_a_batch_ends_with_the_send_that_runs_when_the_process_is_to_stop(tmp_path: Path) -> None:
    other = Receiver()
    world, delivering = subscribed(tmp_path, other, idempotent=True)
    world.send(*[{"k": f"K{n}"} for n in range(5)])
    world.run()
    subscription = next(iter(delivering.subscriptions.values()))

    def told_to_stop(rendered: Rendered) -> Receipt:
        delivering.stop()
        return other.send(rendered)

    object.__setattr__(subscription, "send", told_to_stop)
    assert delivering.run() == 1
    assert states(world) == ["sent"] + ["pending"] * 4
    object.__setattr__(subscription, "send", other.send)
    assert other_sender(world, delivering).run() == 4
    assert states(world) == ["sent"] * 5
