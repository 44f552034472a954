"""Ways in: from configuration and mapping texts to what ``translate`` takes. Everything is compiled before the first message.

A *way* is one ``in:`` line of one system: its format, what is handed to the reader, and a compiled route for each document
type. What makes a translation (mapping hash, route settings, definitions, codebook revision) is fixed here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Protocol

import orjson

from adapters.base import Format
from adapters.charset import codec
from canonical_model.catalogue import document_type
from canonical_model.problems import Misconfigured
from hub.config import Config, In, Limits, System
from hub.config import Route as RouteBlock
from hub.plugins import Library
from hub.stages.translate import Envelope, Inputs, Route, Translated, translate, zone
from mappings.language import Mapping as ParsedMapping
from mappings.language import bind
from mappings.language.api import Codes
from mappings.language.faults import did_you_mean

NESTED = ("json", "idoc")
"""Formats whose readers follow nesting, and stop at ``depth``."""
TYPELESS = ("delimited", "json")
"""Formats whose messages do not say what they are: the mapping's ``source:`` words tell the reader how to cut them."""


class Book(Protocol):
    """The code tables at one revision, seen by any code set."""

    @property
    def for_code_set(self) -> Callable[[str], Codes]: ...


class Arrived(Protocol):
    """What the store keeps of a message besides its bytes."""

    @property
    def system(self) -> str: ...
    @property
    def route(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def headers(self) -> Mapping[str, str]: ...
    @property
    def received_at(self) -> int: ...


@dataclass(frozen=True, eq=False)
class Way:
    """One way in of one system, compiled. ``blocks`` are the routes' settings by document type, ``most`` documents a message has.
    ``scattered``: the system's messages are in more than one partition, since a way of it says ``partition_by``."""

    system: str
    name: str
    party: str
    zone: str
    code_set: str
    format: Format
    options: Mapping[str, Any]
    routes: Mapping[str, Route]
    blocks: Mapping[str, RouteBlock]
    most: int = 0
    scattered: bool = False

    def inputs(self, book: Book) -> Inputs:
        """What ``translate`` takes, at one revision of the code tables."""
        codes = book.for_code_set(self.code_set)
        return Inputs(self.system, self.zone, self.party, self.format, self.options, self.routes, codes, most=self.most)

    def block(self, route: str) -> RouteBlock | None:
        """The settings of a route by its name."""
        return self.blocks.get(route.partition(":")[2])


class Ways:
    """Every way in, and the law bound to them."""

    def __init__(self, ways: Mapping[tuple[str, str], Way]) -> None:
        self.ways = ways

    def way(self, system: str, name: str) -> Way:
        """Raises Misconfigured when the configuration no longer has it: its messages wait for it."""
        found = self.ways.get((system, name))
        if found is None:
            raise Misconfigured(f"system {system!r} has no way in named {name!r}", fix=f"put it back under systems.{system}.in in hub.yaml")
        return found

    def translate(self, message: Arrived, raw: bytes, codes: Book, only: Container[int] | None = None) -> Iterator[Translated]:
        """Documents of a stored message, translated; ``only`` names the places that are wanted."""
        inputs = self.way(message.system, message.route).inputs(codes)
        yield from translate(raw, envelope(message), inputs, only)


def envelope(message: Arrived) -> Envelope:
    """The envelope of a stored message; its instant is microseconds UTC."""
    seconds, micros = divmod(message.received_at, 1_000_000)
    at = datetime.fromtimestamp(seconds, UTC).replace(microsecond=micros)
    return Envelope(message.system, at, message.name, message.headers, message.route)


def compile_ways(config: Config, library: Library, formats: Mapping[str, Format]) -> Ways:
    """Compile every way in of a configuration. Raises Misconfigured with mapping file, line and column of what does not fit."""
    ways = {
        (system, one.name): compile_way(system, block, one, library, formats, config.hub.limits)
        for system, block in config.systems.items()
        for one in block.in_
    }
    return Ways(ways)


def compile_way(name: str, system: System, one: In, library: Library, formats: Mapping[str, Format], limits: Limits) -> Way:
    """Compile one ``in:`` line. Raises Misconfigured."""
    mappings = {key: library.parse(block.mapping) for key, block in one.routes.items()}
    format = _format(name, system, one, mappings, formats)
    options = _options(f"systems.{name}.in.{one.name}", format.name, one, mappings, limits)
    routes = {key: compile_route(system, f"{one.name}:{key}", block, mappings[key], options) for key, block in one.routes.items()}
    _check_words(f"systems.{name}.in.{one.name}", format, options)
    for route in routes.values():
        _check(route, format)
    most = one.limits.documents or limits.documents
    scattered = any(other.partition_by for other in system.in_)
    return Way(name, one.name, system.party, system.zone, system.codes, format, options, routes, one.routes, most, scattered)


def compile_route(system: System, name: str, block: RouteBlock, mapping: ParsedMapping, options: Mapping[str, Any]) -> Route:
    """A route: its type looked up, and what decides its translations besides the mapping hashed (decision 0001): leniency, time
    zone, code set, and every word that the reader gets, the charset among them."""
    if mapping.outgoing:
        raise Misconfigured(f"mapping {mapping.name!r} writes {mapping.target.format}; a route in needs one that reads", at=name)
    settings = {"leniency": block.leniency, "zone": block.zone or system.zone, "reading": dict(options)}
    digest = sha256(orjson.dumps([settings, system.codes], option=orjson.OPT_SORT_KEYS)).hexdigest()[:32]
    type = document_type(mapping.target.type)
    return Route(name, mapping, type, mapping.namespace or system.codes, settings, digest)


def _format(name: str, system: System, one: In, mappings: Mapping[str, ParsedMapping], formats: Mapping[str, Format]) -> Format:
    named = one.format or system.format or next(iter(mappings.values())).source.format
    if named not in formats:
        raise Misconfigured(f"format {named!r} is not known", at=f"systems.{name}.in.{one.name}", fix=f"one of {', '.join(formats)}")
    for key, mapping in mappings.items():
        if not mapping.outgoing and mapping.source.format != named:
            fact = f"mapping {mapping.name!r} reads {mapping.source.format}, this way in brings {named}"
            raise Misconfigured(fact, at=f"systems.{name}.in.{one.name}.routes.{key}", fix="name another mapping, or correct format:")
    return formats[named]


def _check(route: Route, format: Format) -> None:
    """Compile for the layout that the format knows now, so that a mapping's faults stop the start and not a message."""
    source = route.mapping.source
    zone(route.zone)
    bind(route.mapping, format.layout(source.type, **source.options), (route.zone,))


def _check_words(at: str, format: Format, options: Mapping[str, Any]) -> None:
    """Every word for the reader is one that it knows: an unknown one stops the start."""
    try:
        codec(options.get("charset") or "utf-8")
        if format.name in TYPELESS:
            format.layout(**options)
    except Misconfigured as error:
        raise Misconfigured(error.fact, at=at, fix=error.fix) from None
    known: frozenset[str] = getattr(format, "reads", frozenset(options))
    unknown = sorted(options.keys() - known)
    if unknown:
        raise Misconfigured(f"{unknown[0]!r} is no word for reading {format.name}", at=at, fix=did_you_mean(unknown[0], known))


def _options(at: str, format: str, one: In, mappings: Mapping[str, ParsedMapping], limits: Limits) -> dict[str, Any]:
    """Words for the reader. A typeless format is cut by its one mapping's words; others take what the routes agree on."""
    if format in TYPELESS and len(one.routes) != 1:
        fact = f"{format} messages do not say what they are, and {len(one.routes)} routes want them"
        raise Misconfigured(fact, at=at, fix="one `in:` line a type")
    words: dict[str, Any] = {"depth": one.limits.depth or limits.depth} if format in NESTED else {}
    if format == "x12" and all(block.leniency == "strict" for block in one.routes.values()):
        words["strict"] = "true"
    if format in TYPELESS:
        [mapping] = mappings.values()
        words |= {**mapping.source.options, "type": mapping.source.type}
    return words | _agreed(at, one)


def _agreed(at: str, one: In) -> dict[str, str]:
    """What the routes of one way in say of reading: a message is read before its types are known, so they must not differ."""
    agreed: dict[str, str] = {}
    for key, block in one.routes.items():
        for word, value in block.reading().items():
            if agreed.setdefault(word, value) != value:
                fact = f"{word} is {value!r} here and {agreed[word]!r} in another route of the same way in"
                raise Misconfigured(fact, at=f"{at}.routes.{key}", fix="say the same in each, or give each its own `in:` line")
    return agreed
