"""What a program wants to find at an AMQP broker, how it is declared, and what is wrong with a broker that does not have it.

Queues are quorum queues. ``x-delivery-limit`` depends on the broker: 3.x knows no value for "none", so it is left out; 4.x
would drop a message after 20 deliveries, so it is set to -1. Declaring again what is there changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pika
from pika import exceptions

from canonical_model.problems import HubError, Misconfigured, SystemUnreachable

NO_LIMIT = -1
OLDEST = (3, 8)
"""The first RabbitMQ with quorum queues."""
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
    """Connection parameters of an ``amqp://`` or ``amqps://`` address. Raises Misconfigured for another one."""
    try:
        parameters = pika.URLParameters(url)
    except (ValueError, TypeError, KeyError) as error:
        raise Misconfigured(
            f"the broker's address cannot be read: {error}",
            at="hub.channels",
            fix="amqp://USER:PASSWORD@HOST:5672/VHOST, behind env:NAME or file:PATH",
        ) from None
    for name, value in words.items():
        setattr(parameters, name, value)
    return parameters


def place_of(url: str) -> str:
    """The address without its password, for people."""
    return re.sub(r"(://[^:/@]*):[^@]*@", r"\1@", url)


def explained(error: BaseException | None, url: str) -> HubError:
    """What a failure at the broker means: fact, place and fix. Retry where it may pass by itself, else Misconfigured."""
    at, said = place_of(url), _said(error)
    for pattern, fact, fix in _MEANINGS:
        if re.search(pattern, said, re.IGNORECASE):
            return Misconfigured(f"{fact}: {said}", at=at, fix=fix)
    fix = "start RabbitMQ, or correct hub.channels; the hub tries again"
    return SystemUnreachable(f"the broker does not answer: {said}", at=at, fix=fix)


_MEANINGS = (
    (
        r"ACCESS_REFUSED.*(login|PLAIN)|ProbableAuthenticationError", "the broker refuses the log-in",
        "correct user and password of hub.channels",
    ),
    (
        r"vhost .* not found", "the virtual host is missing",
        "rabbitmqctl add_vhost NAME; rabbitmqctl set_permissions -p NAME USER '.*' '.*' '.*'",
    ),
    (r"ACCESS_REFUSED|ProbableAccessDenied", "the user lacks a permission", "rabbitmqctl set_permissions -p VHOST USER '.*' '.*' '.*'"),
    (
        r"inequivalent arg|classic queue.*redeclare|exchange.*type", "a queue or exchange is there with other arguments",
        "stop the hub, delete it (rabbitmqctl delete_queue NAME), start the hub: it declares it anew; the store has the work",
    ),
    (r"feature.flag|quorum|invalid.*x-queue-type", "the broker refuses quorum queues", "rabbitmqctl enable_feature_flag quorum_queue"),
    (r"limit|exceeded|RESOURCE", "a limit of the broker stands in the way", "raise the limit of the virtual host or of the user"),
)  # fmt: skip


def _said(error: BaseException | None) -> str:
    """The broker's own words, the name of the error first where they say little."""
    if error is None:
        return "the connection was lost"
    causes = [error, *(cause for cause in (error.__cause__, error.__context__) if cause is not None), *_inner(error)]
    texts = dict.fromkeys(f"{type(cause).__name__}: {cause}" for cause in causes)
    return "; ".join(texts)[:600]


def _inner(error: BaseException) -> Iterator[BaseException]:
    """pika's workflow errors carry what really happened inside."""
    for value in (*getattr(error, "exceptions", ()), *error.args):
        if isinstance(value, BaseException):
            yield value
            yield from _inner(value)


@dataclass(frozen=True, slots=True)
class Depth:
    """A queue as it is now: messages that lie ready, and programs that read it."""

    messages: int
    consumers: int


@dataclass(frozen=True, slots=True)
class Found:
    """What was found at a broker. ``queues``: name -> its depth, None where it is not there yet."""

    version: tuple[int, ...]
    queues: Mapping[str, Depth | None]

    def __str__(self) -> str:
        missing = [name for name, depth in self.queues.items() if depth is None]
        told = f", not yet declared: {', '.join(missing)}" if missing else ""
        return f"RabbitMQ {_dotted(self.version)}, {len(self.queues)} queues{told}"


def check(url: str, topology: Topology) -> Found:
    """Connect, look whether what is declared is there as it must be; what is missing is made by the next start. Raises
    Misconfigured or SystemUnreachable with fact, place and fix."""
    try:
        connection = pika.BlockingConnection(parameters_of(url, connection_attempts=1, socket_timeout=5, blocked_connection_timeout=5))
    except (exceptions.AMQPError, OSError) as error:
        raise explained(error, url) from error
    try:
        version = broker_version(connection._impl.server_properties)
        if version < OLDEST:
            raise Misconfigured(f"RabbitMQ {_dotted(version)} has no quorum queues", at=place_of(url), fix="RabbitMQ 3.10 or newer")
        return Found(version, {queue.name: _depth(connection, queue, version, url) for queue in topology.queues})
    finally:
        if connection.is_open:
            connection.close()


def _depth(connection: Any, queue: Queue, version: tuple[int, ...], url: str) -> Depth | None:
    """None when it is not there. A declaration with other arguments is refused by the broker and changes nothing."""
    try:
        found = connection.channel().queue_declare(queue.name, passive=True).method
        connection.channel().queue_declare(queue.name, durable=True, arguments=queue.wanted(version))
    except exceptions.ChannelClosedByBroker as closed:
        if closed.reply_code == 404:
            return None
        raise explained(closed, url) from closed
    return Depth(found.message_count, found.consumer_count)


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version)) or "of an unknown version"
