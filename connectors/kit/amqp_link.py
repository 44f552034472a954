"""One connection to RabbitMQ a process, in a thread of its own: confirmed batches, posts, consumers, and coming back when it is lost.

Everything of pika runs in that thread; other threads hand it work and wait. A consumer has a channel of its own, so that one
``multiple`` acknowledgement settles what came over it and nothing else. After a loss every tag is forgotten: an
acknowledgement for an earlier connection is dropped, and so is what was waiting for a confirm.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Event, Lock, Thread
from typing import Any

import pika
from pika import exceptions

from canonical_model.problems import HubError, SystemUnreachable
from connectors.kit.amqp_confirms import Batch, Confirms
from connectors.kit.amqp_faults import explained, place_of
from connectors.kit.amqp_topology import Topology, broker_version, parameters_of
from connectors.kit.amqp_watch import Watch, one_by_one

log = logging.getLogger(__name__)
logging.getLogger("pika").setLevel(logging.CRITICAL)  # it tells each failed attempt six times; the link tells it once
PREFETCH = 500
"""Messages of a queue that the broker hands over before the first of them is settled."""
HEARTBEAT = 15
"""Seconds; the broker gives up a silent process after about twice that."""
WAITS = (0.1, 0.3, 1.0, 2.0, 5.0)
"""Seconds until the next attempt to connect; the last one repeats. Half of it is drawn by lot."""
CLOSING = 2.0
"""Seconds that a broker gets to answer a good-bye."""
PERSISTENT = 2


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message to be published. ``name`` is unique in its batch; with ``mandatory`` it comes back when no queue takes it."""

    name: str
    exchange: str
    routing_key: str
    body: bytes
    headers: Mapping[str, Any] = field(default_factory=dict)
    type: str = ""
    content_type: str = "application/json"
    timestamp: int | None = None
    mandatory: bool = True

    def properties(self) -> Any:
        """As pika writes them."""
        return pika.BasicProperties(
            content_type=self.content_type, delivery_mode=PERSISTENT, message_id=self.name, type=self.type or None,
            headers=dict(self.headers), timestamp=self.timestamp,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Arrived:
    """A message from a queue. ``epoch`` is the connection it came over: its tag means nothing on another one."""

    queue: str
    epoch: int
    tag: int
    body: bytes
    headers: Mapping[str, Any]
    redelivered: bool


Consumer = Callable[[Arrived], None]
"""Runs in the link's thread: it must be quick and must not raise."""


class Link:
    """The connection. ``on_new`` is called, in the link's thread, for each new connection before anything comes over it. What is in
    ``watch`` is looked at before a new connection declares it again, and by ``ensure``."""

    def __init__(
        self, url: str, topology: Topology, consumers: Mapping[str, Consumer] | None = None, on_new: Callable[[], None] = lambda: None,
        prefetch: int = PREFETCH, watch: Watch | None = None,
    ) -> None:  # fmt: skip
        self.url, self.topology, self.consumers, self.on_new = url, topology, dict(consumers or {}), on_new
        self.prefetch, self.watch = prefetch, watch or Watch()
        self.version: tuple[int, ...] = ()
        self.fault: HubError | None = SystemUnreachable("not yet connected", at=place_of(url))
        self.epoch = 0
        self._lock, self._stopping = Lock(), Event()
        self._thread: Thread | None = None
        self._connection: Any = None
        self._publishing: Any = None
        self._posting: Any = None
        self._channels: dict[str, Any] = {}
        self._confirms, self._posts = Confirms(), dict[str, Outgoing]()
        self._up, self._alive, self._given_up, self._failures = False, False, False, 0

    # ---- from any thread

    def start(self) -> None:
        """Connect, and go on trying. A second call does nothing."""
        with self._lock:
            if self._thread is None:
                self._thread = Thread(target=self._run, name="amqp", daemon=True)
                self._thread.start()

    @property
    def connected(self) -> bool:
        """Whether everything is declared and consumed now."""
        return self._up

    def wait_until_connected(self, seconds: float) -> bool:
        """Wait for it; False when it did not come in time."""
        pause = Event()
        for _ in range(int(seconds / 0.02) + 1):
            if self._up or pause.wait(0.02):
                return True
        return self._up

    def publish(self, batch: Sequence[Outgoing], seconds: float = 30.0) -> Batch:
        """Publish in order and wait for the confirms; gives what was answered. Raises SystemUnreachable when not connected."""
        ticket = Batch([item.name for item in batch])
        if not self._call(lambda: self._publish(ticket, batch)):
            raise self.fault or SystemUnreachable("not connected", at=place_of(self.url))
        ticket.wait(seconds)
        if ticket.unroutable:
            log.warning("%s messages came back: no queue takes %s", len(ticket.unroutable), batch[0].exchange)
        return ticket

    def ensure(self, seconds: float = 10.0) -> bool:
        """Look at what is watched and declare it, with its bindings, as at the start; ``watch.depths`` has what was found. False when the
        broker did not answer in time."""
        done = Event()
        if not self._call(lambda: self._look(done.set)):
            return False
        for _ in range(int(seconds / 0.02) + 1):
            if done.wait(0.02) or not self._up:
                break
        return done.is_set()

    def post(self, item: Outgoing) -> None:
        """Publish without a confirm; dropped while not connected. One of a name is enough: a second one that waits replaces it."""
        with self._lock:
            first = not self._posts
            self._posts[item.name] = item
        if first and not self._call(self._send_posts):
            with self._lock:
                self._posts.clear()

    def settle(self, arrived: Arrived) -> None:
        """Acknowledge this message and all that came before it on its queue."""
        self._call(lambda: self._settle(arrived))

    def rest(self) -> None:
        """Consume no more, on this connection or a later one: what was not settled goes to others. Everything else goes on."""
        self.consumers = {}
        self._call(self._close_consumers)

    def stop(self, seconds: float = 10.0) -> bool:
        """Close in good order; what is not settled goes to others. False when it did not end in time."""
        self._stopping.set()
        with self._lock:
            if self._alive:
                self._connection.ioloop.add_callback_threadsafe(self._close)
        if self._thread is not None:
            self._thread.join(seconds)
            return not self._thread.is_alive()
        return True

    def _call(self, action: Callable[[], None]) -> bool:
        """Hand an action to the link's thread; False when there is no connection to do it on."""
        with self._lock:
            if not self._up:
                return False
            self._connection.ioloop.add_callback_threadsafe(lambda: self._guarded(action))
            return True

    # ---- in the link's thread

    def _guarded(self, action: Callable[[], None]) -> None:
        try:
            action()
        except exceptions.AMQPError as error:
            log.warning("the broker's connection failed under an action: %s", error)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._session()
            except Exception:
                log.exception("the broker's connection failed by a fault of our own; it is made again")
                self._down(None)
            wait = WAITS[min(self._failures, len(WAITS) - 1)]
            self._failures += 1
            self._stopping.wait(wait / 2 + random.random() * wait / 2)

    def _session(self) -> None:
        """One connection from its beginning to its end."""
        self._given_up = False
        parameters = parameters_of(self.url, heartbeat=HEARTBEAT, blocked_connection_timeout=60, connection_attempts=1, socket_timeout=5)
        self._connection = pika.SelectConnection(
            parameters, on_open_callback=self._opened, on_open_error_callback=self._failed, on_close_callback=self._failed
        )
        with self._lock:
            self._alive = not self._stopping.is_set()
        try:
            if self._alive:
                self._connection.ioloop.start()
        finally:
            with self._lock:
                self._alive = False
            self._down(None)
            self._connection.ioloop.close()

    def _close(self) -> None:
        """End the session. One that opens or closes now gets a moment for it, so that its socket is given back; pika cannot
        close what it is still opening."""
        if self._connection.is_open:
            self._connection.close()
        self._connection.ioloop.call_later(CLOSING, self._connection.ioloop.stop)

    def _opened(self, connection: Any) -> None:
        self.version = broker_version(connection.server_properties)
        if self._stopping.is_set():
            connection.close()
        else:
            self.watch.look(connection, lambda: connection.channel(on_open_callback=self._declare))

    def _look(self, then: Callable[[], None]) -> None:
        began = self.watch.monotonic()

        def stood() -> None:
            self.watch.stood(began)
            then()

        self.watch.look(self._connection, lambda: one_by_one(self._posting, self.watch.steps(self.version), stood))

    def _declare(self, channel: Any) -> None:
        """Declare everything, one after the other, then open the channels that are used."""
        channel.add_on_close_callback(self._channel_closed)
        self._posting, began = channel, self.watch.monotonic()

        def stood() -> None:
            self.watch.stood(began)
            self._connection.channel(on_open_callback=self._open_publishing)

        one_by_one(channel, self.topology.steps(self.version), stood)

    def _open_publishing(self, channel: Any) -> None:
        channel.add_on_close_callback(self._channel_closed)
        channel.add_on_return_callback(lambda channel, method, properties, body: self._confirms.returned(properties.message_id))
        self._publishing, self._confirms = channel, Confirms()
        self.epoch += 1
        self.on_new()
        waiting = iter(self.consumers.items())

        def go_on(answer: Any = None) -> None:
            queue, consumer = next(waiting, ("", None))
            if consumer is None:
                self._is_up()
            else:
                self._connection.channel(on_open_callback=lambda opened: self._consume(opened, queue, consumer, go_on))

        channel.confirm_delivery(self._answered, callback=go_on)

    def _consume(self, channel: Any, queue: str, consumer: Consumer, go_on: Callable[..., None]) -> None:
        channel.add_on_close_callback(self._channel_closed)
        taken_away = SystemUnreachable(f"queue {queue} was taken away", at=place_of(self.url))
        channel.add_on_cancel_callback(lambda frame: self._give_up(taken_away))
        self._channels[queue] = channel
        epoch = self.epoch

        def came(channel: Any, method: Any, properties: Any, body: bytes) -> None:
            consumer(Arrived(queue, epoch, method.delivery_tag, body, properties.headers or {}, method.redelivered))

        channel.basic_qos(prefetch_count=self.prefetch, callback=lambda answer: channel.basic_consume(queue, came, callback=go_on))

    def _is_up(self) -> None:
        with self._lock:
            self._up, self.fault, self._failures = True, None, 0
        log.info("connected to the broker at %s", place_of(self.url))

    def _answered(self, frame: Any) -> None:
        taken = isinstance(frame.method, pika.spec.Basic.Ack)
        self._confirms.answer(frame.method.delivery_tag, multiple=frame.method.multiple, taken=taken)

    def _publish(self, ticket: Batch, batch: Sequence[Outgoing]) -> None:
        if not self._up:
            ticket.give_up()
            return
        for item in batch:
            self._confirms.publish(ticket, item.name)
            self._publishing.basic_publish(item.exchange, item.routing_key, item.body, item.properties(), mandatory=item.mandatory)

    def _send_posts(self) -> None:
        with self._lock:
            posts, self._posts = list(self._posts.values()), {}
        for item in posts:
            self._posting.basic_publish(item.exchange, item.routing_key, item.body, item.properties())

    def _settle(self, arrived: Arrived) -> None:
        channel = self._channels.get(arrived.queue)
        if arrived.epoch == self.epoch and channel is not None:
            channel.basic_ack(arrived.tag, multiple=True)

    def _close_consumers(self) -> None:
        channels, self._channels = self._channels, {}
        for channel in channels.values():
            channel.close()

    def refuse(self, arrived: Arrived) -> None:
        """Give what is not ours to the dead-letter exchange (for consumers, in the link's thread)."""
        channel = self._channels.get(arrived.queue)
        if channel is not None:
            channel.basic_reject(arrived.tag, requeue=False)

    def _channel_closed(self, channel: Any, reason: BaseException) -> None:
        """A channel that the broker closed says what is wrong with a declaration: the whole connection begins anew."""
        if isinstance(reason, exceptions.ChannelClosedByBroker):
            self._give_up(explained(reason, self.url))

    def _give_up(self, fault: HubError) -> None:
        self._given_up = True
        self._told(fault)
        self._down(fault)
        if self._connection.is_open:
            self._connection.close()

    def _failed(self, connection: Any, reason: Any) -> None:
        """The connection could not be opened, or is lost, or was given up by ourselves: then why was told before that."""
        error = reason if isinstance(reason, BaseException) else None
        if not self._stopping.is_set() and not self._given_up:
            self._told(explained(error, self.url))
        self._down(self.fault)
        connection.ioloop.stop()

    def _told(self, fault: HubError) -> None:
        """Said once, and again when it changes or after it was well."""
        if self.fault is None or str(self.fault) != str(fault):
            log.warning("%s", fault)
        self.fault = fault

    def _down(self, fault: HubError | None) -> None:
        """Nothing of this connection is used any more."""
        with self._lock:
            self._up = False
            self.fault = fault or self.fault or SystemUnreachable("the connection was lost", at=place_of(self.url))
            self._posts.clear()
        self._confirms.forget()
        self._channels.clear()
