"""``python -m tests.docs.write_errors``: make the page of errors anew by running them."""

from __future__ import annotations

from pathlib import Path

from tests.docs.errors import page

PAGE = "docs/explanation/errors.md"

if __name__ == "__main__":
    (Path(__file__).parents[2] / PAGE).write_text(page(), encoding="utf-8")
