"""In which charset an IDoc message is written, and whether its fields are counted in characters or in bytes.

Order of the decision: declared by the route > byte order mark > the control record's own name in UTF-16 > strict UTF-8
> strict GB18030 (GBK and GB2312 are parts of it). Large messages are looked at in pieces, never decoded as a whole.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from adapters.base import Finding
from adapters.charset import BOMS, codec
from canonical_model.places import Bytes
from canonical_model.problems import Unreadable, cause_key

_PIECE: Final = 1 << 20
_SUPERSET: Final = {"gbk": "gb18030", "utf-16": "utf-16-le"}
_UTF16_STARTS: Final = ((b"E\0D\0I\0", "utf-16-le"), (b"<\0", "utf-16-le"), (b"\0E\0D\0I", "utf-16-be"), (b"\0<", "utf-16-be"))


@dataclass(frozen=True, slots=True)
class Encoding:
    """``charset`` a Python codec, ``skip`` the bytes of the byte order mark, ``findings`` the decision where it was one."""

    charset: str
    skip: int = 0
    findings: tuple[Finding, ...] = ()

    @property
    def width(self) -> int:
        """Bytes of one ASCII character."""
        return 2 if self.charset.startswith("utf-16") else 1


_ASCII: Final = Encoding("ascii")


def decide(raw: bytes, declared: str | None = None, *, exact: bool = True) -> Encoding:
    """Decide for a whole message. ``exact`` False: bytes that are not of the declared charset are looked at later.

    Raises Unreadable when no charset fits, or when the declared one does not.
    """
    if declared is None and _is_ascii(raw):
        return _utf16_without_mark(raw) or _ASCII
    mark = next(((name, len(bom)) for bom, name in BOMS if raw[: len(bom)] == bom), None)
    if declared is not None:
        return _declared(raw, _SUPERSET.get(codec(declared), codec(declared)), mark, exact)
    if mark is not None:
        return _marked(raw, *mark)
    return _utf16_without_mark(raw) or _tried(raw)


def _is_ascii(raw: bytes) -> bool:
    return raw.isascii() if isinstance(raw, bytes) else all(piece.isascii() for piece in _pieces(raw, 0))


def _pieces(raw: bytes, start: int) -> Iterator[bytes]:
    for at in range(start, len(raw), _PIECE):
        yield bytes(raw[at : at + _PIECE])


def _misfit(raw: bytes, charset: str, skip: int) -> int | None:
    """Where the first byte stands that is not of the charset; None when all of them fit."""
    decoder = codecs.getincrementaldecoder(charset)("strict")
    at = skip
    for piece in _pieces(raw, skip):
        kept = len(decoder.getstate()[0])
        try:
            decoder.decode(piece)
        except UnicodeDecodeError as error:
            return at - kept + error.start
        at += len(piece)
    return at - len(decoder.getstate()[0]) if decoder.getstate()[0] else None


def _declared(raw: bytes, charset: str, mark: tuple[str, int] | None, exact: bool) -> Encoding:
    if mark is not None and not (charset == mark[0] or (charset.startswith("utf-16") and mark[0].startswith("utf-16"))):
        raise Unreadable(
            f"charset {charset} is declared and the message begins with the byte order mark of {mark[0]}",
            key=cause_key("idoc", "charset"), place=Bytes(0, mark[1]), fix=f"declare `charset: {mark[0]}` or take it out of the route",
        )  # fmt: skip
    found = Encoding(mark[0], mark[1]) if mark else Encoding(charset)
    wrong = _misfit(raw, found.charset, found.skip) if exact else None
    if wrong is not None:
        raise Unreadable(
            f"byte {wrong} ({raw[wrong : wrong + 1]!r}) is not of the declared charset {found.charset}",
            key=cause_key("idoc", "charset"), place=Bytes(wrong, wrong + 1), fix="correct `charset:` of the route, or ask the sender",
        )  # fmt: skip
    return found


def _marked(raw: bytes, charset: str, skip: int) -> Encoding:
    wrong = _misfit(raw, charset, skip)
    if wrong is not None:
        raise Unreadable(
            f"the byte order mark says {charset} and byte {wrong} is not of it",
            key=cause_key("idoc", "charset"), place=Bytes(wrong, wrong + 1), fix="ask the sender for the message again",
        )  # fmt: skip
    text = f"byte order mark of {charset}"
    return Encoding(charset, skip, (Finding("idoc.byte_order_mark", text, Bytes(0, skip), "note", {"charset": charset}),))


def _utf16_without_mark(raw: bytes) -> Encoding | None:
    charset = next((name for start, name in _UTF16_STARTS if raw[: len(start)] == start), None)
    if charset is None or _misfit(raw, charset, 0) is not None:
        return None
    return Encoding(charset, 0, (Finding("idoc.charset_found", f"{charset} without a byte order mark", details={"charset": charset}),))


def _tried(raw: bytes) -> Encoding:
    first: int | None = None
    for charset in ("utf-8", "gb18030"):
        wrong = _misfit(raw, charset, 0)
        if wrong is None:
            found = Finding("idoc.charset_found", f"charset {charset}: nothing declared, all bytes fit", None, "note", {"charset": charset})
            return Encoding(charset, 0, (found,))
        first = wrong
    at = first or 0
    raise Unreadable(
        f"the bytes are neither valid UTF-8 nor valid GB18030 (byte {at} is {raw[at : at + 1]!r})",
        key=cause_key("idoc", "charset"), place=Bytes(at, at + 1),
        fix="declare `charset:` for this route; where a GBK system cuts characters at the field's end, also `count: bytes`",
    )  # fmt: skip
