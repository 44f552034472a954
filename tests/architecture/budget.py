"""The house budget: how long functions and files may be, measured over all Python of the repository.

A function's length is its lines from ``def`` to the last one, docstring included; a file's is all its lines.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.architecture import tree

FUNCTION_MEDIAN, FUNCTION_P95, FUNCTION_MAX = 8, 35, 60
FILE_P95, FILE_MAX = 300, 500


@dataclass(frozen=True, slots=True)
class Size:
    """One function or file with its length in lines."""

    where: str
    lines: int


@dataclass(frozen=True, slots=True)
class Distribution:
    """Sizes sorted by length; percentiles by nearest rank."""

    sizes: tuple[Size, ...]

    def at(self, share: float) -> int:
        """Length below or at which ``share`` of all sizes lie; 0 when there is none."""
        return self.sizes[max(0, -int(-share * len(self.sizes) // 1) - 1)].lines if self.sizes else 0

    def over(self, limit: int) -> list[Size]:
        return [size for size in self.sizes if size.lines > limit]

    def __str__(self) -> str:
        return f"{len(self.sizes)}, median {self.at(0.5)}, p95 {self.at(0.95)}, max {self.at(1)}"


def distribution(sizes: Sequence[Size]) -> Distribution:
    return Distribution(tuple(sorted(sizes, key=lambda size: (size.lines, size.where))))


def functions(path: Path, root: Path = tree.ROOT) -> Iterator[Size]:
    """Every function and method of a file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), str(path))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield Size(f"{path.relative_to(root)}:{node.lineno} {node.name}", (node.end_lineno or node.lineno) - node.lineno + 1)


def measure(paths: Sequence[Path], root: Path = tree.ROOT) -> tuple[Distribution, Distribution]:
    """(functions, files) of these files."""
    lengths = [Size(str(path.relative_to(root)), len(path.read_text(encoding="utf-8").splitlines())) for path in paths]
    return distribution([size for path in paths for size in functions(path, root)]), distribution(lengths)


def judge(made: Distribution, files: Distribution) -> list[str]:
    """What is over the budget."""
    found = [f"function of {size.lines} lines, limit {FUNCTION_MAX}: {size.where}" for size in made.over(FUNCTION_MAX)]
    found += [f"file of {size.lines} lines, limit {FILE_MAX}: {size.where}" for size in files.over(FILE_MAX)]
    for what, value, limit in (
        ("median of function lines", made.at(0.5), FUNCTION_MEDIAN),
        ("95th percentile of function lines", made.at(0.95), FUNCTION_P95),
        ("95th percentile of file lines", files.at(0.95), FILE_P95),
    ):
        if value > limit:
            found.append(f"{what} is {value}, limit {limit}")
    return found


def violations() -> list[str]:
    paths = tree.python_files()
    return judge(*measure(paths))


def imports_of(path: Path) -> set[str]:
    """Our modules that a file imports."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), str(path))):
        if isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
        elif isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
    return {name for name in found if name.split(".")[0] in tree.PACKAGES}


def report() -> list[str]:
    """Figures for the reader: sizes by area, the five most imported and the five most importing modules."""
    root, paths = tree.ROOT, tree.python_files()
    product = [path for path in paths if path.relative_to(root).parts[0] in tree.PACKAGES]
    rest = [path for path in paths if path not in product]
    lines = []
    for area, chosen in (("product", product), ("tests, benchmarks, dev", rest), ("all", paths)):
        made, files = measure(chosen)
        lines.append(f"{area}: functions {made}; files {files}; lines {sum(size.lines for size in files.sizes)}")
    fan_out = {str(path.relative_to(root)): imports_of(path) for path in product}
    fan_in = Counter(name for names in fan_out.values() for name in names)
    lines.append("most imported: " + ", ".join(f"{name} {count}" for name, count in fan_in.most_common(5)))
    most = sorted(fan_out.items(), key=lambda item: (-len(item[1]), item[0]))[:5]
    lines.append("most importing: " + ", ".join(f"{name} {len(names)}" for name, names in most))
    return lines
