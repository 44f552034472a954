"""JSON messages of WMS, TMS and web shops, and the hub's own canonical bodies.

JSON is read strictly and without a float: a number is the text that was written. ``""`` is a value, ``null`` is absent.
Numbers, texts, ``true`` and ``false`` all reach a mapping as texts. The words of a ``source:`` block are in
``adapters.json_document.options``.

What holds what: text that is not JSON, or nests too deeply, holds the message. A bad line of NDJSON, an element that
is no object, a name with two different values, and a text with a NUL or half a character hold the one document that
they stand in (``problems_of``); its neighbours go on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from adapters.base import Document, Tree, Written
from adapters.json_document import canonical, reader, writer
from adapters.json_document.options import JsonLayout, parse


class JsonFormat:
    """The format ``json``. Stateless but for the layouts of the options that it has met."""

    name = "json"

    def __init__(self) -> None:
        self._layouts: dict[str, JsonLayout] = {}

    def layout(self, type: str, **options: Any) -> JsonLayout:
        """The (open) layout for a mapping's ``source:`` words. Raises Misconfigured for an unknown word or value."""
        return self._layout({**options, "type": type})

    def read(self, raw: bytes, **options: Any) -> Iterator[Document]:
        """Documents of one message. Raises Unreadable (see the package), Misconfigured."""
        return iter(reader.read(raw, self._layout(options)))

    def write(self, trees: Sequence[Tree], *, type: str, assigned: Mapping[str, str], **options: Any) -> Written:
        """One message of all trees, see ``adapters.json_document.writer``."""
        return writer.write(trees, self._layout({**options, "type": type}).options)

    def _layout(self, options: Mapping[str, Any]) -> JsonLayout:
        key = repr(sorted(options.items()))
        found = self._layouts.get(key)
        if found is None:
            found = self._layouts[key] = JsonLayout(parse(options), self.name)
        return found


class CanonicalFormat(JsonFormat):
    """The format ``canonical``: one canonical body, the source of an outgoing mapping."""

    name = "canonical"

    def read(self, raw: bytes, **options: Any) -> Iterator[Document]:
        """The body as one document. Raises Unreadable when it is no JSON object, which no committed body is."""
        return iter((canonical.read(raw, self._layout(options)),))
