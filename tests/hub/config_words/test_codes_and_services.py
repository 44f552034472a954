"""``code_sets`` and ``services``: what a start makes of them, and what they decide."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from canonical_model.problems import Reject
from hub.cli.app import app
from hub.config import ConfigFault
from hub.services.inventory.defaults import DEFAULT_RULES as INVENTORY
from hub.services.inventory.settings import InventorySettings
from hub.services.order.defaults import DEFAULT_RULES as ORDER
from hub.services.order.settings import OrderSettings
from hub.simulate import sets
from hub.simulate.goods import ARTICLES, CHAIN, STORE_JS
from hub.simulate.orders import Line as Bought
from hub.simulate.orders import Order
from tests.hub.config_words.hubs import ANSWER, CODES, ITEM, ME, World, agent, causes, order, stock, world
from tests.proofs import hubs as demo

PARENT = "code_sets: {a: {parent: shared}, shared: {}}"


def parent(hub: World, name: str) -> str:
    with hub.hub.store.read() as connection:
        return hub.hub.flow.codebook.view(connection).parent(name)


def test_a_parent_is_set_at_the_start_and_frees_what_waits(tmp_path: Path) -> None:
    more = CODES + f"item,shared,I8,,{ITEM},EA,1,1,1\n"
    with world(tmp_path, agent(), more) as hub:
        assert hub.give("a", order(item="I8"))["states"] == {"held": 1}
        hub.again(agent(more=PARENT))
        assert (parent(hub, "a"), hub.look(1)["states"]) == ("shared", {"applied": 1})
        with hub.hub.store.read() as connection:
            revision = hub.hub.flow.codebook.view(connection).revision
        hub.again(agent(more=PARENT))
        with hub.hub.store.read() as connection:
            assert hub.hub.flow.codebook.view(connection).revision == revision
        hub.again(agent(more="code_sets: {shared: {parent: a}, a: {}}"))
        assert (parent(hub, "a"), parent(hub, "shared")) == ("", "a")
        assert hub.give("a", order("O2", item="I8"))["states"] == {"held": 1}


def test_a_set_that_the_file_does_not_name_keeps_the_parent_that_a_command_gave(tmp_path: Path) -> None:
    with world(tmp_path, agent()) as hub:
        hub.hub.commands.set_parent(ME, "a", "w")
        hub.again(agent())
        assert parent(hub, "a") == "w"
        with pytest.raises(Reject, match="fall back to itself"):
            hub.again(agent(more="code_sets: {w: {parent: a}}"))


def test_translating_without_a_store_asks_parents_too(tmp_path: Path) -> None:
    rows = CODES.replace(f"item,a,I1,,{ITEM}", f"item,shared,I1,,{ITEM}")
    for name, text in (("hub.yaml", agent(more=PARENT)), ("codes.csv", rows)):
        (tmp_path / name).write_text(text, "utf-8")
    (tmp_path / "one.csv").write_bytes(order())
    assert translated(tmp_path).exit_code == 0
    (tmp_path / "hub.yaml").write_text(agent(), "utf-8")
    assert "missing_code" in translated(tmp_path).stdout


def translated(folder: Path) -> Result:
    words = [str(folder / "one.csv"), "--system", "a", "--codes", str(folder / "codes.csv"), "--config", str(folder / "hub.yaml"), "--json"]
    return CliRunner().invoke(app, ["translate", *words])


def answers(folder: Path, settings: str, *orders: bytes, count: int = 100) -> list[str]:
    """The answer files to orders under these settings, with this much in stock."""
    with world(folder, agent(out=ANSWER, more=f"services: {{{settings}}}")) as hub:
        hub.give("w", stock(count))
        for raw in orders:
            hub.give("a", raw)
        return [one.decode("gbk") for one in hub.written("a")]


@pytest.mark.parametrize(
    ("settings", "word"), [("", "缺货待发"), ("order: {shortage: backorder}", "缺货待发"), ("order: {shortage: reject}", "拒绝")]
)
def test_shortage(tmp_path: Path, settings: str, word: str) -> None:
    [answer] = answers(tmp_path, settings, order(count="5"), count=0)
    assert word in answer


PRICES = f"prices: [{{item: '{ITEM}', unit: EA, amount: 8.00, currency: CNY}}]"


@pytest.mark.parametrize(
    ("settings", "price", "words"),
    [
        (f"order: {{{PRICES}}}", "8.40", ["已确认"]),
        (f"order: {{{PRICES}}}", "8.41", ["拒绝", "8.41", "8.00"]),
        (f"order: {{{PRICES}, price_tolerance: 0.10}}", "8.80", ["已确认"]),
        (f"order: {{{PRICES}, price_tolerance: 0}}", "8.01", ["拒绝"]),
        (f"order: {{{PRICES}, outcomes: {{price_deviation: warn}}}}", "9.99", ["已确认", "9.99"]),
        ("", "9999", ["已确认"]),
    ],
)
def test_agreed_prices(tmp_path: Path, settings: str, price: str, words: list[str]) -> None:
    [answer] = answers(tmp_path, settings, order(price=price))
    assert [word for word in words if word not in answer] == []


@pytest.mark.parametrize(("count", "word"), [("12", "已确认"), ("6", "拒绝"), ("13", "拒绝")])
def test_lots(tmp_path: Path, count: str, word: str) -> None:
    [answer] = answers(tmp_path, f"order: {{lots: [{{item: '{ITEM}', minimum: 12, multiple: 12}}]}}", order(count=count))
    assert word in answer


def our_number(folder: Path, settings: str) -> str:
    """Our number of the order that is there after one came."""
    with world(folder, agent(more=f"services: {{{settings}}}")) as hub:
        hub.give("a", order())
        with hub.hub.store.read() as connection:
            return str(connection.exec_driver_sql("SELECT reference FROM orders").scalar_one())


def test_number_prefix(tmp_path: Path) -> None:
    assert our_number(tmp_path, "order: {number_prefix: HUB}").startswith("HUB")


@pytest.mark.parametrize(("listed", "word"), [("[CNY, USD]", "已确认"), ("[EUR]", "拒绝")])
def test_currencies(tmp_path: Path, listed: str, word: str) -> None:
    assert word in given(tmp_path, f"order: {{currencies: {listed}}}", order())


@pytest.mark.parametrize(("days", "word"), [(30, "已确认"), (10, "拒绝")])
def test_horizon(tmp_path: Path, days: int, word: str) -> None:
    soon = order().replace("备注\n".encode(), "备注,交货日期\n".encode()).replace(b"8.50,\n", b"8.50,,2026-12-20\n")
    assert word in given(tmp_path, f"order: {{horizon_days: {days}}}", soon)


def given(folder: Path, settings: str, raw: bytes) -> str:
    """The only answer."""
    [answer] = answers(folder, settings, raw)
    return answer


@pytest.mark.parametrize(
    ("settings", "fault"),
    [
        ("order: {shortge: reject}", "did you mean 'shortage'"),
        ("ordr: {}", "did you mean 'order'"),
        ("order: {price_tolerance: much}", "0.05"),
        ("order: {outcomes: {price_deviation: hold}}", "'reject' or 'warn'"),
        ("order: {outcomes: {quantity_positive: warn}}", "price_deviation"),
        ("inventory: {split: perhaps}", "inventory.split"),
        ("order: {lots: [{item: x, minimum: -1}]}", "from 0 on"),
        ("rebate: {}", "no service"),
    ],
)
def test_a_wrong_word_of_a_service_stops_the_start(tmp_path: Path, settings: str, fault: str) -> None:
    with pytest.raises(ConfigFault) as error:
        World(tmp_path, agent(more=f"services: {{{settings}}}"))
    assert fault in str(error.value)


TWO = CODES + f"party,w,WH2,,WH-2,,1,1,1\nitem,w,I3,,{ITEM},EA,1,1,1\n"


def reserved(folder: Path, settings: str, first: int = 10, second: int = 10, count: str = "4") -> dict[str, int]:
    """Location -> pieces that are reserved there for one order, with stock in two warehouses."""
    with world(folder, agent(more=f"services: {{inventory: {{{settings}}}}}"), TWO) as hub:
        hub.give("w", stock(first))
        hub.give("w", stock(second, place="WH2"))
        assert causes(hub.give("a", order(count=count))) == []
        with hub.hub.store.read() as connection:
            query = "SELECT location, sum(quantity) AS n FROM inventory_reservations WHERE quantity > 0 GROUP BY location"
            return {row.location: row.n // 1_000_000 for row in connection.exec_driver_sql(query).all()}


@pytest.mark.parametrize(
    ("settings", "first", "second", "count", "found"),
    [
        ("", 10, 10, "4", {"WH-1": 4}),
        ("priority: [WH-2]", 10, 10, "4", {"WH-2": 4}),
        ("priority: [WH-2, WH-1]", 10, 3, "4", {"WH-2": 3, "WH-1": 1}),
        ("", 3, 2, "4", {"WH-1": 3, "WH-2": 1}),
        ("split: no", 3, 2, "4", {"WH-1": 3}),
        ("sources: {'': [WH-2]}", 10, 10, "4", {"WH-2": 4}),
        ("owners: {WH-1: AG-1}", 10, 10, "4", {"WH-2": 4}),
    ],
)
def test_who_serves_an_order(tmp_path: Path, settings: str, first: int, second: int, count: str, found: dict[str, int]) -> None:
    assert reserved(tmp_path, settings, first, second, count) == found


def test_defaults_are_those_of_the_services(tmp_path: Path) -> None:
    assert OrderSettings().rules() == ORDER
    assert InventorySettings().rules() == INVENTORY


@pytest.mark.parametrize(("settings", "count"), [("", 0), ("services: {inventory: {in_transit: true}}", 3)])
def test_goods_that_left_are_in_transit_or_gone(tmp_path: Path, settings: str, count: int) -> None:
    placed = Order("C1", demo.DAY, CHAIN, STORE_JS, (Bought("1", ARTICLES[0], 3, case=False),))
    with demo.world(tmp_path, demo.HUB_YAML + settings + "\n") as hub:
        hub.stock()
        hub.give("wms-3pl", "x12", sets.interchange(1, "PO", [("850", sets.po850(placed))], demo.DAY))
        [told] = hub.written("940")
        advice = sets.ship945(sets.read(told)[0], "SH1", demo.DAY)
        hub.give("wms-3pl", "x12", sets.interchange(2, "SW", [("945", advice)], demo.DAY))
        with hub.hub.store.read() as connection:
            query = "SELECT coalesce(sum(quantity), 0) FROM inventory_balances WHERE state = 'in_transit' AND location = 'ST-JS-1'"
            assert connection.exec_driver_sql(query).scalar_one() == count * 1_000_000
