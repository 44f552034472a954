"""``hub doctor`` in broken set-ups: each names what is wrong, where, and the fix, and the others are looked at all the same."""

from __future__ import annotations

import shutil
import socket
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from hub.cli.app import app
from hub.cli.doctor import here
from hub.store.running import only_runner
from tests.hub.cli.doctoring import examine as asked
from tests.hub.cli.doctoring import failed

HEALTHY = """
hub: {store: "sqlite:///var/hub.db", folders: {mappings: [maps]}}
systems:
  a:
    party: AG-1
    in: [{connector: file_drop, folder: in, routes: {kd.order: agents/kd/order}}]
    out: [{on: order_response, mapping: agents/kd/answer, connector: file_drop, out: out}]
"""
CHECKS = ["packages", "configuration", "folders", "disk", "hub", "mappings", "in a.file_drop", "out a.order_response", "doors"]


def examine(folder: Path, text: str = HEALTHY, *, made: bool = True) -> tuple[int, dict[str, dict[str, Any]]]:
    """(exit code, rows by check) of ``hub doctor --json`` over a configuration with its folders."""
    for name in ("in", "out", "maps", "var") if made else ():
        (folder / name).mkdir(parents=True, exist_ok=True)
    return asked(folder, text)


def only(folder: Path, text: str, check: str, *, made: bool = True) -> dict[str, Any]:
    """The row of the one check that fails."""
    code, rows = examine(folder, text, made=made)
    assert (code, failed(rows)) == (1, [check])
    assert rows[check]["fix"]
    return rows[check]


def test_a_healthy_hub(tmp_path: Path) -> None:
    code, rows = examine(tmp_path)
    assert (code, list(rows), failed(rows)) == (0, CHECKS, [])
    assert "journal WAL, synchronous FULL" in rows["hub"]["detail"]


def test_every_line_that_is_wrong_in_the_configuration(tmp_path: Path) -> None:
    row = only(tmp_path, HEALTHY.replace("party:", "prty:").replace("folder: in", "foldr: in"), "configuration")
    assert "hub.yaml:6:" in row["at"]
    assert "did you mean 'folder'" in row["at"]
    assert "did you mean 'party'" in row["at"]


def test_folders_that_are_not_there(tmp_path: Path) -> None:
    code, rows = examine(tmp_path, HEALTHY.replace("mappings: [maps]", "mappings: [maps], definitions: [defs]"))
    assert (code, failed(rows)) == (1, ["folders"])
    assert rows["folders"]["at"] == f"hub.folders.definitions: {tmp_path / 'defs'}"
    shutil.rmtree(tmp_path / "in")
    code, rows = examine(tmp_path, HEALTHY, made=False)
    assert (failed(rows), rows["in a.file_drop"]["at"]) == (["in a.file_drop"], str(tmp_path / "in"))


def test_a_store_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", "utf-8")
    row = only(tmp_path, HEALTHY.replace("var/hub.db", "file/hub.db"), "hub")
    assert row["fact"].startswith("nothing can be written beside the store")
    assert row["at"] == str(tmp_path / "file")


@pytest.mark.parametrize(
    ("content", "fact"), [(b"not a database" * 99, "no SQLite database"), (b"SQLite format 3\0" + b"x" * 99, "damaged")]
)
def test_a_store_that_is_another_file(tmp_path: Path, content: bytes, fact: str) -> None:
    (tmp_path / "var").mkdir()
    (tmp_path / "var/hub.db").write_bytes(content)
    row = only(tmp_path, HEALTHY, "hub")
    assert fact in row["fact"]
    assert row["at"] == str(tmp_path / "var/hub.db")
    assert (tmp_path / "var/hub.db").read_bytes() == content
    assert [path.name for path in (tmp_path / "var").iterdir()] == ["hub.db"]


def database(folder: Path, *statements: str) -> None:
    (folder / "var").mkdir(exist_ok=True)
    connection = sqlite3.connect(folder / "var/hub.db")
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


def test_a_store_of_another_program(tmp_path: Path) -> None:
    database(tmp_path, "CREATE TABLE photos (id INTEGER)")
    assert "another program: it has photos" in only(tmp_path, HEALTHY, "hub")["fact"]


def test_a_store_of_a_newer_release(tmp_path: Path) -> None:
    examine(tmp_path)
    database(tmp_path, "DELETE FROM alembic_version", "INSERT INTO alembic_version VALUES ('r9999')")
    row = only(tmp_path, HEALTHY, "hub")
    assert row["fact"] == "the store was written by a newer release (migration r9999)"
    assert "start that release" in row["fix"]
    assert not list((tmp_path / "var").glob("*before*"))


