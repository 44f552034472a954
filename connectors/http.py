"""HTTP: a door that systems POST to, and a sender that POSTs to them.

The door takes any body as one message. ``Idempotency-Key`` (or the CloudEvents ``id`` with its ``source``) names the act of
sending: the same key again gets the first answer, the same key with another body is refused (422) by the hub. A name that
no store keeps is refused (400). 202 is answered only after the hub's commit; ``Prefer: wait=n`` (n <= 10 s) asks for the
outcome instead, which the hub may decline when many wait: then it is 202 without ``Preference-Applied``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import ClassVar, NamedTuple

import orjson
from pydantic import Field, field_validator

from connectors.base import Capabilities, Endpoint, Inbound, Kept, Receipt, Request, Response, Settings, Store
from connectors.kit.auth import Auth
from connectors.kit.client import Client, Target
from connectors.kit.problem import problem

LONGEST_WAIT = 10
_HIDDEN = frozenset({"authorization", "proxy-authorization", "cookie", "x-api-key"})
_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_ATTRIBUTE = re.compile(r"[^\x00-\x1f\x7f\ud800-\udfff]{0,255}")
"""A CloudEvent's id or source: any text, since UTF-8 stands there raw in spite of the standard, but of the key's length, for the index
takes no more, and without what no database takes."""
_FIXES = {
    "id": "send an id of at most 255 characters, as a UUID; in a header, what is not ASCII is percent-encoded",
    "source": "send a URI of at most 255 characters; in a header, what is not ASCII is percent-encoded",
}
_STRUCTURED = "application/cloudevents+json"


class HttpIn(Settings):
    """The door of one system."""

    path: str = Field(pattern=r"^/[\w./-]*$", description="address below the hub's own, as /in/wms", examples=["/in/wms"])
    auth: Auth = Field(default_factory=Auth, description="who may call")
    max_bytes: int = Field(67_108_864, ge=1, description="longest body")
    require_key: bool = Field(False, description="refuse a request without Idempotency-Key (or CloudEvents id)")

    def addresses(self) -> tuple[str, ...]:
        """The addresses that this door takes: no other door may have them."""
        return (self.path,)


class HttpOut(Target):
    """Where a system takes documents."""

    method: str = Field("POST", pattern=r"^(POST|PUT)$", description="POST or PUT")
    idempotent: bool = Field(False, description="the receiver honours Idempotency-Key: an uncertain send may be repeated")
    headers: Mapping[str, str] = Field(default_factory=dict, description="further headers; no secrets")

    @field_validator("headers")
    @classmethod
    def _no_secrets(cls, headers: Mapping[str, str]) -> Mapping[str, str]:
        if found := sorted(name for name in headers if name.lower() in _HIDDEN):
            raise ValueError(f"{found[0]} is a log-in; fix: write it in auth, as {{bearer: env:NAME}}")
        return headers


class HttpReceiver:
    """Push connector: ``POST path``.

    202 after the commit; ``Prefer: wait=n`` asks for the outcome, for at most 10 s. Eight senders of a process wait at a time: to
    others, and when the outcome does not come in time, the answer is 202 with the address that tells it, and ``Preference-Applied``
    says that the hub waited. ``Idempotency-Key`` is 1 to 255 visible ASCII characters; a CloudEvent's ``id`` and ``source`` have at most
    255 characters and no control characters. Another name is refused with 400: sent again as it is, it would be refused again.
    """

    kind: ClassVar[str] = "http"
    settings_type: ClassVar[type[Settings]] = HttpIn
    capabilities: ClassVar[Capabilities] = Capabilities(receives=True, push=True)

    def __init__(self, settings: HttpIn) -> None:
        self.settings = settings

    def check(self) -> None:
        """Nothing to reach: systems reach us. A secret that is not there is told."""
        if self.settings.auth.basic:
            self.settings.auth.basic[1].reveal()

    def close(self) -> None:
        """Nothing is kept open."""

    def endpoints(self, store: Store) -> Sequence[Endpoint]:
        return [Endpoint("POST", self.settings.path, lambda request: self._take(request, store), self.settings.max_bytes)]

    def _take(self, request: Request, store: Store) -> Response:
        refused = self.settings.auth.refuse(request) or _unfit(request)
        if refused:
            return refused
        event = event_of(request)
        named = delivery_id(request, event)
        if refused := _misnamed(request, event) or self._nameless(named):
            return refused
        wait = wanted_wait(request.headers.get("prefer", ""))
        return accepted(store(Inbound(request.body, request.client, named, kept_headers(request)), wait), wait)

    def _nameless(self, named: str | None) -> Response | None:
        """Why a request without a name is refused, at a door that needs one."""
        if named is None and self.settings.require_key:
            return problem(400, "idempotency-key-missing", "this door needs Idempotency-Key", fix="send the same key when sending again")
        return None


def _unfit(request: Request) -> Response | None:
    """Why this request is refused before anybody looks at its name."""
    encoding = request.headers.get("content-encoding", "identity")
    if encoding != "identity":
        return problem(415, "content-encoding", f"the body is encoded as {encoding!r}", fix="send it as it is")
    if request.headers.get("content-type", "").startswith("application/cloudevents-batch"):
        return problem(415, "batch", "batches of CloudEvents are not taken", fix="send each event in a request of its own")
    if not request.body:
        return problem(400, "empty", "the body is empty", fix="send the document as the body")
    return None


def _misnamed(request: Request, event: Event) -> Response | None:
    """Why the name of this act of sending is refused: it goes into an index, and one that cannot will not by being sent again."""
    key = request.headers.get("idempotency-key")
    if key is not None and not _KEY.fullmatch(unquoted(key)):
        return problem(400, "idempotency-key", "Idempotency-Key is not 1 to 255 visible ASCII characters", fix="send a UUID")
    for word, text in (("id", event.id), ("source", event.source)):
        if event.id and not _ATTRIBUTE.fullmatch(text):
            fact = f"{word} of the CloudEvent has more than 255 characters, a control character or half a character"
            return problem(400, "cloudevent", fact, at=event.place.format(word), fix=_FIXES[word])
    return None


def accepted(kept: Kept, wait: int) -> Response:
    """202 with the address that tells the outcome, or 200 with the outcome if it came while the sender waited."""
    body = {"message": kept.message, "status": kept.status, "repeated": kept.repeated}
    headers = {"content-type": "application/json"}
    if kept.status:
        headers["location"] = kept.status
    if kept.repeated:
        headers["idempotency-replayed"] = "true"
    if wait and kept.waited:
        headers["preference-applied"] = f"wait={wait}"
    if kept.answer is None:
        return Response(202, orjson.dumps(body), headers)
    return Response(200, orjson.dumps({**body, "outcome": dict(kept.answer)}), headers)


def unquoted(key: str) -> str:
    """The key without the quotes of a structured header."""
    return key[1:-1] if len(key) > 1 and key[0] == key[-1] == '"' else key


class Event(NamedTuple):
    """What names a CloudEvent, each text empty where it is absent, and where it stands (``{}`` is the attribute's name)."""

    source: str = ""
    id: str = ""
    place: str = "ce-{}"


def event_of(request: Request) -> Event:
    """The CloudEvent that a request is, by its headers or its structured body; an empty one where it is none, or not asked for,
    since Idempotency-Key names the sending already."""
    if "idempotency-key" in request.headers:
        return Event()
    if request.headers.get("content-type", "").startswith(_STRUCTURED):
        return _structured(request.body)
    return Event(request.headers.get("ce-source", ""), request.headers.get("ce-id", ""))


def delivery_id(request: Request, event: Event) -> str | None:
    """What names this act of sending: Idempotency-Key, else the CloudEvent's source and id."""
    if key := request.headers.get("idempotency-key"):
        return unquoted(key)
    return f"{event.source} {event.id}".strip() if event.id else None


def _structured(body: bytes) -> Event:
    """What names a structured CloudEvent; empty where it is none."""
    try:
        event = orjson.loads(body)
    except orjson.JSONDecodeError:
        return Event()
    found = event if isinstance(event, dict) else {}
    return Event(str(found.get("source", "")), str(found.get("id", "")), "/{}")


def wanted_wait(prefer: str) -> int:
    """Seconds of ``Prefer: wait=n``, at most 10; 0 without it."""
    match = re.search(r"(?:^|[,;\s])wait\s*=\s*\"?(\d{1,9})", prefer, re.IGNORECASE)
    return min(int(match[1]), LONGEST_WAIT) if match else 0


def kept_headers(request: Request) -> dict[str, str]:
    """Headers that are stored with the message: all but those that log in."""
    return {name: value for name, value in request.headers.items() if name not in _HIDDEN}


class HttpSender:
    """Sends one document in one request; the delivery's name is its Idempotency-Key."""

    kind: ClassVar[str] = "http"
    settings_type: ClassVar[type[Settings]] = HttpOut

    def __init__(self, settings: HttpOut) -> None:
        self.settings = settings
        self.capabilities = Capabilities(sends=True, idempotent_send=settings.idempotent)
        self._client = Client(settings)

    def check(self) -> None:
        self._client.check()

    def close(self) -> None:
        self._client.close()

    def send(self, payload: bytes, *, name: str, content_type: str, headers: Mapping[str, str]) -> Receipt:
        """Any 2xx is taken. The reference is what Location or the JSON answer's ``id`` or ``message`` says."""
        sent = {**self.settings.headers, **headers, "content-type": content_type, "idempotency-key": name}
        answer = self._client.request(self.settings.method, payload, sent)
        return Receipt(answer.headers.get("location") or _id(answer.body), f"HTTP {answer.status}")


def _id(body: bytes) -> str | None:
    try:
        answer = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    found = [answer[name] for name in ("id", "message") if isinstance(answer, dict) and isinstance(answer.get(name), str | int)]
    return str(found[0]) if found else None
