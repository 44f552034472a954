"""The functions of the language, by what they work on. Importing this package fills the registry."""

from __future__ import annotations

from mappings.language.functions import amounts, codes, identifiers, many, numbers, texts, times

__all__ = ["amounts", "codes", "identifiers", "many", "numbers", "texts", "times"]
