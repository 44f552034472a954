"""What a file does not say of itself: its delimiter, and in which row its headings stand."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Final

from adapters.delimited.cells import LINE_END
from adapters.delimited.options import Options, heading
from canonical_model.places import Bytes
from canonical_model.problems import Unreadable, cause_key

CANDIDATES: Final = ("\t", ",", ";", "|")
SAMPLE: Final = 50
"""Lines looked at for the delimiter, and rows looked at for the headings."""
_NUMBER_OR_DATE: Final = re.compile(r"[-+]?[\d.,]+%?|\d{2,4}[-/.年]\d{1,2}[-/.月]\d{1,4}日?( .*)?")


def sample(text: str) -> str:
    """The first ``SAMPLE`` lines."""
    end = 0
    for _, found in zip(range(SAMPLE), LINE_END.finditer(text), strict=False):
        end = found.end()
    return text[:end] if end and len(text) > end else text


def delimiter(text: str, options: Options) -> str:
    """The character that cuts most lines into the same number of cells, declared headings first.

    One that never stands in the text gives way to ``,``: a file of one column has no delimiter.
    """
    head = sample(text)
    if options.quote and options.quote in head:
        quote = re.escape(options.quote)
        head = re.sub(f"{quote}(?:[^{quote}]|{quote}{quote})*{quote}", "", head) if not options.required else head
    lines = [line for line in LINE_END.split(head) if line and not line.isspace()]
    best = max(CANDIDATES, key=lambda character: _score(character, lines, options))
    return best if any(best in line for line in lines) else ","


def _score(character: str, lines: Sequence[str], options: Options) -> tuple[int, float, int]:
    counts = Counter(line.count(character) for line in lines)
    width, often = max(counts.items(), key=lambda item: (item[0] > 0, item[1], item[0]), default=(0, 0))
    share = often / len(lines) if width else 0.0
    return _found(character, lines, options), share, width


def _found(character: str, lines: Sequence[str], options: Options) -> int:
    if not options.required:
        return 0
    wanted = set(options.required)
    return max(
        (len(wanted & {heading(cell.strip().strip(options.quote or " ")) for cell in line.split(character)}) for line in lines), default=0
    )


def header_row(table: Sequence[Sequence[str]], options: Options) -> int | None:
    """Which of the first rows holds the headings; None when the file has none.

    ``table`` holds the values of the first rows, ``""`` where a cell is empty. Raises Unreadable when declared
    headings (``columns``, ``group``) stand in no row.
    """
    if options.header == "none":
        return None
    if isinstance(options.header, int):
        if options.header > len(table):
            raise Unreadable(
                f"the file has {len(table)} rows, its headings are declared in row {options.header}", key=cause_key("delimited", "header")
            )
        return options.header - 1
    if options.required:
        return _declared_row(table, options)
    return _likely_row(table)


def _likely_row(table: Sequence[Sequence[str]]) -> int:
    """The first row that fills at least half of the usual width: title lines above it fill less."""
    filled = [sum(1 for cell in row if cell) for row in table]
    widths = Counter(len(row) for row, count in zip(table, filled, strict=True) if count)
    usual = max(widths.items(), key=lambda item: (item[1], item[0]))[0] if widths else 1
    enough = max(1 if usual == 1 else 2, (usual + 1) // 2)
    return next((at for at, count in enumerate(filled) if count >= enough), next((at for at, count in enumerate(filled) if count), 0))


def _declared_row(table: Sequence[Sequence[str]], options: Options) -> int:
    wanted = set(options.required)
    found = [len(wanted & {heading(cell) for cell in row}) for row in table]
    if not any(found):
        seen = [heading(cell) for cell in table[_likely_row(table)] if cell] if table else []
        raise missing(sorted(wanted, key=options.required.index), seen)
    return found.index(max(found))


def missing(names: Sequence[str], seen: Sequence[str], place: Bytes | None = None) -> Unreadable:
    """Declared headings that a file lacks, each with the nearest one that it has."""
    near = {name: get_close_matches(name, seen, 1, 0.5) for name in names}
    listed = ", ".join(f"{name!r}" + (f" (did you mean {near[name][0]!r}?)" if near[name] else "") for name in names)
    return Unreadable(
        f"the file has no column {listed}; it has {', '.join(seen) or 'no headings'}",
        key=cause_key("delimited", "column", names[0]), place=place,
        fix="correct `columns:` or `group:` of the mapping, mark a column that may be missing with ` ?`, or ask the sender",
    )  # fmt: skip


def doubtful(names: Sequence[str]) -> list[str]:
    """Headings that look like data: the row of headings may be missing."""
    return [name for name in names if _NUMBER_OR_DATE.fullmatch(name)]


def unique(cells: Sequence[str], filled: Sequence[bool]) -> tuple[str | None, ...]:
    """Names of the columns: the heading, its second occurrence with ``.2``; ``_n`` where none stands, None where
    the column is empty as well.

    >>> unique(["条码", "条码", "", ""], [True, True, True, False])
    ('条码', '条码.2', '_3', None)
    """
    names: list[str | None] = []
    for at, cell in enumerate(cells):
        name = heading(cell)
        if not name and not filled[at]:
            names.append(None)
            continue
        name = name or f"_{at + 1}"
        times = 1
        while (unused := name if times == 1 else f"{name}.{times}") in names:
            times += 1
        names.append(unused)
    return tuple(names)
