"""``hub/flow.py`` is the path on one screen, and what it says is what happens; looking into a file needs no store.

The order of the steps of one message is recorded from the signals of a real hub and compared with the order that the file's
drawing states. ``hub read`` and ``hub translate --codes`` run in a process in which the database, the broker and the web
cannot be imported.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from hub import flow
from hub import signals as names
from hub.simulate.goods import ARTICLES, codes_csv
from tests.proofs.hubs import HUB_YAML, ROOT, World, absolute, orders, world

FLOW = Path(str(flow.__file__))
STEPS = {
    "RECEIVE": names.RECEIVED,
    "TRANSLATE": names.TRANSLATED,
    "ADMIT": names.ADMITTED,
    "APPLY": names.APPLIED,
    "DELIVER": names.DELIVERED,
}


def drawn() -> list[str]:
    """The steps in the order in which the drawing at the top of the file names them."""
    text = FLOW.read_text("utf-8").split('"""')[1]
    found = re.findall(r"\b(RECEIVE|TRANSLATE|ADMIT|APPLY|DELIVER)\b", text)
    return list(dict.fromkeys(STEPS[word] for word in found))


def test_the_path_fits_on_one_screen() -> None:
    lines = FLOW.read_text("utf-8").splitlines()
    assert len(lines) <= 100
    assert drawn() == list(names.STEPS)
    for step in ("receive", "translate", "admit", "apply", "deliver"):
        assert (FLOW.parent / "stages" / f"{step}.py").is_file()


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("flow")) as one:
        one.stock()
        yield one


@pytest.mark.parametrize("kind", range(5))
def test_a_message_takes_the_steps_in_the_order_drawn(hub: World, kind: int) -> None:
    heard: list[str] = []
    hub.hub.signals.connect(lambda name, facts: heard.append(name))
    *_, (system, way, raw, _) = list(orders(Random(4), kind + 1))
    seq = hub.give(system, way, raw)
    assert hub.message(seq)["states"] == {"applied": 1}
    steps = [name for name in heard if name in names.STEPS]
    assert list(dict.fromkeys(steps)) == drawn()
    last = {name: len(steps) - 1 - steps[::-1].index(name) for name in drawn()}
    assert last[names.RECEIVED] < steps.index(names.TRANSLATED)
    assert last[names.APPLIED] < steps.index(names.DELIVERED)


def test_nothing_is_told_before_the_commit(hub: World) -> None:
    """At each signal another connection finds what the signal tells of."""
    seen: list[tuple[str, dict[str, int]]] = []
    before = hub.summary()
    hub.hub.signals.connect(lambda name, facts: seen.append((name, hub.summary())), names.RECEIVED, names.APPLIED, names.DELIVERED)
    *_, (system, way, raw, _) = list(orders(Random(4), 6))
    hub.give(system, way, raw)
    at = dict(reversed(seen))
    assert at[names.RECEIVED]["received"] == before["received"] + 1
    assert at[names.APPLIED]["applied"] == before["applied"] + 1
    assert at[names.DELIVERED]["delivered"] >= before["delivered"] + 1


BLOCKED = ("sqlalchemy", "pika", "fastapi", "uvicorn", "alembic")
SHUT = f"""
import sys
class Shut:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {BLOCKED!r}:
            raise ImportError(f"{{name}} is shut off")
sys.meta_path.insert(0, Shut())
from hub.cli.app import main
sys.argv = ["hub", *sys.argv[1:]]
main()
"""


def shut_off(folder: Path, *words: str) -> list[dict[str, Any]]:
    """A command of the command line without database, broker and web; its objects."""
    done = subprocess.run(
        [sys.executable, "-c", SHUT, *words, "--json"],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_looking_into_a_message_needs_no_store(tmp_path: Path) -> None:
    (tmp_path / "maps").mkdir()
    (tmp_path / "hub.yaml").write_text(absolute(HUB_YAML, tmp_path), "utf-8")
    ratios = "".join(
        f"pack,{name},{id},{unit},EA,,1\n"
        for name in ("agent-js", "wms-3pl")
        for one in ARTICLES
        for id, unit in ((one.gtin.zfill(14), "EA"), (one.case_gtin, "CS"))
    )
    (tmp_path / "codes.csv").write_text(codes_csv() + ratios, "utf-8")
    for system, way, raw, order in orders(Random(4), 5):
        if system in ("agent-js", "wms-3pl"):
            (tmp_path / "message").write_bytes(raw)
            *documents, summary = shut_off(tmp_path, "read", "message")
            assert (summary["summary"]["readable"], summary["summary"]["documents"]) == (True, len(documents))
            words = ("--system", system, "--codes", "codes.csv", "--way", way, "--trace")
            [row] = shut_off(tmp_path, "translate", "message", *words)
            assert row["body"]["number"] == order.number
            assert row["trace"]["/number"]["source"]["holds"] is True


def test_the_shutter_shuts(tmp_path: Path) -> None:
    words = [sys.executable, "-c", SHUT, "summary"]
    done = subprocess.run(words, cwd=tmp_path, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False)
    assert "is shut off" in done.stderr
