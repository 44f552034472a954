"""IDocs: definitions, flat files of port version 3, XML; reading, writing, places."""

from __future__ import annotations

from adapters.idoc.definition import Definition, by_name, combine
from adapters.idoc.format import IdocFormat
from adapters.idoc.loader import load_definition

__all__ = ["Definition", "IdocFormat", "by_name", "combine", "load_definition"]
