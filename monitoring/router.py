"""The addresses of monitoring: ``/metrics``, ``/health/live``, ``/health/ready`` and the page ``/``. The API mounts them."""

from __future__ import annotations

import logging

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST

from monitoring.health import Health
from monitoring.metrics import Metrics
from monitoring.page import framed, page
from monitoring.watched import Watched
from monitoring.words import chosen, say

log = logging.getLogger(__name__)

CLOSED = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
}
"""Headers of the page: nothing of another origin is loaded, no script runs."""


def router(watched: Watched, metrics: Metrics, health: Health) -> APIRouter:
    """The addresses, for ``app.include_router``. Handlers are plain functions, which FastAPI runs in threads, but for the one that
    tells that the process lives: it must answer when every thread is busy."""
    made = APIRouter(include_in_schema=False)

    @made.get("/metrics")
    def scrape() -> Response:
        return Response(metrics.text(), media_type=CONTENT_TYPE_LATEST)

    @made.get("/health/live")
    async def live() -> JSONResponse:
        return JSONResponse({"live": "ok"})

    @made.get("/health/ready")
    def ready() -> JSONResponse:
        found = health.ready()
        return JSONResponse(found | health.beside(), 200 if set(found.values()) <= {"ok"} else 503)

    @made.get("/")
    def watch(request: Request, lang: str = "") -> HTMLResponse:
        language = chosen(lang, request.headers.get("accept-language", ""))
        try:
            return HTMLResponse(page(watched, language), headers=CLOSED)
        except Exception:
            log.exception("the page could not be made")
            return HTMLResponse(framed(f"<p class='bad'>{say('store_silent', language)}</p>", language), 503, headers=CLOSED)

    return made
