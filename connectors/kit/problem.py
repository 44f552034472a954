"""Problems as RFC 9457 (``application/problem+json``): one shape for every refusal at an HTTP door."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus

import orjson

from canonical_model.problems import HubError, Reject, Retry, Unknown
from connectors.base import Response

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER = 30
"""Seconds that a sender is asked to wait where nobody said a number."""


def problem(
    status: int,
    name: str,
    detail: str,
    *,
    fix: str = "",
    at: str = "",
    errors: Sequence[Mapping[str, str]] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """A refusal. ``name`` is the last part of its type (``urn:hub:problem:<name>``), ``errors`` are ``{pointer, detail}``."""
    body = {"type": f"urn:hub:problem:{name}", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    body |= {key: value for key, value in (("fix", fix), ("at", at), ("errors", list(errors))) if value}
    return Response(status, orjson.dumps(body), {"content-type": MEDIA_TYPE, **(headers or {})})


def of(error: HubError) -> Response:
    """What the hub refused, as a problem: Reject -> 422, Unknown -> 404, Retry -> 503 with Retry-After, anything else -> 500."""
    status, name, headers = what(error)
    return problem(status, name, error.fact, fix=error.fix, at=error.at, headers=headers)


def what(error: HubError) -> tuple[int, str, dict[str, str]]:
    """(status, name of the problem, headers) for a failure of the hub."""
    if isinstance(error, Retry):
        return 503, "busy", {"retry-after": str(getattr(error, "seconds", RETRY_AFTER))}
    if isinstance(error, Unknown):
        return 404, "unknown", {}
    if isinstance(error, Reject):
        return 422, "refused", {}
    return 500, "failed", {}
