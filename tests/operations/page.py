"""A page for operators as blocks that are typed: ``sh`` as the hub's user, ``sh USER`` as another. ``console`` is not typed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.operations.release import ROOT

PAGES = ROOT / "docs" / "how-to"
FENCE = re.compile(r"^```(?P<language>\w+)(?: (?P<user>\w+))?\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
PATIENCE = 100
USERS = {"postgres": "postgres"}
"""Blocks of these users are typed by a user of this machine, where the tests run as root."""


@dataclass(frozen=True, slots=True)
class Block:
    """One fence of a section."""

    language: str
    user: str
    text: str


def blocks(page: str, heading: str) -> list[Block]:
    """The fences below a heading, in order, up to the next one of its level."""
    text = (PAGES / page).read_text("utf-8")
    begin = re.search(rf"^## {re.escape(heading)}$", text, re.MULTILINE)
    assert begin is not None, f"{page} has no heading {heading!r}"
    section = text[begin.end() :].partition("\n## ")[0]
    return [Block(found["language"], found["user"] or "", found["text"]) for found in FENCE.finditer(section)]


def typed(page: str, heading: str) -> list[Block]:
    """The blocks that are typed."""
    return [block for block in blocks(page, heading) if block.language == "sh"]


class Terminal:
    """Types blocks. ``places``: what stands on the page -> what it is here; ``environments``: what a user's blocks are typed with."""

    def __init__(
        self, folder: Path, places: Mapping[str, str], environments: Mapping[str, Mapping[str, str]], users: Mapping[str, str] = USERS
    ) -> None:
        self.folder, self.places, self.environments, self.users = folder, dict(places), environments, users

    def here(self, text: str) -> str:
        """A text of the page with the places of this machine."""
        for shown in sorted(self.places, key=len, reverse=True):
            text = text.replace(shown, self.places[shown])
        return text

    def type(self, block: Block) -> str:
        """What it says; every line of it must end well."""
        environment = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}:/usr/sbin", "PYTHONPATH": str(ROOT)}
        name = self.users.get(block.user) if os.geteuid() == 0 else None
        as_user = {} if name is None else {"user": name, "group": name, "extra_groups": []}
        text = self.here(block.text)
        done = subprocess.run(  # type: ignore[call-overload]
            ["bash", "-euo", "pipefail", "-c", text], cwd="/" if as_user else self.folder, timeout=PATIENCE, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
            env=environment | dict(self.environments.get(block.user, {})), **as_user,
        )  # fmt: skip
        assert done.returncode == 0, f"{text}\n{done.stdout}"
        return str(done.stdout)
