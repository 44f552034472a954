"""The demo as a user starts it, embedded and as in production: it ends well, and a second program says the same from the logs."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from importlib import resources
from pathlib import Path
from string import Template
from urllib.parse import urlsplit

import pytest

from hub.simulate.demo import ENOUGH, Demo, Voice, main
from hub.simulate.folder import MARK, own
from hub.simulate.processes import Servers
from tests.services import postgres, rabbitmq
from tests.services.postgres import need_node
from tests.services.private import Unavailable

ROOT = Path(__file__).resolve().parents[3]
COUNTS = ("received", "documents", "applied", "duplicates", "conflicts", "superseded", "held", "released", "delivered", "acknowledged")


@pytest.mark.parametrize("seed", [7, 8])
def test_the_demo_adds_up(seed: int, tmp_path: Path) -> None:
    adds_up("hub.simulate.demo", seed, tmp_path)


def test_so_it_does_on_servers(tmp_path: Path, broker: str) -> None:
    node = need_node()
    database = node.create()
    adds_up("hub.simulate.demo", 8, tmp_path, "--store", node.of(database), "--channels", broker)
    config = (tmp_path / "hub.yaml").read_text("utf-8")
    assert "file:store" in config
    assert node.of(database) not in config
    node.drop(database)


def test_dev_demo_production_brings_its_own_servers_and_ends_them(tmp_path: Path) -> None:
    try:
        postgres.binaries()
        rabbitmq.need_programs()
    except Unavailable as reason:
        pytest.skip(str(reason))
    adds_up("tests.services.demo", 7, tmp_path)
    for name in ("store", "channels"):
        address = urlsplit((tmp_path / name).read_text("utf-8"))
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((address.hostname, address.port)).close()


def test_only_two_lines_of_the_configuration_differ(tmp_path: Path) -> None:
    scenario = Template((resources.files("hub.simulate") / "scenario" / "hub.yaml").read_text("utf-8"))
    setups = (Servers(), Servers("postgresql://hub:secret@db/hub", "env:BROKER"))
    embedded, production = (scenario.safe_substitute(one.words(tmp_path)).splitlines() for one in setups)
    differing = [(old.strip(), new.strip()) for old, new in zip(embedded, production, strict=True) if old != new]
    assert differing == [('store: "sqlite:///var/hub.db"', 'store: "file:store"'), ('channels: "local"', 'channels: "env:BROKER"')]
    assert (tmp_path / "store").stat().st_mode & 0o077 == 0


def test_a_reader_that_has_enough_is_no_fault(tmp_path: Path) -> None:
    program = f"""from hub.simulate import demo
def run(self):
    raise BrokenPipeError
demo.Demo.run = run
demo.main(["--keep", {str(tmp_path)!r}])"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (ENOUGH, "", "")


def test_a_folder_that_is_no_demos_is_not_emptied(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "thesis.txt").write_text("months of work")
    with pytest.raises(SystemExit):
        main(["--for", "1", "--keep", str(tmp_path)])
    assert "has files that are no demo's" in capsys.readouterr().err
    assert (tmp_path / "thesis.txt").read_text() == "months of work"


def test_a_folder_in_which_a_demo_runs_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "demo"
    with own(folder):
        (folder / "hub.db").write_text("in use")
        with pytest.raises(SystemExit) as ended:
            main(["--for", "1", "--keep", str(folder)])
        assert ended.value.code == 2
        assert f"a demo runs in this folder: process {os.getpid()}" in capsys.readouterr().err
        assert (folder / "hub.db").read_text() == "in use"
    with own(folder):
        assert [one.name for one in folder.iterdir()] == [MARK]


def test_a_database_that_is_in_use_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = Demo(tmp_path, 7, 1.0, Voice(True), Servers("env:STORE"))
    monkeypatch.setattr(one, "_summary", lambda: {"received": 3})
    with pytest.raises(SystemExit, match="the store has 3 messages already"):
        one._begin(0.1)


def adds_up(module: str, seed: int, folder: Path, *words: str) -> None:
    command = [sys.executable, "-m", module, "--for", "6", "--seed", str(seed), "--json", "--keep", str(folder), *words]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
    last = json.loads(done.stdout.splitlines()[-1])
    assert last["balance"] == "ok"
    assert last["stuck"] == 0
    again = subprocess.run(
        [sys.executable, "-m", "hub.simulate.balance", str(folder / "logs")], cwd=ROOT, capture_output=True, text=True, check=True
    )
    expected = json.loads(again.stdout)
    assert {name: last[name] for name in COUNTS} == {name: expected[name] for name in COUNTS}
    assert last["held_by_cause"] == expected["causes"]
