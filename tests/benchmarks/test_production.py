"""The benchmarks of a hub in production run, say what they promise to say, and find nothing lost, doubled or out of order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks import _measure as measure
from benchmarks import _soak_page, _topology_page, hang, poison, soak, topology
from benchmarks._production import NOT_THERE, started
from benchmarks._stream import CONFLICT, UNREADABLE, clean, draw
from tests.services.processes import Servers


@pytest.fixture(scope="module")
def given() -> Iterator[Servers]:
    try:
        with started() as (_, servers):
            yield servers
    except NOT_THERE as reason:
        pytest.skip(str(reason))


def test_healthy_keys_beside_poisoned_ones(tmp_path: Path, given: Servers) -> None:
    chosen = poison.options(
        ["--messages", "240", "--keys", "24", "--share", "0.1", "--rounds", "1", "--workers", "1", "--packet", "5", "--seed", "1"]
    )
    found = poison.compare(tmp_path, given, chosen)
    assert poison.faults(found) == []
    assert sum(found["poison"].values()) == 24
    assert found["held"]["waiting documents"] > 0
    assert found["after"]["applied"] == 240 - found["poison"].get(CONFLICT, 0) - found["poison"].get(UNREADABLE, 0)
    assert found["clean"]["applied"] == 240
    assert found["throughput_ratio"] > 0
    poison.show({**found, "machine": measure.machine(), "load_after": []})


def test_others_beside_a_receiver_that_hangs(tmp_path: Path, given: Servers, capsys: pytest.CaptureFixture[str]) -> None:
    chosen = hang.options(["--seconds", "2", "--rounds", "1", "--rate", "40", "--timeout", "1", "--workers", "1"])
    found = hang.measured(tmp_path, given, chosen, ("ok", "hang"))
    assert hang.faults({**found}) == []
    [phases] = found["rounds_found"]
    assert phases["hang"]["waited"] == 10
    assert phases["hang"]["answers"] == phases["ok"]["answers"] == 70
    assert set(found["ratios"]) == {"hang p99", "hang p50"}
    hang.show({**found, **vars(chosen), "goal": hang.GOAL, "machine": measure.machine(), "load_after": []})
    assert "the other" in capsys.readouterr().out


def test_another_worker_takes_over(tmp_path: Path, given: Servers) -> None:
    chosen = topology.options(["--quiet", "1", "--repeats", "1"])
    found = topology.measured(tmp_path, given, chosen, topology.FAULTS[:1])
    assert topology.faults(found) == []
    [row] = found["summary"]
    assert (row["signal"], row["not_taken"]) == ("SIGKILL", 0)
    assert row["translated_twice"] > 0
    page = _topology_page.page({**found, **vars(chosen), "machine": measure.machine(), "load_after": [0.0]})
    assert "inbound.0" in page
    assert "What happens in the second after" in page


def test_nothing_is_left_over_after_a_soak(tmp_path: Path, given: Servers) -> None:
    chosen = soak.options(["--minutes", "0.05", "--limit-seconds", "0.5", "--every", "0.5", "--workers", "1"])
    found = soak.measured(tmp_path, given, chosen)
    assert not any(found["left"].values()), found["left"]
    assert {"api", "worker-0", "postgresql", "rabbitmq"} == set(found["processes"])
    assert found["messages"] > 80
    page = _soak_page.page({**found, **vars(chosen), "faults": [], "machine": measure.machine(), "load_after": [0.0]})
    assert "| worker-0 |" in page


def test_a_slope_is_found_and_told_only_beyond_its_error() -> None:
    seen = {"files": 9, "sockets": 1, "threads": 4, "processes": 1}

    def growing(resident: float, in_use: float) -> list[dict[str, object]]:
        memory = {"memory": resident, "in_use": in_use}
        looks = range(180)
        return [
            {"at": 10.0 * n, "processes": {"worker-0": {word: 100 + by * n / 360 + 0.5 * (-1) ** n for word, by in memory.items()} | seen}}
            for n in looks
        ]

    words = {"threshold": 6, "left": {"work": 0}}
    steady, held, kept = (soak.trends(growing(*by)) for by in ((0, 0), (20, 0), (0, 20)))
    assert abs(held["worker-0"]["memory"]["slope"] - 20) < 2 > abs(held["worker-0"]["in_use"]["slope"])
    assert soak.faults({"processes": steady, **words}) == []
    told = [soak.faults({"processes": one, **words}) for one in (held, kept)]
    assert [[one.partition(" grows")[0] for one in each] for each in told] == [
        ["resident memory of worker-0"],
        ["memory in use of worker-0"],
    ]
    looks = growing(0, 0)
    for look in looks[100:]:
        look["processes"] = {"worker-0": {"memory": 100.0, **seen}}
    assert soak.faults({"processes": soak.trends(looks), **words}) == ["worker-0 did not say in 80 of 120 looks what it has in use"]
    assert soak.in_use({}) == {}


def test_poison_is_drawn_as_it_is_said() -> None:
    items = draw(200, 50, 0.01, 7)
    poisoned = [item for item in items if item.poison]
    assert len(poisoned) == 100
    assert all(item.n for item in poisoned)
    numbers = Counter(item.docnum for item in items)
    assert sum(count - 1 for count in numbers.values()) == sum(item.poison == CONFLICT for item in items)
    assert items == draw(200, 50, 0.01, 7) != draw(200, 50, 0.01, 8)
    assert [(item.key, item.n) for item in clean(items)] == [(item.key, item.n) for item in items]
    seen: dict[int, int] = {}
    for item in items:
        assert item.n == seen.get(item.key, -1) + 1
        seen[item.key] = item.n
