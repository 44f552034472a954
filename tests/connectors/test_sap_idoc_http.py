"""IDocs over HTTP: the door as SAP calls it, and the sender against a simulated SAP with the answers that are documented."""

from __future__ import annotations

import re
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from canonical_model.problems import Reject, SystemUnreachable
from connectors.base import Later, Receipt, Secret, SendRefused
from connectors.kit import soap
from connectors.kit.auth import Auth
from connectors.kit.client import Login
from connectors.sap_idoc_http import OK, IdocIn, IdocOut, SapIdocHttpReceiver, SapIdocHttpSender
from tests.connectors.asking import CLIENTS, Ask, by_urllib
from tests.connectors.serving import MemoryHub, application, counterpart, reply, serving

SOAP = soap.NAMESPACES[0]


def idoc(number: str, more: str = "") -> str:
    return f'<IDOC BEGIN="1"><EDI_DC40 SEGMENT="1"><DOCNUM>{number}</DOCNUM>{more}</EDI_DC40><E1EDK01 SEGMENT="1"/></IDOC>'


def packet(*idocs: str) -> bytes:
    return f'<?xml version="1.0"?><ORDERS05>{"".join(idocs)}</ORDERS05>'.encode()


@pytest.fixture
def hub() -> MemoryHub:
    return MemoryHub()


@pytest.fixture
def url(hub: MemoryHub) -> Iterator[str]:
    with serving(application(hub, SapIdocHttpReceiver(IdocIn()))) as address:
        yield address


@pytest.mark.parametrize("ask", CLIENTS)
@pytest.mark.parametrize("path", ["/sap/idoc", "/sap/bc/idoc_xml?sap-client=800"])
@pytest.mark.parametrize("media", ["text/xml; charset=utf-8", "application/x-sap.idoc"])
def test_a_packet_is_kept_as_it_came_and_answered_as_sap_would(ask: Ask, path: str, media: str, hub: MemoryHub, url: str) -> None:
    raw = packet(idoc("1"), idoc("2"))
    status, headers, body = ask(f"{url}{path}", raw, {"Content-Type": media})
    assert (status, headers["content-type"].partition(";")[0]) == (200, "text/html")
    assert re.findall(r"<(?:title|h1)>(.*?)</", body.decode()) == [OK, OK]
    [kept] = hub.kept
    assert (kept.payload, kept.delivery_id, kept.headers["content-type"]) == (raw, None, media)
    assert kept.headers.get("sap-client") == ("800" if "client" in path else None)


@pytest.mark.parametrize("namespace", soap.NAMESPACES)
def test_soap_is_unwrapped_and_answered_with_both_numbers(namespace: str, hub: MemoryHub, url: str) -> None:
    payload = packet(idoc("0000000000000001"), idoc("0000000000000002"))
    status, headers, body = by_urllib(f"{url}/sap/idoc", soap.wrap(payload, namespace), {"Content-Type": "text/xml"})
    assert (status, headers["content-type"]) == (
        200,
        "text/xml; charset=utf-8" if namespace == SOAP else "application/soap+xml; charset=utf-8",
    )
    root = soap.parse(body)
    pairs = [[child.text for child in item] for item in root.iter("item")]
    assert pairs == [["0000000000000001", "1-1"], ["0000000000000002", "1-2"]]
    assert soap.version(root) == namespace
    assert hub.kept[0].payload == payload.partition(b"?>")[2]


def test_a_message_id_of_sap_names_the_sending(hub: MemoryHub, url: str) -> None:
    raw = packet(idoc("1", "<ARCKEY>urn:sap.com:msgid=0050AB</ARCKEY>"))
    for _ in range(2):
        assert by_urllib(f"{url}/sap/idoc", raw, {"Content-Type": "text/xml"})[0] == 200
    assert [kept.delivery_id for kept in hub.kept] == ["0050AB"]
    by_urllib(f"{url}/sap/idoc", packet(idoc("2", "<ARCKEY>my own archive</ARCKEY>")), {"Content-Type": "text/xml"})
    assert hub.kept[1].delivery_id is None


@pytest.mark.parametrize(
    ("body", "media", "status", "title"),
    [
        (b"not xml", "text/xml", 400, "this is not XML"),
        (b"<ORDERS05/>", "text/xml", 400, "there is no IDOC element"),
        (b"<!DOCTYPE a [<!ENTITY x 'y'>]><ORDERS05><IDOC/></ORDERS05>", "text/xml", 400, "this is not XML"),
        (packet(idoc("1")), "application/json", 415, "content type application/json is not taken"),
    ],
)
def test_what_is_no_idoc_is_never_answered_ok(hub: MemoryHub, url: str, body: bytes, media: str, status: int, title: str) -> None:
    answered, _, said = by_urllib(f"{url}/sap/idoc", body, {"Content-Type": media})
    assert (answered, f"<title>{title}</title>" in said.decode()) == (status, True)
    assert OK not in said.decode()
    assert hub.kept == []


@pytest.mark.parametrize(
    ("error", "status", "retry"),
    [(Later("too much is waiting", seconds=9), 503, "9"), (Reject("no", fix="do"), 422, None), (RuntimeError(), 500, None)],
)
def test_nothing_but_a_commit_is_answered_with_200(hub: MemoryHub, url: str, error: Exception, status: int, retry: str | None) -> None:
    hub.fails = error
    answered, headers, body = by_urllib(f"{url}/sap/idoc", packet(idoc("1")), {"Content-Type": "text/xml"})
    assert (answered, headers.get("retry-after")) == (status, retry)
    assert OK not in body.decode()


