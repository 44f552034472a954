"""A tutorial as steps that can be run: files to save, commands to type, the output that is shown below them.

Marks are HTML comments, unseen by readers: ``<!-- file: NAME -->`` before a fence saves it as a file, ``<!-- until: COMMAND -->`` waits
for a command to succeed. A fence of ``sh`` is run; a fence of ``text`` is the output of the one before.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

PIECE = re.compile(r"<!-- (?P<mark>file|until): (?P<word>.*?) -->|^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
COLUMNS = re.compile(r"(?<=\S)  +")
VARYING = (
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z"), "<instant>"),
    (re.compile(r"[0-9a-f]{16}\.[0-9a-f]{16}\.[0-9a-f]{16}"), "<inputs>"),
    (re.compile(r"\d+ MB free"), "<disk> MB free"),
)
"""What differs from run to run, and the word that stands for it in comparing."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do. ``word`` is a file's name, ``text`` its content, or what is typed. ``start``, ``end``: the place of the
    output's text in the document, None where none is shown."""

    kind: Literal["save", "wait", "type"]
    text: str
    word: str = ""
    output: str = ""
    start: int | None = None
    end: int | None = None


def steps(document: str) -> list[Step]:
    """Every mark and fence that does something, in order."""
    found: list[Step] = []
    name = ""
    for piece in PIECE.finditer(document):
        if piece["mark"] == "until":
            found.append(Step("wait", piece["word"]))
        elif name:
            found.append(Step("save", piece["text"], name))
        elif piece["language"] == "sh":
            found.append(Step("type", piece["text"]))
        elif piece["language"] == "text" and found:
            found[-1] = replace(found[-1], output=piece["text"], start=piece.start("text"), end=piece.end("text"))
        name = piece["word"] if piece["mark"] == "file" else ""
    return found


def steady(text: str) -> str:
    """A text without what varies: instants, ids of inputs, the width of columns, blanks at the end of a line."""
    for pattern, word in VARYING:
        text = pattern.sub(word, text)
    return "".join(COLUMNS.sub("  ", line).rstrip() + "\n" for line in text.splitlines())


def filled(document: str, outputs: Mapping[int, str]) -> str:
    """The document with other outputs: start of a step's output -> the new text."""
    shown = [step for step in steps(document) if step.start in outputs]
    return "".join(_pieces(document, shown, outputs))


def _pieces(document: str, shown: Sequence[Step], outputs: Mapping[int, str]) -> Iterator[str]:
    at = 0
    for step in shown:
        if step.start is None or step.end is None:
            continue
        yield document[at : step.start]
        yield outputs[step.start]
        at = step.end
    yield document[at:]
