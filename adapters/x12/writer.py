"""Trees to an interchange: segments in the order of the grammar, pairs put into their places, counts computed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from adapters.base import Finding, Tree, Written
from adapters.edi import COMPONENT
from adapters.x12.assemble import Outgoing, Row, Set, assemble, outgoing, problems, refused
from adapters.x12.document import SetContext
from adapters.x12.grammar import Part
from adapters.x12.layout import PAIR, locate
from adapters.x12.validate import faults
from canonical_model.problems import Cause, Hold, Misconfigured, Problem, cause_key

HEADER, TRAILER = "LS", "LE"
"""The segments about a bounded loop (X12.6, "bounded loops"); both name it in their first element. Without the end, what follows would be
read as within it where both levels have the same segment (LX in a 945), so it is written where a tree leaves it out."""


def write(context: SetContext, trees: Sequence[Tree], assigned: Mapping[str, str], options: Mapping[str, Any]) -> Written:
    """One interchange with one group of the sets that ``trees`` say.

    A tree is segment -> fields, or a list of them; below a loop's first segment its other segments; PAIR records
    (Q, V) fill the free pairs of their segment. Values are texts; empty ones are left out; trailing blanks go.
    HL01, HL02 and HL04 are numbered where they are not given, and so is the count of a set (CTT01).
    ``assigned`` and ``options``: see ``assemble.outgoing``; ``group`` names GS01 for a set without a grammar.
    Raises Hold with every value that cannot be written, Misconfigured when the envelope is not known.
    """
    known = context.layout.set
    group = str(options.get("group") or (known.group if known else ""))
    if len(group) != 2:
        raise Misconfigured(f"set {context.layout.type} has no functional group (GS01)", at="options", fix="name it: group: XX")
    out = outgoing(assigned, options)
    found: list[Problem] = []
    findings: list[Finding] = []
    sets = []
    for tree in trees:
        rows = _rows(context, tree, found)
        found += (problem for row in rows for problem in problems(row, out))
        _check(context, rows, out, found, findings)
        sets.append(Set(context.layout.type, rows, str(options.get("implementation") or "")))
    if found:
        raise Hold(*found)
    return Written(assemble(out, group, sets), tuple(findings))


def _rows(context: SetContext, tree: Tree, found: list[Problem]) -> list[Row]:
    writer = _Writer(context, found)
    known = context.layout.set
    rows = writer.open(tree) if known is None else [*writer.parts(known.parts, tree, "")]
    if known is not None:
        _number_levels(known.parts, rows, writer.levels)
        _count(known.counts, rows)
    return [[text.rstrip(" ") for text in row] for row in rows]


def _count(counts: Sequence[tuple[str, int, str]], rows: list[Row]) -> None:
    """Fill in totals that a tree names without a value (CTT01)."""
    for tag, place, counted in counts:
        for row in rows:
            if row[0] == tag and not _at(row, place):
                _put(row, place, None, str(sum(1 for other in rows if other[0] == counted)))


def _number_levels(parts: Sequence[Part], rows: list[Row], levels: list[tuple[Row, Row | None]]) -> None:
    for number, (row, above) in enumerate(levels, 1):
        if not _at(row, 1):
            _put(row, 1, None, str(number))
        if above is not None and not _at(row, 2):
            _put(row, 2, None, above[1])
    parents = [above for _, above in levels]
    for row, _ in levels:
        if not _at(row, 4):
            _put(row, 4, None, "1" if any(above is row for above in parents) else "0")


class _Writer:
    """One tree on its way to rows. ``levels``: rows of tree loops (HL) with the row of their parent."""

    def __init__(self, context: SetContext, found: list[Problem]) -> None:
        self._context, self._found = context, found
        self.levels: list[tuple[Row, Row | None]] = []

    def parts(self, parts: Sequence[Part], tree: Tree, path: str, above: Row | None = None) -> Iterator[Row]:
        """Rows of what ``tree`` holds of ``parts``, in their order; the rest is a problem."""
        for part in parts:
            for entry in _entries(tree.get(part.tag)):
                yield from self._part(part, entry, f"{path}{part.tag}", above)
        for name in tree:
            if name not in {part.tag for part in parts}:
                self._problem(f"{path}{name}", "cannot stand here by the grammar of the set")

    def _part(self, part: Part, entry: object, path: str, above: Row | None) -> Iterator[Row]:
        if not isinstance(entry, Mapping):
            self._problem(path, "must be a segment with fields")
            return
        row, kids = self._segment(part.tag, entry, path)
        inner = (*part.parts, part) if part.tree else part.parts
        if part.tree:
            self.levels.append((row, above))
        written = len(row) > 1 or bool(kids) or part.tree
        if written:
            yield row
        below = [*self.parts(inner, kids, f"{path}.", row if part.tree else None)]
        yield from below
        if written and part.tag == HEADER and not any(other[0] == TRAILER for other in below):
            yield [TRAILER, *row[1:2]]

    def _segment(self, tag: str, entry: Mapping[str, Any], path: str) -> tuple[Row, dict[str, Any]]:
        """A segment's row, and what of its entry are segments below it."""
        row, kids = [tag], {}
        for name, value in entry.items():
            place = locate(tag, name)
            if place is None:
                kids[name] = value
            elif self._context.layout.access(tag, name) is None:
                self._problem(f"{path}.{name}", "is no element of the segment")
            elif value is not None and not isinstance(value, str):
                self._problem(f"{path}.{name}", f"is {type(value).__name__}, values are texts")
            elif value:
                first = 0 if place[0] in self._context.composites.get(tag, ()) else None
                _put(row, place[0], first if place[1] is None else place[1], value)
        if PAIR in kids and tag in self._context.pairs:
            self._pairs(row, _entries(kids.pop(PAIR)), path)
        return row, kids

    def _pairs(self, row: Row, pairs: Sequence[Any], path: str) -> None:
        free = (start for start in self._context.pairs[row[0]] if not _at(row, start) and not _at(row, start + 1))
        for pair in pairs:
            kind, value = (pair.get("Q") or "", pair.get("V") or "") if isinstance(pair, Mapping) else ("", "")
            if not isinstance(kind, str) or not isinstance(value, str) or not (kind or value):
                continue
            start = next(free, None)
            if start is None:
                self._problem(f"{path}.{PAIR}", f"has no place left for {kind} {value}")
                return
            _put(row, start, None, kind)
            _put(row, start + 1, None, value)

    def open(self, tree: Tree) -> list[Row]:
        """Rows of a set without a grammar: as the tree orders them."""
        rows: list[Row] = []
        for tag, value in tree.items():
            for entry in _entries(value):
                if not isinstance(entry, Mapping):
                    self._problem(tag, "must be a segment with fields")
                    continue
                row, kids = self._segment(tag, entry, tag)
                rows.append(row)
                rows += self.open(kids)
        return rows

    def _problem(self, path: str, fact: str) -> None:
        fix = "see the grammar of the set in grammars/x12, or upload one"
        self._found.append(Problem(Cause.MAPPING_ERROR, cause_key("x12", path), f"{path} {fact}", fix, source=path))


