"""The message format ``idoc``: flat files of port version 3 and IDoc XML, in and out. Made once with its definitions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from adapters.base import Document, Tree, Written
from adapters.idoc.definition import Definition
from adapters.idoc.layout import Form, IdocLayout
from adapters.idoc.loader import text_name
from adapters.idoc.read_flat import read_flat
from adapters.idoc.read_xml import is_xml, read_xml
from adapters.idoc.shelf import Shelf
from adapters.idoc.write import write
from canonical_model.places import Bytes
from canonical_model.problems import Misconfigured, Unreadable, cause_key


class IdocFormat:
    """``adapters.base.Format`` for IDocs. ``definitions`` by name (basic type, or extension): see ``combine``."""

    name = "idoc"
    reads = frozenset({"charset", "count", "depth"})
    """Words that ``read`` knows."""

    def __init__(self, definitions: Mapping[str, Definition]) -> None:
        self._shelf = Shelf(definitions)

    def layout(self, type: str, **options: Any) -> IdocLayout:
        """Layout of ``ORDERS05``, ``ORDERS05+ZHUB`` or either with ``/MESTYP``; option ``form``: flat (default), bytes, xml."""
        return self._shelf.layout(text_name(type), cast(Form, options.get("form", "flat")), options.get("charset"))

    def read(self, raw: bytes, **options: Any) -> Iterator[Document]:
        """IDocs of a message. Options: ``charset``, ``count`` (``bytes`` or ``characters``), ``depth`` (XML, default 32).

        Raises Unreadable when there is no IDoc, no charset fits, the XML is not well formed or carries a DTD.
        """
        _check_count(options.get("count"))
        if not len(raw):
            raise Unreadable("the message is empty", key=cause_key("idoc", "empty"), place=Bytes(0, 0), fix="ask the sender for it again")
        return read_xml(raw, self._shelf, options) if is_xml(raw) else read_flat(raw, self._shelf, options)

    def write(self, trees: Sequence[Tree], *, type: str, assigned: Mapping[str, str], **options: Any) -> Written:
        """Make one message of trees; options: see ``adapters.idoc.write``. Raises Misconfigured, Hold."""
        return write(trees, self._shelf.definition(text_name(type)), type, assigned, options)


def _check_count(count: Any) -> None:
    if count not in (None, "bytes", "characters"):
        raise Misconfigured(f"count {count!r} is not known", at="count", fix="`count: bytes` or `count: characters`")
