"""Translates every example of the library with the world shut off, and prints what came out, byte for byte.

A program of its own (``python -m tests.proofs.pure``), so that two processes with different hash seeds can be compared.
"""

from __future__ import annotations

import builtins
import io
import os
import random
import socket
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from canonical_model.catalogue import document_type
from canonical_model.problems import Hold
from hub.codebook.lines import LineBook, parse_csv
from hub.plugins import Library, formats
from hub.stages.translate import Envelope, Inputs, Route, translate
from mappings.language import bind
from mappings.language.api import Context

RECEIVED = datetime(2026, 11, 25, 8, 30, tzinfo=UTC)
SHUT = (
    (socket, "socket"), (socket, "create_connection"), (sqlite3, "connect"), (time, "time"), (time, "time_ns"), (time, "monotonic"),
    (time, "perf_counter"), (random, "random"), (random, "Random"), (os, "urandom"), (builtins, "open"), (io, "open"), (os, "open"),
)  # fmt: skip


class WorldTouched(AssertionError):
    """Translation looked at something that is not its argument."""


@contextmanager
def shut() -> Iterator[None]:
    """No network, database, clock, random number or file."""
    kept = [(module, name, getattr(module, name)) for module, name in SHUT]
    for module, name, _ in kept:
        setattr(module, name, _refuse(f"{module.__name__}.{name}"))
    try:
        yield
    finally:
        for module, name, value in kept:
            setattr(module, name, value)


def _refuse(name: str) -> Any:
    def refused(*_: Any, **__: Any) -> Any:
        raise WorldTouched(name)

    return refused


def run() -> list[str]:
    """One line a document of every example of the library: inward through ``translate``, outward through its bound mapping."""
    library, known = Library(), formats()
    lines: list[str] = []
    for name in library.names():
        mapping = library.parse(name)
        for example in mapping.examples:
            raw = library.beside(name, example.given)
            book = LineBook(parse_csv(library.beside(name, example.code_file or "").decode("utf-8-sig")))
            outward = mapping.outgoing
            lines += _out(name, mapping, raw, known, book) if outward else _in(name, mapping, raw, known, book)
    return lines


def _in(name: str, mapping: Any, raw: bytes, known: Any, book: Any) -> Iterator[str]:
    type = document_type(mapping.target.type)
    route = Route(f"in:{name}", mapping, type, "example", {}, "0" * 32)
    source = mapping.source
    options = {**source.options, **({"type": source.type} if source.format in ("delimited", "json") else {})}
    inputs = Inputs("example", "Asia/Shanghai", "HQ", known[source.format], options, {"*": route}, book.for_code_set("example"))
    envelope = Envelope("example", RECEIVED, "file", {}, "in")
    list(translate(raw, envelope, inputs))
    with shut():
        for one in translate(raw, envelope, inputs):
            yield repr(
                (name, one.n, one.canonical, one.technical, one.key, one.source, one.fingerprint, one.revision, one.numbers, one.inputs,
                 one.problems, one.stake)
            )  # fmt: skip


def _out(name: str, mapping: Any, raw: bytes, known: Any, book: Any) -> Iterator[str]:
    [document] = known["canonical"].read(raw, type=mapping.source.type)
    bound = bind(mapping, document.layout, ("Asia/Shanghai",))
    codes, context = book.for_code_set("example"), Context("example", RECEIVED, "Asia/Shanghai", None, "HQ", {"number": "1"})
    target = known[mapping.target.format]
    bound.row(document, codes, context)
    with shut():
        result = bound.row(document, codes, context)
        assert result.body is not None, result.problems
        yield repr((name, result.body, written(target, mapping, result.body)))


def written(target: Any, mapping: Any, tree: Any) -> bytes:
    """The message of one tree, with numbers that a delivery would be assigned; or what its writer has against it."""
    assigned = {
        "x12": {"ISA13": "7", "GS06": "7", "ST02": "0007", "date": "20261125", "time": "0830"},
        "idoc": {"DOCNUM": "7".zfill(16), "CREDAT": "20261125", "CRETIM": "083000", "SNDPRN": "HUB", "RCVPRN": "SAP"},
    }.get(target.name, {})
    words = {"sender": "HUB", "receiver": "WH"} if target.name == "x12" else {}
    try:
        payload: bytes = target.write([tree], type=mapping.target.type, assigned=assigned, **mapping.target.options, **words).payload
    except Hold as hold:
        return repr(hold.problems).encode()
    return payload


if __name__ == "__main__":
    print("\n".join(run()))
