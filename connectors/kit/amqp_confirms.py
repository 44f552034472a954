"""Publisher confirms, a state a tag: acks and nacks come out of order and for several tags at once, returns come beside them.

What RabbitMQ does (seen on 3.10): a message that no queue takes is first returned, then acknowledged; nacks for later tags may
arrive before the ``multiple`` ack for earlier ones. So an id is confirmed when its own tag was acknowledged and it did not return.
"""

from __future__ import annotations

from collections.abc import Sequence
from threading import Event


class Batch:
    """Messages published together; ``wait`` ends when each of them has its answer or the connection is lost."""

    def __init__(self, names: Sequence[str]) -> None:
        self._open, self._confirmed, self._refused, self._returned = set(names), set[str](), set[str](), set[str]()
        self._done = Event()
        if not self._open:
            self._done.set()

    def answered(self, name: str, *, taken: bool) -> None:
        """The broker has said yes or no to one of them."""
        self._open.discard(name)
        (self._confirmed if taken else self._refused).add(name)
        if not self._open:
            self._done.set()

    def returned(self, name: str) -> None:
        """No queue takes it: its acknowledgement means nothing."""
        self._returned.add(name)

    def give_up(self) -> None:
        """The connection is lost: nobody will answer for the rest."""
        self._done.set()

    def wait(self, seconds: float) -> None:
        """For the answers, at most so long: who has none by then is in none of the sets below."""
        self._done.wait(seconds)

    @property
    def taken(self) -> set[str]:
        """Names that every queue has taken for which they were meant, and one at least."""
        return self._confirmed - self._returned

    @property
    def refused(self) -> set[str]:
        """Names to which the broker said no; other queues may have them."""
        return set(self._refused)

    @property
    def unroutable(self) -> set[str]:
        """Names that came back."""
        return set(self._returned)


class Confirms:
    """The tags of one channel. They belong to it: with the channel all of them are forgotten."""

    def __init__(self) -> None:
        self._last, self._open, self._by_name = 0, dict[int, tuple[Batch, str]](), dict[str, Batch]()

    def publish(self, batch: Batch, name: str) -> int:
        """The tag of the next message; the broker counts them in the order of publishing."""
        self._last += 1
        self._open[self._last] = (batch, name)
        self._by_name[name] = batch
        return self._last

    def answer(self, tag: int, *, multiple: bool, taken: bool) -> None:
        """An ack or a nack: of one tag, or of all up to it that are still open."""
        tags = [one for one in self._open if one <= tag] if multiple else [tag]
        for one in tags:
            batch, name = self._open.pop(one, (None, ""))
            if batch is not None:
                self._by_name.pop(name, None)
                batch.answered(name, taken=taken)

    def returned(self, name: str) -> None:
        """A message came back; its ack follows."""
        batch = self._by_name.get(name)
        if batch is not None:
            batch.returned(name)

    def forget(self) -> None:
        """The channel is gone."""
        for batch in {id(batch): batch for batch, _ in self._open.values()}.values():
            batch.give_up()
        self._open.clear()
        self._by_name.clear()
