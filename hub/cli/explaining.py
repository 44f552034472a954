"""``hub explain`` and ``hub replay``: why a value is what it is, and what a stored message would be now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from hub.bootstrap import build
from hub.cli.output import Exit, Output, not_found, problem_object
from hub.cli.translating import derivation_object
from mappings.language.api import Derivation


def explain(message: int, document: int, target: str | None, now: bool, config: Path, out: Output) -> int:
    """Every value (or the one at ``target``) with its derivation down to the bytes of the message."""
    hub = build(config, promote=False)
    raw, traced = hub.replay.trace(message, document, now=now)
    if traced is None:
        not_found(f"a route for document {document} of message {message}", out, "hub holds")
    for problem in traced.result.problems:
        out.emit({"problem": problem_object(problem)}, partial(_text, str(problem)))
    shown = {
        pointer: leaf for pointer, leaf in traced.leaves.items() if target is None or pointer == target or pointer.startswith(f"{target}/")
    }
    if not shown and target is not None and not traced.result.problems:
        not_found(f"a value at {target}", out, f"one of {', '.join(list(traced.leaves)[:8])} ...")
    for pointer, leaf in shown.items():
        text = "\n".join([pointer, *_lines(leaf, raw, 1)])
        out.emit({"target": pointer, **derivation_object(leaf, raw)}, partial(_text, text))
    return int(Exit.DONE if traced.result.body is not None else Exit.FAILED)


def _text(text: str, row: Mapping[str, Any]) -> str:
    return text


def _lines(one: Derivation, raw: bytes, depth: int) -> Iterator[str]:
    pad = "  " * depth
    if one.source:
        steps = " | ".join(map(str, one.source.steps))
        yield f"{pad}{one.source.text!r}  <- {one.source.path}, {one.source.place}, {steps}"
    elif one.constant is not None:
        yield f"{pad}{one.constant!r}  <- constant, {one.mapping}"
    else:
        row = f", row {one.code.row} of table {one.code.table} (revision {one.code.revision})" if one.code else ""
        yield f"{pad}{one.value!s}  <- {one.function or 'value'}{row}" + (f", {one.mapping}" if one.mapping else "")
    for part in one.inputs:
        yield from _lines(part, raw, depth + 1)


def replay(message: int, mode: str, config: Path, out: Output) -> int:
    """Each document again; exit code 1 when one differs."""
    if mode not in ("then", "now"):
        out.emit({"error": "usage", "fact": f"--as {mode}", "fix": "then or now"}, lambda row: "--as is then or now")
        return int(Exit.USAGE)
    hub = build(config, promote=False)
    different = 0
    for again in hub.replay.message(message, then=mode == "then"):
        row = {
            "document": again.n, "same": again.same, "inputs_then": again.inputs_before, "inputs": again.after.inputs,
            "changes": again.changes, "problems": [problem_object(problem) for problem in again.after.problems],
        }  # fmt: skip
        different += not again.same
        out.emit(row, _replay_text)
    out.emit({"summary": {"message": message, "as": mode, "different": different}}, lambda row: f"{different} differ")
    return int(Exit.FAILED if different else Exit.DONE)


def _replay_text(row: Mapping[str, Any]) -> str:
    lines = [f"document {row['document']}: {'the same' if row['same'] else 'differs'}  ({row['inputs_then']} -> {row['inputs']})"]
    lines += [f"  {change['target']}: {change['before']!r} -> {change['after']!r}" for change in row["changes"]]
    return "\n".join([*lines, *(f"  {problem['cause']}: {problem['fact']}" for problem in row["problems"])])
