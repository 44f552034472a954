"""One hub a store, and none where its address is taken: refused before anything is taken up."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from canonical_model.problems import Misconfigured
from hub.cli.output import Output
from hub.cli.running import run
from hub.store.running import only_runner

HUB = """
hub: {{store: "sqlite:///hub.db", listen: "127.0.0.1:{port}"}}
systems:
  shop: {{party: SHOP, in: [{{connector: file_drop, folder: files, routes: {{kd.order: agents/kd/order}}}}]}}
"""
HOLDER = """
import sys, pathlib
from hub.store.running import only_runner
with only_runner(pathlib.Path(sys.argv[1])):
    print(1, flush=True)
    sys.stdin.read()
"""


def test_the_second_runner_is_refused_by_name_and_a_killed_one_leaves_nothing(tmp_path: Path) -> None:
    store = tmp_path / "var" / "hub.db"
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, str(store)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert holder.stdout is not None
    holder.stdout.readline()
    with pytest.raises(Misconfigured, match=f"process {holder.pid}"), only_runner(store):
        pass
    holder.kill()
    holder.communicate()
    with only_runner(store):
        pass


def test_a_taken_address_stops_the_start_before_any_file_is_taken(tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        (tmp_path / "hub.yaml").write_text(HUB.format(port=taken.getsockname()[1]))
        with pytest.raises(Misconfigured, match="cannot listen"):
            run(tmp_path / "hub.yaml", Output(True))
    assert not (tmp_path / "files" / ".work").exists()


def test_a_second_run_touches_nothing(tmp_path: Path) -> None:
    (tmp_path / "hub.yaml").write_text(HUB.format(port=1))
    with only_runner(tmp_path / "hub.db"), pytest.raises(Misconfigured, match="runs on this store already"):
        run(tmp_path / "hub.yaml", Output(True))
    assert not (tmp_path / "hub.db").exists()
