"""``hub topology``: exchanges and queues at RabbitMQ as the hub declares them, with what lies in them and who reads them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from canonical_model.problems import Misconfigured
from connectors.kit.amqp_faults import place_of
from connectors.kit.amqp_look import Found, check
from connectors.kit.amqp_topology import Topology
from hub.channels.base import INBOUND_PARTITIONS
from hub.channels.rabbitmq import topology
from hub.cli.output import Output
from hub.cli.settings import load_config
from hub.config import Config

COLUMNS = ("queue", "type", "arguments", "bound to", "messages", "consumers")


def show(file: Path, markdown: bool, out: Output) -> int:
    """One row a queue; with ``markdown`` one page."""
    config = load_config(file)
    found, wanted = look(config), declared(config)
    if markdown:
        print("\n".join(page(found, wanted)))
        return 0
    for row in rows(found, wanted):
        out.emit(row, lambda row: "  ".join(f"{row[name]}" for name in COLUMNS))
    return 0


def address(config: Config) -> str:
    """The broker's address. Raises Misconfigured where the database carries the channels."""
    url = config.channels_url()
    if url is None:
        raise Misconfigured(
            "the database carries the channels: there is no broker",
            at="hub.channels",
            fix="env:NAME or file:PATH that holds amqp://USER:PASSWORD@HOST/VHOST",
        )
    return url


def place(config: Config) -> str:
    """The broker's address without its password."""
    return place_of(address(config))


def declared(config: Config) -> Topology:
    """What the hub declares under this configuration."""
    return topology(INBOUND_PARTITIONS, config.hub.subscribers)


def look(config: Config) -> Found:
    """What is there now. Raises Misconfigured and SystemUnreachable."""
    return check(address(config), declared(config))


def rows(found: Found, wanted: Topology) -> Iterator[dict[str, Any]]:
    """A queue a row."""
    for queue in wanted.queues:
        arguments, depth = queue.wanted(found.version), found.queues[queue.name]
        yield {
            "queue": queue.name, "type": arguments.pop("x-queue-type"),
            "arguments": ", ".join(f"{name}={value}" for name, value in arguments.items()) or "-",
            "bound to": ", ".join(f"{exchange} {key or '(all)'}" for exchange, key in queue.bindings) or "-",
            "messages": "not declared" if depth is None else depth.messages, "consumers": "-" if depth is None else depth.consumers,
        }  # fmt: skip


def page(found: Found, wanted: Topology) -> Iterator[str]:
    """The report ``docs/reports/topology.md``."""
    version = ".".join(map(str, found.version))
    yield f"# Topology at RabbitMQ {version}\n\nMade by `hub topology --markdown` while the hub ran. What each is for: "
    yield "[channels](../explanation/channels.md).\n\n| exchange | type |\n|---|---|"
    yield from (f"| `{exchange.name}` | {exchange.type}, durable |" for exchange in wanted.exchanges)
    yield f"\n| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}"
    for row in rows(found, wanted):
        yield f"| {' | '.join(str(row[name]) for name in COLUMNS)} |"
