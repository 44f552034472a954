"""What ``hub doctor`` says of a RabbitMQ."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from canonical_model.problems import Misconfigured
from connectors.kit.amqp_faults import place_of, vhost_of
from connectors.kit.amqp_look import dotted, looked
from hub.channels.rabbitmq import DEAD
from hub.cli import topology
from hub.cli.doctor.rows import Look, Warned
from hub.config import Config


def looks(config: Config, needs: tuple[str, ...]) -> Iterator[Look]:
    """The rows about the broker; without one, about who waits for what only a broker carries."""
    if config.hub.channels == "local":
        yield from [Look("subscribers", lambda: nobody(config.hub.subscribers), ())] if config.hub.subscribers else []
        return
    yield Look("broker", lambda: answers(config), needs, far=True)
    yield Look("queues", lambda: queues(config), (*needs, "broker"), far=True)


def nobody(subscribers: Sequence[str]) -> str:
    """Always raises: without a broker they have no queue."""
    fact = f"no broker, so no queue, for the subscribers of `canonical`: {', '.join(subscribers)}"
    fix = "set hub.channels to a RabbitMQ, after its first start `hub republish`; or take hub.subscribers out"
    raise Warned(fact, at="hub.subscribers", fix=fix)


def answers(config: Config) -> str:
    """Whether it lets the hub in and takes messages."""
    url = topology.address(config)
    with looked(url) as look:
        alarm = look.alarm()
        if alarm is not None:
            fact = f"the broker takes no messages: {alarm}. Work goes on without wake-ups, subscribers of `canonical` get nothing"
            fix = "make room where the broker runs (rabbitmq-diagnostics alarms names the node); it takes messages again by itself"
            raise Misconfigured(fact, at=place_of(url), fix=fix)
        return f"RabbitMQ {dotted(look.version)}, {place_of(url)}"


def queues(config: Config) -> str:
    """Every queue that is there is as the hub wants it, and what is not there could be declared: the next start does."""
    found = topology.look(config)
    dead = found.queues[DEAD]
    if dead is not None and dead.messages:
        fact = f"{dead.messages} messages lie in queue {DEAD!r}: they are no wake-ups of the hub"
        fix = f"look who sent them, then rabbitmqctl purge_queue -p '{vhost_of(topology.address(config))}' {DEAD}"
        raise Warned(fact, at=topology.place(config), fix=fix)
    return str(found)
