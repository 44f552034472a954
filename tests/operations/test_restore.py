"""The page on backup and restore, typed: traffic, a backup, more traffic, the disk is lost, a point in time, everybody sends again.

What must come out: every document is applied once, nothing that a partner was told came with two contents, and what came twice
is what the page says: what was made in the lost time, once more, under a number of its own.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hub.commands import Actor
from tests.operations.house import House, until
from tests.operations.page import Terminal, blocks, typed
from tests.operations.partners import Act
from tests.operations.server import Server
from tests.services.rabbitmq import Node
from tests.services.subscriber import Subscribe

PAGE = "back-up-and-restore.md"
POINT = "2026-11-25 08:30:00+08"


@dataclass(frozen=True, slots=True)
class Story:
    """Orders by what became of them: settled before the point; open at it and sent after it; received after it."""

    settled: list[Act]
    open: list[Act]
    lost: list[Act]


@pytest.fixture
def broker(rabbit: Node) -> str:
    return rabbit.url()


@pytest.fixture
def house(tmp_path: Path, server: Server, broker: str) -> Iterator[House]:
    settings = next(block.text for block in blocks(PAGE, "Back up PostgreSQL") if block.language == "ini")
    server.make(settings.replace("/var/backups/hub", str(server.backups)))
    with House(tmp_path, server.url, broker) as made:
        yield made


def start(house: House) -> None:
    house.start("worker")
    house.start("api")
    house.ready()


def until_the_point(house: House) -> list[Act]:
    """Some answers are open at the point: their receivers are away."""
    partners, before = house.partners, len(house.partners.sent)
    partners.sap.away = partners.wms.away = True
    house.orders(6)
    assert until(lambda: house.counts()["work"] == 0 and partners.accepted_files() >= numbers(partners.sent, "AGT"))
    assert until(lambda: len(partners.answers("agent")) == len(numbers(partners.sent, "AGT")))
    return partners.sent[before:]


def numbers(acts: list[Act], prefix: str = "") -> set[str]:
    return {act.number for act in acts if act.number.startswith(prefix)}


def after_the_point(house: House) -> list[Act]:
    partners, before = house.partners, len(house.partners.sent)
    partners.sap.away = partners.wms.away = False
    house.orders(12)
    house.quiet()
    return partners.sent[before:]


def check_names(house: House) -> None:
    """No name, by which a receiver knows a repeat, was used for two contents."""
    for who in ("sap", "wms", "agent"):
        told: dict[str, set[bytes]] = {}
        for one in house.partners.answers(who):
            told.setdefault(one.name, set()).add(one.payload)
        assert {name: len(payloads) for name, payloads in told.items() if len(payloads) > 1} == {}


def check_answers(house: House, story: Story) -> None:
    """Names that each order was answered under: two for what was lost, one for the rest. Bytes that came more than once: at SAP
    by its own repeats, at the warehouse for what was open, nothing in a folder."""
    told = {who: house.partners.answers(who) for who in ("sap", "wms", "agent")}
    names = Counter(one.order for who in told for one in {(receipt.name, receipt.order): receipt for receipt in told[who]}.values())
    assert names == {act.number: 1 for act in (*story.settled, *story.open)} | {act.number: 2 for act in story.lost}
    again = {who: Counter(one.order for one in told[who]) for who in told}
    assert {n for n, count in again["sap"].items() if count == 2} == numbers(story.settled + story.open + story.lost, "SAP")
    assert {n for n, count in again["wms"].items() if count == 2} == numbers(story.open + story.lost, "WMS")
    assert {n for n, count in again["agent"].items() if count == 2} == numbers(story.lost, "AGT")
    assert max(max(counts.values()) for counts in again.values()) == 2


def send_again(house: House, story: Story, terminal: Terminal) -> None:
    """As the page says: each partner everything, with the same keys; files by their place."""
    [find] = typed(PAGE, "What partners send again")
    terminal.type(find)
    kept, lost = house.partners.resend()
    assert kept == numbers(story.settled + story.open, "WMS")
    assert lost == numbers(story.lost, "WMS")


def settle_doubts(house: House, terminal: Terminal) -> None:
    """The operator looks at SAP, sees that it has both, and says so."""
    [shown] = [block for block in typed(PAGE, "Restore PostgreSQL to a point in time") if block.text == "hub deliveries\n"]
    doubtful = [line.split()[0] for line in terminal.type(shown).splitlines() if "uncertain" in line]
    assert len(doubtful) == 2
    house.commands(lambda commands: [commands.delivery_sent(Actor("operator"), int(id), "SAP has it") for id in doubtful])


def check_lost(house: House, story: Story) -> None:
    """The number in a 202 tells its sender whether the message was lost."""
    for act in story.settled + story.open + story.lost:
        if act.message is not None:
            assert house.partners.status(act.message) == (404 if act in story.lost else 200)


def check(house: House, story: Story) -> None:
    assert house.applied() == {act.number: 1 for act in house.partners.sent}
    assert house.broken() == {}
    check_names(house)
    check_answers(house, story)


def test_a_point_in_time_restore_of_postgresql(house: House, server: Server, broker: str, subscribe: Subscribe) -> None:
    places = {"/var/lib/postgresql/15": str(server.folder), "/var/backups/hub": str(server.backups), "/srv/agent": str(house.folder)}
    places |= {"-C / ": f"-C {house.folder.parent} ", "etc/hub": house.folder.name}
    terminal = Terminal(house.folder, places, {"postgres": server.environment})
    house.prepare()
    start(house)
    reader = subscribe(broker)
    house.begin_day()
    house.orders(9)
    sending = threading.Thread(target=house.orders, args=(9,))
    sending.start()
    for block in typed(PAGE, "Back up PostgreSQL"):
        terminal.type(block)
    assert (server.backups / "etc-hub.tgz").stat().st_size > 1000
    sending.join()
    house.quiet()
    settled = list(house.partners.sent)
    left = until_the_point(house)
    assert until(lambda: house.counts()["leaving"] == 4), house.counts()  # a file lies there before its delivery is marked as sent
    point = str(server.ask("select clock_timestamp()::text"))
    time.sleep(0.1)
    story = Story(settled, left, after_the_point(house))
    server.archived()
    assert set(house.partners.answered().values()) == {1}
    told_before = len(reader.told)

    for name in list(house.processes):
        house.kill(name)
    house.forget()
    server.destroy()
    terminal.places[POINT] = point
    stop, restore, tell, *_ = blocks(PAGE, "Restore PostgreSQL to a point in time")
    assert (stop.language, restore.user) == ("console", "postgres")
    terminal.type(restore)
    said = terminal.type(tell)
    assert "every number moved on by 1000000, 2 deliveries in doubt" in said
    assert f"wms-{max(int(act.number[3:]) for act in story.open if act.number.startswith('WMS'))}" in said

    start(house)
    settle_doubts(house, terminal)
    check_lost(house, story)
    send_again(house, story, terminal)
    house.quiet()
    check(house, story)
    assert until(lambda: len(reader.told) >= told_before + 2 * len(story.lost))
    reader.stop()
    assert all(len(bodies) == 1 for bodies in reader.told.values())
    assert {k.rpartition(":")[2] for k, n in reader.told if n > 1_000_000} == numbers(story.lost)


def test_a_restore_of_the_embedded_store(tmp_path: Path) -> None:
    backups = tmp_path / "backups"
    backups.mkdir()
    with House(tmp_path, f"sqlite:///{tmp_path}/var/hub.db") as house:
        places = {"/var/backups/hub": str(backups), "/srv/agent": str(tmp_path), "/etc/hub": str(tmp_path)}
        places["/var/lib/hub"] = str(tmp_path / "var")
        places |= {"127.0.0.1:8080": f"127.0.0.1:{house.port}"}
        terminal = Terminal(tmp_path, places, {})
        house.prepare()
        house.start("api", "run")
        house.ready()
        house.begin_day()
        house.orders(9)
        [watch] = typed("operate.md", "What to watch")
        assert "hub_store_up 1.0" in terminal.type(watch)
        [copy] = typed(PAGE, "Back up the embedded store")
        terminal.type(copy)
        house.quiet()
        settled = list(house.partners.sent)
        left = until_the_point(house)
        terminal.type(copy)
        terminal.places[POINT] = datetime.now(UTC).isoformat(" ")
        story = Story(settled, left, after_the_point(house))
        house.kill("api")
        house.forget()
        (tmp_path / "var/hub.db").write_bytes(b"destroyed")
        [restore] = typed(PAGE, "Restore the embedded store")
        said = terminal.type(restore)
        assert "every number moved on by 1000000, 2 deliveries in doubt" in said
        house.start("api", "run")
        house.ready()
        settle_doubts(house, terminal)
        check_lost(house, story)
        send_again(house, story, terminal)
        house.quiet()
        check(house, story)
