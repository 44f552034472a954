"""The HTTP door: addresses of the transports that are called, what became of a message, schemas, metrics, health, the page."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import replace
from typing import Annotated, Any

import orjson
from fastapi import FastAPI, HTTPException, Path, Query, Response
from starlette.convertors import PathConvertor, register_url_convertor

from canonical_model.problems import HubError
from canonical_model.schemas import published
from connectors.base import Inbound, Kept, Later, Store
from connectors.kit.doors import mount, speak_problems
from hub.bootstrap import Hub
from hub.channels.base import Publication
from hub.channels.local import again_from
from hub.stages.receive import Door
from hub.store.clock import to_datetime
from hub.store.database import StoreFault
from hub.store.views import messages as messages_view
from hub.store.views import summary as summary_view
from monitoring.health import Health
from monitoring.metrics import Metrics
from monitoring.router import router
from monitoring.watched import Watched

log = logging.getLogger(__name__)
Key = Annotated[str, Path(pattern=r"^[^\x00]*$")]
"""A key, which has no NUL, since no database takes one."""


class KeyInPath(PathConvertor):
    """``{key:key}``: everything to the end of the address. Starlette's ``path`` ends at a line feed, and a key may have one."""

    regex = "(?s:.*)"


register_url_convertor("key", KeyInPath())
LARGEST = 2**63 - 1
"""A number above it is none of the store's, and no database can be asked for it."""
MOST_WAITING = 8
"""Senders of a process that wait for the outcome at a time. Each holds a thread of the 40 that serve every address, health and metrics
too; whoever comes when all places are taken is answered at once."""
FIRST_LOOK, LAST_LOOK, GROWS = 0.02, 0.25, 1.5
"""Seconds before the second look for an outcome, the longest between two looks, and by what they grow: what is settled soon is told
soon, and what takes long does not keep the store busy."""


def make_app(hub: Hub, watched: Watched, metrics: Metrics, health: Health) -> FastAPI:
    """The application of one hub."""
    app = FastAPI(title="Channelhub", docs_url=None, redoc_url=None)
    speak_problems(app)
    waiting = Waiting(hub)
    for door, connector in hub.inward.values():
        if hasattr(connector, "endpoints"):
            mount(app, connector.endpoints(keeper(hub, door, waiting)))
    app.include_router(router(watched, metrics, health))
    _own(app, hub)
    return app


def make_watch(watched: Watched, metrics: Metrics, health: Health) -> FastAPI:
    """What a process without doors shows: health, metrics, the page."""
    app = FastAPI(title="Channelhub worker", docs_url=None, redoc_url=None, openapi_url=None)
    app.include_router(router(watched, metrics, health))
    return app


def keeper(hub: Hub, door: Door, waiting: Waiting) -> Store:
    """What a transport calls to have a message kept: returns after the commit, waits for the outcome if asked to and there is a place."""

    def keep(inbound: Inbound, wait: int) -> Kept:
        if hub.crowded():
            raise Later("the hub has more waiting than it may", seconds=5, fix="send again later; nothing was stored")
        try:
            received = hub.flow.receive(inbound, door)
        except StoreFault as fault:
            log.critical("a message of %s could not be kept: %s", door.system, fault)
            raise Later("the hub cannot keep messages now", seconds=60, fix="send again later; nothing was stored") from None
        kept = Kept(str(received.message), f"/v1/messages/{received.message}", received.repeat)
        return waiting.for_outcome(kept, received.message, wait) if wait else kept

    return keep


class Waiting:
    """Senders who wait for the outcome: at most ``most`` of a process at a time, at all its doors together."""

    def __init__(self, hub: Hub, most: int = MOST_WAITING) -> None:
        self._hub, self._places = hub, threading.BoundedSemaphore(most)

    def for_outcome(self, kept: Kept, message: int, wait: int) -> Kept:
        """``kept`` with the outcome if it comes within ``wait`` seconds; as it is, at once, when all places are taken."""
        if not self._places.acquire(blocking=False):
            return kept
        try:
            return replace(kept, answer=outcome(self._hub, message, wait), waited=True)
        except HubError as fault:  # it is kept, and this is no reason to tell its sender otherwise
            log.warning("the outcome of message %s cannot be looked at: %s", message, fault)
            return kept
        finally:
            self._places.release()


def outcome(hub: Hub, message: int, wait: int) -> dict[str, Any] | None:
    """The message with its documents once all of it is settled or held; None when it did not come in time."""
    end, pause = time.monotonic() + wait, FIRST_LOOK
    while True:
        found = message_object(hub, message)
        if found is not None and not found["open"]:
            return found
        left = end - time.monotonic()
        if left <= 0:
            return None
        time.sleep(min(pause, left))
        pause = min(pause * GROWS, LAST_LOOK)


def message_object(hub: Hub, message: int) -> dict[str, Any] | None:
    """A message and its roll-up, as the view gives it."""
    with hub.store.read() as connection:
        return messages_view.message_object(connection, message, None)


def publication_object(item: Publication) -> dict[str, Any]:
    """A row of ``canonical`` for its subscriber; ``body`` is the bytes that were published, which are JSON."""
    body = None if item.body is None else orjson.Fragment(item.body)
    return {"key": item.k, "n": item.n, "type": item.type, "document": item.document, "at": to_datetime(item.at), "body": body}


def _own(app: FastAPI, hub: Hub) -> None:
    schemas = published()

    @app.get("/v1/messages/{message}")
    def one_message(message: Annotated[int, Path(ge=1, le=LARGEST)]) -> dict[str, Any]:
        found = message_object(hub, message)
        if found is None:
            raise HTTPException(404, f"message {message} is not known")
        return found

    @app.get("/v1/summary")
    def summary() -> dict[str, Any]:
        with hub.store.read() as connection:
            return summary_view.summary(connection)

    @app.get("/v1/canonical/{key:key}")
    def again(key: Key, from_: Annotated[int, Query(alias="from", ge=1, le=LARGEST)] = 1) -> Response:
        """What was published of a key from ``n`` on, the first 500 of it, fewer where they are large: what a subscriber of ``canonical``
        asks when it sees a gap. Written here, in a thread of its own: megabytes written by the loop would keep every door waiting."""
        found = {"key": key, "publications": [publication_object(item) for item in again_from(hub.store, key, from_)]}
        return Response(orjson.dumps(found, option=orjson.OPT_UTC_Z), media_type="application/json")

    @app.get("/schemas/{name:path}")
    def schema(name: str) -> Response:
        text = schemas.get(name)
        if text is None:
            raise HTTPException(404, f"there is no schema {name!r}")
        return Response(text, media_type="application/schema+json")
