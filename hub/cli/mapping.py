"""``hub lint``, ``hub map list|test|show`` and ``hub schema``: mappings and schemas, without a store."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson

from adapters.base import Document, Format, Layout
from canonical_model.catalogue import TYPES
from canonical_model.problems import HubError
from canonical_model.schemas import published
from canonical_model.schemas import schema as schema_of
from hub.cli.output import Exit, Output, not_found
from hub.cli.settings import all_formats, library_of
from hub.codebook.lines import LineBook, parse_csv
from hub.config import ConfigFault
from hub.plugins import Library
from mappings.language import ExampleResult, Lint, bind, coverage, run_examples
from mappings.language import Mapping as ParsedMapping
from mappings.language import lint as lint_text
from mappings.language.api import Codes


def lint(files: Iterable[Path], config: Path, out: Output) -> int:
    """Findings of mapping files (or of everything that a configuration uses); exit code 1 when one is an error."""
    chosen = list(files)
    library, formats = library_of(config), all_formats(config)
    found = [one for name, text in _texts(chosen, library) for one in findings(name, text, library, formats)]
    found += _config_findings(config) if not chosen and config.exists() else []
    for one in found:
        row = {
            "file": one.at.file,
            "line": one.at.line,
            "column": one.at.column,
            "level": one.level,
            "message": one.message,
            "suggestion": one.suggestion,
        }
        out.emit(row, lambda row, text=str(one): text)  # type: ignore[misc]
    errors = sum(one.level == "error" for one in found)
    out.emit({"summary": {"findings": len(found), "errors": errors}}, lambda row: f"{len(found)} findings, {errors} errors")
    return int(Exit.FAILED if errors else Exit.DONE)


def findings(name: str, text: str, library: Library, formats: Mapping[str, Format]) -> list[Lint]:
    """Everything that can be said of one mapping before a message is there; without an example it does not load."""
    try:
        mapping = library.parse(name)
        layout, target = _layout(mapping, formats), _target(mapping)
    except HubError:
        layout, target = None, None
    return lint_text(text, f"{name}.yaml", library.text, layout, target)


def _target(mapping: ParsedMapping) -> Mapping[str, Any] | None:
    return None if mapping.outgoing or mapping.target.type not in TYPES else schema_of(mapping.target.type)


def _layout(mapping: ParsedMapping, formats: Mapping[str, Format]) -> Layout:
    return formats[mapping.source.format].layout(mapping.source.type, **mapping.source.options)


def _texts(files: list[Path], library: Library) -> Iterator[tuple[str, str]]:
    """(name, text) of the chosen files, or of every mapping there is."""
    if not files:
        yield from ((name, library.text(name)) for name in library.names())
    for file in files:
        for path in sorted(file.rglob("*.yaml")) if file.is_dir() else [file]:
            name = _name(path, library)
            yield name, path.read_text("utf-8")


def _name(path: Path, library: Library) -> str:
    """The name under which the library knows a file; else its path without the ending."""
    known = next(
        (name for name in library.names() if (place := library.place(name)) is not None and Path(str(place)) == path.resolve()), None
    )
    return known or str(path.with_suffix(""))


def _config_findings(config: Path) -> list[Lint]:
    from hub.cli.settings import load_config

    try:
        load_config(config)
    except ConfigFault as fault:
        return list(fault.lints)
    return []


def names(config: Path, out: Output) -> int:
    """Every mapping with its ends."""
    library = library_of(config)
    rows = []
    for name in library.names():
        mapping = library.parse(name)
        rows.append(
            {
                "mapping": name,
                "source": f"{mapping.source.format} {mapping.source.type}",
                "target": f"{mapping.target.format} {mapping.target.type}",
            }
        )
    out.table(rows, "mapping", "source", "target")
    return int(Exit.DONE)


def test(chosen: Iterable[str], write: bool, config: Path, out: Output) -> int:
    """Run examples; exit code 1 when one fails or a mapping has none. ``write``: what comes out becomes what is expected."""
    library, formats = library_of(config), all_formats(config)
    failed = 0
    for name in [*chosen] or library.names():
        mapping = library.parse(name)
        if write:
            _write(mapping, library, formats, out)
        results = examples_of(mapping, library, formats)
        failed += sum(not result.passed for result in results) + (not results)
        for result in results or ():
            out.emit(_result(name, result), lambda row, text=str(result): text)  # type: ignore[misc]
        reached = coverage(bind(mapping, _layout(mapping, formats)), results)
        row = {"mapping": name, "examples": len(results), "coverage": reached.percent, "missed": list(reached.missed)}
        out.emit(row, lambda row: f"{row['mapping']}: {row['examples']} examples, {row['coverage']} % of its targets")
    out.emit({"summary": {"failed": failed}}, lambda row: f"{failed} failed")
    return int(Exit.FAILED if failed else Exit.DONE)


def examples_of(mapping: ParsedMapping, library: Library, formats: Mapping[str, Format]) -> list[ExampleResult]:
    """The results of a mapping's examples, read with the words of its source."""
    return run_examples(mapping, reader(mapping, formats), lambda file: library.beside(mapping.name, file), codes_of(mapping, library))


