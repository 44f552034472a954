"""Mounts the addresses of push connectors on a FastAPI application: body with its limit, a thread for the handler, problems."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable
from http import HTTPStatus

import fastapi
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from canonical_model.problems import HubError
from connectors.base import Endpoint, Request, Response
from connectors.kit.problem import of, problem

log = logging.getLogger(__name__)

CHALLENGES = {"allow", "retry-after", "www-authenticate"}


ADDRESSES = "use the path that the hub's hub.yaml names for this system: systems.NAME.in.path"


class TooLarge(Exception):
    """The body is longer than the door allows."""


def mount(app: fastapi.FastAPI, endpoints: Iterable[Endpoint]) -> None:
    """Add the addresses to the application."""
    for endpoint in endpoints:
        app.add_route(endpoint.path, _route(endpoint), methods=[endpoint.method], include_in_schema=False)


def speak_problems(app: fastapi.FastAPI) -> None:
    """Every error of the application is answered as a problem (RFC 9457): wrong address, wrong method, wrong value, ours."""

    async def http_error(request: fastapi.Request, error: Exception) -> fastapi.Response:
        assert isinstance(error, HTTPException)
        headers = {key: value for key, value in (error.headers or {}).items() if key.lower() in CHALLENGES}
        if error.status_code == HTTPStatus.NOT_FOUND and error.detail == HTTPStatus.NOT_FOUND.phrase:
            return answer(problem(404, "http", "nothing is received or shown at this address", at=request.url.path[:200], fix=ADDRESSES))
        return answer(problem(error.status_code, "http", str(error.detail), headers=headers))

    async def invalid(_: fastapi.Request, error: Exception) -> fastapi.Response:
        assert isinstance(error, RequestValidationError)
        found = [{"pointer": "/" + "/".join(map(str, one["loc"])), "detail": str(one["msg"])} for one in error.errors()]
        return answer(problem(422, "validation", "the request does not fit", errors=found))

    async def ours(_: fastapi.Request, error: Exception) -> fastapi.Response:
        assert isinstance(error, HubError)
        return answer(of(error))

    app.add_exception_handler(HTTPException, http_error)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HubError, ours)


def answer(response: Response) -> fastapi.Response:
    """Our response as one of FastAPI."""
    return fastapi.Response(response.body, response.status, dict(response.headers))


def _route(endpoint: Endpoint) -> Callable[[fastapi.Request], Awaitable[fastapi.Response]]:
    async def route(request: fastapi.Request) -> fastapi.Response:
        try:
            asked = await _request(request, endpoint.max_bytes)
        except TooLarge:
            detail = f"the body is longer than {endpoint.max_bytes} bytes"
            return answer(problem(413, "too-large", detail, fix="send fewer documents at once", headers={"connection": "close"}))
        except ClientDisconnect:
            return fastapi.Response(status_code=400)
        return answer(await run_in_threadpool(_handled, endpoint, asked))

    return route


def _handled(endpoint: Endpoint, request: Request) -> Response:
    """The handler's answer. An exception of our own program is a 500 that says nothing of itself; nothing was kept."""
    try:
        return endpoint.handle(request)
    except HubError as error:
        return of(error)
    except Exception:
        log.exception("the door %s failed", endpoint.path)
        return problem(500, "failed", "the hub failed; the message was not acknowledged", fix="send it again later")


async def _request(request: fastapi.Request, limit: int) -> Request:
    client = f"{request.client.host}:{request.client.port}" if request.client else ""
    headers = {name.lower(): value for name, value in request.headers.items()}
    body = await _body(request, limit)
    return Request(request.method, request.url.path, headers, dict(request.query_params), body, client)


async def _body(request: fastapi.Request, limit: int) -> bytes:
    """The whole body; raises TooLarge before more than ``limit`` bytes are kept."""
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > limit:
        raise TooLarge
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > limit:
            raise TooLarge
        parts.append(part)
    return b"".join(parts)
