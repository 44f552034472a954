"""Whether a system counts field widths in bytes (a non-Unicode system in GBK) or in characters, and what follows.

Where widths count bytes, a character of two bytes may be cut at the end of a field: half a character says nothing,
so it is left out of the value, and reported.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Sequence
from typing import Final

from adapters.base import Finding
from adapters.idoc.definition import CONTROL, CONTROL_WIDTH, HEAD_WIDTH, RECORD_WIDTH, Definition, FieldDef
from adapters.idoc.encoding import Encoding
from adapters.idoc.flat_cut import split, starts
from adapters.idoc.layout import IdocLayout
from canonical_model.places import Bytes
from canonical_model.problems import Misconfigured, Unreadable, cause_key

_LOOKED_AT: Final = 500


def counts_bytes(
    content: bytes, encoding: Encoding, declared: str | None, definition_of: Callable[[object], Definition]
) -> tuple[bool, tuple[Finding, ...]]:
    """Decide for a message by its first IDoc: declared, else by the records whose length only one way of counting explains."""
    if declared == "bytes" and encoding.width == 2:
        raise Misconfigured("`count: bytes` cannot be meant for UTF-16", at="count", fix="take `count:` out of the route")
    if declared is not None:
        return declared == "bytes" and not content.isascii(), ()
    if content.isascii() or encoding.width == 2:
        return False, ()
    in_bytes, in_characters = _votes(content, encoding.charset, definition_of)
    if in_bytes > in_characters:
        return True, (Finding("idoc.count_bytes", f"fields are counted in bytes: {in_bytes} records say so", severity="note"),)
    if in_characters or encoding.charset == "utf-8":
        return False, ()
    return False, (
        Finding("idoc.count_assumed", "nothing says whether fields count bytes or characters: characters taken, declare `count:`"),
    )


def _votes(content: bytes, charset: str, definition_of: Callable[[object], Definition]) -> tuple[int, int]:
    """How many records with characters of several bytes have a known length in bytes, and in characters. Only padded
    records say something: the length of a trimmed one is chance."""
    if not (b"\n" in content or b"\r" in content):
        sizes = len(content.rstrip()), len(content.decode(charset).rstrip())
        return int(_fits(len(content))), int(_fits(len(content.decode(charset)))) if sizes[0] != sizes[1] else 0
    lines, _ = split(content, definition_of)
    definition = definition_of(lines[0])
    in_bytes = in_characters = 0
    for line in lines[:_LOOKED_AT]:
        if not line.isascii() and line.endswith(b" "):
            known = definition.by_type.get(definition.type_of(line[:30].decode("latin-1").rstrip()) or "")
            widths = (RECORD_WIDTH, CONTROL_WIDTH, HEAD_WIDTH + known.width if known else 0)
            in_bytes += len(line) in widths
            in_characters += len(line.decode(charset)) in widths
    return in_bytes, in_characters


def _fits(size: int) -> bool:
    return size >= CONTROL_WIDTH and (size - CONTROL_WIDTH) % RECORD_WIDTH == 0


def mended(content: bytes, lines: Sequence[bytes], layout: IdocLayout, charset: str, base: int) -> tuple[list[bytes], tuple[Finding, ...]]:
    """Records whose fields all decode: half characters at a field's end made blank. Raises Unreadable for other bytes."""
    out, said = list(lines), []
    at_bytes = starts(content, lines)
    for at, line in enumerate(lines):
        if line.isascii():
            continue
        type = layout.definition.type_of(line[:30].decode("latin-1").rstrip()) or ""
        for one in _parts(layout, CONTROL if at == 0 else type, len(line)):
            part = line[one.start : one.start + one.length].rstrip(b" ")
            half = _half(part, charset, f"{type}.{one.name}", base + at_bytes[at] + one.start)
            if half:
                end = one.start + len(part)
                out[at] = out[at][: end - half] + b" " * half + out[at][end:]
                text = f"{type}.{one.name} ends in half a character, which is left out"
                said.append(Finding("idoc.cut_character", text, Bytes(base + at_bytes[at] + end - half, base + at_bytes[at] + end)))
    return out, tuple(said)


def _parts(layout: IdocLayout, type: str, size: int) -> list[FieldDef]:
    """A record in pieces that each must decode: its head, its fields, and what nobody knows behind them."""
    known = [one for name in layout.fields(type) if (one := layout.field(type, name))]
    end = known[-1].start + known[-1].length if known else HEAD_WIDTH
    head = [] if type == CONTROL else [FieldDef("head", 0, HEAD_WIDTH)]
    return [*head, *known, FieldDef("SDATA", end, max(0, size - end))]


def _half(part: bytes, charset: str, name: str, start: int) -> int:
    """Bytes of a character that the end of the field cuts."""
    decoder = codecs.getincrementaldecoder(charset)("strict")
    try:
        decoder.decode(part)
    except UnicodeDecodeError as error:
        raise Unreadable(
            f"{name} holds bytes that are not of charset {charset}: {part[error.start : error.end]!r}",
            key=cause_key("idoc", "charset"), place=Bytes(start, start + len(part)),
            fix="correct `charset:` or `count:` of the route, or ask the sender",
        ) from None  # fmt: skip
    return len(decoder.getstate()[0])
