"""A mapping as it is read from its text: what ``parse`` gives and everything else takes."""

from __future__ import annotations

from collections.abc import Mapping as Readable
from dataclasses import dataclass, field
from typing import Any, Literal

from mappings.language.faults import Mark
from mappings.language.syntax import Expression, Object


@dataclass(frozen=True, slots=True)
class End:
    """One end of a mapping: ``source:`` or, outgoing, ``target:``. ``options`` go to the format's reader or writer.

    A canonical end has the format ``canonical`` and the document type as its type, e.g. ``order/1``.
    """

    format: str
    type: str
    options: Readable[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Example:
    """A file and what it becomes. ``given`` and ``gives`` are names beside the mapping; ``document`` counts from 1.

    ``codes`` are rows of code tables (table -> code -> canonical); ``code_file`` names a file of them instead.
    ``problems`` are the causes expected in place of a body, ``ignore`` pointers that are not compared.
    """

    given: str
    gives: str | None
    mark: Mark
    document: int = 1
    codes: Readable[str, Readable[str, str]] = field(default_factory=dict)
    code_file: str | None = None
    problems: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    received: str = "2026-01-05T08:00:00Z"
    zone: str = "UTC"
    system: str = "example"
    party: str = ""
    numbers: Readable[str, str] = field(default_factory=dict)


Origin = Literal["own", "inherited", "overridden"]


@dataclass(frozen=True, eq=False)
class Mapping:
    """A mapping file, read and checked as far as that goes without a layout.

    ``hash`` covers the normal form of the tree with its bases and the versions of the functions it uses;
    examples and layout of the text take no part. ``volatile`` are (segment, field) pairs that the source fingerprint
    leaves out. ``bases`` names the mappings it extends, nearest first; ``origins`` says of each target where it is from.
    """

    name: str
    file: str
    source: End
    target: End
    map: Object
    hash: str
    key: tuple[Expression, ...] = ()
    revision: Expression | None = None
    numbers: tuple[tuple[str, Expression], ...] = ()
    stake: Expression | None = None
    namespace: str | None = None
    volatile: frozenset[tuple[str, str]] = frozenset()
    examples: tuple[Example, ...] = ()
    bases: tuple[str, ...] = ()
    origins: Readable[str, tuple[Origin, Mark]] = field(default_factory=dict)

    @property
    def outgoing(self) -> bool:
        """True when the source is canonical: the map builds a tree of texts for a format's writer."""
        return self.source.format == "canonical"
