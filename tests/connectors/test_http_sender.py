"""The HTTP sender against a server that is not ours: what each kind of failure means for the delivery."""

from __future__ import annotations

import base64
import socket
import threading
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from canonical_model.problems import Misconfigured, SystemUnreachable
from connectors.base import Later, Receipt, Secret, SendRefused, SendUncertain
from connectors.http import HttpIn, HttpOut, HttpReceiver, HttpSender
from connectors.kit.client import Login, retry_after
from tests.connectors.serving import MemoryHub, application, counterpart, reply, serving


def send(url: str, **settings: Any) -> Receipt:
    sender = HttpSender(HttpOut(url=url, timeout=settings.pop("timeout", 5), **settings))
    try:
        return sender.send(b"<x/>", name="d-1", content_type="text/xml", headers={"x-more": "1"})
    finally:
        sender.close()


def answering(status: int, body: bytes = b"", **headers: str) -> Any:
    return counterpart(lambda handler, _: reply(handler, status, body, **headers))


def test_what_leaves_is_what_was_given() -> None:
    seen: list[tuple[str, dict[str, str], bytes]] = []

    def handle(handler: BaseHTTPRequestHandler, body: bytes) -> None:
        seen.append((handler.command, {key.lower(): value for key, value in handler.headers.items()}, body))
        reply(handler, 201, b'{"id": 77}')

    with counterpart(handle) as url:
        assert send(f"{url}/x", method="PUT", headers={"x-client": "hub"}) == Receipt("77", "HTTP 201")
    [(command, headers, body)] = seen
    assert (command, body, headers["content-type"], headers["idempotency-key"]) == ("PUT", b"<x/>", "text/xml", "d-1")
    assert (headers["x-more"], headers["x-client"], headers["user-agent"]) == ("1", "hub", "channelhub")
    assert headers["connection"] == "close" or "keep-alive" not in headers


def test_basic_goes_with_the_first_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PASSWORD", "gä:heim")
    seen: list[str] = []

    def handle(handler: BaseHTTPRequestHandler, _: bytes) -> None:
        seen.append(handler.headers["authorization"])
        reply(handler, 200)

    with counterpart(handle) as url:
        send(url, auth=Login(basic=("HUB", Secret("env:PASSWORD"))))
    [header] = seen
    assert base64.b64decode(header.removeprefix("Basic ")).decode() == "HUB:gä:heim"


@pytest.mark.parametrize(
    ("login", "header", "value"),
    [(Login(bearer=Secret("env:TOKEN")), "authorization", "Bearer t-1"), (Login(api_key=Secret("env:TOKEN")), "x-api-key", "t-1")],
)
def test_a_token_is_sent_as_the_receiver_wants_it(monkeypatch: pytest.MonkeyPatch, login: Login, header: str, value: str) -> None:
    monkeypatch.setenv("TOKEN", "t-1")
    assert login.headers() == {header: value}


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422])
def test_a_refusal_is_a_fact_for_people(status: int) -> None:
    with answering(status, b"unknown item 4711") as url, pytest.raises(SendRefused, match=f"HTTP {status}: unknown item 4711"):
        send(url)


def test_a_redirect_is_not_followed() -> None:
    with answering(302, location="https://elsewhere.example/") as url, pytest.raises(SendRefused, match="elsewhere"):
        send(url)


@pytest.mark.parametrize("status", [408, 425, 429, 500, 503])
def test_not_now_is_tried_again(status: int) -> None:
    with answering(status, retry_after="120") as url, pytest.raises(Later) as later:
        send(url)
    assert later.value.seconds == 120
    with answering(status) as url, pytest.raises(SystemUnreachable) as without:
        send(url)
    assert not isinstance(without.value, Later)


@pytest.mark.parametrize("status", [502, 504])
def test_a_gateway_that_does_not_know_leaves_it_uncertain(status: int) -> None:
    with answering(status) as url, pytest.raises(SendUncertain):
        send(url)


def test_nobody_there_is_known_not_sent() -> None:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{sock.getsockname()[1]}"
    with pytest.raises(SystemUnreachable, match="no connection"):
        send(address)
    with pytest.raises(SystemUnreachable, match="no connection"):
        send("http://nobody.invalid/")
    with pytest.raises(SystemUnreachable, match="no connection"):
        HttpSender(HttpOut(url=address)).check()


def test_silence_after_the_bytes_left_is_uncertain() -> None:
    done = threading.Event()

    def silent(handler: BaseHTTPRequestHandler, _: bytes) -> None:
        done.wait(10)
        handler.close_connection = True

    with counterpart(silent) as url:
        with pytest.raises(SendUncertain, match="no answer"):
            send(url, timeout=1)
        done.set()


def test_a_connection_cut_after_the_bytes_left_is_uncertain() -> None:
    def cut(handler: BaseHTTPRequestHandler, _: bytes) -> None:
        handler.connection.shutdown(socket.SHUT_RDWR)
        handler.close_connection = True

    with counterpart(cut) as url, pytest.raises(SendUncertain):
        send(url)


def test_an_answer_that_is_no_http_is_uncertain() -> None:
    def nonsense(handler: BaseHTTPRequestHandler, _: bytes) -> None:
        handler.wfile.write(b"hello\r\n\r\n")
        handler.close_connection = True

    with counterpart(nonsense) as url, pytest.raises(SendUncertain):
        send(url)


def test_a_tls_error_is_known_not_sent() -> None:
    with answering(200) as url, pytest.raises(SystemUnreachable):
        send(url.replace("http:", "https:"))


def test_a_header_that_cannot_be_sent_is_misconfigured() -> None:
    with answering(200) as url, pytest.raises(Misconfigured):
        send(url, headers={"x-bad": "a\nb"})


def test_an_endless_answer_is_cut() -> None:
    with answering(200, b"x" * 3_000_000) as url:
        assert send(url).detail == "HTTP 200"


def test_the_hub_speaks_to_a_hub() -> None:
    hub = MemoryHub()
    with serving(application(hub, HttpReceiver(HttpIn(path="/in")))) as url:
        assert send(f"{url}/in", idempotent=True).reference == "/v1/messages/1"
        assert send(f"{url}/in", idempotent=True).reference == "/v1/messages/1"
        HttpSender(HttpOut(url=f"{url}/in")).check()
    assert [(kept.payload, kept.delivery_id) for kept in hub.kept] == [(b"<x/>", "d-1")]


def test_only_an_idempotent_receiver_may_get_it_twice() -> None:
    assert HttpSender(HttpOut(url="https://a.example", idempotent=True)).capabilities.idempotent_send
    assert not HttpSender(HttpOut(url="https://a.example")).capabilities.idempotent_send


@pytest.mark.parametrize("url", ["ftp://a", "https://user:secret@a.example/", "a.example", "https://a b"])
def test_an_address_with_a_password_or_without_a_scheme_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="url"):
        HttpOut(url=url)


def test_a_log_in_does_not_stand_in_the_headers() -> None:
    with pytest.raises(ValueError, match="Authorization is a log-in"):
        HttpOut(url="https://a.example", headers={"Authorization": "Bearer x"})


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "15"}, 15),
        ({"retry-after": "999999999"}, 86_400),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"}, None),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT", "date": "Wed, 21 Oct 2026 07:27:30 GMT"}, 30),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT", "date": "Wed, 21 Oct 2026 08:00:00 GMT"}, 0),
    ],
)
def test_retry_after_is_read_as_number_or_date(headers: dict[str, str], seconds: int | None) -> None:
    assert retry_after(headers) == seconds
