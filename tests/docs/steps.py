"""A tutorial as steps that can be run: files to save, commands to type, the output that is shown below them.

Marks are HTML comments before a fence, unseen by readers: ``<!-- file: NAME -->`` saves the fence as a file, ``<!-- until: COMMAND -->``
waits for a command to succeed before the next fence. A fence of ``sh`` is run; a fence of ``text`` is the output of the one before.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

PIECE = re.compile(r"<!-- (?P<mark>file|until): (?P<word>.*?) -->|^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
COLUMNS = re.compile(r"(?<=\S)  +")
ENDED = re.compile(r"<<<step (\d+) ended with (\d+)>>>\n")
VARYING = (
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z"), "<instant>"),
    (re.compile(r"[0-9a-f]{16}\.[0-9a-f]{16}\.[0-9a-f]{16}"), "<inputs>"),
    (re.compile(r"\d+ MB free"), "<disk> MB free"),
)
"""What differs from run to run, and the word that stands for it in comparing."""


@dataclass(frozen=True, slots=True)
class Step:
    """Commands of one fence. ``start``, ``end``: the place of its output's text in the document, or None where none is shown."""

    commands: str
    output: str = ""
    start: int | None = None
    end: int | None = None


def steps(document: str) -> list[Step]:
    """Every fence that does something, in order."""
    found: list[Step] = []
    mark: re.Match[str] | None = None
    for piece in PIECE.finditer(document):
        if piece["mark"] == "until":
            found.append(Step(f"for i in $(seq 120); do {piece['word']} >/dev/null 2>&1 && break; sleep 0.5; done"))
        elif piece["mark"]:
            mark = piece
            continue
        elif mark is not None:
            found.append(Step(f"mkdir -p $(dirname {mark['word']})\ncat > {mark['word']} <<'END_OF_FILE'\n{piece['text']}END_OF_FILE"))
        elif piece["language"] == "sh":
            found.append(Step(piece["text"].rstrip("\n")))
        elif piece["language"] == "text" and found:
            found[-1] = replace(found[-1], output=piece["text"], start=piece.start("text"), end=piece.end("text"))
        mark = None
    return found


def run(chosen: Sequence[Step], folder: Path, environment: Mapping[str, str], seconds: float) -> list[tuple[str, int]]:
    """(output, exit code) of each step, all typed into one shell in ``folder``; what the shell left running is ended with it."""
    script = "\n".join(f"{step.commands}\necho '<<<step {n} ended with '$?'>>>'" for n, step in enumerate(chosen))
    ending = "trap 'kill $(jobs -p) 2>/dev/null; wait' EXIT\n"
    done = subprocess.run(
        ["bash", "-c", f"{ending}{script}\n"], cwd=folder, env=dict(environment), timeout=seconds, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8", check=False,
    )  # fmt: skip
    parts = ENDED.split(done.stdout)
    return list(zip(parts[::3], map(int, parts[2::3]), strict=False))


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
