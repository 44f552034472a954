"""``dev``: what it makes the environment from, what it refuses, that two at once do not disturb each other."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType

import pytest

from tests.architecture.tree import ROOT


@pytest.fixture
def dev(tmp_path: Path) -> ModuleType:
    """The program as a module of a copy of the repository that has no environment yet."""
    for name in ("dev", "pyproject.toml", "requirements.lock"):
        shutil.copy(ROOT / name, tmp_path / name)
    loader = SourceFileLoader("dev_program", str(tmp_path / "dev"))
    spec = spec_from_loader(loader.name, loader)
    assert spec is not None
    module = module_from_spec(spec)
    sys.dont_write_bytecode, before = True, sys.dont_write_bytecode
    try:
        loader.exec_module(module)
    finally:
        sys.dont_write_bytecode = before
    return module


def test_every_package_of_the_lock_has_hashes_and_the_tools_are_in_it(dev: ModuleType) -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    names = re.findall(r"^([a-z0-9][\w.-]*)==", lock, re.MULTILINE)
    assert {"setuptools", "uv", "pytest", "mypy", "ruff"} <= set(names)
    assert [name for name in names if "--hash=sha256:" not in dev.locked(name)] == []


def test_a_package_that_is_not_locked_is_said(dev: ModuleType) -> None:
    with pytest.raises(SystemExit, match="no line for 'left-pad'"):
        dev.locked("left-pad")


@pytest.fixture
def steps(dev: ModuleType, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The words of each step that would be run; the environment seems to be there."""
    done: list[str] = []
    dev.PYTHON.parent.mkdir(parents=True)
    dev.PYTHON.symlink_to(sys.executable)
    monkeypatch.setattr(dev, "make_venv", lambda: done.append("venv"))
    monkeypatch.setattr(dev, "run", lambda *command: done.append(" ".join(map(str, command[2:5]))))
    return done


WHOLE = ["venv", "pip install --quiet", "uv pip sync", "uv pip install"]


def test_only_what_changed_is_made_anew(dev: ModuleType, steps: list[str]) -> None:
    dev.sync()
    assert steps == WHOLE
    dev.sync()
    assert steps == WHOLE
    dev.PROJECT.write_text(dev.PROJECT.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    dev.sync()
    assert steps == [*WHOLE, "uv pip install"]
    dev.LOCK.write_text(dev.LOCK.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    dev.sync()
    assert steps == [*WHOLE, "uv pip install", *WHOLE]


def test_a_set_up_that_was_cut_short_begins_again(dev: ModuleType, steps: list[str]) -> None:
    dev.sync()
    dev.STAMP.write_text("half", encoding="ascii")
    dev.sync()
    assert steps == WHOLE * 2


def test_without_a_home_the_caches_are_in_the_environment(dev: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "")
    monkeypatch.setenv("PYTHONHOME", "/nowhere")
    made = dev.environment()
    assert made["UV_CACHE_DIR"] == str(dev.VENV / "cache")
    assert made["UV_PYTHON_DOWNLOADS"] == "never"
    assert "PYTHONHOME" not in made


def test_certificates_of_the_machine_are_used_unless_others_are_named(
    dev: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(dev, "CERTIFICATES", tmp_path / "all.crt")
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    assert "SSL_CERT_FILE" not in dev.environment()
    dev.CERTIFICATES.touch()
    assert dev.environment()["SSL_CERT_FILE"] == str(dev.CERTIFICATES)
    monkeypatch.setenv("SSL_CERT_FILE", "/mine")
    assert dev.environment()["SSL_CERT_FILE"] == "/mine"


def test_two_at_once_wait_for_each_other(dev: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """While one holds the lock, another process cannot take it."""
    probe = f"import fcntl; fcntl.flock(open({dev.__file__!r}), fcntl.LOCK_EX | fcntl.LOCK_NB)"
    with dev.only_one():
        assert subprocess.run([sys.executable, "-c", probe], capture_output=True, check=False).returncode == 1
    assert subprocess.run([sys.executable, "-c", probe], capture_output=True, check=False).returncode == 0


def test_a_step_that_fails_ends_with_its_code(dev: ModuleType, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        dev.run(sys.executable, "-c", "raise SystemExit(7)")
    assert ended.value.code == 7
    assert "ended with 7" in capfd.readouterr().err


def test_a_debian_without_ensurepip_is_told_the_one_command(dev: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ensurepip", None)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(SystemExit, match=rf"sudo apt-get install -y python3\.{sys.version_info.minor}-venv"):
        dev.need_ensurepip()


def test_as_root_the_package_is_installed(dev: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    commands: list[tuple[str, ...]] = []
    monkeypatch.setitem(sys.modules, "ensurepip", None)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(shutil, "which", lambda name: name)
    monkeypatch.setattr(dev, "run", lambda *command: commands.append(command))
    dev.need_ensurepip()
    assert [command[:2] for command in commands] == [("apt-get", "update"), ("apt-get", "install")]
    assert commands[1][-1] == f"python3.{sys.version_info.minor}-venv"


@pytest.mark.parametrize(("words", "code"), [([], 0), (["--help"], 0), (["tset"], 2)])
def test_without_a_known_command_it_explains_itself(
    dev: ModuleType, words: list[str], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        dev.main(words)
    assert ended.value.code == code
    assert "./dev test" in capsys.readouterr().out


def test_every_command_is_explained(dev: ModuleType) -> None:
    assert dev.__doc__ is not None
    assert [name for name in dev.COMMANDS if f"./dev {name}" not in dev.__doc__] == []


@pytest.mark.parametrize(("words", "given"), [([], "-n 2"), (["-q", "tests/docs"], "-q tests/docs")])
def test_the_whole_suite_runs_in_two_processes_and_a_part_in_one(
    dev: ModuleType, monkeypatch: pytest.MonkeyPatch, words: list[str], given: str
) -> None:
    commands: list[str] = []
    monkeypatch.setattr(dev, "become", lambda *command: commands.append(" ".join(map(str, command[1:]))))
    dev.test(words)
    assert [command.startswith(f"-m pytest {given}") for command in commands] == [True]


def test_a_test_that_ends_its_process_ends_the_whole_run_and_is_named(dev: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]")
    (tmp_path / "test_dies.py").write_text("import os\ndef test_dies(): os._exit(1)\ndef test_lives(): pass")
    command = [sys.executable, "-m", "pytest", *dev.WHOLE]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120)
    assert "crashed while running 'test_dies.py::test_dies'" in done.stdout, done.stdout + done.stderr
    assert (done.returncode, done.stdout.count("replacing crashed worker")) == (1, 0)


def test_an_unknown_benchmark_lists_those_there_are(dev: ModuleType) -> None:
    (dev.ROOT / "benchmarks").mkdir()
    for name in ("__init__.py", "lane.py"):
        (dev.ROOT / "benchmarks" / name).touch()
    with pytest.raises(SystemExit, match=r"which benchmark\? lane"):
        dev.bench(["lain"])


def test_an_older_python_is_refused_by_name(tmp_path: Path) -> None:
    newer = tmp_path / "dev"
    newer.write_text((ROOT / "dev").read_text(encoding="utf-8").replace("(3, 11)", "(9, 0)"), encoding="utf-8")
    done = subprocess.run([sys.executable, newer, "test"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "is needed, this is" in done.stderr