@pytest.mark.parametrize("change", ["DROP TABLE alembic_version", "DELETE FROM alembic_version"])
def test_a_store_that_says_no_release(tmp_path: Path, change: str) -> None:
    examine(tmp_path)
    database(tmp_path, change)
    before = (tmp_path / "var/hub.db").read_bytes()
    assert "of a time before the first release" in only(tmp_path, HEALTHY, "hub")["fact"]
    assert (tmp_path / "var/hub.db").read_bytes() == before
    assert not list((tmp_path / "var").glob("*before*"))


def test_a_disk_that_is_nearly_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(here, "LEAST_FREE", 10**18)
    row = only(tmp_path, HEALTHY, "disk")
    assert "MB are free beside the store" in row["fact"]
    assert "make room" in row["fix"]


def test_a_mapping_whose_example_fails_and_one_that_does_not_load(tmp_path: Path) -> None:
    shipped = Path(__file__).parents[3] / "mappings/library/agents/kd"
    (tmp_path / "maps/own/examples").mkdir(parents=True)
    for path in (shipped / "examples").iterdir():
        (tmp_path / "maps/own/examples" / path.name).write_bytes(path.read_bytes())
    text = (shipped / "order.yaml").read_text("utf-8").replace("agents/kd/order", "own/order")
    (tmp_path / "maps/own/order.yaml").write_text(text.replace("default('CNY')", "default('USD')"), "utf-8")
    row = only(tmp_path, HEALTHY, "mappings")
    assert "own/order" in row["at"]
    assert "USD" in row["at"]
    (tmp_path / "maps/own/order.yaml").write_text(text.replace("存货名称 ?", "存货名称 | upcase ?"), "utf-8")
    row = only(tmp_path, HEALTHY, "mappings")
    assert "own/order.yaml:" in row["at"]


def test_another_distribution_with_our_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(here, "packages_distributions", lambda: {"hub": ["channelhub", "other-hub"], "mappings": ["maps"]})
    row = only(tmp_path, HEALTHY, "packages")
    assert row["fact"] == "other distributions provide our package names: hub by other-hub, mappings by maps"
    assert "pip uninstall maps other-hub" in row["fix"]


def test_a_receiver_that_does_not_answer(tmp_path: Path) -> None:
    text = HEALTHY.replace("connector: file_drop, out: out", 'connector: http, url: "http://127.0.0.1:9/orders"')
    row = only(tmp_path, text, "out a.order_response")
    assert row["at"] == "http://127.0.0.1:9/orders"
    assert row["fact"].startswith("no connection")


def test_an_open_door_is_a_warning_with_its_line(tmp_path: Path) -> None:
    text = HEALTHY.replace("connector: file_drop, folder: in", "connector: http, path: /in").replace(
        "hub: {", 'hub: {listen: "0.0.0.0:8080", '
    )
    code, rows = examine(tmp_path, text)
    assert (code, failed(rows)) == (0, [])
    assert rows["doors"]["warning"] == "anybody who reaches 0.0.0.0:8080 may send to /in"
    assert rows["doors"]["at"] == "systems.a.in.a.http"
    assert "auth:" in rows["doors"]["fix"]


def test_an_address_that_another_program_has(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        listen = f"127.0.0.1:{other.getsockname()[1]}"
        text = HEALTHY.replace("folders:", f'listen: "{listen}", folders:')
        code, rows = examine(tmp_path, text)
        assert (code, rows["doors"]["at"]) == (0, "hub.listen")
        assert "Address already in use" in rows["doors"]["warning"]
        with only_runner(tmp_path / "var/hub.db"):
            assert examine(tmp_path, text)[1]["doors"]["detail"] == f"{listen}, in use: by this hub, if it runs here"
    assert examine(tmp_path, text)[1]["doors"]["detail"] == listen


def test_one_fault_hides_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(here, "LEAST_FREE", 10**18)
    (tmp_path / "file").write_text("in the way", "utf-8")
    text = HEALTHY.replace("var/hub.db", "file/hub.db").replace("folder: in", "folder: gone").replace("[maps]", "[nowhere]")
    code, rows = examine(tmp_path, text)
    assert (code, failed(rows)) == (1, ["folders", "disk", "hub", "in a.file_drop"])


def test_people_read_it(tmp_path: Path) -> None:
    (tmp_path / "hub.yaml").write_text(HEALTHY, "utf-8")
    said = CliRunner().invoke(app, ["doctor", "--config", str(tmp_path / "hub.yaml")]).stdout
    assert "FAILED  in a.file_drop: folder is not there\n        at: " in said
    assert "ok      packages" in said
    assert said.rstrip().endswith("3 failed")
