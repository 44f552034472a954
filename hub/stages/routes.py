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
from canonical_model.catalogue import document_type
from canonical_model.problems import Misconfigured
from hub.config import Config, In, System
from hub.config import Route as RouteBlock
from hub.plugins import Library
from hub.stages.translate import Envelope, Inputs, Route, Translated, translate, zone
from mappings.language import bind
from mappings.language.api import Codes

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
    """One way in of one system, compiled. ``blocks`` are the route's settings by document type."""

    system: str
    name: str
    party: str
    zone: str
    code_set: str
    format: Format
    options: Mapping[str, Any]
    routes: Mapping[str, Route]
    blocks: Mapping[str, RouteBlock]

    def inputs(self, book: Book) -> Inputs:
        """What ``translate`` takes, at one revision of the code tables."""
        return Inputs(self.system, self.zone, self.party, self.format, self.options, self.routes, book.for_code_set(self.code_set))

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
        (system, one.name): compile_way(system, block, one, library, formats)
        for system, block in config.systems.items()
        for one in block.in_
    }
    return Ways(ways)


def compile_way(name: str, system: System, one: In, library: Library, formats: Mapping[str, Format]) -> Way:
    """Compile one ``in:`` line."""
    routes = {key: compile_route(system, one.name, key, block, library) for key, block in one.routes.items()}
    format = _format(name, system, one, routes, formats)
    for key, route in routes.items():
        _check(route, format, f"systems.{name}.in.{one.name}.routes.{key}", system.zone)
    zone(system.zone)
    options = _options(format.name, one, routes)
    return Way(name, one.name, system.party, system.zone, system.codes, format, options, routes, one.routes)


def compile_route(system: System, way: str, key: str, block: RouteBlock, library: Library) -> Route:
    """A route: its mapping parsed, its type looked up, its settings hashed."""
    mapping = library.parse(block.mapping)
    if mapping.outgoing:
        raise Misconfigured(f"mapping {mapping.name!r} writes {mapping.target.format}; a route in needs one that reads", at=key)
    settings = block.model_dump(mode="json", exclude={"mapping"})
    digest = sha256(orjson.dumps([settings, block.zone or system.zone, system.codes], option=orjson.OPT_SORT_KEYS)).hexdigest()[:32]
    type = document_type(mapping.target.type)
    return Route(f"{way}:{key}", mapping, type, mapping.namespace or system.codes, settings, digest)


def _format(name: str, system: System, one: In, routes: Mapping[str, Route], formats: Mapping[str, Format]) -> Format:
    named = one.format or system.format or next(iter(routes.values())).mapping.source.format
    if named not in formats:
        raise Misconfigured(f"format {named!r} is not known", at=f"systems.{name}.in.{one.name}", fix=f"one of {', '.join(formats)}")
    return formats[named]


def _check(route: Route, format: Format, at: str, zone_name: str) -> None:
    """Compile for the layout that the format knows now, so that a mapping's faults stop the start and not a message."""
    source = route.mapping.source
    if source.format != format.name:
        raise Misconfigured(f"mapping {route.mapping.name!r} reads {source.format}, this way in brings {format.name}", at=at)
    bind(route.mapping, format.layout(source.type, **source.options), (zone_name,))


def _options(format: str, one: In, routes: Mapping[str, Route]) -> dict[str, Any]:
    """Words for the reader. A typeless format is cut by its one mapping's words; others take what the routes agree on."""
    merged: dict[str, Any] = {}
    for key, block in one.routes.items():
        merged |= block.reading()
        if format in TYPELESS:
            merged = {**routes[key].mapping.source.options, "type": routes[key].mapping.source.type} | merged
    if format in TYPELESS and len(one.routes) != 1:
        raise Misconfigured(
            f"{format} messages do not say what they are, and {len(one.routes)} routes want them", fix="one `in:` line a type"
        )
    return merged
