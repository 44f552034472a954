"""Metrics, logs, health and the page, with queries handed in as bootstrap does."""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Iterator, Sequence
from ctypes import CDLL
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from threading import Thread

import fastapi
import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from canonical_model.problems import REMOVED_BY, SystemUnreachable
from hub import signals as names
from hub.signals import Signals
from monitoring import memory
from monitoring.health import Health
from monitoring.logs import JsonFormatter, configure
from monitoring.metrics import Metrics
from monitoring.page import ago, page
from monitoring.router import router
from monitoring.watched import Change, Flow, Held, Leaving, Parties
from monitoring.words import LOOKS, WORDS, chosen, say

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)


class Fake:
    """The queries, answered from lists."""

    def __init__(self) -> None:
        self.flow: list[Flow] = []
        self.hold: list[Held] = []
        self.change: list[Change] = []
        self.broken = False

    def now(self) -> datetime:
        return NOW

    def flows(self, parties: Parties) -> Sequence[Flow]:
        if self.broken:
            raise RuntimeError("no such table: secret")
        return self.flow

    def held(self, parties: Parties) -> Sequence[Held]:
        return self.hold

    def latest(self, parties: Parties) -> Sequence[Change]:
        return self.change

    def waiting(self) -> int:
        return 4

    def waiting_since(self) -> datetime | None:
        return NOW - timedelta(seconds=90)

    def leaving(self) -> Sequence[Leaving]:
        return [Leaving("sap.ordrsp", 3, NOW - timedelta(minutes=2))]

    def unpublished(self) -> int:
        return 6


@pytest.fixture
def fake() -> Fake:
    made = Fake()
    made.flow = [Flow("sap-hq/orders", {"applied": 7, "held": 2}), Flow("wms/stock", {"duplicate": 1})]
    made.hold = [
        Held("missing_code", "item:sap-hq:4711:CS", 2, NOW - timedelta(hours=3), "item code '4711' has no row"),
        Held("missing_code", "item:sap-hq:4712:CS", 1, NOW - timedelta(minutes=3)),
    ]
    made.change = [Change(NOW, "document", "257", "applied", "sap-hq", "sap-hq/orders")]
    return made


def samples(metrics: Metrics) -> dict[str, str]:
    lines = metrics.text().decode().splitlines()
    return dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#") and "_created" not in line)


def test_counters_hear_the_signals() -> None:
    signals = Signals()
    metrics = Metrics(signals)
    signals.emit(names.RECEIVED, message=1, system="wms", route="wms.http", repeat=False)
    signals.emit(names.RECEIVED, message=1, system="wms", route="wms.http", repeat=True)
    for state in ("applied", "applied", "duplicate"):
        signals.emit(names.ADMITTED, document=1, system="wms", route="r", state=state, type="order/1")
    signals.emit(names.DELIVERED, system="sap", state="sent")
    signals.emit(names.RELEASED, owners=3)
    signals.emit(names.PUBLISHED, count=5)
    signals.emit(names.ALERT, text="x")
    signals.emit("something new", whatever=object())
    found = samples(metrics)
    assert found['hub_messages_received_total{repeat="false",route="wms.http",system="wms"}'] == "1.0"
    assert found['hub_messages_received_total{repeat="true",route="wms.http",system="wms"}'] == "1.0"
    assert found['hub_documents_total{route="r",state="applied",step="admitted",system="wms"}'] == "2.0"
    assert found['hub_deliveries_total{state="sent",system="sap"}'] == "1.0"
    assert (found["hub_released_total"], found["hub_published_total"], found["hub_alerts_total"]) == ("3.0", "5.0", "1.0")


