"""Doors that anybody may enter who reaches the hub's address."""

from __future__ import annotations

from ipaddress import ip_address

from connectors.kit.auth import Auth
from hub.config import Config


def open_doors(config: Config) -> list[tuple[str, str]]:
    """(line of hub.yaml, address) of each door without a log-in, while the hub listens to more than its own machine."""
    if _is_own(config.hub.listen.rpartition(":")[0].strip("[]")):
        return []
    return [
        (f"systems.{name}.in.{block.name}", ", ".join(block.settings.addresses()))
        for name, system in config.systems.items()
        for block in system.in_
        if isinstance(auth := getattr(block.settings, "auth", None), Auth) and auth.is_open and hasattr(block.settings, "addresses")
    ]


def _is_own(host: str) -> bool:
    """Whether only programs of this machine reach an address."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
