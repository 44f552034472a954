"""The address of a store: in its parts, and for people."""

from __future__ import annotations

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from canonical_model.problems import Misconfigured


def parsed(url: str) -> URL:
    """An address in its parts. Raises Misconfigured, without the address: it may hold a password."""
    try:
        found = make_url(url)
    except (ArgumentError, ValueError):
        raise _unreadable() from None
    if found.get_backend_name() == "postgresql" and "@" in (found.database or ""):
        raise _unreadable()  # @ and / of a password that is not written in %: part of it would be taken for the machine's name
    return found


def _unreadable() -> Misconfigured:
    fix = "postgresql://USER:PASSWORD@HOST:5432/DATABASE; in a password write @ as %40, / as %2F, : as %3A, # as %23, % as %25"
    return Misconfigured("the store's address cannot be read", at="hub.store", fix=fix)


def place_of(url: URL) -> str:
    """The address for people: without its password, and without words behind a question mark, which may hold one."""
    return URL.create(url.get_backend_name(), url.username, None, url.host, url.port, url.database).render_as_string()
