"""The tutorial, run in a folder of its own. ``python -m tests.docs.tutorial`` writes what its commands say today into it."""

from __future__ import annotations

import os
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from tests.docs.shell import Shell
from tests.docs.steps import Step, filled, steps
from tests.services.private import free_port

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "tutorial" / "connect-a-system.md"
PORT = "8080"


def outcomes(page: str, folder: Path) -> list[tuple[Step, str, int]]:
    """(step, its output with the page's port and without this folder's name, exit code) of every step of a page."""
    free, hidden = str(free_port()), (str(folder.resolve()), str(folder))
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "LC_ALL": "C.UTF-8", "PYTHONPATH": str(ROOT)}
    found = []
    with Shell(folder, environment) as shell:
        for step in steps(page):
            output, code = shell.do(replace(step, text=step.text.replace(PORT, free)))
            found.append((step, _without(output.replace(free, PORT), hidden), code))
    return found


def _without(text: str, folders: tuple[str, ...]) -> str:
    for name in folders:
        text = text.replace(name, "<folder>")
    return text


def main() -> None:
    """Run the page and write the outputs into it."""
    page = PAGE.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        found = outcomes(page, Path(folder))
    for step, output, code in found:
        print(f"{code}  {step.word or step.text.splitlines()[0]}\n{output if code else ''}", end="")
    PAGE.write_text(filled(page, {step.start: output for step, output, _ in found if step.start is not None}), encoding="utf-8")


if __name__ == "__main__":
    main()
