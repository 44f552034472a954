"""What a partner's system gets back: 202 only after the commit, the outcome when it waits, the first answer for a repeat."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from fastapi.testclient import TestClient

from canonical_model.schemas import published
from hub.api import make_app
from hub.bootstrap import Hub, build
from hub.bootstrap.watching import Watching
from hub.cli.running import checks
from hub.commands import Actor
from hub.simulate import idocs, sets
from hub.simulate.goods import ARTICLES, CHAIN, KEY_ACCOUNT, PLACES, STORE_JS, codes_csv
from hub.simulate.orders import Line, Order
from hub.worker import Worker
from monitoring.health import Health
from monitoring.metrics import Metrics

CONFIG = """
hub: {{store: "sqlite:///hub.db", timezone: Asia/Shanghai, limits: {{inbound: {inbound}}}}}
systems:
  sap-hq:
    party: HQ
    in:
      - connector: sap_idoc_http
        path: /sap/idoc
        routes: {{ORDERS05/ORDERS: sap/orders05.order, DEBMAS07/DEBMAS: sap/debmas07.party}}
  wms-3pl:
    party: WH-SH
    in: [{{connector: http, path: /x12, routes: {{"850": x12/po850.order}}}}]
"""


def make(folder: Path, inbound: int = 1000) -> Hub:
    (folder / "hub.yaml").write_text(CONFIG.format(inbound=inbound), "utf-8")
    hub = build(folder / "hub.yaml")
    packs = "".join(f"pack,wms-3pl,{gtin},EA,EA,EA,0\n" for gtin in ("09506000001012",))
    hub.commands.import_codes(Actor("test"), codes_csv() + packs)
    return hub


def client_of(hub: Hub) -> TestClient:
    watched = Watching(hub.store, hub.clock)
    return TestClient(make_app(hub, watched, Metrics(hub.signals, watched), Health(checks(hub))))


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    made = make(tmp_path)
    yield made
    made.close()


@pytest.fixture
def working(hub: Hub) -> Iterator[TestClient]:
    """A client of a hub that works: the lane runs beside the door."""
    worker = Worker(hub)
    worker.start()
    yield client_of(hub)
    assert worker.stop()


def order(number: str, quantity: int = 3) -> bytes:
    placed = Order(number, "2026-11-25", CHAIN, STORE_JS, (Line("1", ARTICLES[0], quantity, case=False),))
    return sets.interchange(int(number[1:]), "PO", [("850", sets.po850(placed))], "2026-11-25")


def test_a_message_is_kept_and_its_address_tells_what_became_of_it(working: TestClient) -> None:
    kept = working.post("/x12", content=order("C1"), headers={"prefer": "wait=10"})
    assert kept.status_code == 200
    told = kept.json()["outcome"]
    assert told["states"] == {"applied": 1}
    again = working.get(kept.json()["status"]).json()
    assert again["documents"][0]["numbers"]["po"] == "C1"
    assert working.get("/v1/messages/999999").status_code == 404


def test_without_waiting_the_answer_comes_after_the_commit(hub: Hub) -> None:
    kept = client_of(hub).post("/x12", content=order("C2"))
    assert kept.status_code == 202
    assert kept.headers["location"] == kept.json()["status"]
    with hub.store.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM message").scalar() == 1


def test_a_key_names_one_act_of_sending(working: TestClient) -> None:
    headers = {"idempotency-key": "k-1"}
    first = working.post("/x12", content=order("C3"), headers=headers).json()
    second = working.post("/x12", content=order("C3"), headers=headers)
    assert (second.json()["message"], second.headers["idempotency-replayed"]) == (first["message"], "true")
    other = working.post("/x12", content=order("C3", 9), headers=headers)
    assert other.status_code == 422
    assert "another body" in other.json()["detail"]


def test_sap_is_answered_as_an_sap_would(working: TestClient) -> None:
    customers = [idocs.customer(n, place, "20261101080000") for n, place in enumerate(PLACES, start=1)]
    done = working.post("/sap/bc/idoc_xml", content=idocs.xml(*customers), headers={"content-type": "text/xml"})
    assert done.status_code == 200
    assert "IDoc-XML-inbound ok" in done.text


def test_an_order_without_its_code_waits_and_goes_on_when_the_code_comes(working: TestClient, hub: Hub) -> None:
    line = Line("000010", ARTICLES[0], 2, case=False, unknown="NEW-1")
    idoc = idocs.purchase_order(77, Order("PO-77", "2026-11-25", KEY_ACCOUNT, STORE_JS, (line,)))
    held = working.post("/sap/idoc", content=idocs.xml(idoc), headers={"content-type": "text/xml"})
    assert held.status_code == 200
    found: dict[str, Any] = {}
    for _ in range(200):
        found = working.get("/v1/messages/1").json()
        if not found["open"]:
            break
    assert found["states"] == {"held": 1}
    assert {one["cause"] for one in found["documents"][0]["holds"]} == {"missing_code"}
    rows = "table,code_set,code,context,canonical,level\nitem,sap-hq,NEW-1,EA,09506000001012,EA\npack,sap-hq,09506000001012,EA,EA,EA\n"
    hub.commands.import_codes(Actor("test"), rows)
    for _ in range(200):
        found = working.get("/v1/messages/1").json()
        if found["states"] == {"applied": 1}:
            break
    assert found["states"] == {"applied": 1}


def test_above_its_limit_the_hub_sends_senders_away_and_stores_nothing(tmp_path: Path) -> None:
    hub = make(tmp_path, inbound=1)
    client = client_of(hub)
    assert client.post("/x12", content=order("C4")).status_code == 202
    refused = client.post("/x12", content=order("C5"))
    assert refused.status_code == 503
    assert int(refused.headers["retry-after"]) > 0
    with hub.store.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM message").scalar() == 1
    hub.close()


def test_health_metrics_page_and_schemas(working: TestClient) -> None:
    working.post("/x12", content=order("C6"), headers={"prefer": "wait=10"})
    assert working.get("/health/ready").json() == {"store": "ok"}
    assert "hub_documents_total" in working.get("/metrics").text
    assert "wms-3pl" in working.get("/").text
    assert working.get("/v1/summary").json()["applied"] == 1
    assert working.get(f"/schemas/{min(published())}").headers["content-type"].startswith("application/schema+json")


def test_a_partner_with_a_slip_in_its_address_is_told_which(working: TestClient) -> None:
    told = working.post("/in/foo", content=b"x")
    assert (told.status_code, told.json()["at"]) == (404, "/in/foo")
    assert told.json()["detail"] == "nothing is received or shown at this address"
    assert "systems.NAME.in.path" in told.json()["fix"]
    assert working.get("/v1/messages/99").json()["detail"] == "message 99 is not known"


def test_a_full_disk_is_told_as_later_and_nothing_is_stored(hub: Hub, caplog: pytest.LogCaptureFixture) -> None:
    client = client_of(hub)
    with hub.store.writer.connect() as connection:
        pages = int(connection.exec_driver_sql("pragma page_count").scalar_one())
        connection.exec_driver_sql(f"pragma max_page_count = {pages}")
    large = Random(7).randbytes(200_000)
    answers = [client.post("/x12", content=large, headers={"idempotency-key": f"k{n}"}) for n in range(2)]
    assert [answer.status_code for answer in answers] == [503, 503]
    assert answers[0].headers["retry-after"] == "60"
    assert answers[0].json()["detail"] == "the hub cannot keep messages now"
    assert "database or disk is full" in caplog.text
    with hub.store.writer.connect() as connection:
        connection.exec_driver_sql("pragma max_page_count = 1000000")
    assert client.post("/x12", content=order("X1"), headers={"idempotency-key": "k0"}).status_code == 202
