"""The language reference: its part about functions is what the registry says today."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from mappings.language.reference import functions_page

PAGE = "docs/reference/language.md"
BEGIN, END = "<!-- made from the registry: begin -->\n", "<!-- made from the registry: end -->\n"


def files() -> Mapping[str, str]:
    """The page with its generated part made anew."""
    text = (Path(__file__).parents[2] / PAGE).read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    return {PAGE: f"{before}{BEGIN}\n{functions_page()}\n{END}{rest.partition(END)[2]}"}
