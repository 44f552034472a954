"""Ways out: an ``out:`` line compiled to subscriptions that number, render and send.

``render`` is pure: the document, what was assigned in the unit of work (numbers, time, the codebook's revision) and the
mapping give the bytes, so a retry sends the same ones.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, get_args

import orjson

from adapters.base import Format, Tree, Written
from canonical_model.catalogue import TYPES, document_type
from canonical_model.problems import Hold, Misconfigured, Problem
from connectors.base import Receipt, Sender
from hub.config import Function, Out, System
from hub.plugins import Library
from hub.stages.ports import Rendered, Subscription
from hub.stages.routes import Book
from hub.stages.translate import zone
from hub.store.clock import to_datetime
from mappings.language import Bound, bind
from mappings.language.api import Context
from mappings.language.faults import did_you_mean

SYNTAX = "syntax_acknowledgement"
"""What ``on:`` names to be told of what was read (997, TA1): made by the format itself, so its mapping is ``format``."""
BY_FORMAT = "format"
CONTENT_TYPES = {"idoc": "text/xml; charset=utf-8", "x12": "application/edi-x12", "json": "application/json", "delimited": "text/csv"}
_OURS = ("number", "at", "revision")

Renderer = Callable[[Mapping[str, Any], Mapping[str, str]], Rendered | tuple[Problem, ...]]


Books = Callable[[int | None], Book]
"""The codebook at a revision; ``None`` is the newest."""


@dataclass(frozen=True, eq=False)
class Outward:
    """One ``out:`` line. ``words`` go to the writer; ``sender`` moves the bytes."""

    name: str
    system: str
    block: Out
    owner: System
    format: Format
    words: Mapping[str, Any]
    books: Books
    sender: Sender

    def assign(self, number: int, now: int) -> dict[str, str]:
        """What is decided once for a delivery: its number in the format's own fields, and local time."""
        at = to_datetime(now).astimezone(zone(self.owner.zone))
        return {"number": str(number), "at": at.isoformat(), **_numbers(self.format.name, number, at)}

    def write(self, trees: Sequence[Tree], type: str, assigned: Mapping[str, str]) -> Written:
        """Have the format write. Words in capitals are fields of its envelope (RCVPRN, GS02), the others its options."""
        fields = {name: str(word) for name, word in self.words.items() if name.isupper()}
        options = {name: word for name, word in self.words.items() if not name.isupper()}
        return self.format.write(trees, type=type, assigned=fields | unmarked(assigned), **options)

    def named(self, payload: bytes, assigned: Mapping[str, str]) -> Rendered:
        """Bytes with their name and media type."""
        media = self.block.content_type or CONTENT_TYPES.get(self.format.name, "application/octet-stream")
        return Rendered(payload, f"{self.name}-{int(assigned['number']):09}", media)

    def send(self, rendered: Rendered) -> Receipt:
        """Hand the bytes to the transport."""
        return self.sender.send(rendered.payload, name=rendered.name, content_type=rendered.content_type, headers=rendered.headers)

    def subscriptions(self, type: str, render: Renderer) -> list[Subscription]:
        """One subscription a party that the line is for (``*``: any)."""
        return [
            Subscription(
                id=id, system=self.system, type=type, assign=self.assign, render=render, send=self.send, party=party,
                latest=type in TYPES and TYPES[type].latest, idempotent=self.sender.capabilities.idempotent_send,
                function=self.block.function,
            )
            for id, party in self.parties().items()
        ]  # fmt: skip

    def parties(self) -> Mapping[str, str | None]:
        """Subscription id -> the party that it is for (None: any)."""
        any_party = "*" in self.block.party or self.block.on == SYNTAX
        parties: Sequence[str | None] = [None] if any_party else self.block.party
        return {self.name if len(parties) == 1 else f"{self.name}.{party}": party for party in parties}


