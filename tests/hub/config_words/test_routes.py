"""Words of a route: what reads the message, what holds it, what the same key means, what its sender is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from canonical_model.problems import Misconfigured
from hub.simulate import idocs, sets
from hub.simulate.goods import ARTICLES, CHAIN, KEY_ACCOUNT, STORE_JS
from hub.simulate.orders import Line, Order
from tests.hub.config_words.hubs import ANSWER, agent, body, causes, order, stock, table, world


def test_lenient_reads_dirt_and_strict_holds_it(tmp_path: Path) -> None:
    dirty = b"\xef\xbb\xbf" + table(("O1", "1", "K1", "I1", "5", "8.50")) + "合计,,,,,,5,,\n".encode()
    with world(tmp_path, agent()) as lenient:
        told = lenient.give("a", dirty)
        assert told["states"] == {"applied": 1}
        lenient.again(agent(route=", leniency: strict"))
        told = lenient.give("a", dirty.replace(b"O1", b"O2"))
        assert told["states"] == {"held": 1}
        [hold] = told["documents"][0]["holds"]
        assert (hold["cause"], hold["key"]) == ("invalid_value", "finding:delimited:delimited.total_row")
        assert hold["fact"].startswith("delimited.total_row: ")
        assert "bytes" in hold["place"]
        assert "leniency: lenient" in hold["fix"]
        assert told["documents"][0]["inputs"].split(".")[1] != lenient.look(1)["documents"][0]["inputs"].split(".")[1]
        lenient.again(agent())  # a start looks again at what an invalid value holds
        lenient.hub.flow.settle()
        assert lenient.look(2)["states"] == {"applied": 1}


SAP = """
hub: {{store: "sqlite:///hub.db", timezone: Asia/Shanghai}}
systems:
  sap-hq:
    party: HQ
    in: [{{connector: file_drop, name: sap-hq, folder: in/a, routes: {{ORDERS05/ORDERS: {{mapping: sap/orders05.order{0}}}}}{1}}}]
  wms-3pl:
    party: WH-SH
    in: [{{connector: file_drop, name: wms-3pl, folder: in/w, routes: {{"850": {{mapping: x12/po850.order{2}}}}}}}]