def _write(mapping: ParsedMapping, library: Library, formats: Mapping[str, Format], out: Output) -> None:
    """Write the ``gives:`` files of one of the user's own mappings that are not there or differ."""
    place = library.place(mapping.name)
    if not any(place.is_relative_to(folder) for folder in library.folders):
        raise HubError(f"mapping {mapping.name!r} is not in a folder of yours", fix="name one of your own mappings with --write")
    expected = {example.gives for example in mapping.examples if example.gives}

    def beside(file: str) -> bytes:
        return b"{}" if file in expected and not (place.parent / file).is_file() else library.beside(mapping.name, file)

    for result in run_examples(mapping, reader(mapping, formats), beside, codes_of(mapping, library)):
        if result.body is not None and result.differences and result.example.gives:
            file = place.parent / result.example.gives
            file.write_bytes(orjson.dumps(result.body, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
            row = {"mapping": mapping.name, "wrote": result.example.gives}
            out.emit(row, lambda row: f"wrote {row['wrote']}: read it before you trust it")


def reader(mapping: ParsedMapping, formats: Mapping[str, Format]) -> Callable[[bytes], Iterator[Document]]:
    """Bytes -> documents as a route with this mapping would read them."""
    source = mapping.source
    typed = source.format in ("delimited", "json", "canonical")
    options = {**source.options, **({"type": source.type} if typed else {})}
    return lambda raw: formats[source.format].read(raw, **options)


def codes_of(mapping: ParsedMapping, library: Library) -> Callable[[str], Codes]:
    """Tables of a CSV beside the mapping, asked with the code set that is the example's system."""

    def tables(file: str) -> Codes:
        book = LineBook(parse_csv(library.beside(mapping.name, file).decode("utf-8")))
        return book.for_code_set("example")

    return tables


def _result(name: str, result: ExampleResult) -> dict[str, Any]:
    return {
        "mapping": name, "given": result.example.given, "passed": result.passed, "fault": result.fault,
        "differences": [{"target": one.pointer, "wanted": one.wanted, "found": one.found} for one in result.differences],
    }  # fmt: skip


def show(name: str, python: bool, config: Path, out: Output) -> int:
    """The text, or the Python that the row engine runs."""
    library, formats = library_of(config), all_formats(config)
    mapping = library.parse(name)
    text = bind(mapping, _layout(mapping, formats)).python() if python else library.text(name)
    origins = {target: origin for target, (origin, _) in mapping.origins.items() if origin != "own"}
    row = {"mapping": name, "hash": mapping.hash, "bases": list(mapping.bases), "origins": origins, "python" if python else "text": text}
    out.emit(row, lambda row: text)
    return int(Exit.DONE)


def schema(name: str | None, out: Output) -> int:
    """Published schemas: names, or one text."""
    texts = published()
    if name is None:
        out.table([{"schema": one} for one in sorted(texts)], "schema")
        return int(Exit.DONE)
    found = next(
        (
            text
            for key, text in texts.items()
            if key in (name, f"{name}.json", f"{name.replace('/', '-')}.json", f"{name.replace('/', '.')}.json")
        ),
        None,
    )
    if found is None:
        not_found(f"schema {name!r}", out, f"one of {', '.join(sorted(texts))}")
    print(found)
    return int(Exit.DONE)
