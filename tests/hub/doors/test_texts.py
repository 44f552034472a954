"""Texts that a partner sends beside its document, on both databases: kept, or refused so that nobody repeats them for ever."""

from __future__ import annotations

import json
import logging
import random
from collections.abc import Iterator
from typing import Any

import pytest

from canonical_model.problems import Reject
from connectors.base import Inbound
from hub.stages.receive import LONGEST_ID, Door
from hub.store import publications
from hub.store.records import document_id
from tests.hub.doors.served import Served, served
from tests.services.stores import both_engines, running_on

EVENT = "POST /in HTTP/1.1\r\nContent-Type: application/cloudevents+json"
WIDE = "\U00020000"
"""A character of GB18030 with four bytes."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    both_engines(metafunc)


@pytest.fixture(scope="module")
def engine(request: pytest.FixtureRequest) -> Iterator[str]:
    with running_on(request.param) as name:
        yield name


@pytest.fixture(scope="module")
def doors(engine: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp(engine)) as running:
        yield running


@pytest.fixture
def hub(doors: Served) -> Served:
    """One hub for all tests; each counts what is stored from its own beginning."""
    doors.before += doors.kept()
    return doors


def noise(length: int) -> str:
    """Text that no database makes shorter by packing it."""
    return "".join(random.Random(7).choices("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", k=length))


@pytest.mark.parametrize("word", ["id", "source"])
@pytest.mark.parametrize("text", ["a\0b", noise(12_000), WIDE * 256, "a\x1b", "x" * 256])
def test_an_event_under_a_name_that_no_index_keeps_is_refused(hub: Served, caplog: pytest.LogCaptureFixture, word: str, text: str) -> None:
    status, said = hub.told(EVENT, json.dumps({"id": "1", "source": "s", word: text}).encode())
    assert (status, said["type"], said["at"]) == (400, "urn:hub:problem:cloudevent", f"/{word}")
    assert f"{word} of the CloudEvent" in said["detail"]
    assert "255 characters" in said["fix"]
    assert [line for line in caplog.records if line.levelno > logging.WARNING] == []
    assert hub.kept() == 0


@pytest.mark.parametrize("word", ["ce-id", "ce-source"])
def test_the_same_holds_for_its_headers(hub: Served, word: str) -> None:
    status, said = hub.told(f"POST /in HTTP/1.1\r\nCE-ID: 1\r\n{word}: {noise(12_000)}".replace("CE-ID: 1\r\nce-id", "ce-id"), b"{}")
    assert (status, said["at"]) == (400, word)
    assert hub.kept() == 0


@pytest.mark.parametrize("text", ["A-1", "订单 1", WIDE * 255, "\N{LATIN SMALL LETTER E WITH ACUTE}\x85"])
def test_any_text_that_can_be_kept_names_an_event(hub: Served, text: str) -> None:
    """At its longest: an index row of PostgreSQL takes id and source of 255 characters of four bytes."""
    body = json.dumps({"id": text, "source": WIDE * 255}).encode()
    assert [hub.told(EVENT, body)[1]["repeated"] for _ in range(2)] == [False, True]


def test_utf8_that_stands_raw_in_a_header_is_kept(hub: Served) -> None:
    head = "POST /in HTTP/1.1\r\nCE-Source: /wms\r\nCE-Id: 订单".encode()
    assert [hub.told(head, b"{}")[1]["repeated"] for _ in range(2)] == [False, True]


@pytest.mark.parametrize(
    "line",
    ["X-Odd", "X-Line", "Traceparent", "CE-Type", "Content-Type", "User-Agent", "X-Forwarded-For", "File-Name", "Prefer"],
)
@pytest.mark.parametrize("text", ["é\xff", "a\x01b\x7f", "\xe9" * 30_000, noise(30_000)], ids=["latin", "control", "long", "noise"])
def test_other_headers_are_kept_whatever_they_say(hub: Served, line: str, text: str) -> None:
    assert hub.asked(f"POST /in HTTP/1.1\r\n{line}: {text}", b"{}")[0] == 202
    assert hub.kept() == 1


@pytest.mark.parametrize(("text", "goes_on"), [("00-1-2-01", True), ("\xe9" * 60, False), (noise(256), False)])
def test_a_trace_goes_on_only_if_it_can_be_one(hub: Served, text: str, goes_on: bool) -> None:
    """Else a broker would be sent a header that does not fit its frame, with every publication, again and again."""
    message = int(hub.told(f"POST /in HTTP/1.1\r\nTraceparent: {text}", b"{}")[1]["message"])
    document = document_id(message, 1)
    with hub.hub.store.read() as connection:
        trace = publications.traces(connection, [document])[document]
    assert (trace == text, len(trace) == 55) == (goes_on, not goes_on)


@pytest.mark.parametrize("line", [b"X-Odd: a\0b", b"CE-Id: a\0b", b"Idempotency-Key: a\0b", b"X\0Y: 1", b"X\xffY: 1"])
def test_a_head_that_is_not_http_is_refused(hub: Served, line: bytes) -> None:
    assert hub.asked(b"POST /in HTTP/1.1\r\n" + line, b"{}")[0] == 400
    assert hub.kept() == 0


@pytest.mark.parametrize("client", ["%00", "%ED%A0%80", "8" * 30_000])
def test_the_client_that_sap_names_is_kept(hub: Served, client: str) -> None:
    idoc = b"<ORDERS05><IDOC><EDI_DC40><DOCNUM>1</DOCNUM></EDI_DC40></IDOC></ORDERS05>"
    assert hub.asked(f"POST /sap/idoc?sap-client={client} HTTP/1.1\r\nContent-Type: text/xml", idoc)[0] == 200


def test_a_message_id_of_sap_that_no_index_keeps_is_refused_for_good(hub: Served) -> None:
    key = f"<ARCKEY>urn:sap.com:msgid={noise(12_000)}</ARCKEY>"
    idoc = f"<ORDERS05><IDOC><EDI_DC40><DOCNUM>1</DOCNUM>{key}</EDI_DC40></IDOC></ORDERS05>".encode()
    status, said = hub.asked("POST /sap/idoc HTTP/1.1\r\nContent-Type: text/xml", idoc)
    assert (status, b"shorter id" in said) == (422, True)
    assert hub.kept() == 0


@pytest.mark.parametrize("id", ["a\0b", "\ud800", WIDE * (LONGEST_ID // 4 + 1)])
def test_no_connector_can_bring_an_id_that_no_index_keeps(hub: Served, id: str) -> None:
    refused: list[str] = []
    with pytest.raises(Reject, match="the id of this delivery has a NUL"):
        hub.hub.flow.receive(Inbound(b"x", "f", id, refuse=refused.append), Door("wms"))
    assert len(refused) == 1


def test_names_of_any_connector_are_kept_with_what_no_database_takes_as_escapes(hub: Served) -> None:
    odd = "in/a\0\udcff.csv"
    door = Door("wms", partition_by="file_name:(.*)")
    hub.hub.flow.receive(Inbound(b"x", odd, noise(LONGEST_ID), {"file-name": odd, odd: "1"}), door)
    with hub.hub.store.read() as connection:
        name, origin, headers = connection.exec_driver_sql("SELECT name, origin, headers FROM message ORDER BY seq DESC LIMIT 1").one()
    shown = "a\\x00\\udcff.csv"
    assert (name, origin, json.loads(headers)) == (shown, f"in/{shown}", {"file-name": f"in/{shown}", f"in/{shown}": "1"})


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/messages/99999999999999999999", 422),
        ("/v1/messages/9223372036854775000", 404),
        ("/v1/messages/-99999999999999999999", 422),
        ("/v1/canonical/a%00b", 422),
        ("/v1/canonical/%ED%A0%80", 200),
        ("/v1/canonical/a%0A", 200),
        ("/v1/canonical/a?from=99999999999999999999", 422),
        ("/schemas/a%00b", 404),
        ("/a%00b", 404),
        ("/?lang=%00", 200),
    ],
)
def test_addresses_that_ask_for_what_cannot_be_are_answered(hub: Served, path: str, status: int) -> None:
    assert hub.asked(f"GET {path} HTTP/1.1")[0] == status


def test_what_was_published_of_a_key_is_given_with_its_bytes_whatever_the_key_is(hub: Served) -> None:
    body = b'{"quantity": 1.10, "text": "\xe4\xb8\xad"}'
    row = {"k": "a\nb/c \n", "n": 1, "type": "order/1", "document": 7, "body": body, "at": 1_790_000_000_000_000}
    with hub.hub.store.unit() as unit:
        publications.publish(unit, [row])
    status, head, said = hub.answer("GET /v1/canonical/a%0Ab%2Fc%20%0A?from=1 HTTP/1.1")
    assert (status, b"content-type: application/json" in head.lower(), body in said) == (200, True, True)
    (found,) = json.loads(said)["publications"]
    assert found == row_of(row)


def row_of(row: dict[str, Any]) -> dict[str, Any]:
    """A publication as a subscriber reads it."""
    named = {name: row[name] for name in ("n", "type", "document")}
    return {"key": row["k"], **named, "at": "2026-09-21T14:13:20Z", "body": json.loads(row["body"])}
