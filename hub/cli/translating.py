"""``hub translate``: a file through the law, stored nowhere. With ``--codes`` no store is asked either."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from adapters.base import Format, apply_steps
from canonical_model.places import Bytes
from canonical_model.problems import HubError, Unreadable
from hub.cli.instants import instant
from hub.cli.output import Exit, Output, problem_object
from hub.cli.settings import all_formats, known_formats, library_of, load_config
from hub.codebook.lines import LineBook, parse_csv
from hub.config import Config
from hub.stages.routes import Book, Way, compile_way
from hub.stages.translate import Envelope, trace_document, translate_document
from hub.store.clock import SystemClock, to_datetime
from mappings.language.api import Derivation


def translate(
    file: Path, system: str, codes: Path | None, way: str | None, trace: bool, received: str | None, config: Path, out: Output
) -> int:
    """Each document with its key, body or problems; exit code 1 when one is held."""
    loaded = load_config(config)
    known = all_formats(config) if codes is None else known_formats(config)
    chosen, raw = _way(loaded, system, way, config, known), file.read_bytes()
    inputs = chosen.inputs(_book(codes, config, loaded.parents()))
    at = to_datetime(SystemClock().now()) if received is None else instant(received, "--received")
    envelope = Envelope(system, at, file.name, {}, chosen.name)
    held = 0
    try:
        for document in chosen.format.read(raw, **chosen.options):
            done = translate_document(document, envelope, inputs)
            held += bool(done.problems)
            row = {
                "document": done.n, "route": done.route, "type": done.type, "technical": done.technical, "key": done.key,
                "revision": done.revision, "numbers": dict(done.numbers), "stake": done.stake, "inputs": done.inputs,
                "problems": [problem_object(problem) for problem in done.problems],
                "body": None if done.canonical is None else orjson.loads(done.canonical),
            }  # fmt: skip
            traced = trace_document(document, envelope, inputs) if trace else None
            if traced is not None:
                row["trace"] = {pointer: derivation_object(leaf, raw) for pointer, leaf in traced.leaves.items()}
            out.emit(row, _human)
    except Unreadable as error:
        text = str(error.problems[0])
        out.emit({"problem": problem_object(error.problems[0])}, lambda row: text)
        return int(Exit.FAILED)
    return int(Exit.FAILED if held else Exit.DONE)


def _way(config: Config, system: str, name: str | None, file: Path, known: Mapping[str, Format]) -> Way:
    block = config.systems.get(system)
    if block is None:
        raise HubError(f"there is no system {system!r}", at=str(file), fix=f"one of {', '.join(config.systems)}")
    ways = [one for one in block.in_ if name in (None, one.name)]
    if len(ways) != 1:
        raise HubError(
            f"system {system!r} has {len(ways)} ways in of that name",
            at=str(file),
            fix=f"--way, one of {', '.join(one.name for one in block.in_)}",
        )
    return compile_way(system, block, ways[0], library_of(file), known, config.hub.limits)


def _book(codes: Path | None, config: Path, parents: Mapping[str, str]) -> Book:
    if codes is not None:
        return LineBook(parse_csv(codes.read_text("utf-8-sig")), parents)
    from hub.bootstrap import build

    hub = build(config, promote=False)
    with hub.store.read() as connection:
        return hub.flow.codebook.view(connection)


def _human(row: Mapping[str, Any]) -> str:
    lines = [f"document {row['document']}: {row['type'] or 'no route'}  key {row['key'] or '-'}  revision {row['revision'] or '-'}"]
    for problem in row["problems"]:
        places = [problem[name] for name in ("mapping", "target", "source", "place") if name in problem]
        lines += [
            f"  {problem['cause']}: {problem['fact']}",
            f"    at: {', '.join(map(str, places)) or '-'}",
            f"    fix: {problem.get('fix', '-')}",
        ]
    if row["body"] is not None:
        lines.append(orjson.dumps(row["body"], option=orjson.OPT_INDENT_2).decode())
    return "\n".join(lines)


def derivation_object(one: Derivation, raw: bytes) -> dict[str, Any]:
    """A derivation as nested objects; what is absent is left out."""
    row: dict[str, Any] = {"value": one.value if isinstance(one.value, (str, int, list, dict)) else str(one.value)}
    if one.function:
        names = one.names or ("",) * len(one.inputs)
        row["function"] = one.function
        row["inputs"] = [
            ({"name": name} if name else {}) | derivation_object(part, raw) for name, part in zip(names, one.inputs, strict=False)
        ]
    if one.code:
        row["code"] = {name: getattr(one.code, name) for name in ("table", "code", "canonical", "row", "revision")}
    if one.source:
        steps = [str(step) for step in one.source.steps]
        row["source"] = {
            "path": one.source.path,
            "place": one.source.place,
            "steps": steps,
            "raw": _cut(raw, one),
            "holds": _holds(raw, one),
        }
    if one.constant is not None:
        row["constant"] = one.constant
    return row | ({"mapping": one.mapping} if one.mapping else {})


def _cut(raw: bytes, one: Derivation) -> str:
    place = one.source.place if one.source else None
    return raw[place.start : place.end].decode("latin-1") if isinstance(place, Bytes) else str(place)


def _holds(raw: bytes, one: Derivation) -> bool:
    """Whether cutting the place and doing the steps gives the text: true, or the lineage is wrong."""
    source = one.source
    if source is None or not isinstance(source.place, Bytes):
        return True
    return apply_steps(raw[source.place.start : source.place.end], source.steps) == source.text
