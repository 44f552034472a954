"""Answers to a received message: a 997 for every group, and a TA1 for an interchange that asks for one (ISA14 = 1).

Made from the findings of its documents, before and apart from what the services decide: held
documents are acknowledged too, we have them. Never an answer to a 997, a 999 or a TA1.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, Final

from adapters.base import Finding
from adapters.edi import COMPONENT
from adapters.x12.assemble import SEPARATORS, Outgoing, Row, Set, assemble, outgoing
from adapters.x12.document import X12Document

ANSWERS: Final = frozenset({"997", "999", "TA1"})
_NONE: Final[Mapping[int, Sequence[Finding]]] = {}


def acknowledge(
    documents: Sequence[X12Document], assigned: Mapping[str, str], *, findings: Mapping[int, Sequence[Finding]] = _NONE, **options: Any
) -> bytes | None:
    """The answer to the documents of one message, or None where nothing is to be answered.

    ``findings``: more findings by document number, beside the documents' own. ``assigned``: ISA13, ``date``,
    ``time`` (and what else ``assemble.outgoing`` names); sender and receiver change places by themselves. A message
    of several partners' interchanges gives one interchange each, with consecutive ISA13.
    """
    asked = [document for document in documents if document.types[-1] not in ANSWERS and document.envelope.isa is not None]
    parts: list[bytes] = []
    for _, same in groupby(asked, key=lambda one: tuple(one.control.get(name, "") for name in _TURNED)):
        group = list(same)
        numbers = {**_turned(group[0], {**options, **assigned}), **assigned}
        if not numbers.keys() >= {"ISA06", "ISA08"} and not numbers.keys() >= {"sender", "receiver"}:
            continue
        numbers["ISA13"] = str(int(numbers.get("ISA13") or "0") + len(parts))
        parts.append(_interchange(group, outgoing(numbers, {**_style(group[0]), **options}), findings))
    return b"".join(parts) or None


_TURNED: Final = {
    "ISA05": ("ISA07", 2), "ISA06": ("ISA08", 15), "GS02": ("GS03", 15),
    "ISA07": ("ISA05", 2), "ISA08": ("ISA06", 15), "GS03": ("GS02", 15),
}  # fmt: skip
"""Field of the answer -> field of the message and its width."""


def _turned(document: X12Document, settings: Mapping[str, Any]) -> dict[str, str]:
    """Sender and receiver the other way round; what cannot stand in our envelope is cut."""
    marks = "".join(str(settings.get(name) or default) for name, default in SEPARATORS.items())
    out = {}
    for name, (source, width) in _TURNED.items():
        text = document.control.get(source, "")
        out[name] = "".join(letter for letter in text if letter.isascii() and letter.isprintable() and letter not in marks)[:width].strip()
    return {name: text for name, text in out.items() if text}


def _style(document: X12Document) -> dict[str, str]:
    control = document.control
    version = control.get("GS08", "")[:6]
    usage = control.get("ISA15", "P")
    return {
        "usage": usage if usage in ("I", "P", "T") else "P",
        "version": version if len(version) == 6 and version.isdigit() else "004010",
    }


def _interchange(documents: Sequence[X12Document], out: Outgoing, more: Mapping[int, Sequence[Finding]]) -> bytes:
    services = []
    sets = []
    for _, same in groupby(documents, key=lambda one: (one.envelope.isa or (0,))[0]):
        interchange = list(same)
        if interchange[0].control.get("ISA14") == "1":
            services.append(_clean(_ta1(interchange, more), out))
        for _, group in groupby(interchange, key=lambda one: (one.envelope.gs or (-1,))[0]):
            members = list(group)
            if members[0].envelope.gs is not None:
                sets.append(Set("997", [_clean(row, out) for row in _answer(members, more)]))
    return assemble(out, "FA", sets, services) if sets or services else b""


def _found(document: X12Document, more: Mapping[int, Sequence[Finding]]) -> list[Finding]:
    return [finding for finding in (*document.findings, *more.get(document.n, ())) if finding.severity != "note"]


def _codes(findings: Sequence[Finding], name: str) -> list[str]:
    return list(dict.fromkeys(finding.details[name] for finding in findings if name in finding.details))


def _ta1(documents: Sequence[X12Document], more: Mapping[int, Sequence[Finding]]) -> Row:
    control = documents[0].control
    met = [finding for document in documents for finding in _found(document, more) if "ta105" in finding.details]
    verdict = "A" if not met else "R" if any(finding.severity == "error" for finding in met) else "E"
    fields = [control.get(name, "") for name in ("ISA13", "ISA09", "ISA10")]
    return ["TA1", *fields, verdict, met[0].details["ta105"] if met else "000"]


def _answer(documents: Sequence[X12Document], more: Mapping[int, Sequence[Finding]]) -> Iterator[Row]:
    control = documents[0].control
    release = [control.get("GS08", "")] if control.get("GS08", "")[:6] >= "005010" else []
    yield ["AK1", control.get("GS01", ""), control.get("GS06", ""), *release]
    verdicts = []
    met: list[Finding] = []
    for document in documents:
        found = _found(document, more)
        met += found
        verdicts.append(_verdict(found))
        yield ["AK2", document.control.get("ST01", ""), document.control.get("ST02", "")]
        yield from _errors(found)
        segments = ["5"] if any("ak304" in finding.details for finding in found) else []
        yield ["AK5", verdicts[-1], *[*_codes(found, "ak502"), *segments][:5]]
    claimed = [text for text in _codes(met, "claimed") if text.isascii() and text.isdigit()]
    accepted = sum(1 for verdict in verdicts if verdict != "R")
    codes = _codes(met, "ak905")[:5]
    yield ["AK9", _of_group(verdicts, codes), (claimed or [str(len(documents))])[0][:6], str(len(documents)), str(accepted), *codes]


def _verdict(found: Sequence[Finding]) -> str:
    """R when the syntax has an error, E when it has a warning, else A."""
    syntax = [finding for finding in found if finding.details.keys() & {"ak304", "ak502"}]
    if any(finding.severity == "error" for finding in syntax):
        return "R"
    return "E" if syntax else "A"


def _of_group(verdicts: Sequence[str], codes: Sequence[str]) -> str:
    refused = verdicts.count("R")
    if refused:
        return "R" if refused == len(verdicts) else "P"
    return "E" if codes or "E" in verdicts else "A"


def _errors(found: Sequence[Finding]) -> Iterator[Row]:
    """AK3 for each segment and code, AK4 for each of its elements."""
    syntax = [finding for finding in found if "ak304" in finding.details]
    for (tag, position, code), same in groupby(
        syntax, key=lambda one: tuple(one.details[name] for name in ("segment", "position", "ak304"))
    ):
        yield ["AK3", tag[:3], position, "", code]
        for finding in list(same)[:99]:
            details = finding.details
            if "ak403" in details:
                place = details["element"] + (COMPONENT + details["component"] if "component" in details else "")
                number = details.get("reference", "")
                yield ["AK4", place, number if number.isdigit() else "", details["ak403"], details.get("value", "")]


def _clean(row: Row, out: Outgoing) -> Row:
    """A row without characters that would cut it: copies of bad data hold anything."""
    bad = {ord(mark): None for mark in (out.cut.element, out.cut.component, out.cut.terminator, out.cut.repetition) if mark}
    bad |= dict.fromkeys((*range(31), 127))
    return [text.translate(bad).encode("ascii", "ignore").decode("ascii").rstrip(" ") for text in row]
