"""Bitemporal code tables: valid time by the document's day, knowledge time by revision (decision 0002).

``Codebook`` keeps every row in memory and loads what is new; ``BookView`` is one revision of it; ``view.for_code_set``
gives what a system sees, the ``Codes`` of the mapping language. What asks a store is imported when it is named, so that the
tables of a file (``lines``) can be asked where no database is.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from hub.codebook.lines import CodeLine, LineBook, parse_csv
from hub.codebook.view import SystemCodes

if TYPE_CHECKING:
    from hub.codebook.book import BookView, Codebook
    from hub.codebook.rows import export_csv, history, import_csv, retire, set_codes, set_parent, tables_of

_STORED = {
    "BookView": "book", "Codebook": "book", "export_csv": "rows", "history": "rows", "import_csv": "rows", "retire": "rows",
    "set_codes": "rows", "set_parent": "rows", "tables_of": "rows",
}  # fmt: skip

__all__ = [
    "BookView", "CodeLine", "Codebook", "LineBook", "SystemCodes", "export_csv", "history", "import_csv", "parse_csv", "retire",
    "set_codes", "set_parent", "tables_of",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name in _STORED:
        return getattr(import_module(f"hub.codebook.{_STORED[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