def test_a_refusal_by_soap_is_a_fault(hub: MemoryHub, url: str) -> None:
    hub.fails = Reject("this message id was used with another body", fix="use a new one")
    status, _, body = by_urllib(f"{url}/sap/idoc", soap.wrap(packet(idoc("1"))), {"Content-Type": "text/xml"})
    assert status == 500
    assert soap.fault_text(soap.parse(body)) == "this message id was used with another body; use a new one"
    empty, _, _ = by_urllib(f"{url}/sap/idoc", soap.wrap(b"<ORDERS05/>"), {"Content-Type": "text/xml"})
    assert empty == 500


def test_a_caller_who_is_not_known_is_sent_away(monkeypatch: pytest.MonkeyPatch, hub: MemoryHub) -> None:
    monkeypatch.setenv("SAP_IN", "x")
    door = SapIdocHttpReceiver(IdocIn(auth=Auth(basic=("SAP", Secret("env:SAP_IN")))))
    door.check()
    with serving(application(hub, door)) as url:
        assert by_urllib(f"{url}/sap/idoc", packet(idoc("1")), {"Content-Type": "text/xml"})[0] == 401
        sender = SapIdocHttpSender(IdocOut(url=f"{url}/sap/idoc", auth=Login(basic=("SAP", Secret("env:SAP_IN")))))
        assert sender.send(packet(idoc("1")), name="d", content_type="application/xml", headers={}) == Receipt(None, OK)
    assert len(hub.kept) == 1


def test_the_addresses_of_a_door() -> None:
    assert IdocIn().addresses() == ("/sap/idoc", "/sap/bc/idoc_xml")
    assert IdocIn(path="/sap/bc/idoc_xml").addresses() == ("/sap/bc/idoc_xml",)
    assert IdocIn(path="/sap/two", alias=False).addresses() == ("/sap/two",)


def send(url: str, **settings: Any) -> Receipt:
    sender = SapIdocHttpSender(IdocOut(url=url, **settings))
    try:
        return sender.send(packet(idoc("1")), name="d-1", content_type="application/xml", headers={})
    finally:
        sender.close()


def sap(status: int, body: str) -> Any:
    return counterpart(lambda handler, _: reply(handler, status, body.encode()))


@pytest.mark.parametrize(
    "body",
    [
        "<html><head><title>IDoc-XML-inbound ok</title></head><body></body></html>",
        "<HTML><BODY><H1 class='x'> IDoc-XML-inbound ok\n</H1></BODY></HTML>",
        "<html><title>SAP</title><h1>idoc-xml-INBOUND OK</h1></html>",
    ],
)
def test_sap_took_it(body: str) -> None:
    with sap(200, body) as url:
        assert send(url) == Receipt(None, OK)


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (200, "<html><title>Logon Error &amp; more</title></html>", "Logon Error & more"),
        (200, "<html><title>IDoc-XML-inbound error</title></html>", "IDoc-XML-inbound error"),
        (200, "", "an empty answer"),
        (202, "<title>IDoc-XML-inbound ok</title>", "HTTP 202"),
        (401, "<title>Anmeldung fehlgeschlagen</title>", "HTTP 401"),
        (403, "Forbidden", "Forbidden"),
    ],
)
def test_sap_refused_it(status: int, body: str, said: str) -> None:
    with sap(status, body) as url, pytest.raises(SendRefused, match=re.escape(said)):
        send(url)


def test_sap_is_down() -> None:
    with sap(503, "down for maintenance") as url, pytest.raises(SystemUnreachable):
        send(url)


def test_what_sap_gets() -> None:
    seen: list[tuple[str, str, bytes]] = []

    def handle(handler: BaseHTTPRequestHandler, body: bytes) -> None:
        seen.append((handler.path, handler.headers["content-type"], body))
        reply(handler, 200, f"<title>{OK}</title>".encode())

    with counterpart(handle) as url:
        send(f"{url}/sap/bc/idoc_xml?sap-client=800")
    assert seen == [("/sap/bc/idoc_xml?sap-client=800", "text/xml", packet(idoc("1")))]


def test_by_soap_sap_tells_its_number() -> None:
    pair = '<n:X xmlns:n="urn:x"><TransferId>1</TransferId><DbId>0000000000000077</DbId></n:X>'
    with sap(200, soap.wrap(pair.encode()).decode()) as url:
        assert send(url, envelope=True).reference == "0000000000000077"
    with sap(200, soap.fault("EA728", SOAP, sender=True).decode()) as url, pytest.raises(SendRefused, match="EA728"):
        send(url, envelope=True)
    with sap(200, "ok") as url, pytest.raises(SendRefused, match="not XML"):
        send(url, envelope=True)


def test_the_hub_takes_what_the_hub_sends(hub: MemoryHub, url: str) -> None:
    assert send(f"{url}/sap/bc/idoc_xml") == Receipt(None, OK)
    assert send(f"{url}/sap/idoc", envelope=True).reference == "2-1"
    assert hub.kept[0].payload == packet(idoc("1"))
    assert hub.kept[1].payload == packet(idoc("1")).partition(b"?>")[2]
