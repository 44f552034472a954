"""What the partners write, read by the hub's readers: written apart from each other, so each is a witness of the other."""

from __future__ import annotations

from random import Random

from hub.plugins import formats
from hub.simulate import idocs, sets, tables
from hub.simulate.goods import AGENT_JS, AGENT_ZJ, ARTICLES, CHAIN, KEY_ACCOUNT, STORE_JS
from hub.simulate.orders import draw_order

FORMATS = formats()
DAY = "2026-11-25"


def test_flat_and_xml_of_one_order_have_the_same_fields() -> None:
    order = draw_order(Random(5), "PO-1", DAY, KEY_ACCOUNT, STORE_JS)
    idoc = idocs.purchase_order(7, order, serial="20261125080000")
    flat, xml = (next(iter(FORMATS["idoc"].read(write(idoc)))) for write in (idocs.flat, idocs.xml))
    assert [(one.path, [(field.name, field.value) for field in one.fields]) for one in flat.records()][1:] == [
        (one.path, [(field.name, field.value) for field in one.fields]) for one in xml.records()
    ][1:]
    assert flat.technical == xml.technical == ("idoc", "400", "E4DCLNT400", "0000000000000007")


def test_agents_files_have_a_document_an_order() -> None:
    orders = [draw_order(Random(n), f"O-{n}", DAY, AGENT_JS, AGENT_JS, step=1, width=1) for n in range(3)]
    found = list(FORMATS["delimited"].read(tables.kd_orders(orders), type="kd.order", group="单据编号"))
    assert [len(one.root()[1]["row"]) for one in found] == [len(order.lines) for order in orders]
    titled = list(FORMATS["delimited"].read(tables.gjp_orders(orders), type="gjp.order", group="单号", delimiter="tab"))
    assert len(titled) == 3
    assert tables.gjp_stock(AGENT_ZJ, DAY, [(ARTICLES[0], 5)]).decode("gbk").count("\n") == 3


def test_x12_of_the_warehouse_is_read_without_a_finding() -> None:
    order = draw_order(Random(9), "C-1", DAY, CHAIN, STORE_JS, step=1, width=1)
    payload = sets.interchange(3, "PO", [("850", sets.po850(order))], DAY)
    (document,) = FORMATS["x12"].read(payload)
    assert [finding for finding in document.findings if finding.severity != "note"] == []
    assert sets.read(payload)[0].first("BEG")[3] == "C-1"