def test_gauges_are_asked_at_the_scrape(fake: Fake) -> None:
    metrics = Metrics(Signals(), fake)
    found = samples(metrics)
    assert found['hub_documents_now{route="sap-hq/orders",state="held"}'] == "2.0"
    assert found['hub_held{cause="missing_code"}'] == "3.0"
    assert found['hub_held_oldest_seconds{cause="missing_code"}'] == "10800.0"
    assert (found["hub_messages_waiting"], found["hub_store_up"]) == ("4.0", "1.0")
    assert (found["hub_messages_waiting_oldest_seconds"], found["hub_publications_waiting"]) == ("90.0", "6.0")
    assert found['hub_deliveries_open{subscription="sap.ordrsp"}'] == "3.0"
    assert found['hub_deliveries_open_oldest_seconds{subscription="sap.ordrsp"}'] == "120.0"
    assert float(found["process_resident_memory_bytes"]) > 1e6
    fake.hold = []
    assert 'hub_held{cause="missing_code"}' not in samples(metrics)


def test_what_is_in_use_comes_back_when_it_is_let_go() -> None:
    metrics = Metrics(Signals())

    def told() -> tuple[float, float]:
        found = samples(metrics)
        return float(found["hub_python_blocks"]), float(found.get("hub_c_heap_bytes", "nan"))

    blocks, heap = told()
    small, large = [object() for _ in range(100_000)], bytearray(30_000_000)
    blocks_more, heap_more = told()
    del small, large
    blocks_again, heap_again = told()
    assert blocks_more - blocks > 95_000 > 5_000 > abs(blocks_again - blocks)
    if hasattr(CDLL(None), "mallinfo2"):
        assert heap_more - heap > 29e6 > 1e6 > abs(heap_again - heap)


def test_what_other_threads_have_in_use_is_counted() -> None:
    before = memory.heap()
    if before is None:
        pytest.skip("another C library than glibc")
    kept: list[bytearray] = []
    thread = Thread(target=lambda: kept.extend(bytearray(5_000) for _ in range(2_000)))
    thread.start()
    thread.join()
    assert 9e6 < (memory.heap() or 0) - before < 12e6


def test_a_store_that_does_not_answer_is_a_metric(fake: Fake) -> None:
    fake.broken = True
    found = samples(Metrics(Signals(), fake))
    assert found["hub_store_up"] == "0.0"
    assert not any(name.startswith("hub_documents_now") for name in found)


def test_what_health_says_is_a_metric() -> None:
    def away() -> None:
        raise SystemUnreachable("the broker does not answer")

    found = samples(Metrics(Signals(), health=Health({"store": lambda: None}, {"broker": away})))
    assert (found['hub_healthy{check="store"}'], found['hub_healthy{check="broker"}']) == ("1.0", "0.0")


@pytest.fixture
def client(fake: Fake) -> Iterator[TestClient]:
    app = fastapi.FastAPI()

    def store() -> None:
        if fake.broken:
            raise SystemUnreachable("the store does not answer", at="var/hub.db", fix="hub doctor")

    app.include_router(router(fake, Metrics(Signals(), fake), Health({"store": store})))
    with TestClient(app) as made:
        yield made


def test_the_addresses(client: TestClient) -> None:
    assert client.get("/health/live").json() == {"live": "ok"}
    assert client.get("/health/ready").json() == {"store": "ok"}
    assert "hub_store_up 1.0" in client.get("/metrics").text
    shown = client.get("/", headers={"Accept-Language": "zh-CN,zh;q=0.9"})
    assert '<html lang="zh">' in shown.text
    assert "default-src 'none'" in shown.headers["content-security-policy"]


def test_when_the_store_is_silent(client: TestClient, fake: Fake) -> None:
    fake.broken = True
    ready = client.get("/health/ready")
    assert (ready.status_code, "fix: hub doctor" in ready.json()["store"]) == (503, True)
    assert client.get("/health/live").status_code == 200
    shown = client.get("/")
    assert (shown.status_code, "The store does not answer" in shown.text, "secret" in shown.text) == (503, True, False)


def test_a_check_that_fails_unexpectedly_is_only_named() -> None:
    def check() -> None:
        raise RuntimeError("password is x")

    assert Health({"a": check, "b": lambda: None}).ready() == {"a": "failed: RuntimeError", "b": "ok"}


