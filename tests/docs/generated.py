"""Pages that are made by running or reading the program: errors, the command line, the table of hold causes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tests.docs import causes, commands, errors, write_errors

HOLDS = "docs/explanation/holds.md"
BEGIN, END = "<!-- made from canonical_model/problems.py: begin -->\n", "<!-- made from canonical_model/problems.py: end -->\n"


def files() -> Mapping[str, str]:
    """Path -> text."""
    holds = (Path(__file__).parents[2] / HOLDS).read_text(encoding="utf-8")
    before, _, rest = holds.partition(BEGIN)
    return {
        write_errors.PAGE: errors.page(),
        commands.PAGE: commands.page(),
        HOLDS: f"{before}{BEGIN}\n{causes.table()}\n{END}{rest.partition(END)[2]}",
    }
