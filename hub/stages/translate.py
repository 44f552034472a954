"""Translate: ``translate(raw, envelope, inputs) -> documents | problems``. The law of the hub: a pure function.

Nothing here reads a clock, a random number, a network, a file or a mutable table. Codes are resolved inside, from a
frozen view of one revision. Run again with the same arguments it gives the same bytes, and every other promise
(explain, shadow replay, as-of replay) is this function called once more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from adapters.base import Finding, Format
from canonical_model.problems import Problem
from mappings.language.api import Codes


@dataclass(frozen=True, slots=True)
class Envelope:
    """What is stored beside the raw bytes when a message arrives."""

    system: str
    received_at: datetime
    name: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    route: str = ""


@dataclass(frozen=True, slots=True)
class Translated:
    """One document of a message, translated or not. T, K, S, V and n come from the source alone.

    ``technical`` T with its system, ``key`` K = (namespace, object kind, values ...), ``source`` S (16 bytes),
    ``revision`` V as text; ``canonical`` the body as canonical JSON bytes and ``fingerprint`` F over it (16 bytes),
    both None while ``problems`` stand against it. ``inputs`` is the id of what it was translated under (D1).
    """

    n: int
    route: str
    type: str
    technical: tuple[str, ...] | None
    key: tuple[str, ...] | None
    source: bytes
    revision: str | None
    numbers: tuple[tuple[str, str], ...]
    body: Mapping[str, Any] | None
    canonical: bytes | None
    fingerprint: bytes | None
    problems: tuple[Problem, ...]
    findings: tuple[Finding, ...]
    control: Mapping[str, str]
    inputs: str
    stake: str | None = None


@dataclass(frozen=True, slots=True)
class Inputs:
    """Everything besides raw bytes and envelope that decides a translation; immutable.

    ``format`` holds definitions and grammars; ``routes`` maps a document type to its compiled route;
    ``codes`` is one revision of the code tables as this system sees them.
    """

    system: str
    zone: str
    party: str
    format: Format
    routes: Mapping[str, Any]
    codes: Codes
