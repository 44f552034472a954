"""The end of a test run: ten slowest tests, and a line for each reason to skip."""

from __future__ import annotations

import doctest
import subprocess
import sys
from pathlib import Path

from tests.services import skipped

ROOT = Path(__file__).resolve().parents[2]
TESTS = """
import pytest
@pytest.mark.parametrize("n", range(5))
def test_needs_a_server(n):
    pytest.skip("no server here")
@pytest.mark.skipif(True, reason="another reason")
def test_other():
    pass
def test_well():
    pass
"""


def test_reasons_are_grouped() -> None:
    assert doctest.testmod(skipped) == (0, 1)


def test_a_run_tells_what_was_slow_and_what_was_skipped(tmp_path: Path) -> None:
    (tmp_path / "test_them.py").write_text(TESTS)
    words = ["-c", str(ROOT / "pyproject.toml"), "--rootdir", str(ROOT), "-p", "tests.conftest", str(tmp_path)]
    command = [sys.executable, "-m", "pytest", *words]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "slowest 10 durations" in done.stdout
    end = done.stdout.partition("skipped, and why")[2].splitlines()
    assert [line.strip().partition(":")[0] for line in end[2:4]] == ["5  no server here", "1  another reason"]
    assert "1 passed, 6 skipped" in end[-1]