"""
PLACED = Order("C1", "2026-11-25", KEY_ACCOUNT, STORE_JS, (Line("1", ARTICLES[0], 3, case=False), Line("2", ARTICLES[1], 3, case=False)))


def test_a_cut_idoc_is_held_also_where_the_route_is_lenient(tmp_path: Path) -> None:
    control, *lines = idocs.flat(idocs.purchase_order(1, PLACED)).decode().splitlines()
    padded = "\n".join([control, *(line.ljust(1063) for line in lines)])
    with world(tmp_path, SAP.format("", "", ""), "") as hub:
        told = hub.give("sap-hq", padded[:-20].encode())
        assert ("unreadable", "finding:idoc:idoc.truncated") in causes(told)


def test_a_set_without_its_end_is_held_and_strict_holds_a_wrong_count(tmp_path: Path) -> None:
    whole = sets.interchange(1, "PO", [("850", sets.po850(Order("C1", "2026-11-25", CHAIN, STORE_JS, PLACED.lines)))], "2026-11-25")
    wrong = [whole.replace(b"SE*", b"SE*9").replace(b"C1", name) for name in (b"C2", b"C3")]
    with world(tmp_path, SAP.format("", "", ""), "") as hub:
        assert ("unreadable", "finding:x12:x12.se_missing") in causes(hub.give("wms-3pl", whole[: whole.index(b"SE*")]))
        assert not [key for _, key in causes(hub.give("wms-3pl", wrong[0])) if key.startswith("finding")]
        hub.again(SAP.format("", "", ", leniency: strict"))
        assert ("unreadable", "finding:x12:x12.se01_count") in causes(hub.give("wms-3pl", wrong[1]))


def test_charset_is_what_the_file_is_read_in(tmp_path: Path) -> None:
    gbk = table(("O1", "1", "K1", "I1", "5", "8.50", "急"), charset="gbk")
    with world(tmp_path, agent(route=", charset: gbk")) as hub:
        told = hub.give("a", gbk)
        assert body(hub, told["documents"][0]["document"])["lines"][0]["note"] == "急"
        assert causes(hub.give("a", table(("O2", "1", "K1", "I1", "5", "8.50", "语")).replace("语".encode(), b"\xff\xff")))


def test_options_reach_the_reader(tmp_path: Path) -> None:
    semicolons = order().replace(b",", b";").replace(b"8.50", b"8,5;0")
    with world(tmp_path, agent(route=', options: {delimiter: "|"}')) as hub:
        assert hub.give("a", order("O1").replace(b",", b"|"))["states"] == {"applied": 1}
        assert causes(hub.give("a", semicolons))


def test_an_option_that_the_format_does_not_know_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="delimitor"), world(tmp_path, agent(route=', options: {delimitor: "|"}')):
        pass


def test_routes_of_one_way_read_alike(tmp_path: Path) -> None:
    two = SAP.format("", "", "").replace(
        "{ORDERS05/ORDERS: {mapping: sap/orders05.order}}",
        "{ORDERS05/ORDERS: {mapping: sap/orders05.order, charset: gbk}, ORDERS05/ORDCHG: {mapping: sap/orders05.change, charset: big5}}",
    )
    with pytest.raises(Misconfigured, match="'big5' here and 'gbk' in another route") as error, world(tmp_path, two):
        pass
    assert error.value.at == "systems.sap-hq.in.sap-hq.routes.ORDERS05/ORDCHG"


def test_zone_of_a_route_is_the_zone_of_its_times(tmp_path: Path) -> None:
    config = (
        agent()
        .replace("routes: {wms.stock: wms/stock}", "routes: {wms.stock: {mapping: own/stock ZONE}}")
        .replace("timezone: Asia/Shanghai", "timezone: Asia/Shanghai, folders: {mappings: [maps]}")
    )
    (tmp_path / "maps/own/examples").mkdir(parents=True)
    own = (Path(__file__).parents[3] / "mappings/library/wms/stock.yaml").read_text("utf-8")
    own = own.replace("wms/stock\n", "own/stock\n").replace("asOf | instant(iso)", "asOf | instant('YYYY-MM-DD hh:mm:ss')")
    (tmp_path / "maps/own/stock.yaml").write_text(own, "utf-8")
    with world(tmp_path, config.replace(" ZONE", "")) as hub:
        assert (
            body(hub, hub.give("w", stock(at="2026-11-25 08:00:00"))["documents"][0]["document"])["reported_at"] == "2026-11-25T00:00:00Z"
        )
        hub.again(config.replace(" ZONE", ", zone: Europe/Berlin"))
        later = hub.give("w", stock(at="2026-11-25 09:00:00", count=7))["documents"][0]["document"]
        assert body(hub, later)["reported_at"] == "2026-11-25T08:00:00Z"


@pytest.mark.parametrize(
    ("policy", "states", "standing"),
    [("park", {"held": 1}, "5"), ("newest", {"applied": 1}, "6"), ("first", {"duplicate": 1}, "5"), ("reject", {"rejected": 1}, "5")],
)
def test_changed_resend(tmp_path: Path, policy: str, states: dict[str, int], standing: str) -> None:
    with world(tmp_path, agent(route=f", changed_resend: {policy}", out=ANSWER)) as hub:
        hub.give("w", stock())
        assert hub.give("a", order())["states"] == {"applied": 1}
        assert hub.give("a", order(count="6"))["states"] == states
        with hub.hub.store.read() as connection:
            [row] = connection.exec_driver_sql("SELECT ordered FROM order_lines").all()
        assert row[0] == int(standing) * 1_000_000


def test_same_key_replace_makes_a_second_order_the_order(tmp_path: Path) -> None:
    with world(tmp_path, agent(route=", same_key: replace")) as hub:
        hub.give("a", order())
        assert hub.give("a", order(count="6"))["states"] == {"applied": 1}


def test_a_document_held_longer_than_answer_within_is_answered_pending_once(tmp_path: Path) -> None:
    with world(tmp_path, agent(route=", answer_within: 15m", out=ANSWER)) as hub:
        assert hub.give("a", order(item="I9"))["states"] == {"held": 1}
        assert hub.written("a") == []
        hub.clock.micros += 14 * 60 * 1_000_000
        hub.hub.flow.settle()
        assert hub.written("a") == []
        hub.clock.micros += 2 * 60 * 1_000_000
        hub.hub.flow.settle()
        [delivery] = hub.look(1)["documents"][0]["deliveries"]
        assert (delivery["type"], delivery["state"]) == ("order_response/1", "sent")
        hub.clock.micros += 60 * 60 * 1_000_000
        hub.hub.flow.settle()
        assert len(hub.written("a")) == 1


def test_without_answer_within_a_held_document_is_not_answered(tmp_path: Path) -> None:
    with world(tmp_path, agent(out=ANSWER)) as hub:
        hub.give("a", order(item="I9"))
        hub.clock.micros += 10 * 86_400 * 1_000_000
        hub.hub.flow.settle()
        assert hub.written("a") == []


@pytest.mark.parametrize(("where", "left"), [("route", 0), ("service", 0), ("", 40_000_000)])
def test_complete_says_that_what_is_not_named_is_not_there(tmp_path: Path, where: str, left: int) -> None:
    config = agent(more="services: {inventory: {complete: true}}" if where == "service" else "")
    if where == "route":
        config = config.replace("wms.stock: wms/stock", "wms.stock: {mapping: wms/stock, complete: true}")
    with world(tmp_path, config) as hub:
        hub.give("w", stock(40, "I1"))
        hub.give("w", stock(50, "I2", at="2026-11-26T08:00:00+08:00"))
        assert on_hand(hub.hub.store, "I1") == left


def on_hand(store: object, code: str) -> int:
    """Base millionths of an item that are available."""
    item = {"I1": "09506000001012", "I2": "09506000001029"}[code]
    with store.read() as connection:  # type: ignore[attr-defined]
        query = "SELECT coalesce(sum(quantity), 0) FROM inventory_balances WHERE item = ? AND state = 'available'"
        return int(connection.exec_driver_sql(query, (item,)).scalar_one())


def test_a_replay_as_then_reads_as_then(tmp_path: Path) -> None:
    """Charset, leniency and words of the reader are part of the inputs: what a document was translated under is asked again."""
    gbk = table(("O1", "1", "K1", "I1", "5", "8.50", "急"), charset="gbk").replace(b",", b"|")
    with world(tmp_path, agent(route=', charset: gbk, options: {delimiter: "|"}')) as hub:
        seq = hub.give("a", gbk)["message"]
        hub.again(agent(route=", charset: big5"))
        [then] = hub.hub.replay.message(seq, then=True)
        assert (then.same, then.after.inputs) == (True, then.inputs_before)
        raw, traced = hub.hub.replay.trace(seq, 1, now=False)
        assert (raw, traced is not None and bool(traced.leaves)) == (gbk, True)


@pytest.mark.parametrize("words", [", charset: utf-8", ", zone: UTC", ", leniency: strict", ", options: {trim: 'false'}"])
def test_what_decides_a_translation_is_in_its_inputs(tmp_path: Path, words: str) -> None:
    with world(tmp_path, agent()) as hub:
        before = hub.give("a", order("O1"))["documents"][0]["inputs"].split(".")[1]
        hub.again(agent(route=words))
        assert hub.give("a", order("O2"))["documents"][0]["inputs"].split(".")[1] != before


@pytest.mark.parametrize("words", [", answer_within: 15m", ", changed_resend: newest", ", complete: true"])
def test_what_does_not_decide_a_translation_is_not(tmp_path: Path, words: str) -> None:
    with world(tmp_path, agent()) as hub:
        before = hub.give("a", order("O1"))["documents"][0]["inputs"]
        hub.again(agent(route=words))
        assert hub.give("a", order("O2"))["documents"][0]["inputs"] == before


@pytest.mark.parametrize(
    ("policy", "states"), [("", {"held": 1}), (", technical_id: trust", {"held": 1}), (", technical_id: ignore", {"applied": 1})]
)
def test_technical_id_says_what_the_senders_number_proves(tmp_path: Path, policy: str, states: dict[str, int]) -> None:
    """The same Idempotency-Key under another business key: a number used twice, unless it proves nothing."""
    with world(tmp_path, agent(route=policy)) as hub:
        assert hub.give("a", order("O1"), headers={"idempotency-key": "n1"})["states"] == {"applied": 1}
        assert hub.give("a", order("O2"), headers={"idempotency-key": "n1"})["states"] == states


@pytest.mark.parametrize(("words", "second"), [("", {"applied": 1}), (", repeats: cumulative", {"applied": 1, "duplicate": 1})])
def test_repeats_of_events_without_a_technical_id(tmp_path: Path, words: str, second: dict[str, int]) -> None:
    """The file of today holds the rows of yesterday too; ``cumulative`` knows them again."""
    with world(tmp_path, agent(route=f", same_key: append{words}")) as hub:
        rows = [(f"O{n}", "1", "K1", "I1", "5", "8.50") for n in (1, 2)]
        assert hub.give("a", table(rows[0]))["states"] == {"applied": 1}
        if words:
            assert hub.give("a", table(*rows))["states"] == second
