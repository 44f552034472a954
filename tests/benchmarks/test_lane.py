"""The benchmark of the lane runs on real servers and says what its report promises. Nothing is timed here; numbers are tiny."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from benchmarks import lane
from benchmarks._lane import cpu, measures
from benchmarks._lane.hubs import Hub, both_servers, production
from benchmarks._lane.orders import PARTITIONS, Orders, system_names
from benchmarks._lane.statements import short
from benchmarks._measure import machine
from hub.channels.sizes import Sizes
from tests.services.private import Unavailable

DAY = date(2026, 12, 31)
CPU = {"api", "workers", "postgresql", "rabbitmq", "all"}


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    folder = tmp_path_factory.mktemp("lane")
    try:
        with both_servers(folder) as at, production(folder, "batched", Sizes(), at, measured_inside=True) as made:
            yield made
    except Unavailable as error:
        pytest.skip(str(error))


def test_every_measure_has_its_fields_and_every_order_is_applied(hub: Hub, capsys: pytest.CaptureFixture[str]) -> None:
    bench = lane.Bench(1, 8, 0.1, as_json=False)
    orders = bench.orders
    backlog, steady = measures.backlog(hub, orders, 8), measures.steady(hub, orders, 8)
    assert {*backlog} == {"intake", "lane", "whole"}
    assert {*backlog["whole"]["cpu_us"]} == {*steady["whole"]["cpu_us"]} == CPU
    assert backlog["whole"]["cpu_us"]["all"] > 0
    latency = [measures.latency(hub, orders, rate, 0.05) for rate in lane.GOAL_MS]
    assert all({*one["answered_ms"]} == {*one["applied_ms"]} == {"p50", "p90", "p99"} for one in latency)
    assert all(one["applied_ms"]["p99"] > 0 for one in latency)
    counted = measures.statements(hub, orders, 8)
    assert 0 < counted["kinds"]["delete work"] <= 1
    assert counted["an_order"] == pytest.approx(counted["statements"] / 8, abs=0.01)
    workers = measures.scaled(hub, orders, 8, 1)
    shares = measures.shares(hub, orders, 8)
    assert shares["worker steps"].keys() >= {"translate", "services: decide"}
    hub.check()
    found = {"median": measures.middle([backlog]), "rounds": [backlog]}, {"median": measures.middle([steady]), "rounds": [steady]}
    side = dict(zip(("backlog", "steady"), found, strict=True))
    sides = {"batched": side, "control": side}
    lane.show({
        "orders": 8, "rounds": 1, "took_s": 1, "machine": machine(), "load_after": [0.0], "sizes": {}, "sides": sides,
        "ratios": lane.ratios(sides), "latency": latency, "statements": [counted], "workers": [workers], "shares": shares,
    })  # fmt: skip
    said = capsys.readouterr().out
    assert all(word in said for word in ("backlog/cpu", "500/s", "statements", "waiting for a lock", "worker threads"))


def test_orders_are_different_and_of_all_partitions() -> None:
    orders = Orders(DAY)
    first, second = orders.take(PARTITIONS * 30), Orders(DAY).take(1)
    assert first[0] == second[0]
    assert len({one.partition(b"\r\n\r\n")[2] for one in first}) == len(first)
    assert len(system_names()) == PARTITIONS
    assert b"20261231" in first[0]


BUSY = "import time\nwhile time.process_time() < 0.2: pass"
"""However fast the machine is, this takes 0.2 s of CPU: a sum of so many numbers took a fast one less than what was waited for."""


def test_cpu_of_children_that_ended_is_counted() -> None:
    program = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {BUSY!r}]); print('ended', flush=True); input()"
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert len(cpu.tree(process.pid, cpu.table())) == 1
        assert cpu.used({"one": [process.pid]})["one"] > 0.1
        process.communicate(b"\n")
    assert cpu.used({"none": [process.pid]}) == {"none": 0}
    assert os.getpid() in cpu.tree(os.getppid(), cpu.table())


@pytest.mark.parametrize(("statement", "name"), [
    ('INSERT INTO "document" ("id") SELECT * FROM unnest($1)', "insert document"), ("BEGIN", "begin"), ("", "ping"),
    ("SELECT a, b FROM work WHERE 1 = 1", "select work"), ("SELECT pg_try_advisory_lock($1, $2)", "select pg_try_advisory_lock"),
    ('COPY "feed" ("at") FROM STDIN', "copy feed"), ('UPDATE "message" t SET x = 1', "update message"),
])  # fmt: skip
def test_statements_are_named_by_verb_and_table(statement: str, name: str) -> None:
    assert short(statement) == name


def test_medians_are_taken_leaf_by_leaf(tmp_path: Path) -> None:
    assert measures.middle([{"a": {"b": n}} for n in (1, 9, 2)]) == {"a": {"b": 2}}
    assert measures.percentiles([*range(100)]) == {"p50": 50, "p90": 90, "p99": 99}
