"""The list of points is what the path really reaches."""

from __future__ import annotations

import re
from pathlib import Path

from hub.signals import POINTS

HUB = Path(__file__).resolve().parents[2] / "hub"


def test_every_point_is_listed_once_and_reached_once() -> None:
    reached = [name for file in sorted(HUB.rglob("*.py")) for name in re.findall(r'\breach\("([^"]+)"\)', file.read_text("utf-8"))]
    assert sorted(reached) == sorted(POINTS)
