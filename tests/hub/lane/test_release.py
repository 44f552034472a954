"""Holds and their release: thousands at once, packets, faults of our own, races."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import func, select, text

from hub.codebook import Codebook
from hub.commands import Actor, Commands
from hub.signals import probe
from hub.store.book_tables import release_job
from hub.store.invariants import broken
from hub.store.lane_tables import document, effect, hold, message, work
from hub.store.out_tables import published
from monitoring.metrics import Metrics
from tests.hub.lane.world import World, count_statements


def intact(world: World) -> bool:
    with world.store.read() as connection:
        return broken(connection) == {}


def test_one_of_seven_facts_frees_exactly_its_set_in_the_order_of_keys(tmp_path: Path) -> None:
    world = World(tmp_path)
    for start in range(0, 5000, 500):
        world.send(*[{"k": f"K{n // 2:05}", "v": str(n % 2), "x": n, "items": [f"X{n // 2 % 7}"]} for n in range(start, start + 500)])
    world.run()
    assert len(world.causes()) == 5000 - 2500
    statements = count_statements(world)
    world.codes(("X3", "C-3"))
    world.lane.release_jobs()
    world.run()
    freed = sum(1 for n in range(2500) if n % 7 == 3)
    assert world.states().count("applied") == freed
    assert statements[0] <= 5 * freed
    order = [row.k for row in world.rows(select(effect.c.k).order_by(effect.c.document))]
    assert order == sorted(order)
    assert intact(world)


def test_a_line_longer_than_a_window_is_driven_to_its_end_in_order(tmp_path: Path) -> None:
    world = World(tmp_path, limit=20)
    world.send({"k": "A", "v": "0", "items": ["X"]}, *[{"k": "A", "type": "order_change", "v": str(n), "x": n} for n in range(1, 150)])
    world.run()
    assert len(world.causes()) == 1
    world.codes(("X", "C"))
    world.run()
    assert world.states() == ["applied"] * 150
    assert [row.document for row in world.rows(select(effect.c.document).order_by(effect.c.kseq))] == [1 << 20 | n for n in range(1, 151)]
    assert intact(world)


def test_a_window_of_freed_keys_asks_no_more_than_one_of_few(tmp_path: Path) -> None:
    counts = []
    for size in (5, 150):
        (tmp_path / str(size)).mkdir()
        world = World(tmp_path / str(size))
        world.send(*[{"k": f"K{n}", "items": ["X"]} for n in range(size)])
        world.run()
        world.codes(("X", "C"))
        statements = count_statements(world)
        world.run()
        counts.append(statements[0])
        assert world.states() == ["applied"] * size
    assert counts[0] == counts[1]


def test_a_release_above_a_thousand_goes_on_as_a_job(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.send(*[{"k": f"K{n}", "items": ["X"]} for n in range(1300)])
    world.run()
    metrics = Metrics(world.signals)
    world.codes(("X", "C"))
    assert world.rows(select(func.count()).select_from(hold))[0][0] == 300
    world.run()
    assert world.lane.release_jobs() == 300
    assert b"\nhub_released_total 300.0\n" in metrics.text()
    world.run()
    assert world.states() == ["applied"] * 1300
    assert intact(world)


def test_so_does_one_of_many_causes(tmp_path: Path) -> None:
    """What waits for 1,300 codes that come at once: no transaction lets go more than a thousand, under the lock that windows wait for."""
    world = World(tmp_path)
    world.send(*[{"k": f"K{n}", "items": [f"X{n}"]} for n in range(1300)])
    world.run()
    world.codes(*[(f"X{n}", "C") for n in range(1300)])
    assert world.rows(select(func.count()).select_from(hold))[0][0] == 300
    assert world.lane.release_jobs() == 300
    assert world.rows(select(release_job)) == []
    world.run()
    assert world.states() == ["applied"] * 1300
    assert intact(world)


def test_a_packet_of_500_with_3_bad_ones_has_500_outcomes(tmp_path: Path) -> None:
    world = World(tmp_path)
    lines = [{"k": f"K{n}"} for n in range(500)]
    for n in (10, 250, 499):
        lines[n]["items"] = ["?"]  # type: ignore[assignment]
    world.send(*lines)
    world.run()
    assert world.states().count("applied") == 497
    assert set(world.causes()) == {1 << 20 | n + 1 for n in (10, 250, 499)}
    assert world.rows(select(message.c.documents))[0][0] == 500
    assert world.translator.calls == 500


def test_a_planted_fault_of_the_service_holds_that_one_document(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.service.fails = {"K7"}
    world.send(*[{"k": f"K{n}"} for n in range(20)])
    world.run()
    assert world.causes() == {1 << 20 | 8: {"program_error"}}
    assert world.states().count("applied") == 19
    assert intact(world)


def test_a_service_that_refuses_many_costs_two_passes_not_many(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.send(*[{"k": f"K{n}", "refuse": n % 2 == 0} for n in range(100)])
    world.run()
    assert world.states().count("applied") == 50
    assert all(causes == {"invalid_value"} for causes in world.causes().values())


def test_a_fault_in_translation_holds_the_rest_of_its_message_and_a_retry_goes_on(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.send({"k": "A"}, {"k": "B", "boom": True}, {"k": "C"})
    world.send({"k": "D"})
    world.run()
    assert world.states() == ["applied", "applied"]
    assert world.causes() == {1: {"program_error"}}


def test_an_unreadable_message_is_a_hold_of_the_message(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.send({"unreadable": True})
    world.send({"k": "A"})
    world.run()
    assert world.states() == ["applied"]
    assert world.causes() == {1: {"unreadable"}}
    assert intact(world)


def test_a_code_that_comes_between_translating_and_committing_is_seen(tmp_path: Path) -> None:
    """Race 1: without the second look at the revision the document is held for ever with the fact present."""
    world = World(tmp_path)
    world.send({"k": "A", "items": ["X"]})

    def code_comes() -> None:
        probe("window.translated", None)
        world.codes(("X", "C"))

    probe("window.translated", code_comes)
    world.run()
    assert world.states() == ["applied"]
    assert world.causes() == {}


def test_master_data_goes_in_windows_of_its_own_and_frees_what_waited_in_the_same_commit(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.send({"k": "A", "items": ["P1"]}, {"k": "P1", "type": "product"}, {"k": "B", "items": ["P1"]})
    world.run()
    assert world.states() == ["applied", "applied", "applied"]
    with world.store.read() as connection:
        assert Codebook().view(connection).revision == 1
    assert intact(world)


def test_what_a_window_lets_go_is_counted(tmp_path: Path) -> None:
    world = World(tmp_path)
    metrics = Metrics(world.signals)
    world.send({"k": "A", "items": ["P1"]}, {"k": "B", "items": ["P1"]})
    world.run()
    world.send({"k": "P1", "type": "product"})
    world.run()
    assert world.states() == ["applied"] * 3
    assert b"\nhub_released_total 2.0\n" in metrics.text()


def test_master_data_that_had_no_key_goes_in_a_window_of_its_own_too(tmp_path: Path) -> None:
    world, windows = World(tmp_path), list[int]()
    world.send({"k": "P1", "type": "product", "keyless": True})
    world.run()
    world.translator.version = 9
    Commands(world.store, world.ports).retry(Actor("boss"), "document", 1 << 20 | 1)
    world.send({"k": "A", "items": ["P1"]})
    probe("window.after_commit", lambda: windows.append(len(world.states())))
    world.run()
    probe("window.after_commit", None)
    assert windows[:2] == [1, 2]
    assert world.states() == ["applied", "applied"]
    assert intact(world)


def test_master_data_planned_under_an_older_revision_is_translated_again_under_the_lock(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.send({"k": "P1", "type": "product", "items": ["X"]})

    def code_comes() -> None:
        probe("window.translated", None)
        world.codes(("X", "C"))

    probe("window.translated", code_comes)
    world.run()
    assert world.states() == ["applied"]
    with world.store.read() as connection:
        assert Codebook().view(connection).revision == 2


PLANTED = {
    "sqlite": "create trigger planted before insert on effect when new.k like '%K13' begin select raise(abort, 'planted'); end",
    "postgresql": "alter table effect add constraint planted check (k not like '%K13')",
}


def test_what_the_database_refuses_and_nobody_foresaw_is_halved_until_it_stands_alone(tmp_path: Path) -> None:
    world = World(tmp_path)
    with world.store.unit() as unit:
        unit.connection.execute(text(PLANTED[unit.connection.dialect.name]))
    world.send(*[{"k": f"K{n:02}"} for n in range(20)])
    world.run()
    assert world.states().count("applied") == 19
    assert world.causes() == {1 << 20 | 14: {"refused_by_store"}}
    assert intact(world)


def test_documents_of_one_key_from_several_systems_stay_dense(tmp_path: Path) -> None:
    world = World(tmp_path)
    for n in range(30):
        world.send({"k": "A", "v": str(n), "x": n}, system=f"system-{n % 3}")
    world.run()
    assert intact(world)
    rows = world.rows(select(published.c.n).where(published.c.k == "test:order:A").order_by(published.c.n))
    assert [row.n for row in rows] == list(range(1, len(rows) + 1))


def test_nothing_is_translated_twice_by_a_window_that_does_not_change_holds(tmp_path: Path) -> None:
    world = World(tmp_path, limit=50)
    world.send(*[{"k": f"K{n}"} for n in range(1000)])
    world.run()
    assert world.translator.calls == 1000
    assert world.rows(select(work)) == []
    assert world.rows(select(func.count()).select_from(document))[0][0] == 1000
