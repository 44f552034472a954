"""Translate stored messages again: with the inputs of then, or as known now. Nothing is applied.

What a document was translated under stands on it as its inputs id. The mapping's texts (with its bases) and the route's settings
are kept under their hashes when a hub is built with them; code rows are never deleted, only ended. So the past can be asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import sha256
from typing import Any

import orjson

from adapters.base import Document, Format
from canonical_model.catalogue import document_type
from canonical_model.problems import HubError, Unknown
from hub.codebook import BookView
from hub.plugins import Library, formats
from hub.stages.routes import Way, Ways, envelope
from hub.stages.translate import Inputs, Route, Translated, input_parts, trace_document, translate_document
from hub.store import documents, messages, texts
from hub.store.database import Store
from hub.store.records import Document as Row
from hub.store.records import Message, document_id
from hub.store.unit import UnitOfWork
from mappings.language import Mapping as ParsedMapping
from mappings.language import parse
from mappings.language.api import Traced

MAPPING, SETTINGS, UPLOADS = "mapping:", "settings:", "uploads:"
Books = Callable[[int | None], BookView]


class Gone(HubError):
    """What it was translated under is not kept (any more): the past cannot be asked."""


@dataclass(frozen=True, slots=True)
class Again:
    """One document translated again. ``before`` is the stored body's bytes, None while it waits; ``changes`` are field differences."""

    id: int
    n: int
    inputs_before: str
    before: bytes | None
    after: Translated

    @property
    def same(self) -> bool:
        """Byte for byte what is stored."""
        return self.before == self.after.canonical

    @property
    def changes(self) -> list[dict[str, Any]]:
        """Pointer, before, after of every field that differs."""
        before = {} if self.before is None else orjson.loads(self.before)
        after = {} if self.after.canonical is None else orjson.loads(self.after.canonical)
        return list(_differences("", before, after))


class Replay:
    """Asks the past of one store."""

    def __init__(self, store: Store, ways: Ways, books: Books) -> None:
        self.store, self.ways, self.books = store, ways, books

    def message(self, seq: int, *, then: bool) -> Iterator[Again]:
        """Every document of a message again. Raises Gone when a mapping or definition of then is not kept."""
        message, raw = self._stored(seq)
        way = self.ways.way(message.system, message.route)
        words = self._inputs(way, self._row(document_id(seq, 1))[0], then=then).options
        for document in way.format.read(raw, **words):
            row, body = self._row(document_id(seq, document.n))
            if row is not None:
                inputs = self._inputs(way, row, then=then)
                same = document if inputs.options == words else _document(way.format, raw, inputs, document.n)
                if same is not None:
                    same = self._defined(way, raw, row, inputs, same) if then else same
                    yield Again(row.id, document.n, row.inputs, body, translate_document(same, envelope(message), inputs))

    def trace(self, seq: int, n: int, *, now: bool) -> tuple[bytes, Traced | None]:
        """(raw bytes, traced result) of one document: with the inputs it was translated under, or today's."""
        message, raw = self._stored(seq)
        way = self.ways.way(message.system, message.route)
        row, _ = self._row(document_id(seq, n))
        inputs = self._inputs(way, row, then=not now)
        document = _document(way.format, raw, inputs, n)
        if document is None:
            raise Unknown(f"message {seq} has no document {n}", fix=f"hub message {seq}")
        if row is not None and not now:
            document = self._defined(way, raw, row, inputs, document)
        return raw, trace_document(document, envelope(message), inputs)

    def _inputs(self, way: Way, row: Row | None, *, then: bool) -> Inputs:
        """What a document was translated under, or today's: also for one that was never translated."""
        return self.then(way, row.inputs) if then and row is not None and row.inputs else way.inputs(self.books(None))

    def _defined(self, way: Way, raw: bytes, row: Row, inputs: Inputs, document: Document) -> Document:
        """The document cut by the definition that it was translated under: today's, or one that was uploaded or replaced since."""
        if not row.inputs or document.layout.hash.startswith(input_parts(row.inputs).layout):
            return document
        with self.store.read() as connection:
            kept = texts.inputs_like(connection, UPLOADS)
        for content in kept:
            older = _document(_formats(content)[way.format.name], raw, inputs, document.n)
            if older is not None and older.layout.hash.startswith(input_parts(row.inputs).layout):
                return older
        raise Gone(f"the definition or grammar of inputs {row.inputs} is not kept", fix="replay --as now, explain --now")

    def then(self, way: Way, id: str) -> Inputs:
        """The inputs of an id: mapping and settings as kept, code rows of that revision."""
        parts = input_parts(id)
        with self.store.read() as connection:
            mapping, settings = texts.inputs_of(connection, MAPPING + parts.mapping), texts.inputs_of(connection, SETTINGS + parts.settings)
        if mapping is None or settings is None:
            raise Gone(f"the {'mapping' if mapping is None else 'settings'} of inputs {id} is not kept", fix="replay --as now")
        route = _route(mapping, settings)
        kept = orjson.loads(settings)
        old = replace(way, routes={"*": route}, code_set=kept["code_set"], options=kept["settings"].get("reading", way.options))
        return old.inputs(self.books(parts.revision))

    def _stored(self, seq: int) -> tuple[Message, bytes]:
        with self.store.read() as connection:
            found, raw = messages.load(connection, [seq]), messages.raws(connection, [seq]).get(seq)
        if seq not in found:
            raise Unknown(f"message {seq} is not known", fix="hub find NUMBER")
        if raw is None:
            raise Gone(f"the bytes of message {seq} are pruned", fix="replay reaches as far as the raw retention")
        return found[seq], raw

    def _row(self, id: int) -> tuple[Row | None, bytes | None]:
        """The stored document and its body; (None, None) where the message was never translated."""
        with self.store.read() as connection:
            return documents.by_id(connection, [id]).get(id), documents.bodies(connection, [id]).get(id)


