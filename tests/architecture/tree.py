"""The files of the repository, as git sees them, for the checks that read them."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGES = ("adapters", "canonical_model", "connectors", "hub", "mappings", "monitoring")
"""Our six top-level names."""


def files(root: Path = ROOT) -> list[Path]:
    """Tracked files and new ones that are not ignored; every file where there is no git."""
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=root, capture_output=True, check=False)
    if listed.returncode:
        return sorted(path for path in root.rglob("*") if path.is_file() and ".venv" not in path.parts)
    names = listed.stdout.decode().split("\0")
    return sorted(path for path in (root / name for name in names if name) if path.is_file())


def python_files(root: Path = ROOT) -> list[Path]:
    """All Python of the repository: the packages, tests, benchmarks and ``dev``."""
    return [path for path in files(root) if path.suffix == ".py" or path == root / "dev"]


def texts(paths: list[Path]) -> Iterator[tuple[Path, str]]:
    """Files that hold UTF-8 text, with it; others (messages in other charsets, archives) are left out."""
    for path in paths:
        try:
            yield path, path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue


def numbered(text: str) -> Iterator[tuple[int, str]]:
    return enumerate(text.splitlines(), start=1)
