"""What ``hub.yaml`` only names (``env:NAME``, ``file:PATH``): whether it is there, and what no text may repeat."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from canonical_model.problems import HubError, Misconfigured
from hub.config import Config
from hub.config.checks import secrets_of

EXAMPLES = {"hub.store": "postgresql://USER:PASSWORD@HOST/DATABASE", "hub.channels": "amqp://USER:PASSWORD@HOST/VHOST"}
PASSWORDS = ("password", "passwd", "sslpassword")


def named(config: Config) -> dict[str, str]:
    """The addresses that stand somewhere else: word of ``hub.yaml`` -> where it stands."""
    words = {"hub.store": config.hub.store, "hub.channels": config.hub.channels}
    return {word: text for word, text in words.items() if text.startswith(("env:", "file:"))}


def there(config: Config, word: str) -> str:
    """Where an address stands. Raises Misconfigured when it does not."""
    reference, example = named(config)[word], EXAMPLES[word]
    try:
        found = _addresses(config)[word]()
    except HubError as missing:
        kind, _, name = reference.partition(":")
        fix = f"export {name}={example}" if kind == "env" else f"write {example} into it, for the hub's user alone (chmod 600)"
        raise Misconfigured(missing.fact, at=f"{word}: {reference}", fix=fix) from None
    if not (found or "").strip():
        raise Misconfigured("nothing stands there", at=f"{word}: {reference}", fix=f"it holds the address, as {example}")
    return reference


def all_of(config: Config) -> set[str]:
    """Every password and secret as it is now; what is not there is left out."""
    found: set[str] = set()
    for address in _addresses(config).values():
        with suppress(HubError, ValueError):
            found.update(_passwords(address() or ""))
    for system in config.systems.values():
        for _, secret in secrets_of((system.in_, system.out)):
            with suppress(HubError):
                found.add(secret.reveal())
    return found


def _addresses(config: Config) -> dict[str, Callable[[], str | None]]:
    return {"hub.store": config.store_url, "hub.channels": config.channels_url}


def _passwords(address: str) -> Iterator[str]:
    """As they stand in the address and as they are. A name that is its own password (guest) is no secret."""
    parts = urlsplit(address)
    before, _, _ = parts.netloc.rpartition("@")
    user, _, password = before.partition(":")
    if password and password != user:
        yield from (password, unquote(password), quote(unquote(password), safe=""))
    yield from (value for word, value in parse_qsl(parts.query) if word in PASSWORDS)
