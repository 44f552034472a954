"""The HTTP door, asked by clients that are not ours over a real socket."""

from __future__ import annotations

import base64
import json
import socket
from collections.abc import Iterator

import pytest

from canonical_model.problems import Misconfigured, Retry
from connectors.base import Later, Request, Secret
from connectors.http import HttpIn, HttpReceiver, wanted_wait
from connectors.kit.auth import Auth, credentials, hashed
from tests.connectors.asking import CLIENTS, Ask, by_urllib
from tests.connectors.serving import MemoryHub, application, serving

BODY = '{"客户": 1}'.encode()


@pytest.fixture
def hub() -> MemoryHub:
    return MemoryHub()


@pytest.fixture
def url(hub: MemoryHub, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("DOOR", "pä:ss")
    doors = [
        HttpReceiver(HttpIn(path="/in/open", max_bytes=1000)),
        HttpReceiver(HttpIn(path="/in/closed", auth=Auth(api_keys=(hashed("k1"),), basic=("SAP", Secret("env:DOOR"))), require_key=True)),
    ]
    with serving(application(hub, *doors)) as address:
        yield address


@pytest.mark.parametrize("ask", CLIENTS)
def test_a_message_is_kept_as_it_came_and_answered_202(ask: Ask, hub: MemoryHub, url: str) -> None:
    sent = {"Content-Type": "application/json", "Idempotency-Key": '"k-1"', "X-API-Key": "never stored", "traceparent": "00-1-2-01"}
    first, again = ask(f"{url}/in/open", BODY, sent), ask(f"{url}/in/open", BODY, sent)
    assert (first[0], first[1]["location"]) == (202, "/v1/messages/1")
    assert json.loads(first[2]) == {"message": "1", "status": "/v1/messages/1", "repeated": False}
    assert (again[0], again[1]["idempotency-replayed"], json.loads(again[2])["message"]) == (202, "true", "1")
    [kept] = hub.kept
    assert (kept.payload, kept.delivery_id) == (BODY, "k-1")
    assert kept.headers["content-type"] == "application/json"
    assert kept.headers["traceparent"] == "00-1-2-01"
    assert "x-api-key" not in kept.headers


@pytest.mark.parametrize("ask", CLIENTS)
def test_the_same_key_with_another_body_is_refused(ask: Ask, hub: MemoryHub, url: str) -> None:
    ask(f"{url}/in/open", BODY, {"Idempotency-Key": "k"})
    status, headers, body = ask(f"{url}/in/open", b"other", {"Idempotency-Key": "k"})
    assert (status, headers["content-type"]) == (422, "application/problem+json")
    assert json.loads(body)["detail"] == "this key was used with another body"
    assert len(hub.kept) == 1


def test_the_limit_holds_with_and_without_a_declared_length(hub: MemoryHub, url: str) -> None:
    assert by_urllib(f"{url}/in/open", b"x" * 1000, {})[0] == 202
    status, _, body = by_urllib(f"{url}/in/open", b"x" * 1001, {})
    assert (status, json.loads(body)["type"]) == (413, "urn:hub:problem:too-large")
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as sock:
        sock.sendall(b"POST /in/open HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + (b"200\r\n" + b"x" * 512 + b"\r\n") * 3)
        assert b" 413 " in sock.recv(100)
    assert len(hub.kept) == 1


def test_a_sender_that_hangs_up_early_leaves_nothing(hub: MemoryHub, url: str) -> None:
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as sock:
        sock.sendall(b"POST /in/open HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf")
    assert by_urllib(f"{url}/in/open", BODY, {})[0] == 202
    assert [kept.payload for kept in hub.kept] == [BODY]


@pytest.mark.parametrize(("error", "seconds"), [(Later("too much is waiting", seconds=7), "7"), (Retry("the store is not there"), "30")])
def test_back_pressure_is_503_with_a_time(hub: MemoryHub, url: str, error: Exception, seconds: str) -> None:
    hub.fails = error
    status, headers, _ = by_urllib(f"{url}/in/open", BODY, {})
    assert (status, headers["retry-after"]) == (503, seconds)


def test_a_failure_of_our_own_is_a_500_that_tells_nothing(hub: MemoryHub, url: str) -> None:
    hub.fails = RuntimeError("table 'message' is secret")
    status, _, body = by_urllib(f"{url}/in/open", BODY, {})
    assert status == 500
    assert b"secret" not in body


def test_whoever_waits_gets_the_outcome(hub: MemoryHub, url: str) -> None:
    hub.answer = {"state": "applied"}
    status, headers, body = by_urllib(f"{url}/in/open", BODY, {"Prefer": "respond-async, wait=60"})
    assert (status, headers["preference-applied"], json.loads(body)["outcome"]) == (200, "wait=10", {"state": "applied"})
    assert hub.waits == [10]


@pytest.mark.parametrize(
    ("header", "seconds"), [("", 0), ("wait=3", 3), ('respond-async; wait = "4"', 4), ("await=3", 0), ("wait=99999999999999", 10)]
)
def test_wait_is_read_leniently(header: str, seconds: int) -> None:
    assert wanted_wait(header) == seconds


def basic(text: str, charset: str = "utf-8") -> str:
    return "Basic " + base64.b64encode(text.encode(charset)).decode()


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"X-API-Key": "k2"}, 401),
        ({"X-API-Key": ""}, 401),
        ({"Authorization": "Bearer k2"}, 401),
        ({"Authorization": basic("SAP:wrong")}, 401),
        ({"Authorization": "Basic ***"}, 401),
        ({"X-API-Key": "k1"}, 202),
        ({"Authorization": "Bearer k1"}, 202),
        ({"Authorization": basic("SAP:pä:ss")}, 202),
        ({"Authorization": basic("SAP:pä:ss", "latin-1")}, 202),
    ],
)
def test_who_may_come_in(hub: MemoryHub, url: str, headers: dict[str, str], status: int) -> None:
    answered, answer_headers, _ = by_urllib(f"{url}/in/closed", BODY, {"Idempotency-Key": "a", **headers})
    assert answered == status
    assert ("www-authenticate" in answer_headers) == (status == 401)
    assert len(hub.kept) == (status == 202)


