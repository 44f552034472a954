"""Every answer is a message that others can read, and it speaks in the sender's words.

Each outgoing document of a day's traffic is read by our reader and by a foreign one (pyx12; lxml with SAP's own schema of
ORDERS05; the csv module), carries the sender's order number, line ids and item numbers, and a partner's 997 finds its delivery.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from lxml import etree
from pyx12.x12file import X12Reader

from adapters.base import problems_of
from hub.simulate import idocs, sets
from hub.simulate.goods import KEY_ACCOUNT, STORE_JS
from hub.simulate.orders import Order, draw_order
from tests.proofs.hubs import DAY, World, orders, world
from tests.samples import SAMPLES, need_samples

XSD = "{http://www.w3.org/2001/XMLSchema}"
COUNT = 15


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A hub after a day: orders, their answers, what the warehouse shipped of them, and its 997s."""
    made = World(tmp_path_factory.mktemp("answers"))
    made.stock()
    for system, way, raw, order in orders(Random(8), COUNT):
        made.told[made.give(system, way, raw, settle=False)] = (system, way, raw, order)
    made.hub.flow.settle()
    for number, payload in enumerate([*made.written("940"), *made.written("855")], start=1):
        received = sets.read(payload)
        made.give("wms-3pl", "x12", sets.interchange(5_000 + number, "FA", [("997", sets.fa997(received))], DAY), settle=False)
        for one in received:
            if one.set == "940":
                shipped = [("945", sets.ship945(one, f"SHP-{one.first('W05')[2]}", DAY))]
                made.give("wms-3pl", "x12", sets.interchange(6_000 + number, "SW", shipped, DAY), settle=False)
    made.hub.flow.settle()
    yield made
    made.hub.close()


def of(hub: World, *systems: str) -> dict[str, Order]:
    return {order.number: order for system, _, _, order in hub.told.values() if system in systems}


def ids(order: Order) -> list[str]:
    return [line.id for line in order.lines]


def idoc_of(hub: World, payload: bytes) -> tuple[Any, dict[str, list[dict[str, str]]]]:
    [document] = hub.read("idoc", payload)
    assert [finding for finding in document.findings if finding.severity != "note"] == []
    assert problems_of(document) == ()
    found: dict[str, list[dict[str, str]]] = {}
    for record in document.records():
        found.setdefault(record.name, []).append({field.name: field.value for field in record.fields})
    return document, found


def test_ordrsp_echoes_the_order(hub: World) -> None:
    wanted, seen = of(hub, "sap-hq"), []
    for payload in hub.written("ordrsp"):
        document, found = idoc_of(hub, payload)
        assert document.types[-1] == "ORDERS05/ORDRSP"
        [number] = [one["BELNR"] for one in found["E1EDK02"] if one["QUALF"] == "001"]
        order = wanted[number]
        assert [line["POSEX"] for line in found["E1EDP01"]] == ids(order)
        assert [line["IDTNR"] for line in found["E1EDP19"] if line["QUALF"] == "002"] == [line.article.material for line in order.lines]
        assert [line["MENEE"] for line in found["E1EDP01"]] == [line.sap_unit for line in order.lines]
        assert [line["MENGE"] for line in found["E1EDP01"]] == [f"{line.quantity}.000" for line in order.lines]
        seen.append(number)
    assert sorted(seen) == sorted(wanted)


def sap_schema() -> etree.XMLSchema:
    """The schema inside SAP's service description, as it is; its types have no namespace."""
    document = etree.fromstring((SAMPLES / "idoc_schema" / "sap_recipes_ORDERS05.wsdl").read_bytes())
    [schema] = document.iter(f"{XSD}schema")
    return etree.XMLSchema(etree.fromstring(etree.tostring(schema)))


@need_samples
def test_ordrsp_is_valid_by_saps_own_schema(hub: World) -> None:
    """The description is that of an order, so it fixes MESTYP to ORDERS; everything else must hold as it stands."""
    schema, against = sap_schema(), set()
    for payload in hub.written("ordrsp"):
        message = etree.fromstring(payload)
        for type in message.iter("MESTYP"):
            assert type.text == "ORDRSP"
            type.text = "ORDERS"
        if not schema.validate(message):
            against |= {error.message for error in schema.error_log}  # type: ignore[attr-defined]
    assert against == set()


def test_desadv_echoes_order_lines_and_items(hub: World) -> None:
    wanted = {order.number: order for _, _, _, order in hub.told.values()}
    payloads = hub.written("desadv")
    assert len(payloads) == len(wanted)
    for payload in payloads:
        document, found = idoc_of(hub, payload)
        assert document.types[-1] == "DELVRY07/DESADV"
        orders_of = [one for one in wanted.values() if [line["POSEX"] for line in found["E1EDL41"]] == ids(one)]
        codes = [[line.article.material for line in one.lines] for one in orders_of]
        assert any(len(found["E1EDL24"]) == len(one) for one in codes)
        assert all(line.get("EAN11") and line["MATNR"] and line["LFIMG"] for line in found["E1EDL24"])


