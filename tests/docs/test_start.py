"""A start frees what waited for the configuration: a route that was missing, a mapping that did not fit."""

from __future__ import annotations

from pathlib import Path

from hub.signals import Signals
from monitoring.metrics import Metrics
from tests.docs.bench import HUB, Bench
from tests.docs.errors import ORDER


def test_a_route_that_is_added_frees_what_had_none_at_the_next_start(tmp_path: Path) -> None:
    bench = Bench(tmp_path, HUB.replace("{kd.order: agents/kd/order}", "{kd.other: agents/kd/order}"))
    bench.type("hub codes import codes.csv")
    bench.orders("in/orders.csv", ORDER)
    bench.take()
    held = bench.type("hub holds")
    bench.write("hub.yaml", HUB.encode())
    bench.take()
    assert "no_route" in held
    assert bench.type("hub summary").splitlines()[2].split() == ["applied", "1"]


def test_what_a_start_frees_is_counted_by_metrics_that_listened_before_it(tmp_path: Path) -> None:
    bench, signals = Bench(tmp_path, HUB.replace("{kd.order: agents/kd/order}", "{kd.other: agents/kd/order}")), Signals()
    metrics = Metrics(signals)
    bench.type("hub codes import codes.csv")
    bench.orders("in/orders.csv", ORDER)
    bench.take()
    bench.write("hub.yaml", HUB.encode())
    with bench.built(signals):
        assert b"\nhub_released_total 1.0\n" in metrics.text()


def test_looking_and_code_commands_make_no_edited_mapping_active(tmp_path: Path) -> None:
    bench = Bench(tmp_path, HUB.replace("agents/kd/order", "agents/js/order"))
    text = bench.library("agents/kd/order.yaml").replace("agents/kd/order", "agents/js/order")
    bench.write("mappings/agents/js/order.yaml", text.encode())
    bench.type("hub codes import codes.csv")
    bench.orders("in/orders.csv", ORDER)
    bench.take()
    bench.write("mappings/agents/js/order.yaml", text.replace("note: 备注 ?", "note: 存货名称 ?").encode())
    first, then = bench.type("hub replay 1"), bench.type("hub replay 1 --as then")
    bench.type("hub codes import codes.csv")
    assert "/lines/0/note: None -> '矿泉水 1升'" in first
    assert "0 differ" in then
    assert "0 freed" in bench.type("hub map promote agents/js/order")


def test_a_mapping_promoted_beside_a_running_hub_frees_at_the_next_start_at_the_latest(tmp_path: Path) -> None:
    bench = Bench(tmp_path, HUB.replace("agents/kd/order", "agents/js/order"))
    text = bench.library("agents/kd/order.yaml").replace("agents/kd/order", "agents/js/order")
    bench.write("mappings/agents/js/order.yaml", text.replace("note: 备注 ?", "note: 备注").encode())
    bench.type("hub codes import codes.csv")
    with bench.built() as running:
        bench.orders("in/orders.csv", ORDER)
        bench.take()
        bench.write("mappings/agents/js/order.yaml", text.encode())
        assert "1 freed" in bench.type("hub map promote agents/js/order")
        running.flow.settle()
        assert "invalid_value" in bench.type("hub holds")
    bench.take()
    assert "applied       1" in bench.type("hub summary")
