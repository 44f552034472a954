"""The blocks of ``hub.yaml`` as types. Each field says what it is: lint, reference page and errors come from here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SerializeAsAny, model_validator

from connectors.base import Settings

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"{name!r} is not a time zone; fix: an IANA name such as Asia/Shanghai") from None
    return name


def _seconds(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    match = re.fullmatch(r"(\d{1,9})([smhd])", value.strip())
    if not match:
        raise ValueError(f"{value!r} is not a duration; fix: a number with its unit, as 90s, 15m, 2h or 1d")
    return int(match[1]) * _SECONDS[match[2]]


def _name(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise ValueError(f"{text!r} is not a name; fix: letters, digits, '.', '_' and '-', beginning with a letter or a digit")
    return text


def _one_or_more(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _no_password(url: str) -> str:
    if re.search(r"://[^/@:]*:[^@]+@|[?&](ssl)?password=", url):
        raise ValueError("a password stands in this address; fix: write env:NAME or file:PATH and keep the whole address there")
    return url


def _channels(text: str) -> str:
    if text != "local" and not re.match(r"(amqps?://\S|env:\S|file:\S)", text):
        raise ValueError(f"{text!r} carries no channels; fix: local, or env:NAME / file:PATH that holds amqp://USER:PASSWORD@HOST/VHOST")
    return text


def _partition(text: str) -> str:
    kind, _, of = text.partition(":")
    fix = "fix: header:NAME, or file_name:REGEX with one group, as file_name:^([^_]+)_"
    if kind not in ("header", "file_name") or not of:
        raise ValueError(f"{text!r} is not known when a message arrives; {fix}")
    try:
        groups = re.compile(of).groups if kind == "file_name" else 1
    except re.error as error:
        raise ValueError(f"{of!r} is not a regular expression ({error}); {fix}") from None
    if groups != 1:
        raise ValueError(f"{of!r} has {groups} groups; {fix}")
    return text


Zone = Annotated[str, AfterValidator(_zone)]
Seconds = Annotated[int, BeforeValidator(_seconds), Field(ge=0)]
Name = Annotated[str, AfterValidator(_name)]
Names = Annotated[tuple[str, ...], BeforeValidator(_one_or_more)]
Address = Annotated[str, AfterValidator(_no_password)]
Channels = Annotated[str, AfterValidator(_no_password), AfterValidator(_channels)]
Count = Annotated[int, Field(ge=1)]
Depth = Annotated[int, Field(ge=1, le=500)]
Partition = Annotated[str, AfterValidator(_partition)]


class Block(BaseModel):
    """Base of every block: unknown words are refused, a loaded block does not change."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Limits(Block):
    """What one message may be, and how many may wait."""

    inbound: Count = Field(100_000, description="messages waiting to be translated above which the doors close (503, pull connectors stop)")
    message_bytes: Count = Field(67_108_864, description="bytes of one message as it arrives; a longer one is refused at the door")
    documents: Count = Field(100_000, description="documents in one message; those behind them wait, and the message is held")
    depth: Depth = Field(64, description="levels of nesting that a reader follows (JSON, IDoc XML)")


class InLimits(Block):
    """What differs from ``hub.limits`` for one way in."""

    message_bytes: Count | None = Field(None, description="bytes of one message as it arrives; a longer one is refused at the door")
    documents: Count | None = Field(None, description="documents in one message; those behind them wait, and the message is held")
    depth: Depth | None = Field(None, description="levels of nesting that a reader follows (JSON, IDoc XML)")


class Folders(Block):
    """Folders, relative to the folder of ``hub.yaml``."""

    mappings: tuple[Path, ...] = Field((), description="your mappings; looked at before the library that comes with the hub")
    definitions: tuple[Path, ...] = Field((), description="uploaded IDoc definitions and grammars; they win over the ones that come along")


class HubBlock(Block):
    """The hub itself."""

    store: Address = Field(
        "sqlite:///var/hub.db",
        description="address of the message store: sqlite:///FILE; or PostgreSQL: env:NAME / file:PATH that holds "
        "postgresql://USER:PASSWORD@HOST:5432/DATABASE",
    )
    channels: Channels = Field(
        "local",
        description="`local`: the database carries the channels; or RabbitMQ: env:NAME / file:PATH that holds "
        "amqp://USER:PASSWORD@HOST/VHOST",
    )
    subscribers: tuple[Name, ...] = Field(
        (),
        description="subscribers of `canonical` at RabbitMQ: each has its queue canonical.NAME, and what no queue took is kept "
        "(with channels: local there are none)",
    )
    timezone: Zone = Field("UTC", description="zone of systems that name none")
    listen: str = Field(
        "127.0.0.1:8080", pattern=r"^[^\s:]+:\d{1,5}$|^\[[0-9a-fA-F:]+\]:\d{1,5}$", description="host:port of the HTTP door"
    )
    folders: Folders = Field(default_factory=Folders, description="where things lie")
    limits: Limits = Field(default_factory=Limits, description="limits of one message and of the line before the hub")


