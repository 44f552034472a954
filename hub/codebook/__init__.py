"""Bitemporal code tables (decision D18): valid time by the document's day, knowledge time by revision (D2).

``Codebook`` keeps every row in memory and loads what is new; ``BookView`` is one revision of it; ``view.for_code_set``
gives what a system sees, the ``Codes`` of the mapping language.
"""

from __future__ import annotations

from hub.codebook.book import BookView, Codebook
from hub.codebook.rows import CodeLine, export_csv, history, import_csv, retire, set_codes, set_parent
from hub.codebook.view import SystemCodes

__all__ = [
    "BookView", "CodeLine", "Codebook", "SystemCodes", "export_csv", "history", "import_csv", "retire", "set_codes", "set_parent",
]  # fmt: skip
