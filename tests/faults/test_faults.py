"""The ordinary share of the fault harness: twenty kills on each set-up, and each switch that breaks a rule is seen. Seeds are printed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from random import SystemRandom
from typing import Any

import pytest

from hub.simulate.goods import ARTICLES
from hub.simulate.idocs import Idoc
from hub.simulate.orders import Order
from tests.faults.corpus.goods import SCARCE, UNSOLD, plenty
from tests.faults.corpus.model import Doc
from tests.faults.corpus.numbers import MOST, article_of, day_of
from tests.faults.corpus.plan import Corpus
from tests.faults.corpus.writing import written
from tests.faults.rules import BREAKS
from tests.faults.verdict.findings import Findings
from tests.faults.verdict.judge import Entry, judge
from tests.services.postgres import binaries
from tests.services.private import Unavailable
from tests.services.processes import ROOT
from tests.services.rabbitmq import BIN


def faults(*words: str) -> tuple[int, dict[str, Any], str]:
    """Run the command; its exit code, the object of its last line, and what it told people."""
    command = [sys.executable, "-m", "tests.faults", "--json", "--seed", str(SystemRandom().randrange(1, 1_000_000)), *words]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=600)
    print(done.stderr[-3000:])
    return done.returncode, json.loads(done.stdout.splitlines()[-1]), done.stderr


def need(setup: str) -> None:
    if setup == "production":
        try:
            binaries()
        except Unavailable as error:
            pytest.skip(f"PostgreSQL: {error}")
        if not (BIN / "rabbitmq-server").exists():
            pytest.skip("RabbitMQ is not installed")


@pytest.mark.parametrize("setup", ["embedded", "production"])
def test_twenty_kills(setup: str) -> None:
    need(setup)
    code, counts, said = faults("--setup", setup, "--kills", "20", "--documents", "1000", "--seconds", "400")
    assert counts["faults"] == []
    assert (code, counts["ok"]) == (0, True)
    assert counts["kills"] >= 20
    assert {counts[name] for name in ("lost", "doubled", "out_of_order", "oversold", "stuck_holds")} == {0}
    assert counts["invariants_asked"] > 0
    assert "seed" in said


@pytest.mark.skipif(not os.environ.get("HUB_TEST_LONG"), reason="some minutes: HUB_TEST_LONG=1, or ./dev faults --break-every")
def test_each_broken_rule_is_seen_and_its_document_named() -> None:
    code, counts, _ = faults("--break-every", "--kills", "2", "--documents", "200", "--seconds", "120")
    assert {name for name in BREAKS if counts[name]["seen"]} == set(BREAKS), counts
    assert all(any("document" in line or "N0" in line for line in counts[name]["faults"]) for name in BREAKS)
    assert (code, counts["ok"]) == (0, True)


def test_a_corpus_is_its_seed() -> None:
    seed = SystemRandom().randrange(1, 1_000_000)
    print(f"seed {seed}")
    first, second = (
        [(packet.number, written(packet)) for block in Corpus(seed, 1200).blocks() for packet in block.packets] for _ in range(2)
    )
    assert first == second
    assert [number for number, _ in first] == list(range(1, len(first) + 1))


def test_no_two_keys_of_a_large_corpus_share_a_day_an_article_or_a_gtin() -> None:
    keys = [*range(2_000), *range(2_000, MOST, 211)]
    assert len({day_of(key) for key in keys}) == len(keys)
    articles = [article_of(key, "") for key in keys]
    assert len({one.material for one in articles}) == len({one.gtin for one in articles}) == len(keys)
    for theirs in (*ARTICLES, SCARCE, UNSOLD):
        assert all(one.material != theirs.material and one.gtin != theirs.gtin for one in articles)
    with pytest.raises(ValueError, match="room"):
        day_of(MOST)


def pieces(doc: Doc) -> Iterator[tuple[str, float]]:
    """(article, at most so many pieces) of each line that a document orders."""
    if isinstance(doc.what, Order):
        yield from ((line.article.material, line.quantity * (line.article.case if line.case else 1)) for line in doc.what.lines)
    if isinstance(doc.what, Idoc) and doc.what.basic == "ORDERS05":
        for line in (one for one in doc.what.segments if one.name == "E1EDP01"):
            code = line.children[0].fields["IDTNR"].lstrip("0")
            yield code, float(line.fields["MENGE"]) * (24 if line.fields["MENEE"] == "CS" else 1)


def test_there_is_more_stock_than_a_corpus_orders() -> None:
    seed = SystemRandom().randrange(1, 1_000_000)
    print(f"seed {seed}")
    ordered: Counter[str] = Counter()
    for code, count in (line for block in Corpus(seed, 3000).blocks() for doc in block.docs for line in pieces(doc)):
        ordered[code] += int(count)
    assert len(ordered) > len(ARTICLES)
    assert max(ordered.values()) < plenty(3000) / 4


def entry(doc: Doc, id: int, state: str, kseq: int | None = None, cases: tuple[str, ...] = ()) -> Entry:
    return Entry(doc, id, doc.system, "k", state, "", id, kseq, cases)


A = Doc("K", "K/1", "revised", "sap-1", "idoc", None, v=1)
B = Doc("K", "K/2", "revised", "sap-1", "idoc", None, v=2)
CHANGED = Doc("K", "K/other", "changed", "sap-1", "idoc", None, "case", v=1)


@pytest.mark.parametrize(
    ("docs", "entries", "kind"),
    [
        ([A, B], [entry(A, 1, "applied", 1), entry(A, 2, "duplicate"), entry(B, 3, "applied", 2)], ""),
        ([A, B], [entry(B, 1, "applied", 1), entry(A, 2, "stale")], ""),
        ([A, B], [entry(A, 1, "applied", 1), entry(B, 2, "stale")], "lost"),
        ([A], [], "lost"),
        ([A], [entry(A, 1, "applied", 1), entry(A, 2, "applied", 2)], "doubled"),
        ([A], [entry(A, 1, "waiting")], "stuck_holds"),
        ([A, B], [entry(B, 1, "applied", 1), entry(A, 2, "applied", 2)], "out_of_order"),
        ([A, CHANGED], [entry(A, 1, "applied", 1), entry(CHANGED, 2, "rejected", cases=("changed",))], ""),
        ([A, CHANGED], [entry(A, 1, "applied", 1), entry(CHANGED, 2, "rejected")], "cases_wrong"),
        ([A, CHANGED], [entry(A, 1, "applied", 1), entry(CHANGED, 2, "applied", 2, ("changed",))], "doubled"),
    ],
)
def test_the_judge(docs: list[Doc], entries: list[Entry], kind: str) -> None:
    found = Findings()
    judge(docs, entries, found, ())
    told = found.told()
    assert (told[kind] > 0) if kind else told["faults"] == []
