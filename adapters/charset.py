"""Which charset a text message is in, decided once for all of its bytes, and where its characters stand in them.

The order of the decision, never guessed past it: declared by the partner's configuration > byte order mark >
strict UTF-8 > strict GB18030 (of which GBK and GB2312 are parts) > nothing, with a hint for people. Text is decoded
before it is split: trail bytes of GBK (0x40-0x7E) include ``|``, ``\\`` and ``[``.

A byte that does not belong to the charset is kept as a lone surrogate (``DAMAGED`` finds it), never replaced: the
caller holds what contains one and reads the rest. A character is encoded in as many bytes as it was decoded from, in every
charset of ``CHARSETS`` and for damaged bytes too, so an offset in the text has one offset in the bytes (``Offsets``).
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from adapters.base import Finding
from canonical_model.places import Bytes
from canonical_model.problems import Misconfigured, Unreadable, cause_key

CHARSETS: Final[Mapping[str, str]] = {
    "ascii": "ascii", "us-ascii": "ascii",
    "utf-8": "utf-8", "utf8": "utf-8",
    "utf-16": "utf-16", "utf16": "utf-16", "utf-16le": "utf-16-le", "utf-16-le": "utf-16-le",
    "utf-16be": "utf-16-be", "utf-16-be": "utf-16-be",
    "gb18030": "gb18030", "gbk": "gbk", "cp936": "gbk", "gb2312": "gbk",
    "big5": "cp950", "cp950": "cp950",
    "cp1250": "cp1250", "windows-1250": "cp1250", "cp1251": "cp1251", "windows-1251": "cp1251",
    "cp1252": "cp1252", "windows-1252": "cp1252",
    "iso-8859-1": "latin-1", "latin-1": "latin-1", "latin1": "latin-1", "iso-8859-2": "iso8859-2", "iso-8859-15": "iso8859-15",
    "cp437": "cp437", "cp850": "cp850", "cp852": "cp852",
    "shift_jis": "cp932", "cp932": "cp932", "euc-kr": "cp949", "cp949": "cp949",
}  # fmt: skip
"""Names a configuration may use -> Python codec. Only stateless charsets: an escape sequence would have no place."""

BOMS: Final = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))

DAMAGED: Final = re.compile("[\ud800-\udfff]")
"""Finds what could not be decoded; no character of a strictly decoded text matches."""

_KNOWN_FILES: Final = (
    (b"PK\x03\x04", "a workbook (XLSX) or ZIP archive", "read it with `format: spreadsheet`"),
    (b"\xd0\xcf\x11\xe0", "an old workbook (XLS)", "read it with `format: spreadsheet`"),
    (b"%PDF", "a PDF file", "ask the sender for the data as text"),
    (b"\x1f\x8b", "compressed by gzip", "let the connector or the sender unpack it"),
)
_ENOUGH: Final = 65_536
_HANZI_OUTSIDE_GB2312: Final = re.compile(rb"[\x81-\xfe][\x40-\x7e]|[\x81-\xa0][\x80-\xfe]|[\xf8-\xfe][\x80-\xfe]")
_HANZI: Final = re.compile(rb"[\x81-\xfe][\x40-\x7e\x80-\xfe]|[\x81-\xfe][\x30-\x39][\x81-\xfe][\x30-\x39]")


@dataclass(frozen=True, slots=True)
class Decoded:
    """A text with the decision behind it. ``skip`` counts the bytes of the byte order mark before ``text``;
    ``damaged`` says that ``DAMAGED`` matches somewhere; ``finding`` is the decision, for people."""

    text: str
    charset: str
    skip: int
    damaged: bool
    finding: Finding


def codec(declared: str) -> str:
    """The Python codec of a charset's name in a configuration. Raises Misconfigured for an unknown one.

    >>> codec("GB2312"), codec("UTF-16LE")
    ('gbk', 'utf-16-le')
    """
    name = CHARSETS.get(declared.strip().lower().replace(" ", "-"))
    if name is None:
        raise Misconfigured(f"charset {declared!r} is not known", at="charset", fix=f"one of {', '.join(sorted(CHARSETS))}")
    return name


def decode(raw: bytes, declared: str | None = None) -> Decoded:
    """Decide the charset of a whole message and decode it.

    Raises Unreadable when two statements contradict each other (a declared charset and a byte order mark), when it
    is not text at all, or when no rule fits; Misconfigured when ``declared`` is not a charset.
    """
    mark = next(((bom, name) for bom, name in BOMS if raw[: len(bom)] == bom), None)
    if declared:
        return _declared(raw, codec(declared), mark)
    if mark is not None:
        return _lenient(raw, mark[1], len(mark[0]), "byte order mark")
    _refuse_binary(raw)
    for name in ("utf-8", "gb18030"):
        try:
            return _decided(str(raw, name), name, 0, "strictly valid", _doubt(raw, name))
        except UnicodeDecodeError:
            continue
    return _mostly(raw)


def _declared(raw: bytes, name: str, mark: tuple[bytes, str] | None) -> Decoded:
    if mark is not None and name not in (mark[1], mark[1][:6]):
        raise Unreadable(
            f"charset {name} is declared and the file begins with the byte order mark of {mark[1]}",
            key=cause_key("charset", "contradiction"), place=Bytes(0, len(mark[0])),
            fix="take `charset:` out of the route if the sender has changed its program, else ask the sender",
        )  # fmt: skip
    skip = len(mark[0]) if mark else 0
    name = mark[1] if mark else {"utf-16": "utf-16-le"}.get(name, name)
    if name == "gbk" and not _fits(raw, "gbk") and _fits(raw, "gb18030"):
        return _decided(str(raw, "gb18030"), "gb18030", 0, "declared as GBK, holds characters of GB18030 only", "beyond what is declared")
    decoded = _lenient(raw, name, skip, "declared")
    if decoded.damaged and _damaged_lines(decoded.text) == 1.0 and not name.startswith("utf-16"):
        other = next((other for other in ("utf-8", "gb18030") if other != name and _fits(raw, other)), None)
        if other is not None:
            raise Unreadable(
                f"charset {name} is declared and no line that needs it is valid in it; all of it is valid {other}",
                key=cause_key("charset", name), place=_first_damage(raw, decoded), fix=f"declare `charset: {other}` or leave it out",
            )  # fmt: skip
    return decoded


def _refuse_binary(raw: bytes) -> None:
    for magic, what, fix in _KNOWN_FILES:
        if raw[: len(magic)] == magic:
            raise Unreadable(f"this is {what}, not text", key=cause_key("charset", "binary"), place=Bytes(0, len(magic)), fix=fix)
    if (at := raw.find(b"\0")) >= 0:
        raise Unreadable(
            "a NUL byte stands in the text: a binary file, or UTF-16 without a byte order mark",
            key=cause_key("charset", "nul"), place=Bytes(at, at + 1), fix="declare `charset: utf-16-le` (or utf-16-be) if it is text",
        )  # fmt: skip


def _decided(text: str, name: str, skip: int, why: str, doubt: str = "") -> Decoded:
    finding = Finding(
        "charset.doubtful" if doubt else "charset.decided",
        f"charset {name}: {why}" + (f"; {doubt}" if doubt else ""),
        severity="warning" if doubt else "note", details={"charset": name, "why": why},
    )  # fmt: skip
    return Decoded(text, name, skip, False, finding)


def _lenient(raw: bytes, name: str, skip: int, why: str) -> Decoded:
    """Decode strictly, else once more with what is broken kept as lone surrogates."""
    body = raw[skip:]
    try:
        return _decided(str(body, name), name, skip, why)
    except UnicodeDecodeError as error:
        even = len(body) - len(body) % 2 if name.startswith("utf-16") else len(body)
        text = str(body[:even], name, _keeping(name)) + "".join(chr(0xDC00 + byte) for byte in body[even:])
        at = Bytes(skip + error.start, skip + error.end)
        finding = Finding(
            "charset.broken_bytes", f"charset {name}: {why}; bytes that are not of it, first {bytes(raw[at.start : at.end])!r}",
            at, "warning", {"charset": name, "why": why},
        )  # fmt: skip
        return Decoded(text, name, skip, True, finding)


def _keeping(name: str) -> str:
    return "surrogatepass" if name.startswith("utf-16") else "surrogateescape"


def _mostly(raw: bytes) -> Decoded:
    """No charset fits every line: take the one that fits most of the lines that need one, if it is most."""
    tried = [_lenient(raw, name, 0, "fits most lines") for name in ("utf-8", "gb18030")]
    shares = [_damaged_lines(decoded.text) for decoded in tried]
    best = tried[0] if shares[0] <= shares[1] else tried[1]
    if min(shares) > 0.5:
        raise Unreadable(
            "the bytes are neither valid UTF-8 nor valid GB18030" + _guess(raw),
            key=cause_key("charset", "unknown"), place=best.finding.place, fix="declare `charset:` for this route",
        )  # fmt: skip
    return best


def _damaged_lines(text: str) -> float:
    """Share of damaged lines among those with a character outside ASCII."""
    lines = [line for line in re.split("[\r\n]+", text) if not line.isascii()]
    return sum(1 for line in lines if DAMAGED.search(line)) / max(1, len(lines))


def _guess(raw: bytes) -> str:
    """A hint for people only: bytes of CP1252 letters, each alone among ASCII letters, look like a Western file."""
    high = len(re.findall(rb"[\x80-\xff]", raw))
    alone = len(re.findall(rb"(?<![\x80-\xff])[\x80-\xff](?![\x80-\xff])", raw))
    return "; it may be cp1252 (Western)" if alone * 10 >= high * 8 else ""


def _doubt(raw: bytes, name: str) -> str:
    """Valid GB18030 that is no likely Chinese: most pairs lie outside GB2312, as in a Western text read by mistake."""
    if name != "gb18030" or _fits(raw, "gb2312"):
        return ""
    head = bytes(raw[:_ENOUGH])
    pairs, odd = len(_HANZI.findall(head)), len(_HANZI_OUTSIDE_GB2312.findall(head))
    return "most of its characters are rare, it may be a Western code page: declare `charset:`" if odd * 2 > pairs else ""


def _fits(raw: bytes, name: str) -> bool:
    try:
        str(raw, name)
    except UnicodeDecodeError:
        return False
    return True


def _first_damage(raw: bytes, decoded: Decoded) -> Bytes | None:
    place = decoded.finding.place
    return place if isinstance(place, Bytes) else None


def encode(text: str, name: str) -> bytes:
    """Text -> bytes, damaged characters back to the bytes they were."""
    return text.encode(name, _keeping(name))


def unencodable(text: str, name: str) -> str:
    """The distinct characters of a text that a charset cannot hold, in order; empty when it holds them all.

    >>> unencodable("3 m³, 5 m³", "gbk")
    '³'
    """
    try:
        text.encode(name)
    except UnicodeEncodeError:
        return "".join(dict.fromkeys(letter for letter in text if not _holds(letter, name)))
    return ""


def _holds(letter: str, name: str) -> bool:
    try:
        letter.encode(name)
    except UnicodeEncodeError:
        return False
    return True


class Offsets:
    """Offset in the text -> offset in the raw bytes, by check points every ``STEP`` characters made when first asked."""

    STEP: Final = 4096

    def __init__(self, decoded: Decoded) -> None:
        self._text, self._charset, self._skip = decoded.text, decoded.charset, decoded.skip
        self._points: list[int] | None = None

    def byte(self, at: int) -> int:
        """The byte where the character ``at`` begins (or where the text ends)."""
        if self._points is None:
            self._points = self._measure()
        point = min(at // self.STEP, len(self._points) - 1)
        return self._points[point] + len(encode(self._text[point * self.STEP : at], self._charset))

    def character(self, byte: int) -> int:
        """The character that begins at or before a byte: the inverse of ``byte``."""
        if self._points is None:
            self._points = self._measure()
        point = max(0, bisect_right(self._points, byte) - 1)
        left, at = byte - self._points[point], point * self.STEP
        for letter in self._text[at : at + self.STEP]:
            left -= len(encode(letter, self._charset))
            if left < 0:
                break
            at += 1
        return at

    def place(self, start: int, end: int) -> Bytes:
        """The place of ``text[start:end]``."""
        return Bytes(self.byte(start), self.byte(end))

    def _measure(self) -> list[int]:
        points = [self._skip]
        for at in range(0, len(self._text) - self.STEP, self.STEP):
            points.append(points[-1] + len(encode(self._text[at : at + self.STEP], self._charset)))
        return points
