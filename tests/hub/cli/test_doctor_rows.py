"""Rows of ``hub doctor``: bounded in time, all of the others' programs at once, without secrets, nothing said without its ground."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from canonical_model.problems import Misconfigured
from hub.cli.app import app
from hub.cli.doctor import rows as judged
from hub.cli.doctor.rows import Look, Rows, verdict
from hub.cli.doctor.secrets import all_of
from hub.cli.settings import load_config


def broken(name: str) -> Look:
    def check() -> str:
        raise Misconfigured(f"{name} is broken", at="there", fix="mend it")

    return Look(name, check)


def test_programs_that_hang_are_given_up_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judged, "LONGEST", 0.5)
    forever, began = threading.Event(), time.monotonic()
    looks = [Look(f"out {n}", lambda: str(forever.wait()), far=True) for n in range(20)]
    rows = list(Rows().of([*looks, Look("doors", lambda: "open")]))
    assert time.monotonic() - began < 5
    assert {row["fact"] for row in rows[:-1]} == {"no answer within 0 s"}
    assert rows[-1] == {"check": "doors", "ok": True, "detail": "open"}
    forever.set()


def test_what_rests_on_something_broken_is_skipped_with_its_root(monkeypatch: pytest.MonkeyPatch) -> None:
    def well(name: str, *needs: str, far: bool = False) -> Look:
        return Look(name, lambda: "well", needs, far)

    looks = [broken("a"), well("b", "a", far=True), well("c", "a", "b"), well("d"), well("e", "d", far=True)]
    found: dict[str, Any] = {row["check"]: row for row in Rows().of(looks)}
    assert {name: row["ok"] for name, row in found.items()} == {"a": False, "b": None, "c": None, "d": True, "e": True}
    assert found["c"]["skipped"] == "needs a"


def test_no_text_repeats_a_secret() -> None:
    def check() -> str:
        raise ValueError("could not send Tr0ub4dor to host")

    (row,) = Rows({"Tr0ub4dor", "ub4d"}).of([Look("x", check)])
    assert row["fact"] == "the check itself failed: ValueError: could not send *** to host"
    assert "***" in verdict(row)


def test_secrets_are_those_of_addresses_and_connectors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STORE", "postgresql://hub:p%40ss-word@db/hub?sslpassword=key-word")
    monkeypatch.setenv("SAP", "sap-secret")
    (tmp_path / "hub.yaml").write_text(
        "hub: {store: env:STORE, channels: file:absent}\nsystems:\n  a:\n    party: A\n    out:\n      - {on: order_response, "
        'mapping: agents/kd/answer, connector: http, url: "http://127.0.0.1:9/", auth: {basic: [HUB, "env:SAP"]}}\n'
    )
    assert all_of(load_config(tmp_path / "hub.yaml")) == {"p%40ss-word", "p@ss-word", "key-word", "sap-secret"}


def test_people_read_what_was_not_looked_at_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "hub.yaml").write_text('hub: {store: "env:NOT_SET_ANYWHERE"}\n')
    said = CliRunner().invoke(app, ["doctor", "--config", str(tmp_path / "hub.yaml")]).stdout
    assert "skipped database, tables, durability, sessions, clock, disk, hub: needs hub.store\n" in said
    assert said.rstrip().endswith("1 failed, 7 not looked at")