def _entries(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _at(row: Row, place: int) -> str:
    return row[place] if place < len(row) else ""


def _put(row: Row, place: int, component: int | None, text: str) -> None:
    row += [""] * (place + 1 - len(row))
    if component is None:
        row[place] = text
        return
    parts = row[place].split(COMPONENT) if row[place] else []
    parts += [""] * (component + 1 - len(parts))
    parts[component] = text
    row[place] = COMPONENT.join(parts)


def _check(context: SetContext, rows: Sequence[Row], out: Outgoing, found: list[Problem], findings: list[Finding]) -> None:
    """Lengths are refused; what else the grammar does not allow is reported and sent."""
    for position, row in enumerate(rows, 2):
        known = context.grammar.segments.get(row[0])
        if known is None:
            continue
        measured = [_measure(text, out.charset) for text in row]
        for code, ak403, fact, element, component, _, value in faults(known, measured, out.version):
            if code == "x12.element_long":
                found.append(refused(row[0], element, row[element], fact, "the partner's system cuts or refuses it"))
            else:
                name = f"{row[0]}{element:02d}" + (f"-{component}" if component else "")
                details = {"segment": row[0], "position": str(position), "element": str(element), "ak403": ak403, "value": value}
                findings.append(Finding(code, f"{name} {fact}", details={k: v for k, v in details.items() if v}))


def _measure(text: str, charset: str) -> str:
    """A stand-in whose length is the text's length in bytes of the charset."""
    return text if text.isascii() else text + "x" * (len(text.encode(charset, "replace")) - len(text))