def text_of(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<style>.*?</style>|<[^>]+>", " ", html))


def test_the_page_lists_what_flows_and_what_is_held(fake: Fake) -> None:
    shown = text_of(page(fake, "en"))
    assert "messages waiting to be translated: 4" in shown
    assert "missing code item:sap-hq:4711:CS item code &#x27;4711&#x27; has no row 2 3 h hub codes set | hub codes import" in shown
    assert "sap-hq/orders 9 2 7 0" in shown
    assert "12:00:00 document 257 ● applied sap-hq sap-hq/orders" in shown
    assert "挂起（最早在前）" in text_of(page(fake, "zh"))


def test_an_empty_hub_says_so() -> None:
    shown = text_of(page(Fake(), "en"))
    assert "Nothing is held." in shown
    assert "Nothing has arrived yet." in shown


class Balanced(HTMLParser):
    """Counts open tags; scripts and handlers are noted."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.active: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ("meta", "br"):
            self.open.append(tag)
        if tag == "script" or any(name.startswith("on") for name, _ in attrs):
            self.active.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@given(st.text(max_size=40), st.text(max_size=40))
def test_nothing_from_outside_becomes_markup(first: str, second: str) -> None:
    fake = Fake()
    nasty = f"</td><script>{first}</script>\"'><img onerror={second}>"
    fake.flow = [Flow(nasty, {nasty: 1})]
    fake.hold = [Held(nasty, nasty, 1, NOW, nasty, nasty)]
    fake.change = [Change(NOW, nasty, nasty, nasty, nasty, nasty)]
    parser = Balanced()
    parser.feed(page(fake, "en"))
    assert parser.open == []
    assert parser.active == []


def test_every_word_is_said_in_both_languages() -> None:
    assert all(english and chinese for english, chinese in WORDS.values())
    assert [word for word in [*LOOKS, *REMOVED_BY] if str(word) not in WORDS] == []
    assert say("brand_new", "en") == "brand new"
    assert (chosen("zh", "en"), chosen("xx", "en-GB"), chosen("", "zh-TW"), chosen("", "")) == ("zh", "en", "zh", "en")


@pytest.mark.parametrize(("seconds", "text"), [(-5, "0 s"), (59, "59 s"), (60, "1 min"), (7199, "1 h"), (86_400 * 3, "3 d")])
def test_durations_for_people(seconds: int, text: str) -> None:
    assert ago(timedelta(seconds=seconds)) == text


def test_every_cause_has_its_command_on_the_page() -> None:
    fake = Fake()
    fake.hold = [Held(str(cause), "k", 1, NOW) for cause in REMOVED_BY]
    shown = text_of(page(fake, "en"))
    assert all(command.replace("&", "&amp;") in shown for command in REMOVED_BY.values())


def line(**record: object) -> dict[str, object]:
    values = {"msg": "x", "args": (), "name": "hub", "levelname": "INFO", "levelno": 20, "created": 1.5, **record}
    parsed = json.loads(JsonFormatter().format(logging.makeLogRecord(values)))
    assert isinstance(parsed, dict)
    return parsed


def test_a_log_line_is_json_with_what_was_given() -> None:
    assert line(msg="%s kept", args=("m1",), system="客户", n=3) == {
        "at": "1970-01-01T00:00:01.500Z", "level": "info", "logger": "hub", "text": "m1 kept", "system": "客户", "n": 3,
    }  # fmt: skip


@pytest.mark.parametrize("extra", [object(), {1: {2}}, "\ud800", b"\xff", 2**70, float("nan")])
def test_no_value_makes_a_log_line_fail(extra: object) -> None:
    assert "thing" in line(thing=extra)
    assert line(msg="%d of %s", args=("x",))["text"] == "%d of %s ('x',)"


def test_an_error_is_logged_with_its_trace() -> None:
    stream, root = io.StringIO(), logging.getLogger()
    before = (root.handlers[:], root.level)
    try:
        configure(level="debug", stream=stream)
        try:
            raise SystemUnreachable("gone")
        except SystemUnreachable:
            logging.getLogger("hub.x").exception("send failed", extra={"delivery": 7})
    finally:
        root.handlers, root.level = before
    logged = json.loads(stream.getvalue())
    assert (logged["text"], logged["error"], logged["delivery"], "Traceback" in logged["trace"]) == (
        "send failed",
        "SystemUnreachable",
        7,
        True,
    )
    assert stream.getvalue().count("\n") == 1
