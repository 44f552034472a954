"""The only place where concrete things meet: configuration, store, formats, mappings, transports, services, the lane.

Everything that can be wrong is found here, before the first message: ``build`` raises Misconfigured with what, where and the fix.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from os import getpid
from pathlib import Path
from socket import gethostname
from typing import Any

from adapters.base import Format
from hub.channels.base import Channels
from hub.channels.local import LocalChannels
from hub.channels.rabbitmq import RabbitChannels
from hub.channels.sizes import SIZES, Sizes
from hub.codebook import BookView
from hub.commands import Actor, Commands
from hub.config import Config, In, load
from hub.flow import Flow
from hub.plugins import Library, formats, receivers, senders, settings_types
from hub.replay import Replay, keep_inputs, mapping_text
from hub.services.inventory.service import InventoryService
from hub.services.inventory.settings import InventorySettings
from hub.services.master.service import MasterService
from hub.services.master.tables import stock_items
from hub.services.order.service import OrderService
from hub.services.order.settings import OrderSettings
from hub.services.together import Together
from hub.signals import Signals
from hub.stages.answers import Answers
from hub.stages.outward import SYNTAX, Outward, Renderer, compile_mapped, compile_syntax
from hub.stages.ports import Ports, Subscription
from hub.stages.receive import Door
from hub.stages.routes import Ways, compile_ways
from hub.stages.terms import RouteTerms
from hub.store import messages, texts
from hub.store.acknowledgements import AcknowledgementService
from hub.store.clock import Clock, SystemClock
from hub.store.database import Store
from hub.store.locks import alone
from hub.store.waiting import Line


@dataclass(frozen=True)
class Hub:
    """A built hub. Doors (worker, api, cli) use its parts and make none of their own."""

    config: Config
    store: Store
    library: Library
    formats: Mapping[str, Format]
    ways: Ways
    outward: Mapping[str, Outward]
    ports: Ports
    flow: Flow
    commands: Commands
    replay: Replay
    signals: Signals
    clock: Clock
    inward: Mapping[tuple[str, str], tuple[Door, Any]]
    line: Line

    def crowded(self) -> bool:
        """Whether more waits than may: then the doors close and nothing is fetched."""
        return self.line.crowded()

    def close(self) -> None:
        """Give back what is held open."""
        for _, connector in self.inward.values():
            connector.close()
        for line in self.outward.values():
            line.sender.close()
        self.flow.channels.stop()
        self.store.close()


def build(file: Path, clock: Clock | None = None, signals: Signals | None = None, *, promote: bool = True, sizes: Sizes = SIZES) -> Hub:
    """Build a hub from its configuration file; the store is opened and, embedded, brought up to date.

    ``promote``: edited mappings become active by it, as the embedded default wants, and parents of code sets what the file says.
    ``sizes``: how much is done at once; the defaults are what a hub runs with.
    """
    config = load(file, *settings_types())
    return build_from(config, clock or SystemClock(), signals or Signals(), promote=promote, sizes=sizes)


def build_from(config: Config, clock: Clock, signals: Signals, *, promote: bool = True, sizes: Sizes = SIZES) -> Hub:
    """Build a hub from a loaded configuration."""
    store = open_store(config, clock)
    library = Library(tuple(config.path(folder) for folder in config.hub.folders.mappings))
    uploaded = definitions(config, store)
    known = formats(uploaded)
    ways = compile_ways(config, library, known)
    answers = Answers(ways, lambda seq: raw_of(store, seq), clock.now)

    def book(revision: int | None) -> BookView:
        known = None if revision is None else flow.codebook.known(revision)
        if known is not None:
            return known
        with store.read() as connection:
            return flow.codebook.view(connection, revision)

    outward, subscribed = _outward(config, library, known, book, answers)
    terms = RouteTerms(ways)
    ports = Ports(
        translate=ways.translate, terms=terms.terms, services=(services(config), AcknowledgementService()),
        subscriptions=subscribed, parties=_parties(ways),
        worker=f"{gethostname()}:{getpid()}" if store.shared else "lane-1",
        acknowledge=answers.acknowledgement, answer=answers.application,
    )  # fmt: skip
    flow = Flow(store, ports, signals, channels=channels_of(config, store, sizes.prefetch), sizes=sizes)
    commands = Commands(store, ports, signals, changed=flow.wake_waiting)
    if promote:
        with alone(flow.locks, "start"):
            _activate(store, commands, ways, outward, library, uploaded)
            _set_parents(config, store, flow, commands)
            commands.configured(Actor("start"))
    replay = Replay(store, ways, book)
    line = Line(store, config.hub.limits.inbound)
    return Hub(config, store, library, known, ways, outward, ports, flow, commands, replay, signals, clock, _inward(config), line)


def open_store(config: Config, clock: Clock) -> Store:
    """The message store of a configuration, brought up to date where it is embedded, by one process at a time."""
    store = Store(config.store_url(), clock)
    store.examine()
    with alone(store.locks, "open"):
        return store.open()


def channels_of(config: Config, store: Store, prefetch: int = SIZES.prefetch) -> Channels:
    """What carries the channels: the database, or the broker that the configuration names. Nothing is connected yet."""
    url = config.channels_url()
    if url is None:
        return LocalChannels()
    return RabbitChannels(url, store.partitions, config.hub.subscribers, prefetch=prefetch, clock=store.clock)


def definitions(config: Config, store: Store) -> Mapping[str, str]:
    """Uploaded definitions, name -> text: files of the configured folders, then what ``hub definitions add`` kept."""
    files = (path for folder in config.hub.folders.definitions for path in sorted(config.path(folder).glob("*")) if path.is_file())
    with store.read() as connection:
        kept = {one.name: one.text for one in texts.definitions(connection)}
        return {path.name: path.read_text("utf-8") for path in files} | kept


def _activate(
    store: Store, commands: Commands, ways: Ways, outward: Mapping[str, Outward], library: Library, uploaded: Mapping[str, str]
) -> None:
    """Embedded, an edited mapping is promoted by the start; refused when waiting documents would change identity."""
    routes, subscriptions = mapped_routes(ways), mapped_subscriptions(outward)
    for name in [*routes, *subscriptions]:
        mapping = library.parse(name)
        with store.read() as connection:
            active = texts.active(connection, name)
        if active is None or active.hash != mapping.hash:
            found = mapping_text(mapping, library.text(name))
            commands.promote(Actor("start"), found, routes.get(name, []), subscriptions.get(name, []))
    with store.unit() as unit:
        keep_inputs(unit, ways, library, uploaded)


def _set_parents(config: Config, store: Store, flow: Flow, commands: Commands) -> None:
    """What ``code_sets`` says of parents becomes the next revisions of the codebook, and frees what waits for it. Parents that
    go are taken first, so that turning one round is no circle on the way."""
    with store.read() as connection:
        view = flow.codebook.view(connection)
    differing = {name: parent for name, parent in config.parents().items() if view.parent(name) != parent}
    for name, parent in sorted(differing.items(), key=lambda item: bool(item[1])):
        commands.set_parent(Actor("start"), name, parent)


def mapped_routes(ways: Ways) -> Mapping[str, list[str]]:
    """Mapping name -> names of the routes that use it."""
    found: dict[str, list[str]] = {}
    for way in ways.ways.values():
        for route in way.routes.values():
            found.setdefault(route.mapping.name, []).append(route.name)
    return found


def mapped_subscriptions(outward: Mapping[str, Outward]) -> Mapping[str, list[str]]:
    """Mapping name -> ids of the subscriptions whose deliveries it makes."""
    found: dict[str, list[str]] = {}
    for line in outward.values():
        if line.block.on != SYNTAX:
            found.setdefault(line.block.mapping, []).extend(line.parties())
    return found


def services(config: Config) -> Together:
    """The services of the hub in the sequence in which their rows are locked, and who may ask whom; their rules are in ``services:``."""
    inventory, order = config.services["inventory"], config.services["order"]
    assert isinstance(inventory, InventorySettings)
    assert isinstance(order, OrderSettings)
    members = (MasterService(), InventoryService(inventory.rules(), stock_items), OrderService(order.rules(), stock_items))
    return Together(members, _wire)


def _wire(states: Mapping[str, Any]) -> None:
    master, inventory, order = states["master"], states["inventory"], states["order"]
    inventory.parties = order.parties = order.products = master
    order.availability = inventory


def raw_of(store: Store, seq: int) -> bytes:
    """The bytes of a stored message."""
    with store.read() as connection:
        return messages.raws(connection, [seq])[seq]


def _outward(
    config: Config, library: Library, known: Mapping[str, Format], books: Callable[[int | None], BookView], answers: Answers
) -> tuple[Mapping[str, Outward], list[Subscription]]:
    """Every ``out:`` line and its subscriptions."""
    lines: dict[str, Outward] = {}
    subscribed: list[Subscription] = []
    for name, system in config.systems.items():
        for block in system.out:
            sender = senders()[block.connector](block.settings)
            if block.on == SYNTAX:
                line, type = compile_syntax(name, system, block, known, books, sender), SYNTAX
                render: Renderer = answers.renderer(line)
            else:
                line, render, type = compile_mapped(name, system, block, library, known, books, sender)
            lines[line.name] = line
            subscribed += line.subscriptions(type, render)
    return lines, subscribed


def _inward(config: Config) -> Mapping[tuple[str, str], tuple[Door, Any]]:
    """Every ``in:`` line's transport and where what it brings is put."""
    return {
        (name, block.name): (_door(name, block, config), receivers()[block.connector](block.settings))
        for name, system in config.systems.items()
        for block in system.in_
    }


def _door(system: str, block: In, config: Config) -> Door:
    return Door(system, block.name, block.partition_by, block.limits.message_bytes or config.hub.limits.message_bytes)


def _parties(ways: Ways) -> Callable[[str, Mapping[str, Any] | None], tuple[str, str]]:
    """Owner and counterparty of a document: the system's party, and who buys or whose stock it is."""
    owners = {way.system: way.party for way in ways.ways.values()}

    def parties(system: str, body: Mapping[str, Any] | None) -> tuple[str, str]:
        other = next((body[role] for role in ("buyer", "location", "ship_from") if role in body), None) if body else None
        return owners.get(system, system), str(other["party"]) if isinstance(other, Mapping) else ""

    return parties