def _document(format: Format, raw: bytes, inputs: Inputs, n: int) -> Document | None:
    """The document at a place of a message, cut with the words of these inputs."""
    return next((one for one in format.read(raw, **inputs.options) if one.n == n), None)


def keep_inputs(unit: UnitOfWork, ways: Ways, library: Library, uploaded: Mapping[str, str]) -> None:
    """Keep what today's routes are made of, each text once: without it nobody could ask the past. ``uploaded``: definitions by name."""
    content = orjson.dumps(dict(uploaded), option=orjson.OPT_SORT_KEYS)
    texts.save_inputs(unit, UPLOADS + sha256(content).hexdigest()[:16], content.decode())
    for way in ways.ways.values():
        for route in way.routes.values():
            mapping = route.mapping
            names = (mapping.name, *mapping.bases)
            texts_of = {name: library.text(name) for name in names}
            texts.save_inputs(unit, MAPPING + mapping.hash[:16], orjson.dumps({"name": mapping.name, "texts": texts_of}).decode())
            kept = {
                "name": route.name,
                "namespace": route.namespace,
                "settings": dict(route.settings),
                "code_set": way.code_set,
                "hash": route.settings_hash,
            }
            texts.save_inputs(unit, SETTINGS + route.settings_hash[:16], orjson.dumps(kept).decode())


def mapping_text(mapping: ParsedMapping, text: str) -> texts.MappingText:
    """A mapping as the store keeps it; its identity is what makes identities: key, revision, namespace, splitting."""
    identity = repr((mapping.key, mapping.revision, mapping.namespace, sorted(mapping.source.options.items()), sorted(mapping.volatile)))
    return texts.MappingText(mapping.name, mapping.hash, text, sha256(identity.encode()).hexdigest()[:32])


@lru_cache(maxsize=32)
def _formats(uploaded: str) -> Mapping[str, Format]:
    return formats(orjson.loads(uploaded))


@lru_cache(maxsize=256)
def _route(mapping: str, settings: str) -> Route:
    """The route that two kept texts describe; remembered, so that a mapping is compiled once and not for every message."""
    texts_of, kept = orjson.loads(mapping), orjson.loads(settings)
    name, lookup = texts_of["name"], texts_of["texts"].__getitem__
    parsed = parse(lookup(name), f"{name}.yaml", lookup)
    return Route(kept["name"], parsed, document_type(parsed.target.type), kept["namespace"], kept["settings"], kept["hash"])


def _differences(pointer: str, before: Any, after: Any) -> Iterator[dict[str, Any]]:
    if isinstance(before, dict) and isinstance(after, dict):
        for name in [*before, *(name for name in after if name not in before)]:
            yield from _differences(f"{pointer}/{name}", before.get(name), after.get(name))
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for index, (old, new) in enumerate(zip(before, after, strict=True)):
            yield from _differences(f"{pointer}/{index}", old, new)
    elif before != after:
        yield {"target": pointer, "before": before, "after": after}
