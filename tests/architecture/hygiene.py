"""What no file of the repository may hold: a registry's host, a path of one machine, work left open, ``float()`` and ``open()``."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from tests.architecture import tree

HOSTS = tuple(".".join(parts) for parts in (("pypi", "org"), ("files", "pythonhosted", "org"), ("registry", "npmjs", "org")))
HOME = re.compile(r"(?<![\w.$}])/(?:home|Users)/\w+/|(?<![\w.$}])/root/\w")
OPEN_WORK = re.compile(r"\b(?:TOD[O]|FIXM[E]|NotImplementedErro[r])\b|#.*\bXX[X]\b|mark\.xfai[l]")
INDEX = re.compile(r"--(?:extra-)?index-url|--find-links")


def line_problems(line: str, root: Path) -> list[str]:
    """What is wrong with one line of any text file."""
    found = [f"names the host of a registry ({host})" for host in HOSTS if host in line]
    if HOME.search(line) or str(root) + "/" in line:
        found.append("holds an absolute path of one machine")
    return found


def calls(text: str, name: str) -> list[str]:
    """Problems of one Python file that need its syntax: ``float(...)``, ``open(...)`` without a path."""
    banned = {
        "float": "float() in the product: amounts and quantities are exact (decision 0011)",
        "open": "open(): path.open(encoding=...)",
    }
    return [
        f"{name}:{node.lineno}: {banned[node.func.id]}"
        for node in ast.walk(ast.parse(text, name))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in banned
    ]


def problems(path: Path, text: str, root: Path = tree.ROOT) -> list[str]:
    """All problems of one file."""
    name = str(path.relative_to(root))
    found = [f"{name}:{number}: {what}" for number, line in tree.numbered(text) for what in line_problems(line, root)]
    if path.suffix == ".py":
        found += [f"{name}:{number}: work left open" for number, line in tree.numbered(text) if OPEN_WORK.search(line)]
    if path.suffix == ".py" and name.split("/")[0] in tree.PACKAGES:
        found += calls(text, name)
    if name == "requirements.lock" and INDEX.search(text):
        found.append(f"{name}: names the address of an index")
    return found


def violations() -> list[str]:
    return [problem for path, text in tree.texts(tree.files()) for problem in problems(path, text)]
