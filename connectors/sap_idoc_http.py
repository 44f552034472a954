"""IDocs by HTTP, both ways, without SAP's SDK: what transaction WE21 calls an XML-HTTP port.

In: SAP (SM59 type H or G) POSTs ``text/xml`` or ``application/x-sap.idoc``, one or many IDOC elements, perhaps in a SOAP
envelope. SAP leaves the IDocs in status 02 until it gets a 2xx, and may send them again: we answer 200 only after the
commit, and recognise repeats by DOCNUM and sender. Out: POST to ``/sap/bc/idoc_xml``; SAP took it if it answers 200 *and*
the page is titled ``IDoc-XML-inbound ok`` (three public clients look at nothing else); a 200 with another title is a refusal.
200 means received, not posted. Never run against a real SAP; sources: SAP Help, notes on IDOC_HTTP_CHECK and message EA728.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape, unescape
from typing import ClassVar

from lxml import etree
from pydantic import Field

from canonical_model.problems import HubError
from connectors.base import Capabilities, Endpoint, Inbound, Kept, Receipt, Request, Response, SendRefused, Settings, Store
from connectors.kit import soap
from connectors.kit.auth import Auth
from connectors.kit.client import Answer, Client, Target
from connectors.kit.problem import what

OK = "IDoc-XML-inbound ok"
ALIAS = "/sap/bc/idoc_xml"
TYPES = frozenset({"text/xml", "application/xml", "application/x-sap.idoc", "application/soap+xml"})
_TITLE = re.compile(r"<(title|h1)[^>]*>(.*?)</\1", re.IGNORECASE | re.DOTALL)
_MSGID = "urn:sap.com:msgid="


class IdocIn(Settings):
    """The door for one SAP system."""

    path: str = Field("/sap/idoc", pattern=r"^/[\w./-]*$", description="address below the hub's own", examples=["/sap/idoc"])
    alias: bool = Field(True, description=f"answer at {ALIAS} too, as an SAP would; off for the second SAP of one hub")
    auth: Auth = Field(default_factory=Auth, description="who may call; SM59 sends Basic")
    max_bytes: int = Field(67_108_864, ge=1, description="longest body")

    def addresses(self) -> tuple[str, ...]:
        """The addresses that this door takes: no other door may have them."""
        return tuple(dict.fromkeys((self.path, ALIAS) if self.alias else (self.path,)))


class IdocOut(Target):
    """Where an SAP takes IDocs."""

    envelope: bool = Field(False, description="put a SOAP envelope around, for /sap/bc/srt/idoc; plain for /sap/bc/idoc_xml")


class SapIdocHttpReceiver:
    """Push connector: POST of IDoc XML."""

    kind: ClassVar[str] = "sap_idoc_http"
    settings_type: ClassVar[type[Settings]] = IdocIn
    capabilities: ClassVar[Capabilities] = Capabilities(receives=True, push=True)

    def __init__(self, settings: IdocIn) -> None:
        self.settings = settings

    def check(self) -> None:
        """Nothing to reach: SAP reaches us. A secret that is not there is told."""
        if self.settings.auth.basic:
            self.settings.auth.basic[1].reveal()

    def close(self) -> None:
        """Nothing is kept open."""

    def endpoints(self, store: Store) -> Sequence[Endpoint]:
        def take(request: Request) -> Response:
            return self._take(request, store)

        return [Endpoint("POST", path, take, self.settings.max_bytes) for path in self.settings.addresses()]

    def _take(self, request: Request, store: Store) -> Response:
        refused = self.settings.auth.refuse(request)
        if refused:
            return refused
        media = request.headers.get("content-type", "text/xml").partition(";")[0].strip().lower()
        if media not in TYPES:
            return page(415, f"content type {media} is not taken", f"send one of {', '.join(sorted(TYPES))}")
        if request.headers.get("content-encoding", "identity") != "identity":
            return page(415, "the body is encoded", "send it as it is")
        try:
            scanned = scan(request.body)
        except soap.NotXml as error:
            return page(400, "this is not XML", str(error))
        return self._keep(request, scanned, store)

    def _keep(self, request: Request, scanned: Scanned, store: Store) -> Response:
        """Store the payload, then answer in the words in which it was asked: a page, or an envelope."""
        namespace = scanned.namespace
        payload = request.body if namespace is None else soap.unwrap(request.body, scanned.scope)
        if payload is None or not scanned.idocs:
            return refusal(400, "there is no IDOC element", "send one or more IDOC elements below a root", namespace)
        headers = {name: request.headers[name] for name in ("content-type", "user-agent") if name in request.headers}
        if client := request.query.get("sap-client"):
            headers["sap-client"] = client
        try:
            kept = store(Inbound(payload, request.client, message_id(scanned.idocs), headers), 0)
        except HubError as error:
            status, _, more = what(error)
            return refusal(status, error.fact, error.fix, namespace, more)
        count = f"{len(scanned.idocs)} IDocs"
        return page(200, OK, count) if namespace is None else transferred(scanned.idocs, kept, namespace)


@dataclass(frozen=True, slots=True)
class Control:
    """What the door wants to know of one IDoc's control record."""

    docnum: str
    arckey: str


@dataclass(slots=True)
class Scanned:
    """What the door sees of a body: its envelope (or none) with the prefixes it declares, and the IDocs in it."""

    namespace: str | None = None
    scope: Mapping[str | None, str] = field(default_factory=dict)
    idocs: list[Control] = field(default_factory=list)


