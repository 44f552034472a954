"""A look at an AMQP broker: whether it answers, takes messages, and has what is wanted as it must be. Nothing is changed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pika
from pika import exceptions
from pika.adapters.utils.connection_workflow import AMQPConnectorException

from canonical_model.problems import Misconfigured
from connectors.kit.amqp_faults import UNREAD, explained, place_of, vhost_of
from connectors.kit.amqp_topology import Exchange, Queue, Topology, broker_version, parameters_of

OLDEST = (3, 8)
"""The first RabbitMQ with quorum queues."""
PATIENCE = 4
"""Seconds until a connection that does not come is given up."""
NOBODY = "hub.doctor.nobody"
"""A queue that there is not: what is published for it is dropped by the broker."""


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
        named = "all of them" if len(missing) == len(self.queues) else ", ".join(missing)
        return f"RabbitMQ {dotted(self.version)}, {len(self.queues)} queues" + (f", not yet declared: {named}" if missing else "")


class Look:
    """One connection to a broker. Everything may raise HubError with fact, place and fix."""

    def __init__(self, connection: Any, url: str) -> None:
        self._connection, self.url = connection, url
        self.version = broker_version(connection._impl.server_properties)

    def alarm(self) -> str | None:
        """Why the broker takes no messages ("low on disk", "low on memory"); None when it takes them. Tried with a message for
        nobody, after which a broker in alarm reads nothing more: it does not open another channel. Then the connection is lost."""
        told: list[str] = []
        self._connection._impl.add_on_connection_blocked_callback(lambda connection, frame: told.append(str(frame.method.reason)))
        try:
            with self._explained():
                channel = self._connection.channel()
                channel.confirm_delivery()
                channel.basic_publish("", NOBODY, b"")
                self._connection.channel()
        except Blocked:
            return told[0] if told else "it says not why"
        return None

    def found(self, topology: Topology) -> Found:
        """Every queue with its depth. Raises Misconfigured where something is there with another type or other arguments, and
        where what is missing would be refused."""
        faults = [fault for exchange in topology.exchanges if (fault := self._exchange(exchange))]
        queues, missing = dict[str, Depth | None](), list[Queue]()
        for queue in topology.queues:
            queues[queue.name], fault = self._queue(queue)
            faults += [fault] if fault else []
            missing += [queue] if queues[queue.name] is None and not fault else []
        if faults:
            raise self._differs(faults)
        if missing:
            self._would_take(max(missing, key=lambda queue: len(queue.arguments)))
        return Found(self.version, queues)

    def _exchange(self, exchange: Exchange) -> str | None:
        try:
            self._connection.channel().exchange_declare(exchange.name, passive=True)
            self._connection.channel().exchange_declare(exchange.name, exchange.type, durable=True)
        except exceptions.ChannelClosedByBroker as closed:
            return None if closed.reply_code == 404 else self._difference("exchange", exchange.name, closed)
        return None

    def _queue(self, queue: Queue) -> tuple[Depth | None, str | None]:
        """(depth, how it differs). A declaration with other arguments is refused by the broker and changes nothing."""
        try:
            found = self._connection.channel().queue_declare(queue.name, passive=True).method
            self._connection.channel().queue_declare(queue.name, durable=True, arguments=queue.wanted(self.version))
        except exceptions.ChannelClosedByBroker as closed:
            return None, None if closed.reply_code == 404 else self._difference("queue", queue.name, closed)
        return Depth(found.message_count, found.consumer_count), None

    def _difference(self, kind: str, name: str, closed: exceptions.ChannelClosedByBroker) -> str:
        """In words; raises what is no difference but a refusal."""
        match = re.search(r"inequivalent arg '([^']+)' for .*: received (.+) but current is (.+)$", closed.reply_text)
        if match is None:
            raise explained(closed, self.url) from closed
        wanted, there = _plain(match[2]), _plain(match[3])
        needed = f"must be {wanted}" if wanted else "must not be set"
        return f"{kind} {name}: {match[1]} is {there or 'not set'}, {needed}" + _REASONS.get(match[1], "")

    def _differs(self, faults: list[str]) -> Misconfigured:
        names = [line.partition(":")[0] for line in faults]
        queues = [f"rabbitmqctl delete_queue -p '{vhost_of(self.url)}' {name[6:]}" for name in names if name.startswith("queue ")]
        others = [f"delete {name} (with the management page)" for name in names if not name.startswith("queue ")]
        steps = ["stop the hub", *queues, *others, "start the hub: it declares them anew, and the store has the work"]
        steps += [UNREAD] if queues else []
        fact = f"not as the hub declares {'it' if len(names) == 1 else 'them'}: {', '.join(names)}"
        return Misconfigured(fact, at="\n".join([place_of(self.url), *faults]), fix="\n".join(steps))

    def _would_take(self, queue: Queue) -> None:
        """Raise what the broker says against declaring a queue that is not there. It is asked for as an exclusive one, which a
        quorum queue cannot be: rights, limits and the queue type are looked at before that, and it is never made."""
        try:
            self._connection.channel().queue_declare(queue.name, durable=True, exclusive=True, arguments=queue.wanted(self.version))
        except exceptions.ChannelClosedByBroker as closed:
            if "exclusive" not in closed.reply_text:
                raise explained(closed, self.url) from closed

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except exceptions.ConnectionBlockedTimeout:
            raise Blocked from None
        except (exceptions.AMQPError, OSError) as error:
            raise explained(error, self.url) from error


class Blocked(Exception):
    """The broker has stopped to read what is published."""


_REASONS = {
    "x-delivery-limit": " (after so many deliveries the broker takes a wake-up out of the queue)",
    "x-queue-type": " (only quorum queues outlive the loss of a broker)",
}


def _plain(text: str) -> str:
    """The broker's "the value '20' of type 'signedint'" as 20, "none" as nothing."""
    match = re.search(r"'([^']*)'", text)
    return match[1] if match else text.strip().removeprefix("none").removeprefix("undefined")


@contextmanager
def looked(url: str) -> Iterator[Look]:
    """A connection for looking, with everything bounded in time."""
    waits = {"socket_timeout": PATIENCE, "stack_timeout": PATIENCE, "blocked_connection_timeout": 1}
    try:
        connection = pika.BlockingConnection(parameters_of(url, connection_attempts=1, **waits))
    except (exceptions.AMQPError, AMQPConnectorException, OSError) as error:
        raise explained(error, url) from error
    try:
        look = Look(connection, url)
        if look.version < OLDEST:
            raise Misconfigured(f"RabbitMQ {dotted(look.version)} has no quorum queues", at=place_of(url), fix="RabbitMQ 3.10 or newer")
        yield look
    except exceptions.AMQPError as error:
        raise explained(error, url) from error
    finally:
        if connection.is_open:
            connection.close()


def check(url: str, topology: Topology) -> Found:
    """Connect, look whether what is declared is there as it must be; what is missing is made by the next start. Raises
    Misconfigured or SystemUnreachable with fact, place and fix."""
    with looked(url) as look:
        return look.found(topology)


def dotted(version: tuple[int, ...]) -> str:
    """As people write it."""
    return ".".join(map(str, version)) or "of an unknown version"
