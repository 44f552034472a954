"""What may not be installed is told once with the reason, and installing says what it does."""

from __future__ import annotations

import os
import shutil
from contextlib import nullcontext
from pathlib import Path

import pytest

from tests.services import private
from tests.services.private import Unavailable, install


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Root on a Debian whose apt-get writes down what it is asked; returns its log."""
    log = tmp_path / "asked"
    (tmp_path / "apt-get").write_text(f'#!/bin/sh\necho "$1 $(test -x {tmp_path}/policy && echo quiet)" >>{log}\nexit 1\n')
    (tmp_path / "apt-get").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.delenv("HUB_TEST_NO_APT", raising=False)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(private, "POLICY", tmp_path / "policy")
    monkeypatch.setattr(private, "LOCK", tmp_path / "lock")
    monkeypatch.setattr(private, "heard", nullcontext)
    monkeypatch.setattr(private, "_refused", {})
    return log


def test_it_says_what_it_installs_and_tries_with_new_lists_before_it_gives_up(machine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(Unavailable, match="ended with 1"):
        install("postgresql")
    assert machine.read_text().split("\n") == ["install quiet", "update quiet", ""]
    assert capsys.readouterr().err.startswith("servers: installing postgresql")
    assert not private.POLICY.exists()


def test_what_could_not_be_had_is_not_tried_for_every_test(machine: Path) -> None:
    for _ in range(3):
        with pytest.raises(Unavailable, match="ended with 1"):
            install("postgresql")
    assert machine.read_text().count("update") == 1


def test_a_policy_of_the_machine_is_left_alone(machine: Path) -> None:
    private.POLICY.write_text("#!/bin/sh\nexit 0\n")
    with pytest.raises(Unavailable):
        install("postgresql")
    assert private.POLICY.read_text() == "#!/bin/sh\nexit 0\n"


def test_forbidden_or_not_root_names_the_command(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(Unavailable, match="type: sudo apt-get install rabbitmq-server"):
        install("rabbitmq-server")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setenv("HUB_TEST_NO_APT", "1")
    with pytest.raises(Unavailable, match="HUB_TEST_NO_APT"):
        install("postgresql")
    assert not machine.exists()
    assert shutil.which("apt-get") == str(machine.parent / "apt-get")
