"""Each check finds what it is for, shown on small trees made for the purpose."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.architecture import budget, generated, hygiene, links, packaging, tree


def write(root: Path, name: str, text: str) -> Path:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def function(lines: int, name: str = "f") -> str:
    return f"def {name}() -> None:\n" + "    x = 1\n" * (lines - 1)


def test_the_files_are_those_git_knows_and_new_ones_that_are_not_ignored(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    for name in (".gitignore", "a.py", "b.txt", "dev"):
        write(tmp_path, name, "b.txt\n" if name == ".gitignore" else "")
    assert [path.name for path in tree.files(tmp_path)] == [".gitignore", "a.py", "dev"]
    assert [path.name for path in tree.python_files(tmp_path)] == ["a.py", "dev"]


def test_percentiles_are_by_nearest_rank() -> None:
    made = budget.distribution([budget.Size(str(n), n) for n in range(1, 101)])
    assert (made.at(0.5), made.at(0.95), made.at(1)) == (50, 95, 100)
    assert budget.distribution([]).at(0.95) == 0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (function(60), []),
        (function(61), ["function of 61 lines, limit 60: m.py:1 f"]),
        ("x = 1\n" * 501 + function(2), ["file of 503 lines, limit 500: m.py"]),
    ],
)
def test_a_long_function_or_file_is_named(tmp_path: Path, text: str, expected: list[str]) -> None:
    short = [write(tmp_path, f"short{n}.py", function(3)) for n in range(40)]
    assert budget.judge(*budget.measure([*short, write(tmp_path, "m.py", text)], tmp_path)) == expected


def test_many_middling_functions_break_the_percentiles(tmp_path: Path) -> None:
    many = write(tmp_path, "many.py", "".join(function(36, f"f{n}") for n in range(5)))
    assert budget.judge(*budget.measure([many], tmp_path)) == [
        "median of function lines is 36, limit 8",
        "95th percentile of function lines is 36, limit 35",
    ]


def test_methods_and_inner_functions_are_counted(tmp_path: Path) -> None:
    made, _ = budget.measure(
        [write(tmp_path, "m.py", "class A:\n    async def f(self) -> None:\n        def g() -> int:\n            return 1\n")], tmp_path
    )
    assert [(size.where, size.lines) for size in made.sizes] == [("m.py:3 g", 2), ("m.py:2 f", 3)]


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ("[a](other.md) [b](other.md#the-second-part) [c](#here)\n# Here", []),
        ("[web](https://example.org/x) [mail](mailto:a@example.org)", []),
        ("`[no](link.md)`\n```\n[no](link.md)\n```", []),
        ("[a](gone.md)", ["page.md: no such file: gone.md"]),
        ("[a](other.md#gone)", ["page.md: no such heading: other.md#gone"]),
        ("[a](#gone)", ["page.md: no such heading: #gone"]),
        ("![picture](gone.png)", ["page.md: no such file: gone.png"]),
    ],
)
def test_links_lead_somewhere(tmp_path: Path, document: str, expected: list[str]) -> None:
    write(tmp_path, "other.md", "# One\n## The *second* part\n")
    assert links.broken(write(tmp_path, "page.md", document), tmp_path) == expected


def test_repeated_headings_are_numbered_and_chinese_ones_kept() -> None:
    assert links.anchors("# A b\n# A b\n## 单据 `编号`: 1\n") == {"a-b", "a-b-1", "单据-编号-1"}


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("docs/a.md", "see https://" + hygiene.HOSTS[0] + "/x", f"docs/a.md:1: names the host of a registry ({hygiene.HOSTS[0]})"),
        ("docs/a.md", "\n/ho" + "me/ann/hub", "docs/a.md:2: holds an absolute path of one machine"),
        ("hub/a.py", "# TO" + "DO later", "hub/a.py:1: work left open"),
        ("hub/a.py", "x = float('1')", "hub/a.py:1: float() in the product: amounts and quantities are exact (decision 0011)"),
        ("hub/a.py", "x = open('a')", "hub/a.py:1: open(): path.open(encoding=...)"),
        ("requirements.lock", "--index" + "-url https://example.org", "requirements.lock: names the address of an index"),
    ],
)
def test_what_no_file_may_hold_is_found(tmp_path: Path, name: str, text: str, expected: str) -> None:
    assert hygiene.problems(write(tmp_path, name, text), text, tmp_path) == [expected]


def test_tests_may_call_float_and_urls_may_hold_home(tmp_path: Path) -> None:
    text = "x = float('1')\ny = 'https://example.org/home/page/1'\n"
    assert hygiene.problems(write(tmp_path, "tests/a.py", text), text, tmp_path) == []


def test_a_package_that_is_not_listed_is_found(tmp_path: Path) -> None:
    for name in ("hub/__init__.py", "hub/new/thing.py", "tests/x.py"):
        write(tmp_path, name, "")
    assert packaging.packages(tmp_path) == ["hub", "hub.new"]
    assert packaging.bare(tmp_path) == ["hub.new"]


def test_a_data_file_that_would_not_be_installed_is_found(tmp_path: Path) -> None:
    write(tmp_path, "pyproject.toml", '[tool.setuptools]\npackages = []\n[tool.setuptools.package-data]\nhub = ["data/**/*"]\n')
    for name in ("hub/data/deep/a.yaml", "hub/other/b.yaml", "docs/c.yaml"):
        write(tmp_path, name, "")
    assert packaging.left_out(tmp_path) == ["hub/other/b.yaml"]


def test_nobody_else_provides_one_of_our_names() -> None:
    assert packaging.strangers() == []


def test_a_generated_file_that_differs_is_stale(tmp_path: Path) -> None:
    write(tmp_path, "same.json", "{}")
    write(tmp_path, "old.json", "{}")
    found = generated.stale({"same.json": "{}", "old.json": "[]", "missing.json": "{}"}, tmp_path)
    assert [line.split(" ")[0] for line in found] == ["old.json:1", "missing.json:1"]
