"""What every process of one run knows: the plan (a file, written once), and the flags by which the conductor speaks (files)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tests.faults.corpus.plan import Corpus

PLAN = "plan.json"
HOUSEKEEPING = ("pace", "finish", "repaired")
"""``pace``: the share of the corpus that may be sent (0 to 1). ``finish``: every code is given now, receivers behave.
``repaired``: the document that killed its process does so no more."""


@dataclass(frozen=True)
class Plan:
    """One run. Ports are of the loopback address."""

    seed: int
    setup: str
    documents: int
    special: bool
    only: tuple[str, ...]
    broken: str
    doors: tuple[int, ...]
    idempotent: int
    doubtful: int
    reader: int
    broker: str

    @property
    def corpus(self) -> Corpus:
        """What is sent."""
        return Corpus(self.seed, self.documents, self.special, self.only)

    @property
    def production(self) -> bool:
        """Whether it runs over PostgreSQL and RabbitMQ."""
        return self.setup == "production"

    def save(self, folder: Path) -> None:
        """Write it for the others."""
        (folder / PLAN).write_text(json.dumps(asdict(self)))


def load(folder: Path = Path()) -> Plan:
    """Read it."""
    found: dict[str, Any] = json.loads((folder / PLAN).read_text())
    return Plan(**{**found, "only": tuple(found["only"]), "doors": tuple(found["doors"])})


def tell(folder: Path, flag: str, text: str = "1") -> None:
    """Set a flag, whole."""
    half = folder / f".{flag}"
    half.write_text(text)
    half.rename(folder / flag)


def told(flag: str) -> str:
    """What a flag says; empty: it is not set."""
    try:
        return Path(flag).read_text()
    except FileNotFoundError:
        return ""


def write_line(path: str, **facts: Any) -> None:
    """Append one object to a log of one's own; whole also when the writer is killed, since it is one write."""
    with Path(path).open("ab", buffering=0) as log:
        log.write(json.dumps(facts, ensure_ascii=False).encode() + b"\n")


def read_lines(path: Path) -> list[Mapping[str, Any]]:
    """Every whole line of such a log."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_bytes().splitlines() if line.endswith(b"}")]
