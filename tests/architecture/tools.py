"""The checks that well-kept tools do: ruff, mypy, import-linter."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.architecture import tree


def run(*command: str) -> list[str]:
    """Run a tool in the repository; its output when it is not content, else nothing."""
    done = subprocess.run(command, cwd=tree.ROOT, capture_output=True, text=True, check=False)
    output = (done.stdout + done.stderr).strip().splitlines()
    return output or [f"{command[0]} ended with {done.returncode}"] if done.returncode else []


def lint() -> list[str]:
    return run(sys.executable, "-m", "ruff", "check", "--quiet", "--output-format", "concise", ".")


def format() -> list[str]:
    return run(sys.executable, "-m", "ruff", "format", "--quiet", "--check", "--output-format", "concise", ".")


def types() -> list[str]:
    """The six packages with tests and benchmarks, then ``dev``, which is a program of its own."""
    folders = [name for name in (*tree.PACKAGES, "tests", "benchmarks") if any((tree.ROOT / name).rglob("*.py"))]
    return run(sys.executable, "-m", "mypy", *folders) + run(sys.executable, "-m", "mypy", "dev")


def imports() -> list[str]:
    return run(str(Path(sys.executable).with_name("lint-imports")), "--no-logo")
