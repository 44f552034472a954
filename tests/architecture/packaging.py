"""The packages that ``pyproject.toml`` lists are those of the tree, and nobody else provides our names."""

from __future__ import annotations

import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

from tests.architecture import tree

OURS = "channelhub"


def packages(root: Path = tree.ROOT) -> list[str]:
    """Every folder with Python below one of our six names, as a package name."""
    folders = {path.parent.relative_to(root) for path in tree.python_files(root) if path.parent != root}
    return sorted(".".join(folder.parts) for folder in folders if folder.parts[0] in tree.PACKAGES)


def listed(root: Path = tree.ROOT) -> list[str]:
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    return list(project["tool"]["setuptools"]["packages"])


def bare(root: Path = tree.ROOT) -> list[str]:
    """Packages without ``__init__.py``: they would not be checked as part of their parent."""
    return [name for name in packages(root) if not root.joinpath(*name.split("."), "__init__.py").exists()]


def strangers() -> list[str]:
    """Other distributions of this environment that provide one of our top-level names."""
    provided = packages_distributions()
    return [f"{other} also provides '{name}'" for name in tree.PACKAGES for other in provided.get(name, []) if other != OURS]


def violations() -> list[str]:
    found = [f"pyproject.toml does not list the package '{name}'" for name in packages() if name not in listed()]
    found += [f"pyproject.toml lists '{name}', which is not in the tree" for name in listed() if name not in packages()]
    found += [f"package '{name}' has no __init__.py" for name in bare()]
    return found + strangers()
