"""Words of a system: whose it is, whose codes it speaks, what time it is there, in which format it writes."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from canonical_model.problems import Misconfigured
from hub.cli.running import warn_of_open_doors
from tests.hub.config_words.hubs import World, agent, body, order, stock, world

SECOND = """
  b:
    party: AG-2
    codes: a
    in: [{connector: file_drop, name: b, folder: in/b, routes: {kd.order: agents/kd/order}}]
"""


def owner(hub: World, document: int) -> str:
    with hub.hub.store.read() as connection:
        return str(connection.exec_driver_sql("SELECT owner FROM document WHERE id = ?", (document,)).scalar_one())


def test_two_systems_with_one_program_share_a_code_set_and_belong_to_their_parties(tmp_path: Path) -> None:
    with world(tmp_path, agent(more=SECOND)) as hub:
        first, second = hub.give("a", order("O1")), hub.give("b", order("O2"))
        assert (first["states"], second["states"]) == ({"applied": 1}, {"applied": 1})
        assert [owner(hub, told["documents"][0]["document"]) for told in (first, second)] == ["AG-1", "AG-2"]
        hub.again(agent(more=SECOND.replace("codes: a", "codes: b")))
        assert hub.give("b", order("O3"))["states"] == {"held": 1}


@pytest.mark.parametrize(
    ("hub_zone", "own", "day"),
    [("UTC", "", "2026-11-24"), ("Asia/Shanghai", "", "2026-11-25"), ("UTC", "zone: Asia/Shanghai", "2026-11-25")],
)
def test_the_day_is_that_of_the_systems_zone_or_of_the_hubs(tmp_path: Path, hub_zone: str, own: str, day: str) -> None:
    """The day of the answer to an order that came at 18:00 UTC, which is the next day in Shanghai."""
    text = agent(out="out: [{on: order_response, name: answer, mapping: own/day, connector: file_drop, out: out/a}]").replace(
        "timezone: Asia/Shanghai", f"timezone: {hub_zone}, folders: {{mappings: [maps]}}"
    )
    (tmp_path / "maps/own").mkdir(parents=True)
    (tmp_path / "maps/own/day.yaml").write_text(DAY, "utf-8")
    (tmp_path / "maps/own/given.json").write_text(GIVEN, "utf-8")
    (tmp_path / "maps/own/gives.json").write_text('{"day": "2026-11-25"}', "utf-8")
    with world(tmp_path, text.replace("    party: AG-1\n", f"    party: AG-1\n    {own}\n")) as hub:
        hub.clock.micros -= 14 * 3_600 * 1_000_000
        hub.give("a", order())
        [written] = hub.written("a")
        assert day in written.decode()


DAY = """mapping: own/day
source: {format: canonical, type: order_response/1}
target: {format: json, type: day}
map:
  day: issued_on | date_out('YYYY-MM-DD')
examples:
  - given: given.json
    gives: gives.json
"""
GIVEN = """{"number": "O1", "order_type": "order", "status": "accepted", "issued_on": "2026-11-25",
"buyer": {"party": "AG-1", "given": []}, "lines": []}"""


@pytest.mark.parametrize("place", ["system", "way"])
def test_a_format_that_the_mapping_does_not_read_stops_the_start(tmp_path: Path, place: str) -> None:
    text = agent(way=", format: json") if place == "way" else agent().replace("    party: AG-1\n", "    party: AG-1\n    format: json\n")
    with pytest.raises(Misconfigured, match="reads delimited, this way in brings json"):
        World(tmp_path, text)
    with world(tmp_path, text.replace("format: json", "format: delimited")) as hub:
        assert hub.give("a", order())["states"] == {"applied": 1}


def test_a_start_warns_of_open_doors(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    door = agent(hub=', listen: "0.0.0.0:80"').replace("connector: file_drop, name: a, folder: in/a", "connector: http, name: a, path: /a")
    with world(tmp_path, door) as hub, caplog.at_level(logging.WARNING):
        warn_of_open_doors(hub.hub)
        assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == [
            "anybody who reaches 0.0.0.0:80 may send to /a: give systems.a.in.a an auth:, or listen on 127.0.0.1"
        ]


def test_stock_of_another_place_is_its_own(tmp_path: Path) -> None:
    with world(tmp_path, agent()) as hub:
        document = hub.give("w", stock())["documents"][0]["document"]
        assert (owner(hub, document), body(hub, document)["location"]["party"]) == ("WH-1", "WH-1")