Resend = Literal["park", "newest", "first", "reject"]
Trust = Literal["trust", "within_key", "ignore"]
Repeats = Literal["cumulative", "delta"]
SameKey = Literal["conflict", "replace", "append"]
Function = Literal["buyer", "seller", "ship_to", "bill_to", "ship_from", "warehouse", "location"]


class Route(Block):
    """What is done with one document type of one system. A mapping's name alone stands for ``{mapping: name}``."""

    mapping: str = Field(min_length=1, description="name of the mapping, as sap/orders05.order")
    changed_resend: Resend = Field("park", description="same key or technical id with other content")
    technical_id: Trust | None = Field(None, description="what a technical id proves; the format's habit if absent")
    repeats: Repeats | None = Field(None, description="events without technical id: files that grow, or new rows only")
    same_key: SameKey | None = Field(None, description="overrides what the document type says")
    answer_within: Seconds | None = Field(None, description="a document held longer is answered `received, pending` (90s, 15m, 2h)")
    charset: str | None = Field(None, description="charset of the messages where they do not say it, as gbk")
    zone: Zone | None = Field(None, description="zone of times in these messages, if not the system's")
    leniency: Literal["lenient", "strict"] = Field(
        "lenient", description="strict: dirt that could be read all the same holds the document; damage holds it always"
    )
    complete: bool = Field(False, description="a stock report that does not name an item of its location says that there is none")
    options: Mapping[str, str] = Field(default_factory=dict, description="further words for the format, as {delimiter: ';'}")

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        return {"mapping": value} if isinstance(value, str) else value

    def reading(self) -> dict[str, str]:
        """What is handed to ``Format.read`` beside the mapping's own words."""
        return dict(self.options) | ({"charset": self.charset} if self.charset else {})


class In(Block):
    """One way in: a connector with its own settings, and what is done with each document type."""

    connector: str = Field(description="kind of the connector, as file_drop or http")
    name: Name = Field("in", description="name of this way in; SYSTEM.CONNECTOR if absent")
    format: str | None = Field(None, description="format of the messages where the connector or the mappings do not say it")
    routes: Mapping[str, Route] = Field(min_length=1, description="document type -> mapping or route block")
    partition_by: Partition | None = Field(
        None, description="order is kept among messages with the same `header:NAME` or `file_name:REGEX` (its group), not among all"
    )
    limits: InLimits = Field(default_factory=InLimits, description="limits that differ from hub.limits")
    settings: SerializeAsAny[Settings] = Field(default_factory=Settings, description="the connector's own words, checked by it")


class Out(Block):
    """One subscription: which documents go to this system, how they are written and sent."""

    on: str = Field(min_length=1, description="canonical document type, as order_response")
    mapping: str = Field(min_length=1, description="name of the mapping that writes it")
    connector: str = Field(description="kind of the connector")
    name: Name = Field("out", description="name of the subscription, part of every delivery's key; SYSTEM.ON if absent")
    party: Names = Field((), description="only documents for these parties; the system's own party if absent; '*' for any")
    function: Function | None = Field(
        None, description="only documents that name the party in this function, whoever they are for; with party '*': anybody in it"
    )
    charset: str | None = Field(None, description="charset of what is written")
    content_type: str | None = Field(None, description="media type told to the receiver; the format's own if absent")
    options: Mapping[str, str] = Field(default_factory=dict, description="further words for the format, as {sender_id: HUB}")
    settings: SerializeAsAny[Settings] = Field(default_factory=Settings, description="the connector's own words, checked by it")


class System(Block):
    """An outside party's program."""

    party: str = Field(min_length=1, description="canonical party that the system belongs to")
    codes: Name = Field("codes", description="code set that is asked first; the system's name if absent")
    zone: Zone = Field("UTC", description="time zone of the system; hub.timezone if absent")
    format: str | None = Field(None, description="format of all its messages, where one is enough")
    in_: tuple[In, ...] = Field((), alias="in", description="ways in")
    out: tuple[Out, ...] = Field((), description="what it is told")


class CodeSet(Block):
    """A set of codes that several systems may share."""

    parent: Name | None = Field(None, description="code set that is asked when this one is silent; set at the start, none if absent")


class Root(Block):
    """The whole of ``hub.yaml``."""

    hub: HubBlock = Field(default_factory=HubBlock, description="the hub itself")
    systems: Mapping[Name, System] = Field(default_factory=dict, description="outside systems by name")
    code_sets: Mapping[Name, CodeSet] = Field(default_factory=dict, description="code sets with a parent")
    services: Mapping[str, Any] = Field(default_factory=dict, description="rules of the services by name: order, inventory")