@pytest.mark.parametrize(
    ("headers", "body", "status", "name"),
    [
        ({"X-API-Key": "k1"}, BODY, 400, "idempotency-key-missing"),
        ({"X-API-Key": "k1", "Idempotency-Key": "a b"}, BODY, 400, "idempotency-key"),
        ({"X-API-Key": "k1", "Idempotency-Key": "k" * 256}, BODY, 400, "idempotency-key"),
        ({"X-API-Key": "k1", "Idempotency-Key": "a"}, b"", 400, "empty"),
        ({"X-API-Key": "k1", "Idempotency-Key": "a", "Content-Encoding": "gzip"}, BODY, 415, "content-encoding"),
        ({"X-API-Key": "k1", "ce-id": "i" * 256}, BODY, 400, "cloudevent"),
        ({"X-API-Key": "k1", "ce-id": "i", "ce-source": "s" * 256}, BODY, 400, "cloudevent"),
        ({"X-API-Key": "k1", "Content-Type": "application/cloudevents+json"}, b'{"id":"a\\u0000b"}', 400, "cloudevent"),
        ({"X-API-Key": "k1", "ce-id": "1", "Content-Type": "application/cloudevents-batch+json"}, BODY, 415, "batch"),
    ],
)
def test_what_is_refused_at_the_door(hub: MemoryHub, url: str, headers: dict[str, str], body: bytes, status: int, name: str) -> None:
    answered, _, said = by_urllib(f"{url}/in/closed", body, headers)
    assert (answered, json.loads(said)["type"]) == (status, f"urn:hub:problem:{name}")
    assert hub.kept == []


def test_a_wrong_address_and_a_wrong_method_are_problems(url: str) -> None:
    status, headers, body = by_urllib(f"{url}/in/nowhere", BODY, {})
    assert (status, headers["content-type"], json.loads(body)["status"]) == (404, "application/problem+json", 404)


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({"ce-id": "A-1", "ce-source": "/wms"}, BODY),
        ({"Content-Type": "application/cloudevents+json"}, b'{"specversion":"1.0","id":"A-1","source":"/wms","type":"t","data":{}}'),
    ],
)
def test_a_cloud_event_names_its_own_sending(hub: MemoryHub, url: str, headers: dict[str, str], body: bytes) -> None:
    assert by_urllib(f"{url}/in/open", body, headers)[0] == 202
    assert hub.kept[0].delivery_id == "/wms A-1"


def test_of_an_event_that_has_a_key_only_the_key_counts(hub: MemoryHub, url: str) -> None:
    assert by_urllib(f"{url}/in/open", BODY, {"Idempotency-Key": "k", "ce-id": "i" * 256})[0] == 202
    assert hub.kept[0].delivery_id == "k"


def test_who_is_not_waited_for_is_answered_as_if_he_had_not_asked(hub: MemoryHub, url: str) -> None:
    hub.full = True
    status, headers, body = by_urllib(f"{url}/in/open", BODY, {"Prefer": "wait=5"})
    assert (status, "preference-applied" in headers, "outcome" in json.loads(body)) == (202, False, False)


@pytest.mark.parametrize("body", [b"[]", b"{", b"\xff"])
def test_a_structured_event_that_is_none_is_kept_without_a_name(hub: MemoryHub, url: str, body: bytes) -> None:
    assert by_urllib(f"{url}/in/open", body, {"Content-Type": "application/cloudevents+json"})[0] == 202
    assert hub.kept[0].delivery_id is None


def test_an_api_key_as_text_is_refused_in_the_settings() -> None:
    with pytest.raises(ValueError, match="an API key stands here as text"):
        Auth(api_keys=("k1",))


def test_check_tells_a_secret_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GONE", raising=False)
    with pytest.raises(Misconfigured, match="GONE is not set"):
        HttpReceiver(HttpIn(path="/x", auth=Auth(basic=("A", Secret("env:GONE"))))).check()


def test_credentials_of_other_schemes_are_none() -> None:
    assert credentials("Negotiate abc") == credentials("") == ("", "")
    assert Auth().refuse(Request("POST", "/", {}, {}, b"")) is None