def scan(raw: bytes) -> Scanned:
    """Read a body once without keeping it as a tree. Raises soap.NotXml."""
    found = Scanned()
    for event, element in soap.ends(raw, "Envelope", "Body", "IDOC"):
        name = soap.local(element)
        if event == "start" and name == "Envelope" and element.getparent() is None:
            found.namespace = soap.version(element)
        elif event == "start" and name == "Body" and not found.scope:
            found.scope = dict(element.nsmap)
        elif event == "end" and name == "IDOC":
            found.idocs.append(Control(_of_control(element, "DOCNUM"), _of_control(element, "ARCKEY")))
            _forget(element)
    return found


def _forget(element: etree._Element) -> None:
    """Give the memory of a finished element back, and of those before it."""
    element.clear()
    parent = element.getparent()
    while parent is not None and element.getprevious() is not None:
        del parent[0]


def _of_control(idoc: etree._Element, name: str) -> str:
    """A field of the IDoc's control record; empty where it is absent."""
    control = next((child for child in idoc if soap.local(child).startswith("EDI_DC40")), None)
    found = next((child.text for child in (() if control is None else control) if soap.local(child) == name), None)
    return (found or "").strip()


def message_id(idocs: Sequence[Control]) -> str | None:
    """SAP's message id, which ARCKEY carries where "exactly once" is wanted (EA728): one act of sending. Else None."""
    key = idocs[0].arckey if len(idocs) == 1 else ""
    return key.removeprefix(_MSGID) if key.startswith(_MSGID) else None


def page(status: int, title: str, text: str, headers: Mapping[str, str] | None = None) -> Response:
    """The HTML page that clients of ``/sap/bc/idoc_xml`` look at: title and h1."""
    name, said = escape(title), escape(text)
    body = f"<html><head><title>{name}</title></head><body><h1>{name}</h1><p>{said}</p></body></html>"
    return Response(status, body.encode(), {"content-type": "text/html; charset=utf-8", **(headers or {})})


def refusal(status: int, fact: str, fix: str, namespace: str | None, headers: Mapping[str, str] | None = None) -> Response:
    """A refusal as a page, or as a SOAP fault (which SOAP 1.1 sends with 500; Retry-After keeps its 503)."""
    if namespace is None:
        return page(status, fact, fix, headers)
    body = soap.fault(f"{fact}; {fix}" if fix else fact, namespace, sender=status < 500)
    return Response(status if status == 503 else 500, body, {"content-type": soap_type(namespace), **(headers or {})})


def soap_type(namespace: str) -> str:
    return ("application/soap+xml" if namespace == soap.NAMESPACES[1] else "text/xml") + "; charset=utf-8"


def transferred(idocs: Sequence[Control], kept: Kept, namespace: str) -> Response:
    """SAP's answer to IDocs by SOAP: for each its own DOCNUM (TransferId) and ours (DbId: message and place in it)."""
    pairs = "".join(
        f"<item><TransferId>{escape(idoc.docnum)}</TransferId><DbId>{escape(kept.message)}-{n}</DbId></item>"
        for n, idoc in enumerate(idocs, start=1)
    )
    answer = f'<n0:IDocAssign xmlns:n0="urn:sap-com:document:sap:idoc:soap:messages">{pairs}</n0:IDocAssign>'
    return Response(200, soap.wrap(answer.encode(), namespace), {"content-type": soap_type(namespace)})


class SapIdocHttpSender:
    """Sends IDoc XML to an SAP."""

    kind: ClassVar[str] = "sap_idoc_http"
    settings_type: ClassVar[type[Settings]] = IdocOut
    capabilities: ClassVar[Capabilities] = Capabilities(sends=True)

    def __init__(self, settings: IdocOut) -> None:
        self.settings = settings
        self._client = Client(settings)

    def check(self) -> None:
        self._client.check()

    def close(self) -> None:
        self._client.close()

    def send(self, payload: bytes, *, name: str, content_type: str, headers: Mapping[str, str]) -> Receipt:
        """POST. The receipt's reference is SAP's IDoc number where it tells one (SOAP's DbId)."""
        body = soap.wrap(payload) if self.settings.envelope else payload
        media = content_type if content_type.startswith("application/x-sap.idoc") else "text/xml"
        answer = self._client.request("POST", body, {**headers, "content-type": media})
        return enveloped(answer) if self.settings.envelope else titled(answer)


def titled(answer: Answer) -> Receipt:
    """The receipt of the plain way. Raises SendRefused when no title or heading says that it is ok."""
    titles = [unescape(text).strip() for _, text in _TITLE.findall(answer.text())]
    if answer.status != 200 or OK.lower() not in (title.lower() for title in titles):
        raise SendRefused(f"HTTP {answer.status}: {'; '.join(dict.fromkeys(titles)) or answer.text()[:500].strip() or 'an empty answer'}")
    return Receipt(None, OK)


def enveloped(answer: Answer) -> Receipt:
    """The receipt of the SOAP way. SAP's structure is read by local names alone: only those are documented."""
    try:
        root = soap.parse(answer.body)
    except soap.NotXml as error:
        raise SendRefused(f"HTTP {answer.status}: the answer is not XML: {error}") from None
    if said := soap.fault_text(root):
        raise SendRefused(said)
    found = [(element.text or "").strip() for element in root.iter() if isinstance(element.tag, str) and soap.local(element) == "DbId"]
    return Receipt(", ".join(found) or None, answer.text()[:500])
