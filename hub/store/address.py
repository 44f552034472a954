"""The address of a store: in its parts, and for people."""

from __future__ import annotations

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from canonical_model.problems import Misconfigured


def parsed(url: str) -> URL:
    """An address in its parts. Raises Misconfigured, without the address: it may hold a password."""
    try:
        return make_url(url)
    except (ArgumentError, ValueError):
        fix = "postgresql://USER:PASSWORD@HOST:5432/DATABASE; in a password write @ as %40, / as %2F, : as %3A, # as %23, % as %25"
        raise Misconfigured("the store's address cannot be read", at="hub.store", fix=fix) from None


def place_of(url: URL) -> str:
    """The address for people: without its password, and without words behind a question mark, which may hold one."""
    return URL.create(url.get_backend_name(), url.username, None, url.host, url.port, url.database).render_as_string()
