"""What can be plugged in: formats with their grammars, transports, mappings. The one place that reads package data.

``adapters`` and ``mappings.language`` do no input or output: this module reads the texts and hands them over. A transport
is found by being a file in ``connectors/`` (or an entry point of the group ``channelhub.connectors``): there is no list to edit.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from importlib import import_module, resources
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path, PurePosixPath
from typing import Any, cast

from pydantic import BaseModel

import connectors as transports
from adapters.base import Format
from adapters.delimited import DelimitedFormat
from adapters.idoc import Definition, IdocFormat, by_name, combine, load_definition
from adapters.json_document import CanonicalFormat, JsonFormat
from adapters.x12 import X12
from canonical_model.problems import HubError, Misconfigured
from connectors.base import Settings
from mappings.language import Mapping as ParsedMapping
from mappings.language import parse

_SHIPPED = resources.files("adapters") / "grammars"
_LIBRARY = resources.files("mappings") / "library"


def formats(uploaded: Mapping[str, str] | None = None) -> Mapping[str, Format]:
    """Every message format by name, with the definitions that come along and ``uploaded`` ones (file name -> text), which win.

    Raises Misconfigured with the name of the text that does not load.
    """
    own = by_name(_definition(name, text) for name, text in (uploaded or {}).items())
    made = (IdocFormat(combine(shipped_definitions(), own)), X12(dict(_texts("x12"))), DelimitedFormat(), JsonFormat(), CanonicalFormat())
    return {format.name: cast(Format, format) for format in made}


@cache
def shipped_definitions() -> Mapping[str, Definition]:
    """The partial IDoc definitions that come with the hub."""
    return by_name(_definition(name, text) for name, text in _texts("idoc"))


def detect(raw: bytes) -> str:
    """The format that a message looks like: ``idoc``, ``x12``, ``edifact``, ``json`` or, as nothing else, ``delimited``."""
    head = raw[:4096].replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")
    if head[:3] in (b"ISA", b"ST*") or head[:3] == b"TA1":
        return "x12"
    if head[:3] in (b"UNA", b"UNB", b"UNH"):
        return "edifact"
    if head[:6] == b"EDI_DC" or head[:1] == b"<":
        return "idoc"
    return "json" if head[:1] in (b"{", b"[") else "delimited"


@dataclass(frozen=True)
class Library:
    """Mappings by name, the user's folders before the library that comes along. ``overlay`` holds texts kept in the store."""

    folders: tuple[Path, ...] = ()
    overlay: Mapping[str, str] | None = None
    _parsed: dict[str, tuple[str, ParsedMapping]] = field(default_factory=dict, compare=False, repr=False)

    def text(self, name: str) -> str:
        """The YAML of a mapping. Raises Misconfigured with the nearest names when there is none."""
        if self.overlay and name in self.overlay:
            return self.overlay[name]
        place = self.place(name)
        if place is None:
            near = get_close_matches(name, self.names())
            raise Misconfigured(
                f"mapping {name!r} is not known", fix=f"did you mean {', '.join(near)}?" if near else "hub map list shows all"
            )
        return str(place.read_text("utf-8"))

    def place(self, name: str) -> Any:
        """The file of a mapping (a path, or a resource of the package); None when there is none."""
        parts = PurePosixPath(f"{name}.yaml").parts
        if any(part in ("..", "/", "") for part in parts):
            return None
        roots: Sequence[Any] = (*self.folders, _LIBRARY)
        found = (root.joinpath(*parts) for root in roots)
        return next((place for place in found if place.is_file()), None)

    def parse(self, name: str) -> ParsedMapping:
        """The mapping of a name, read and checked. Raises Misconfigured with file:line:column of each fault."""
        text = self.text(name)
        if self._parsed.get(name, ("",))[0] != text:
            self._parsed[name] = (text, parse(text, f"{name}.yaml", self.text))
        return self._parsed[name][1]

    def beside(self, name: str, file: str) -> bytes:
        """The bytes of a file that a mapping's example names. Raises Misconfigured when it is not there."""
        place = self.place(name)
        beside = None if place is None else place.parent.joinpath(*PurePosixPath(file).parts)
        if beside is None or not beside.is_file():
            raise Misconfigured(f"example file {file!r} is not beside mapping {name!r}", fix="add it, or name another in examples:")
        return bytes(beside.read_bytes())

    def names(self) -> list[str]:
        """Every mapping there is, sorted."""
        own = (str(path.relative_to(folder).with_suffix("")) for folder in self.folders for path in folder.rglob("*.yaml"))
        return sorted({*own, *_resources(_LIBRARY, ""), *(self.overlay or ())})


@cache
def receivers() -> Mapping[str, type[Any]]:
    """Every transport that brings messages, by its ``kind``: it has ``receive``, or ``endpoints`` when it is called."""
    return {one.kind: one for one in _transports() if hasattr(one, "receive") or hasattr(one, "endpoints")}


@cache
def senders() -> Mapping[str, type[Any]]:
    """Every transport that takes messages away, by its ``kind``."""
    return {one.kind: one for one in _transports() if hasattr(one, "send")}


def settings_types() -> tuple[Mapping[str, type[Settings]], Mapping[str, type[Settings]], Mapping[str, type[BaseModel]]]:
    """What ``hub.config.load`` wants to know: settings of transports that bring, of those that take away, and of services."""
    bring, take = ({name: one.settings_type for name, one in found.items()} for found in (receivers(), senders()))
    return bring, take, service_settings()


@cache
def service_settings() -> Mapping[str, type[BaseModel]]:
    """Settings of each service by its name: the services that have a file ``settings.py`` with ``SETTINGS``. Imports no store."""
    names = sorted(module.name for module in pkgutil.iter_modules(import_module("hub.services").__path__) if module.ispkg)
    return {name: import_module(f"hub.services.{name}.settings").SETTINGS for name in names if find_spec(f"hub.services.{name}.settings")}


def _transports() -> Iterator[type[Any]]:
    for name in sorted(module.name for module in pkgutil.iter_modules(transports.__path__)):
        if name not in ("base", "kit"):
            yield from _kinds_in(import_module(f"connectors.{name}"))
    for point in entry_points(group="channelhub.connectors"):
        yield point.load()


def _kinds_in(module: Any) -> Iterator[type[Any]]:
    own = (value for value in vars(module).values() if isinstance(value, type) and value.__module__ == module.__name__)
    return (value for value in own if isinstance(getattr(value, "kind", None), str))


def _definition(name: str, text: str) -> Definition:
    try:
        return load_definition(text)
    except HubError as error:
        raise Misconfigured(error.fact, at=f"{name} {error.at}".strip(), fix=error.fix) from None


def _texts(folder: str) -> Iterator[tuple[str, str]]:
    for place in sorted((_SHIPPED / folder).iterdir(), key=lambda place: place.name):
        if place.is_file() and not place.name.startswith(("_", ".")) and not place.name.endswith((".py", ".md")):
            yield place.name, place.read_text("utf-8")


def _resources(place: Any, prefix: str) -> Iterator[str]:
    for child in place.iterdir():
        if child.is_dir():
            yield from _resources(child, f"{prefix}{child.name}/")
        elif child.name.endswith(".yaml"):
            yield f"{prefix}{child.name[:-5]}"
