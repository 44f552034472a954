"""What every transport offers: bytes in with their acknowledgement, bytes out with a receipt. No meaning.

The acknowledgement travels with the payload: only the receive stage calls ``accept()``, after its commit,
so that an author of a connector cannot get the order wrong.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Protocol

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from canonical_model.problems import Misconfigured, SystemUnreachable


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What the hub may ask of a transport instead of looking at its class."""

    receives: bool = False
    sends: bool = False
    push: bool = False
    idempotent_send: bool = False
    can_be_asked: bool = False


@dataclass(frozen=True, slots=True)
class Secret:
    """Where a secret lies, never the secret: ``env:NAME`` or ``file:PATH``. Settings that hold one may be printed and kept."""

    reference: str

    def reveal(self) -> str:
        """The secret as it is now (a trailing line end of a file is cut). Raises Misconfigured when it is not there."""
        kind, _, name = self.reference.partition(":")
        if kind == "env":
            if name not in os.environ:
                raise Misconfigured(f"the environment variable {name} is not set", at=self.reference, fix=f"export {name}=...")
            return os.environ[name]
        try:
            return Path(name).read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            raise Misconfigured(
                f"the secret's file is not readable: {error}", at=self.reference, fix="check the path and its rights"
            ) from None

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            cls._parse, serialization=core_schema.plain_serializer_function_ser_schema(lambda secret: secret.reference)
        )

    @classmethod
    def _parse(cls, value: Any) -> Secret:
        if isinstance(value, cls):
            return value
        kind, _, name = str(value).partition(":")
        if kind not in ("env", "file") or not name:
            raise PydanticCustomError("secret_literal", "a secret stands here as text; fix: write env:NAME or file:PATH")
        return cls(str(value))


class Settings(BaseModel):
    """Base of a connector's settings: unknown words are refused, every field says what it is."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True, slots=True)
class Inbound:
    """One act of sending by a system. ``delivery_id`` names that act (never a file name) or is None.

    ``accept()`` tells the sender that it is kept; ``refuse(reason)`` that it is not (never both).
    """

    payload: bytes
    origin: str
    delivery_id: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    accept: Callable[[], None] = lambda: None
    refuse: Callable[[str], None] = lambda reason: None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the other side said. ``reference`` is its own number for what we sent, where it gives one."""

    reference: str | None = None
    detail: str = ""


class Later(SystemUnreachable):
    """Not now, and the other side (or the hub, to its senders) says when to ask again: after ``seconds``."""

    def __init__(self, fact: str, *, seconds: int, at: str = "", fix: str = "") -> None:
        self.seconds = seconds
        super().__init__(fact, at=at, fix=fix)


class SendRefused(Exception):
    """The receiver answered and did not take it: a fact for people, no retry. ``detail`` is its answer."""

    def __init__(self, detail: str) -> None:
        self.detail = detail
        super().__init__(detail)


class SendUncertain(Exception):
    """Bytes may have left and no answer came: whether it was taken is not known."""


class Connector(Protocol):
    """Common to both directions. ``check()`` explains what is wrong with address, log-in, rights."""

    kind: ClassVar[str]
    settings_type: ClassVar[type[Settings]]

    @property
    def capabilities(self) -> Capabilities:
        """A class attribute where it is always the same; of the object where settings decide (an idempotent receiver)."""

    def check(self) -> None:
        """Raise SystemUnreachable or Misconfigured with what, where, fix."""

    def close(self) -> None: ...


class Receiver(Connector, Protocol):
    """A transport that fetches (files, queues)."""

    def receive(self) -> Iterator[Inbound]:
        """What is there now; ends when nothing is left. Raises SystemUnreachable."""


class Sender(Connector, Protocol):
    """A transport that sends."""

    def send(self, payload: bytes, *, name: str, content_type: str, headers: Mapping[str, str]) -> Receipt:
        """Send once. ``name`` is the same at each retry of the same delivery. Raises SystemUnreachable (known
        not sent), SendRefused (answered no), SendUncertain (unknown)."""


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request as a push connector sees it: header names in lower case, the whole body, who calls."""

    method: str
    path: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes
    client: str = ""


@dataclass(frozen=True, slots=True)
class Response:
    """What is answered."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One address of the hub. ``handle`` may block; it is called in a thread. A body above ``max_bytes`` never reaches it."""

    method: str
    path: str
    handle: Callable[[Request], Response]
    max_bytes: int


@dataclass(frozen=True, slots=True)
class Kept:
    """The hub's word, given after its commit: the message is kept under this id.

    ``repeated``: this very act of sending was kept before, nothing new was stored. ``status`` is the address that tells
    what became of it. ``waited``: the hub waited for its outcome, as the sender asked; ``answer`` is that outcome, where it
    came in time.
    """

    message: str
    status: str = ""
    repeated: bool = False
    answer: Mapping[str, Any] | None = None
    waited: bool = False


Store = Callable[[Inbound, int], Kept]
"""Keep what arrived and commit; the second argument is for how many seconds (0-10) the sender waits for the outcome;
the hub may answer at once all the same (``Kept.waited``), as when many wait already.
Raises Reject (nothing was stored, e.g. the delivery id was used with another body) or Retry (Later under back-pressure)."""


class PushConnector(Connector, Protocol):
    """A transport that is called: it has addresses instead of ``receive``. The API mounts them (connectors.kit.doors)."""

    def endpoints(self, store: Store) -> Sequence[Endpoint]:
        """Its addresses. A handler answers ``kept`` only after ``store`` returned."""
