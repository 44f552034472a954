"""The packages that ``pyproject.toml`` lists are those of the tree, and nobody else provides our names."""

from __future__ import annotations

import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

from tests.architecture import tree

OURS = "channelhub"


def packages(root: Path = tree.ROOT) -> list[str]:
    """Every folder with Python below one of our six names, as a package name."""
    folders = {path.parent.relative_to(root) for path in tree.python_files(root) if path.parent != root}
    return sorted(".".join(folder.parts) for folder in folders if folder.parts[0] in tree.PACKAGES)


def declared(root: Path = tree.ROOT) -> dict[str, Any]:
    """What ``pyproject.toml`` tells setuptools."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    return dict(project["tool"]["setuptools"])


def listed(root: Path = tree.ROOT) -> list[str]:
    return list(declared(root)["packages"])


def left_out(root: Path = tree.ROOT) -> list[str]:
    """Data files inside our packages that would not be installed."""
    data = declared(root).get("package-data", {})
    taken = {path for name, patterns in data.items() for pattern in patterns for path in root.joinpath(*name.split(".")).glob(pattern)}
    inside = [path for path in tree.files(root) if path.relative_to(root).parts[0] in tree.PACKAGES and path.suffix not in (".py", ".md")]
    return [str(path.relative_to(root)) for path in inside if path not in taken]


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
    found += [f"package-data of pyproject.toml does not name {name}" for name in left_out()]
    return found + strangers()
