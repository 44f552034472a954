"""Translation is a pure function: the same arguments give the same bytes, and nothing else is looked at.

Every mapping of the library runs with network, database, clock, random numbers and files shut off, in two processes with
different hash seeds. Then a real hub: a few hundred messages, one code row and one mapping changed; with the inputs of then
nothing differs, as known now exactly what rests on the change differs, and a restart changes neither.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path
from random import Random

import pytest

from hub.codebook import CodeLine
from hub.plugins import Library
from hub.simulate.goods import ARTICLES
from hub.simulate.orders import Order
from tests.proofs.hubs import HUB_YAML, ME, World, orders, world
from tests.proofs.pure import WorldTouched, run, shut

MANY = 240
SILENT = re.sub(r"\n    out:.*(?:\n      - .*)*", "", HUB_YAML)
"""The hub without ways out: what is sent does not matter here."""
ROOT = Path(__file__).parents[2]


def printed(seed: str) -> bytes:
    done = subprocess.run(
        [sys.executable, "-m", "tests.proofs.pure"], cwd=ROOT, env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def test_two_processes_with_other_hash_seeds_say_the_same_without_the_world() -> None:
    first, second = printed("1"), printed("4242")
    assert first == second
    said = first.decode().splitlines()
    assert {name for name in Library().names() if any(line.startswith(f"({name!r},") for line in said)} == set(Library().names())
    assert said == run()


def test_the_shutter_shuts() -> None:
    with shut(), pytest.raises(WorldTouched):
        time.time()
    assert time.time() > 0


ARTICLE = ARTICLES[2]
FREED = "09506000999999"


def rests_on_code(given: tuple[str, str, bytes, Order]) -> bool:
    """An order of the Zhejiang agent with the article by the piece (its files carry no GTIN that could contradict)."""
    return given[0] == "agent-zj" and any(line.article is ARTICLE and not line.case for line in given[3].lines)


def rests_on_mapping(given: tuple[str, str, bytes, Order]) -> bool:
    return given[0] == "wms-3pl"


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A hub after its traffic and after both changes; the numbers of the messages that rest on each."""
    made = World(tmp_path_factory.mktemp("law"), SILENT)
    made.stock()
    given = list(orders(Random(11), MANY))
    seqs = [made.give(system, way, raw, settle=False) for system, way, raw, _ in given]
    made.hub.flow.settle()
    made.told = dict(zip(seqs, given, strict=True))
    assert all(one.same for one in made.replayed(seqs, then=False).values())
    row = CodeLine("item", "agent-zj", ARTICLE.agent, FREED, context="EA", level="EA")
    made.hub.commands.set_codes(ME, [row, CodeLine("pack", "agent-zj", FREED, "EA", context="EA")])
    text = made.hub.library.text("x12/po850.order").replace("  number: BEG.BEG03\n", "  number: BEG.BEG03\n  note: ST.ST02\n")
    place = made.folder / "maps" / "x12" / "po850.order.yaml"
    place.parent.mkdir(exist_ok=True)
    place.write_text(text.replace("examples/po850.json", "examples/edited.json"), "utf-8")
    made.restart()
    return made


@pytest.mark.parametrize("restarts", [0, 1])
def test_then_nothing_differs_and_now_exactly_what_rests_on_the_change(changed: World, restarts: int) -> None:
    for _ in range(restarts):
        changed.restart()
    told = changed.told
    then = changed.replayed(list(told), then=True)
    assert len(then) == MANY
    assert {at for at, one in then.items() if not one.same or one.inputs_before != one.after.inputs} == set()
    now = changed.replayed(list(told), then=False)
    coded = {seq for seq, given in told.items() if rests_on_code(given)}
    mapped = {seq for seq, given in told.items() if rests_on_mapping(given)}
    assert len(coded) > 5
    assert len(mapped) == MANY // 5
    assert {seq for (seq, _), one in now.items() if not one.same} == coded | mapped
    for (seq, _), one in now.items():
        targets = {change["target"] for change in one.changes}
        assert not one.after.problems, one.after.problems
        allowed = ("/note",) if seq in mapped else ("/item/",)
        assert all(any(word in target for word in allowed) for target in targets), targets


def test_a_definition_of_then_is_kept_too(tmp_path: Path) -> None:
    """An upload that cuts a field shorter changes what is known now, and nothing of what was read before."""
    [flat] = [given for given in orders(Random(11), 2) if b"EDI_DC40  " in given[2]]
    shorter = (ROOT / "adapters" / "grammars" / "idoc" / "orders05.txt").read_text("utf-8").replace("NAME1:35", "NAME1:5", 1)
    with world(tmp_path, SILENT) as one:
        one.stock()
        seq = one.give(*flat[:3])
        before = one.replayed([seq], then=True)
        for text in (shorter, shorter.replace("NAME1:5", "NAME1:6")):
            one.hub.commands.add_definition(ME, "idoc", "ORDERS05", text)
            one.restart()
            [then] = one.replayed([seq], then=True).values()
            assert (then.same, then.after.inputs) == (True, then.inputs_before)
            [now] = one.replayed([seq], then=False).values()
            assert {change["target"] for change in now.changes} == {"/buyer/name", "/ship_to/name"}
            _, traced = one.hub.replay.trace(seq, 1, now=False)
            assert traced is not None
            assert traced.result.body == one.body(seq)
        assert one.replayed([seq], then=True) == before


def test_a_fresh_hub_over_the_same_messages_has_the_same_bodies(tmp_path: Path) -> None:
    given = list(orders(Random(11), 10))
    bodies = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        with world(tmp_path / name, SILENT) as one:
            one.stock()
            seqs = [one.give(system, way, raw, settle=name == "a") for system, way, raw, _ in given]
            one.hub.flow.settle()
            bodies.append([again.before for again in one.replayed(seqs, then=True).values()])
    assert bodies[0] == bodies[1]
    assert None not in bodies[0]
