"""One HTTP request to a system, and what its failure means: known not sent, refused, or not known."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

import httpx2
from pydantic import Field

from canonical_model.problems import Misconfigured, SystemUnreachable
from connectors.base import Later, Secret, SendRefused, SendUncertain, Settings

KEPT = 1_000_000
"""Bytes of an answer that are read; the rest is cut."""
AGAIN = frozenset({408, 425, 429})
"""Refusals of the moment: the receiver says itself that it took nothing."""
UNKNOWN = frozenset({502, 504})
"""A gateway answers for a receiver whose own answer it does not know."""


class Login(Settings):
    """How the hub logs in where it sends. Basic is sent with the first request (SAP does not always ask)."""

    basic: tuple[str, Secret] | None = Field(None, description="[user, secret], as [HUB, env:SAP_PASSWORD]")
    bearer: Secret | None = Field(None, description="token sent as Authorization: Bearer")
    api_key: Secret | None = Field(None, description="key sent as X-API-Key")

    def headers(self) -> dict[str, str]:
        """Headers of this log-in, with the secrets as they are now."""
        found: dict[str, str] = {}
        if self.bearer:
            found["authorization"] = f"Bearer {self.bearer.reveal()}"
        if self.basic:
            token = base64.b64encode(f"{self.basic[0]}:{self.basic[1].reveal()}".encode()).decode()
            found["authorization"] = f"Basic {token}"
        if self.api_key:
            found["x-api-key"] = self.api_key.reveal()
        return found


class Target(Settings):
    """Where the hub sends to by HTTP."""

    url: str = Field(
        pattern=r"^https?://[^\s@]+$", description="address, as https://wms.example/orders", examples=["https://wms.example/orders"]
    )
    auth: Login = Field(default_factory=Login, description="log-in")
    timeout: int = Field(30, ge=1, le=600, description="seconds without a sign of life after which a request is given up")
    verify: bool = Field(True, description="whether the receiver's certificate is checked")


@dataclass(frozen=True, slots=True)
class Answer:
    """What the receiver answered with a 2xx: status, headers (names in lower case), at most 1 MB of body."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def text(self) -> str:
        return self.body.decode("utf-8", "replace")


class Client:
    """Sends to one target. Connections are not kept: a stale one would make certain sends uncertain."""

    def __init__(self, target: Target) -> None:
        self.target = target
        limits = httpx2.Limits(max_keepalive_connections=0)
        timeout = httpx2.Timeout(target.timeout, connect=min(10, target.timeout))
        headers = {"user-agent": "channelhub"}
        self._client = httpx2.Client(headers=headers, timeout=timeout, limits=limits, verify=target.verify, follow_redirects=False)

    def request(self, method: str, payload: bytes, headers: Mapping[str, str]) -> Answer:
        """One request. Raises SystemUnreachable or Later (known not taken), SendRefused, SendUncertain, Misconfigured."""
        sent = dict(headers) | self.target.auth.headers()
        try:
            with self._client.stream(method, self.target.url, content=payload, headers=sent) as response:
                answer = Answer(response.status_code, {key.lower(): value for key, value in response.headers.items()}, _read(response))
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.ProxyError) as error:
            raise self._unreachable(error) from None
        except (httpx2.InvalidURL, httpx2.UnsupportedProtocol, httpx2.LocalProtocolError) as error:
            raise Misconfigured(f"this request cannot be made: {_said(error)}", at=self.target.url, fix="check url and headers") from None
        except (httpx2.HTTPError, httpx2.StreamError) as error:
            raise SendUncertain(f"no answer from {self.target.url}: {_said(error)}") from None
        return self._judged(answer)

    def check(self) -> None:
        """Raise SystemUnreachable when nobody answers there. Any answer will do: what it means only a send can tell."""
        try:
            self._client.request("OPTIONS", self.target.url, headers=self.target.auth.headers())
        except httpx2.HTTPError as error:
            raise self._unreachable(error) from None
        except httpx2.InvalidURL as error:
            raise Misconfigured(f"this is no address: {error}", at=self.target.url, fix="check url") from None

    def _unreachable(self, error: Exception) -> SystemUnreachable:
        return SystemUnreachable(f"no connection: {_said(error)}", at=self.target.url, fix="check address, network and certificate")

    def close(self) -> None:
        self._client.close()

    def _judged(self, answer: Answer) -> Answer:
        status, said = answer.status, f"HTTP {answer.status}: {answer.text()[:500].strip()}"
        if 200 <= status < 300:
            return answer
        if status in UNKNOWN:
            raise SendUncertain(said)
        if status in AGAIN or status >= 500:
            raise _later(said, self.target.url, retry_after(answer.headers))
        if 300 <= status < 400:
            raise SendRefused(f"HTTP {status}: moved to {answer.headers.get('location', '?')}; correct url in hub.yaml")
        raise SendRefused(said)


def retry_after(headers: Mapping[str, str]) -> int | None:
    """Seconds of ``Retry-After``, given as a number or as a date (counted from the answer's own ``Date``); None without it."""
    text = headers.get("retry-after", "").strip()
    if text.isdecimal():
        return min(int(text), 86_400)
    try:
        return max(0, int((parsedate_to_datetime(text) - parsedate_to_datetime(headers.get("date", ""))).total_seconds()))
    except (TypeError, ValueError):
        return None


def _later(said: str, url: str, seconds: int | None) -> SystemUnreachable:
    fix = "it is tried again by itself"
    return SystemUnreachable(said, at=url, fix=fix) if seconds is None else Later(said, seconds=seconds, at=url, fix=fix)


def _read(response: httpx2.Response) -> bytes:
    """The body up to a limit: an endless answer must not fill the memory."""
    parts, size = [], 0
    for part in response.iter_bytes():
        parts.append(part)
        size += len(part)
        if size > KEPT:
            break
    return b"".join(parts)[:KEPT]


def _said(error: Exception) -> str:
    return str(error) or type(error).__name__
