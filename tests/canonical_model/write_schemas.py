"""Writes the published schemas beside ``canonical_model.schemas``: ``python -m tests.canonical_model.write_schemas``."""

from __future__ import annotations

from pathlib import Path

from canonical_model import schemas

FOLDER = Path(schemas.__file__).parent


def main() -> None:
    """Write every schema whose text differs and take away those that are no longer published."""
    wanted = schemas.published()
    for name, text in wanted.items():
        (FOLDER / name).write_text(text, encoding="utf-8")
    for path in FOLDER.glob("*.json"):
        if path.name not in wanted:
            path.unlink()


if __name__ == "__main__":
    main()
