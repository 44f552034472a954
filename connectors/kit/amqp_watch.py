"""Queues that must not go missing while a program runs: a broker says nothing of what a deleted queue would have got.

``mandatory`` brings back only what no queue at all takes. So they are looked at: a passive declaration says how a queue stands, and
closes its channel where there is none. That is why a look has channels of its own.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from pika import exceptions

from connectors.kit.amqp_look import Depth
from connectors.kit.amqp_topology import Queue, Step, Topology

NOT_THERE = 404
Missing = Callable[[Sequence[str], float], None]
"""(queues that are not there, seconds since each was there for certain). Runs in the link's thread: quick, and it must not raise."""


class Watch:
    """The queues, and when they were there last. ``missing`` is told of those that went, before they are declared again."""

    def __init__(
        self, queues: Sequence[Queue] = (), missing: Missing = lambda names, seconds: None, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self.queues, self._missing, self.monotonic = tuple(queues), missing, monotonic
        self.depths: Mapping[str, Depth | None] = {}
        """As the last look found them."""
        self._stood: float | None = None

    def age(self) -> float:
        """Seconds since all of them were there for certain; 0 where there are none to watch, and before the first declaration."""
        return self.monotonic() - self._stood if self.queues and self._stood is not None else 0.0

    def stood(self, at: float) -> None:
        """All of them were declared; ``at`` is when that began, so that no moment in between is left out."""
        self._stood = at

    def look(self, connection: Any, then: Callable[[], None]) -> None:
        """Ask for each, tell of those that are missing, call ``then``. Before they were declared once nothing can have gone."""
        if self._stood is None or not self.queues:
            then()
            return

        def seen(depths: Mapping[str, Depth | None]) -> None:
            self.depths = depths
            gone = [name for name, depth in depths.items() if depth is None]
            if gone:
                self._missing(gone, self.age())
            then()

        Asking(connection, [queue.name for queue in self.queues], seen).begin()

    def steps(self, version: tuple[int, ...]) -> Iterator[Step]:
        """Their declarations and bindings, as at the start."""
        return Topology(queues=self.queues).steps(version)


class Asking:
    """One passive declaration after the other, in the link's thread. What the broker refuses to tell is left out: the declaration that
    follows says what is wrong. With its connection it ends without a word."""

    def __init__(self, connection: Any, names: Sequence[str], then: Callable[[Mapping[str, Depth | None]], None]) -> None:
        self._connection, self._left, self._then = connection, list(names), then
        self._found: dict[str, Depth | None] = {}

    def begin(self) -> None:
        """Ask for what is left, over a new channel."""
        if not self._left:
            self._then(self._found)
        elif self._connection.is_open:
            self._connection.channel(on_open_callback=self._opened)

    def _opened(self, channel: Any) -> None:
        channel.add_on_close_callback(self._closed)
        self._next(channel)

    def _next(self, channel: Any) -> None:
        if not channel.is_open:
            return
        if self._left:
            channel.queue_declare(self._left[0], passive=True, callback=lambda answer: self._there(channel, answer.method))
        else:
            channel.close()
            self._then(self._found)

    def _there(self, channel: Any, answer: Any) -> None:
        self._found[self._left.pop(0)] = Depth(answer.message_count, answer.consumer_count)
        self._next(channel)

    def _closed(self, channel: Any, reason: BaseException) -> None:
        if isinstance(reason, exceptions.ChannelClosedByBroker) and self._left:
            name = self._left.pop(0)
            if reason.reply_code == NOT_THERE:
                self._found[name] = None
            self.begin()


def one_by_one(channel: Any, steps: Iterator[Step], then: Callable[[], None]) -> None:
    """Take each step after the answer to the one before, then call ``then``; a channel that closes meanwhile ends it without a word."""

    def go_on(answer: Any = None) -> None:
        step = next(steps, None)
        if step is None:
            then()
        elif channel.is_open:
            step(channel, go_on)

    go_on()
