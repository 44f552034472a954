"""What bootstrap gives the path: translation with its inputs, terms of identity, services, subscriptions. Values and functions."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from canonical_model.problems import Problem
from connectors.base import Receipt
from hub.codebook import BookView
from hub.stages.admit import Terms
from hub.stages.translate import Translated
from hub.store.effects import Outgoing, Service
from hub.store.records import Document, Message


class TranslateMessage(Protocol):
    """The law, bound to what a system's routes are. Lazy; ``only`` names the places that are wanted (None: all).

    Raises Unreadable when no document can be cut out. ``message.inputs`` is the id that the first window of a started
    message used: its mapping, definitions and settings stay, only the codebook revision goes on.
    """

    def __call__(self, message: Message, raw: bytes, codes: BookView, only: Container[int] | None = None) -> Iterator[Translated]: ...


@dataclass(frozen=True, slots=True)
class Rendered:
    """A delivery's bytes. ``name`` is the same at every retry."""

    payload: bytes
    name: str = ""
    content_type: str = "application/octet-stream"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Subscription:
    """A system's ``out:`` line: which documents it wants, how they are numbered, made into bytes and sent.

    ``party``: only what is for this party (None: any). With ``function`` it is the party that the document names in it,
    whoever it is addressed to; None: that it names anybody. ``assign(number, now)`` gives control numbers and times;
    ``render(body, assigned)`` is pure and gives bytes or problems; ``send`` is the connector's. ``ask(name)``: was it taken?
    True, False, or None when that cannot be told.
    """

    id: str
    system: str
    type: str
    assign: Callable[[int, int], Mapping[str, str]]
    render: Callable[[Mapping[str, Any], Mapping[str, str]], Rendered | tuple[Problem, ...]]
    send: Callable[[Rendered], Receipt]
    party: str | None = None
    latest: bool = False
    idempotent: bool = False
    ask: Callable[[str], bool | None] | None = None
    function: str | None = None

    def wants(self, outgoing: Outgoing) -> bool:
        """Type with or without its version; any party, or the one it names."""
        same_type = outgoing.type == self.type or outgoing.type.partition("/")[0] == self.type
        return same_type and self._concerns(outgoing)

    def _concerns(self, outgoing: Outgoing) -> bool:
        if self.function is None:
            return self.party in (None, outgoing.party)
        named = outgoing.body.get(self.function)
        return isinstance(named, Mapping) and self.party in (None, named.get("party"))


def no_acknowledgement(message: Message, raw: bytes) -> Sequence[Outgoing]:
    """Formats without a syntax acknowledgement."""
    return ()


def no_answer(doc: Document, body: Mapping[str, Any] | None, status: str, why: str) -> Outgoing | None:
    """Formats without an application answer to what was refused or is pending."""
    return None


def system_itself(system: str, body: Mapping[str, Any] | None) -> tuple[str, str]:
    """Owner and counterparty where nothing better is known."""
    return system, ""


@dataclass(frozen=True, slots=True)
class Ports:
    """Everything concrete that the path needs, wired in one place."""

    translate: TranslateMessage
    terms: Callable[[str, str, str], Terms]
    services: Sequence[Service] = ()
    subscriptions: Sequence[Subscription] = ()
    parties: Callable[[str, Mapping[str, Any] | None], tuple[str, str]] = system_itself
    acknowledge: Callable[[Message, bytes], Sequence[Outgoing]] = no_acknowledgement
    answer: Callable[[Document, Mapping[str, Any] | None, str, str], Outgoing | None] = no_answer
    worker: str = "lane-1"
