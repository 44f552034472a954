"""Which loop a segment belongs to: a walk over a set's grammar, remembered as states and transitions.

A segment is sought forward from the current place, first in the innermost open loop, then in its parents (where
a loop may begin again); if that fails, anywhere in the open loops, innermost first, and it is out of order. What
the set does not hold stays in the innermost open loop. Each answer is kept, so that a set seen before costs one
dictionary look-up a segment.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from adapters.x12.grammar import Part, SetType

UNKNOWN: Final = "unknown"
UNEXPECTED: Final = "unexpected"
ORDER: Final = "order"
_Frame = tuple[tuple[Part, ...], int]


@dataclass(slots=True, eq=False)
class State:
    """A place in the grammar: the open loops with the place reached in each, and the transitions met so far."""

    frames: tuple[_Frame, ...]
    next: dict[str, Move] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Move:
    """One segment's way on. ``depth``: how many loops are open above the segment; ``part`` None: not of the set."""

    state: State
    depth: int
    opens: bool
    part: Part | None
    wrong: str = ""


class Nesting:
    """The walk over one set."""

    def __init__(self, type: SetType) -> None:
        self._tags = type.tags()
        self._states: dict[tuple[tuple[int, int], ...], State] = {}
        self.start = self._state(((type.parts, 0),))

    def move(self, state: State, tag: str) -> Move:
        """The move from a state over a segment; kept when the tag is one of the set."""
        found = state.next.get(tag)
        if found is None:
            found = self._find(state, tag)
            if tag in self._tags:
                state.next[tag] = found
        return found

    def _find(self, state: State, tag: str) -> Move:
        frames = state.frames
        for wrong in ("", ORDER):
            for depth in range(len(frames) - 1, -1, -1):
                parts, reached = frames[depth]
                for place in range(0 if wrong else reached, len(parts)):
                    if parts[place].tag == tag:
                        return self._into(frames[:depth], parts, place, reached if wrong else place, wrong)
        return Move(state, len(frames) - 1, False, None, UNEXPECTED if tag in self._tags else UNKNOWN)

    def _into(self, above: tuple[_Frame, ...], parts: tuple[Part, ...], place: int, reached: int, wrong: str) -> Move:
        part = parts[place]
        frames = (*above, (parts, reached))
        if part.loop:
            frames = (*frames, (part.parts, 0))
        return Move(self._state(frames), len(above), part.loop, part, wrong)

    def _state(self, frames: tuple[_Frame, ...]) -> State:
        key = tuple((id(parts), reached) for parts, reached in frames)
        return self._states.setdefault(key, State(frames))


@dataclass(frozen=True, slots=True)
class Shape:
    """Where each segment of a document hangs: index of its parent (-1 = the document) and the move made."""

    parents: list[int]
    moves: list[Move]


def shape(nesting: Nesting, rows: list[list[str]]) -> Shape:
    """Walk over a document's segments (``rows``: elements with the tag first)."""
    state, opened = nesting.start, [-1]
    parents: list[int] = []
    moves: list[Move] = []
    tree: _Tree | None = None
    for index, data in enumerate(rows):
        tag = data[0]
        move = state.next.get(tag) or nesting.move(state, tag)
        state, depth, parent = move.state, move.depth, opened[move.depth]
        del opened[depth + 1 :]
        if move.opens:
            opened.append(index)
            if move.part is not None and move.part.tree:
                tree = tree or _Tree()
                parent = tree.parent(index, data, parent)
        parents.append(parent)
        moves.append(move)
    return Shape(parents, moves)


class _Tree:
    """Parents of levels (HL): by the parent's number; where a sender writes none, by the order of the level codes."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._open: list[tuple[str, int]] = []

    def parent(self, index: int, data: list[str], top: int) -> int:
        number, above, level = (*data[1:4], "", "", "")[:3]
        found = self._numbers.get(above) if above else None
        self._close(found, level)
        if found is None and self._open:
            found = self._open[-1][1]
        self._open.append((level, index))
        if number:
            self._numbers[number] = index
        return top if found is None else found

    def _close(self, found: int | None, level: str) -> None:
        """Leave the levels that the new one does not stand in."""
        for place, (code, index) in enumerate(self._open):
            if index == found:
                del self._open[place + 1 :]
                return
            if found is None and code == level:
                del self._open[place:]
                return
