"""Commands that need no store: look into files, translate them, check mappings. No database, broker or web library is imported."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from adapters.base import Document, Finding, Record, problems_of
from canonical_model.problems import HubError, Unreadable
from hub.cli.output import Output, problem_object
from hub.plugins import detect, formats


def read(file: Path, format: str | None, definitions: Iterable[Path], records: bool, options: Mapping[str, str], out: Output) -> int:
    """Show the documents of a file: one object each, then a summary. Exit code 1 when it, or one of its documents, is not readable."""
    raw = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    known = formats({path.name: path.read_text("utf-8") for path in _files(definitions)})
    name = format or detect(raw)
    if name not in known:
        raise HubError(f"there is no reader for format {name!r}", at=str(file), fix=f"--format, one of {', '.join(known)}")
    count, findings, damaged, problem = 0, 0, 0, None
    try:
        for document in known[name].read(raw, **_options(name, options)):
            count, findings, damaged = count + 1, findings + len(document.findings), damaged + bool(problems_of(document))
            for row in document_rows(document, records):
                out.emit(row, _human)
    except Unreadable as error:
        problem = problem_object(error.problems[0])
    summary = {
        "summary": {
            "file": str(file),
            "format": name,
            "documents": count,
            "findings": findings,
            "damaged": damaged,
            "readable": problem is None,
        }
    }
    if problem:
        summary["summary"]["problem"] = problem
    out.emit(summary, _human_summary)
    return 0 if problem is None and not damaged else 1


def document_rows(document: Document, records: bool) -> Iterator[dict[str, Any]]:
    """A document as an object, and with ``records`` each of its records as one more."""
    found = list(document.records())
    types = tuple(document.types)
    yield {
        "document": document.n,
        "format": document.format,
        "type": types[-1] if types else "",
        "message": message_type(document),
        "technical": None if document.technical is None else list(document.technical),
        "findings": [finding_object(finding) for finding in document.findings],
        "records": len(found),
        **({"problems": [problem_object(problem) for problem in problems_of(document)]} if problems_of(document) else {}),
    }
    if records:
        yield from ({"document": document.n, "record": n, **record_object(record)} for n, record in enumerate(found, start=1))


def message_type(document: Document) -> str:
    """What the sender calls this kind of message: MESTYP of an IDoc, ST01 of an X12 set, the mapping's word elsewhere."""
    control = document.control
    return control.get("MESTYP") or control.get("ST01") or (tuple(document.types) or ("",))[-1]


def finding_object(finding: Finding) -> dict[str, Any]:
    """A finding as an object; empty parts are left out."""
    row = {
        "code": finding.code,
        "severity": finding.severity,
        "text": finding.text,
        "place": finding.place,
        "details": dict(finding.details),
    }
    return {name: value for name, value in row.items() if value not in (None, {})}


def record_object(record: Record) -> dict[str, Any]:
    """A record with its fields and their places."""
    fields = [{"name": field.name, "value": field.value, "place": field.place} for field in record.fields]
    return {"name": record.name, "path": record.path, "place": record.place, "known": record.known, "fields": fields}


def _files(places: Iterable[Path]) -> Iterator[Path]:
    for place in places:
        if place.is_dir():
            yield from sorted(path for path in place.iterdir() if path.is_file() and not path.name.startswith("."))
        elif place.is_file():
            yield place
        else:
            raise HubError(f"{place} is not there", fix="name a file or folder of definitions")


def _options(format: str, options: Mapping[str, str]) -> dict[str, str]:
    """Reading a table or JSON needs a type; any name will do when nobody maps it."""
    return {**({"type": "file"} if format in ("delimited", "json") and "type" not in options else {}), **options}


def _human(row: Mapping[str, Any]) -> str:
    if "record" in row:
        fields = "  ".join(f"{field['name']}={field['value']!r}" for field in row["fields"])
        return f"    {row['path']:<32} {row['place']}  {fields}"
    lines = [f"document {row['document']}: {row['format']} {row['type']}, {row['records']} records, technical id {row['technical'] or '-'}"]
    lines += [
        f"  {finding['severity']}: {finding['text']}  ({finding['code']}, {finding.get('place', '-')})" for finding in row["findings"]
    ]
    lines += [f"  damaged: {problem['fact']}  ({problem.get('place', '-')})" for problem in row.get("problems", ())]
    return "\n".join(lines)


def _human_summary(row: Mapping[str, Any]) -> str:
    summary = row["summary"]
    text = f"{summary['file']}: {summary['documents']} documents, {summary['findings']} findings"
    if "problem" not in summary:
        return text
    problem = summary["problem"]
    return f"{text}\nnot readable: {problem['fact']}\n  at: {problem.get('place', '-')}\n  fix: {problem.get('fix', '-')}"


def pairs(words: Iterable[str]) -> dict[str, str]:
    """``name=value`` words as a mapping. Raises HubError for one without ``=``."""
    found = [word.partition("=") for word in words]
    wrong = next((name for name, mark, _ in found if not mark), None)
    if wrong is not None:
        raise HubError(f"{wrong!r} is not name=value", fix="as -o charset=gbk")
    return {name: value for name, _, value in found}
