"""What a program wants to find at an AMQP broker, and how it is declared. What is there now: ``amqp_look``.

Queues are quorum queues. ``x-delivery-limit`` depends on the broker: 3.x knows no value for "none", so it is left out; 4.x
would drop a message after 20 deliveries, so it is set to -1. Declaring again what is there changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pika

from canonical_model.problems import Misconfigured

NO_LIMIT = -1
Answered = Callable[..., None]
Step = Callable[[Any, Answered], None]
"""(channel, what to call with the broker's answer): one declaration."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """A durable exchange. ``type``: topic, fanout or direct."""

    name: str
    type: str


@dataclass(frozen=True, slots=True)
class Queue:
    """A durable quorum queue and the (exchange, routing key) pairs it is bound to."""

    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    bindings: tuple[tuple[str, str], ...] = ()

    def wanted(self, version: tuple[int, ...]) -> dict[str, Any]:
        """All arguments at a broker of this version."""
        limit = {"x-delivery-limit": NO_LIMIT} if version >= (4,) else {}
        return {"x-queue-type": "quorum", **limit, **self.arguments}


@dataclass(frozen=True, slots=True)
class Topology:
    """Everything a process declares when it has connected."""

    exchanges: tuple[Exchange, ...] = ()
    queues: tuple[Queue, ...] = ()

    def steps(self, version: tuple[int, ...]) -> Iterator[Step]:
        """Each declaration as a step, in the order in which one rests on the other."""
        for exchange in self.exchanges:
            yield _exchange(exchange)
        for queue in self.queues:
            yield _queue(queue, version)
            for binding in queue.bindings:
                yield _binding(queue.name, binding)


def _exchange(exchange: Exchange) -> Step:
    return lambda channel, answered: channel.exchange_declare(exchange.name, exchange.type, durable=True, callback=answered)


def _queue(queue: Queue, version: tuple[int, ...]) -> Step:
    arguments = queue.wanted(version)
    return lambda channel, answered: channel.queue_declare(queue.name, durable=True, arguments=arguments, callback=answered)


def _binding(queue: str, binding: tuple[str, str]) -> Step:
    return lambda channel, answered: channel.queue_bind(queue, binding[0], binding[1], callback=answered)


def broker_version(properties: Mapping[str, Any] | None) -> tuple[int, ...]:
    """(3, 10, 8) from what the broker says of itself; () where it says nothing readable."""
    text = (properties or {}).get("version", "")
    match = re.match(r"\d+(\.\d+)*", text.decode() if isinstance(text, bytes) else str(text))
    return tuple(int(part) for part in match[0].split(".")) if match else ()


def parameters_of(url: str, **words: Any) -> Any:
    """Connection parameters of an ``amqp://`` or ``amqps://`` address. Raises Misconfigured for another one, without telling of it: it
    may hold a password, of which an unescaped / would make a machine's name and a port."""
    try:
        parameters = pika.URLParameters(url)
        parts = urlsplit(url)
    except (ValueError, TypeError, KeyError):
        raise _unreadable() from None
    if "@" in f"{parts.path}{parts.query}{parts.fragment}":
        raise _unreadable()
    for name, value in words.items():
        setattr(parameters, name, value)
    return parameters


def _unreadable() -> Misconfigured:
    fix = (
        "amqp://USER:PASSWORD@HOST:5672/VHOST, behind env:NAME or file:PATH; in a password write @ as %40, / as %2F, : as %3A, # as %23, "
        "? as %3F, % as %25"
    )
    return Misconfigured("the broker's address cannot be read", at="hub.channels", fix=fix)
