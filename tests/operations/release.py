"""A newer release, made for a test: this program with more migration steps, started as a process of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from hub.store import migrate

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = """
import sys
from pathlib import Path
from hub.store import migrate
migrate.HERE = Path({steps!r})
from hub.cli import main
main()
"""
STEP = '''"""A step of a release that does not exist."""

import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = "{revision}", "{after}", None, None


def upgrade() -> None:
    {does}
'''
ADDS = 'op.add_column("document", sa.Column("remark", sa.Text(), server_default="", nullable=False))'
RENAMES = 'op.alter_column("document", "way", new_column_name="manner")'


class Newer:
    """The steps of this release and one more, in a folder."""

    def __init__(self, folder: Path, revision: str, does: str) -> None:
        self.folder, self.steps = folder, folder / "migrations"
        folder.mkdir(exist_ok=True)
        shutil.copytree(migrate.HERE, self.steps, ignore=shutil.ignore_patterns("__pycache__"))
        text = STEP.format(revision=revision, after=migrate.newest()[0], does=does)
        (self.steps / "versions" / f"r{revision}_more.py").write_text(text, "utf-8")
        self.program = folder / "newer.py"
        self.program.write_text(PROGRAM.format(steps=str(self.steps)), "utf-8")

    def as_hub(self) -> dict[str, str]:
        """An environment in which ``hub`` is this release."""
        place = self.folder / "bin" / "hub"
        place.parent.mkdir(exist_ok=True)
        place.write_text(f'#!/bin/sh\nexec {sys.executable} {self.program} "$@"\n')
        place.chmod(0o755)
        return {"PATH": f"{place.parent}:{os.environ['PATH']}"}

    def command(self, *words: str) -> list[str]:
        """How it is started."""
        return [sys.executable, str(self.program), *words]


def this_release(*words: str) -> list[str]:
    """How this release is started."""
    return [sys.executable, "-m", "hub.cli", *words]


def begun(command: list[str], folder: Path, log: Path) -> subprocess.Popen[bytes]:
    """A process in a folder; what it says goes to a file."""
    with log.open("ab") as said:
        return subprocess.Popen(command, cwd=folder, stdout=said, stderr=said, env=os.environ | {"PYTHONPATH": str(ROOT)})


def ended(command: list[str], folder: Path) -> tuple[int, str]:
    """(exit code, what was said) of a command that ends by itself."""
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=120, check=False, env=os.environ | {"PYTHONPATH": str(ROOT)}
    )
    return done.returncode, done.stdout + done.stderr
