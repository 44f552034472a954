"""Which character separates the cells of a file that does not say so."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Final

from adapters.delimited.cells import LINE_END
from adapters.delimited.options import Options, heading

CANDIDATES: Final = ("\t", ",", ";", "|")
SAMPLE: Final = 50
"""Lines looked at."""


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
    present = [character for character in CANDIDATES if character in head]
    if len(present) < 2:
        return present[0] if present else ","
    if options.quote and options.quote in head:
        quote = re.escape(options.quote)
        head = re.sub(f"{quote}(?:[^{quote}]|{quote}{quote})*{quote}", "", head) if not options.required else head
    lines = [line for line in LINE_END.split(head) if line and not line.isspace()]
    return max(present, key=lambda character: _score(character, lines, options))


def _score(character: str, lines: Sequence[str], options: Options) -> tuple[int, float, int]:
    counts = Counter(line.count(character) for line in lines)
    width, often = max(counts.items(), key=lambda item: (item[0] > 0, item[1], item[0]), default=(0, 0))
    share = often / len(lines) if width else 0.0
    return _found(character, lines, options), share, width


def _found(character: str, lines: Sequence[str], options: Options) -> int:
    """The most declared headings that one line holds as cells."""
    if not options.required:
        return 0
    wanted, around = set(options.required), options.quote or " "
    likely = [line for line in lines if options.required[0] in line] or lines
    if len(likely) == 1 and character not in likely[0]:
        return 0
    cells = ({heading(cell.strip().strip(around)) for cell in line.split(character)} for line in likely)
    return max((len(wanted & names) for names in cells), default=0)
