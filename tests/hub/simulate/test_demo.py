"""The demo as a user starts it: it ends well, and a second program says the same from the partners' logs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
COUNTS = ("received", "documents", "applied", "duplicates", "conflicts", "superseded", "held", "released", "delivered", "acknowledged")


@pytest.mark.parametrize("seed", [7, 8])
def test_the_demo_adds_up(seed: int, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hub.simulate.demo", "--for", "6", "--seed", str(seed), "--json", "--keep", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
    last = json.loads(done.stdout.splitlines()[-1])
    assert last["balance"] == "ok"
    assert last["stuck"] == 0
    again = subprocess.run(
        [sys.executable, "-m", "hub.simulate.balance", str(tmp_path / "logs")], cwd=ROOT, capture_output=True, text=True, check=True
    )
    expected = json.loads(again.stdout)
    assert {name: last[name] for name in COUNTS} == {name: expected[name] for name in COUNTS}
    assert last["held_by_cause"] == expected["causes"]