@dataclass(frozen=True, eq=False)
class Mapped:
    """The renderer of a line with a mapping."""

    line: Outward
    bound: Bound
    canonical: Format

    def __call__(self, body: Mapping[str, Any], assigned: Mapping[str, str]) -> Rendered | tuple[Problem, ...]:
        """The delivery's bytes, or every problem that stands against them."""
        owner = self.line.owner
        codes = self.line.books(int(assigned["revision"])).for_code_set(owner.codes)
        context = Context(self.line.system, datetime.fromisoformat(assigned["at"]), owner.zone, None, owner.party, assigned)
        document = next(iter(self.canonical.read(orjson.dumps(body), type=self.bound.mapping.source.type)))
        result = self.bound.row(document, codes, context)
        if result.body is None:
            return result.problems
        try:
            written = self.line.write([result.body], self.bound.mapping.target.type, assigned)
        except Hold as hold:
            return hold.problems
        return self.line.named(written.payload, assigned)


def unmarked(assigned: Mapping[str, str]) -> dict[str, str]:
    """What was assigned, without the hub's own marks: fields that the format knows."""
    return {name: text for name, text in assigned.items() if name not in _OURS}


def compile_mapped(
    name: str, system: System, block: Out, library: Library, formats: Mapping[str, Format], books: Books, sender: Sender
) -> tuple[Outward, Renderer, str]:
    """Compile a line with a mapping: (line, renderer, document type). Raises Misconfigured when it does not write that type."""
    mapping, wanted = library.parse(block.mapping), document_type(block.on).name
    _check_function(block, f"systems.{name}.out.{block.name}")
    if not mapping.outgoing or mapping.source.type != wanted:
        raise Misconfigured(
            f"mapping {mapping.name!r} does not write {wanted}", at=f"systems.{name}.out.{block.name}", fix="name another mapping"
        )
    canonical = formats["canonical"]
    bound = bind(mapping, canonical.layout(wanted), (system.zone,))
    line = _line(name, system, block, formats[mapping.target.format], mapping.target.options, books, sender)
    _check_words(line, mapping.target.type, f"systems.{name}.out.{block.name}")
    return line, Mapped(line, bound, canonical), wanted


def compile_syntax(name: str, system: System, block: Out, formats: Mapping[str, Format], books: Books, sender: Sender) -> Outward:
    """Compile a line of syntax acknowledgements."""
    if block.function:
        raise Misconfigured(f"{SYNTAX} names no parties", at=f"systems.{name}.out.{block.name}", fix="take function: out")
    return _line(name, system, block, formats["x12"], {}, books, sender)


def _line(name: str, system: System, block: Out, format: Format, own: Mapping[str, Any], books: Books, sender: Sender) -> Outward:
    zone(system.zone)
    words = {**own, **block.options, **({"charset": block.charset} if block.charset else {})}
    return Outward(block.name, name, block, system, format, words, books, sender)


def _check_words(line: Outward, type: str, at: str) -> None:
    """A message without documents is written: a word that the writer does not know, or one that it misses, stops the start."""
    known: frozenset[str] = getattr(line.format, "writes", frozenset(line.words))
    unknown = sorted(name for name in line.words if not name.isupper() and name not in known)
    if unknown:
        raise Misconfigured(f"{unknown[0]!r} is no word for writing {line.format.name}", at=at, fix=did_you_mean(unknown[0], known))
    try:
        line.write([], type, _numbers(line.format.name, 1, datetime(2000, 1, 1, tzinfo=UTC)))
    except Misconfigured as error:
        raise Misconfigured(error.fact, at=at, fix=error.fix) from None


def _check_function(block: Out, at: str) -> None:
    type = document_type(block.on)
    known = [role for role in get_args(Function) if role in type.model.model_fields]
    if block.function and block.function not in known:
        fix = f"one of {', '.join(known)}" if known else "take function: out"
        raise Misconfigured(f"{type.name} names nobody as {block.function}", at=at, fix=fix)


def _numbers(format: str, number: int, at: datetime) -> dict[str, str]:
    """A delivery's number and time in the fields of its format."""
    if format == "x12":
        control = str(number % 1_000_000_000 or 1)
        return {"ISA13": control, "GS06": control, "ST02": control.zfill(4), "date": f"{at:%Y%m%d}", "time": f"{at:%H%M}"}
    if format == "idoc":
        return {"DOCNUM": f"{number:016}", "CREDAT": f"{at:%Y%m%d}", "CRETIM": f"{at:%H%M%S}"}
    return {}
