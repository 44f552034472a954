"""What the product needs at run time, each with the version of the lock file: ``python pinned.py pyproject.toml requirements.lock``.

The lock file names the tools of developers too; an image has no use for them. With the lock file as constraints (uv takes hashes
from there) nothing comes in that it does not name. With names of packages behind: those lines of the lock file, hashes included.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path


def pinned(project: str, lock: str) -> Iterator[str]:
    """``name[extra]==version`` of each dependency. Raises KeyError for one that the lock file does not name."""
    versions = {name.lower(): version for name, version in re.findall(r"^([\w.-]+)==(\S+)", lock, re.MULTILINE)}
    for wanted in tomllib.loads(project)["project"]["dependencies"]:
        name = re.split(r"[<>=!~ ]", wanted)[0]
        yield f"{name}=={versions[name.partition('[')[0].lower()]}"


def locked(names: list[str], lock: str) -> Iterator[str]:
    """The lock file's own lines of packages."""
    for name in names:
        found = re.search(rf"^{re.escape(name)}==.*?(?=^\S|\Z)", lock, re.MULTILINE | re.DOTALL)
        if found is None:
            raise KeyError(name)
        yield found.group()


def main(words: list[str]) -> None:
    """Print the lines."""
    project, lock = (Path(word).read_text("utf-8") for word in words[:2])
    lines = locked(words[2:], lock) if words[2:] else pinned(project, lock)
    sys.stdout.write("".join(f"{line}\n" for line in lines))


if __name__ == "__main__":
    main(sys.argv[1:])