def foreign(payload: bytes) -> list[list[str]]:
    """Segments as pyx12 sees them; it raises where the envelope does not add up."""
    with X12Reader(io.StringIO(payload.decode("utf-8"))) as reader:
        found = [segment.format().rstrip(reader.seg_term).split("*") for segment in reader]
        assert reader.pop_errors() == []
    return found


def segments(hub: World, name: str) -> Iterator[list[list[str]]]:
    """Each message of a way out, seen alike by pyx12 and by our reader without an error."""
    for payload in hub.written(name):
        theirs = foreign(payload)
        for document in hub.read("x12", payload):
            assert [finding for finding in document.findings if finding.severity != "note"] == [], name
            assert document.types[-1] == name
        yield theirs


def picked(found: list[list[str]], tag: str, *at: int) -> list[tuple[str, ...]]:
    return [tuple(segment[n] for n in at) for segment in found if segment[0] == tag]


def test_855_and_940_echo_the_order(hub: World) -> None:
    chain, every = of(hub, "wms-3pl"), {order.number: order for _, _, _, order in hub.told.values()}
    seen = []
    for found in segments(hub, "855"):
        [(number,)] = picked(found, "BAK", 3)
        lines = chain[number].lines
        assert [line for (line,) in picked(found, "PO1", 1)] == ids(chain[number])
        assert picked(found, "PO1", 2, 3) == [(str(line.quantity), "CA" if line.case else "EA") for line in lines]
        gtins = [line.article.case_gtin if line.case else line.article.gtin.zfill(14) for line in lines]
        assert [set(segment[6:]) & set(gtins) for segment in found if segment[0] == "PO1"] == [{gtin} for gtin in gtins]
        seen.append(number)
    assert sorted(seen) == sorted(chain)
    asked = []
    for found in segments(hub, "940"):
        [(number,)] = picked(found, "W05", 3)
        assert [line for (line,) in picked(found, "LX", 1)] == ids(every[number])
        assert [line for _, line in picked(found, "N9", 1, 2)] == ids(every[number])
        asked.append(number)
    assert sorted(asked) == sorted(every)


def test_997_names_what_was_received(hub: World) -> None:
    controls = {picked(found, "AK1", 2)[0][0] for found in segments(hub, "997")}
    sent = {sets.read(raw)[0].group_control for system, _, raw, _ in hub.told.values() if system == "wms-3pl"}
    assert sent <= controls
    shipped = {str(control) for control in range(6_001, 6_001 + COUNT)}
    assert shipped <= controls
    assert not {control for control in controls if control.startswith("50")}, "an acknowledgement is never acknowledged"


@pytest.mark.parametrize(
    ("system", "folder", "mark", "names"),
    [("agent-js", "js", ",", ("单据编号", "行号", "存货编码", "订货数量")), ("agent-zj", "zj", "\t", ("单号", "序号", "商品编号", "数量"))],
)
def test_answer_files_echo_the_order(hub: World, system: str, folder: str, mark: str, names: tuple[str, ...]) -> None:
    wanted, seen = of(hub, system), []
    for payload in hub.written(folder):
        theirs = list(csv.DictReader(io.StringIO(payload.decode("gbk"), newline=""), delimiter=mark))
        [document] = hub.read("delimited", payload, type="answer", group=names[0])
        ours = [{field.name: field.value for field in record.fields} for record in document.records()]
        assert ours == [{name: cell for name, cell in row.items() if cell} for row in theirs]
        order = wanted[theirs[0][names[0]]]
        said = [tuple(row[name] for name in names) for row in theirs]
        assert said == [(order.number, line.id, line.agent_code, str(line.quantity)) for line in order.lines]
        seen.append(order.number)
    assert sorted(seen) == sorted(wanted)


def test_a_partners_997_finds_its_delivery(hub: World) -> None:
    states: dict[str, set[str]] = {}
    for seq in hub.told:
        for document in hub.message(seq)["documents"]:
            for delivery in document.get("deliveries", ()):
                states.setdefault(delivery["subscription"], set()).add(delivery["state"])
    assert states["940"] == {"acknowledged"}
    assert states["855"] == {"acknowledged"}
    assert hub.summary()["acknowledged"] == COUNT + COUNT // 5


def test_what_a_window_asks_for_its_answers_does_not_grow_with_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The revision that deliveries keep is asked once a unit of work, and a revision that is known is rendered without asking."""
    with world(tmp_path) as hub:
        hub.stock()
        asked: list[int] = []
        read = hub.hub.store.read

        def counted() -> Any:
            asked.append(1)
            return read()

        monkeypatch.setattr(hub.hub.store, "read", counted)
        counts = []
        for many in (1, 12):
            placed = [draw_order(Random(many), f"PO-{many}-{n}", DAY, KEY_ACCOUNT, STORE_JS) for n in range(many)]
            documents = [idocs.purchase_order(10 * many + n, order) for n, order in enumerate(placed)]
            asked.clear()
            hub.give("sap-hq", "files", idocs.xml(*documents))
            counts.append(len(asked))
        assert len(hub.written("ordrsp")) == 13
        assert counts[1] <= counts[0] + 1
