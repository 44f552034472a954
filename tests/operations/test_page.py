"""What the pages name is there: tests, log lines, metrics, commands, exit codes."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
import yaml

from hub.bootstrap.watching import Watching
from hub.cli.app import app
from hub.cli.running import STOPPING
from hub.worker import Worker
from hub.worker.loop import Loop
from monitoring.health import Health
from monitoring.metrics import Metrics
from tests.docs.bench import HUB, Bench
from tests.operations.page import PAGES
from tests.operations.release import ROOT

TEXTS = {path.name: path.read_text("utf-8") for path in PAGES.glob("*.md")}
RULES = ROOT / "deploy/prometheus/hub.rules.yml"
METRIC = re.compile(r"\b(?:hub|process)_[a-z_]+\b")
SOURCE = "\n".join(path.read_text("utf-8") for room in ("hub", "connectors") for path in (ROOT / room).rglob("*.py"))


def test_every_test_that_is_named_is_there() -> None:
    named = re.findall(r"\]\(\.\./\.\./(tests/[\w/]+\.py)\): `(test_\w+)`", TEXTS["operate.md"])
    assert len(named) > 8
    assert [name for file, name in named if f"def {name}(" not in (ROOT / file).read_text("utf-8")] == []


def test_every_log_line_that_is_explained_is_written_somewhere() -> None:
    section = TEXTS["operate.md"].partition("## What the log says")[2].partition("\n## ")[0]
    lines = re.findall(r"^\| `([^`]+)`", section, re.MULTILINE)
    assert len(lines) > 10
    pieces = [piece.strip(" :()") for line in lines for piece in line.split("…")]
    assert [piece for piece in pieces if piece and piece not in SOURCE] == []


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path, HUB)


def test_every_metric_that_is_named_is_told_by_a_hub(bench: Bench) -> None:
    rules = yaml.load(RULES.read_text("utf-8"), yaml.BaseLoader)
    asked = {name for group in rules["groups"] for rule in group["rules"] for name in METRIC.findall(rule["expr"])}
    named = set(METRIC.findall(TEXTS["operate.md"].partition("## What to watch")[2].partition("\n## ")[0]))
    with bench.built() as hub:
        said = Metrics(hub.signals, Watching(hub.store, hub.clock), Health({})).text().decode()
    told = set(METRIC.findall(said)) | {f"{name}_total" for name in METRIC.findall(said)}
    assert named - told == asked - told == set()
    assert asked <= named


def test_rules_say_what_prometheus_asks_of_them() -> None:
    rules = yaml.load(RULES.read_text("utf-8"), yaml.BaseLoader)
    for group in rules["groups"]:
        assert set(group) == {"name", "rules"}
        for rule in group["rules"]:
            assert {"alert", "expr", "labels", "annotations"} <= set(rule) <= {"alert", "expr", "for", "labels", "annotations"}
            assert rule["labels"]["severity"] in ("page", "ticket")


def test_every_command_of_the_hub_that_is_named_is_there() -> None:
    commands = {command.name or getattr(command.callback, "__name__", "") for command in app.registered_commands}
    groups = {group.name for group in app.registered_groups}
    named = {found for text in TEXTS.values() for found in re.findall(r"(?:`|^)hub ([a-z]+)\b", text, re.MULTILINE)}
    assert named - commands - groups == set()


def hang() -> bool:
    """A receiver that does not answer."""
    time.sleep(5)
    return False


def test_a_stop_takes_no_longer_than_it_says_however_many_receivers_hang(bench: Bench) -> None:
    assert f"within {STOPPING:.0f} s" in TEXTS["operate.md"]
    with bench.built() as hub:
        worker = Worker(hub)
        worker.deliveries = {str(n): Loop(str(n), hang) for n in range(3)}
        worker.start()
        time.sleep(0.2)
        begin = time.monotonic()
        assert not worker.stop(1.0)
        assert time.monotonic() - begin < 2.5
