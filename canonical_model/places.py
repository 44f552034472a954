"""Where in a message something stands. Used by adapters, the traced engine and every problem.

Offsets count bytes of the raw message as it arrived, half open: ``raw[start:end]`` is the raw token,
with its quotes and release characters.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bytes:
    """A half-open range of bytes of the raw message."""

    start: int
    end: int

    def __str__(self) -> str:
        return f"bytes {self.start}-{self.end}"


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a spreadsheet, where bytes of the file say nothing to a reader."""

    sheet: str
    ref: str

    def __str__(self) -> str:
        return f"sheet {self.sheet} cell {self.ref}"


Place = Bytes | Cell
