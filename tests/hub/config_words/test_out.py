"""Words of an out line: who gets what, in which bytes."""

from __future__ import annotations

from pathlib import Path

import pytest

from canonical_model.problems import Misconfigured
from tests.hub.config_words.hubs import World, agent, order, stock, table, world

LINE = "out: [{on: order_response, name: answer, mapping: agents/kd/answer, connector: file_drop, out: out/a%s}]"


def gave(folder: Path, words: str, *buyers: str, raw: bytes | None = None) -> list[bytes]:
    """What is written when these buyers order."""
    with world(folder, agent(out=LINE % words)) as hub:
        hub.give("w", stock())
        for number, buyer in enumerate(buyers):
            hub.give("a", raw or order(f"O{number}", buyer=buyer))
        return hub.written("a")


@pytest.mark.parametrize(
    ("words", "count"),
    [
        ("", 1),
        (", party: AG-2", 1),
        (", party: [AG-1, AG-2]", 2),
        (", party: '*'", 2),
        (", party: AG-9", 0),
        (", function: buyer", 1),
        (", function: buyer, party: AG-2", 1),
        (", function: buyer, party: '*'", 2),
        (", function: seller, party: AG-1", 0),
        (", function: ship_to, party: '*'", 0),
    ],
)
def test_party_and_function_choose(tmp_path: Path, words: str, count: int) -> None:
    assert len(gave(tmp_path, words, "K1", "K2")) == count


def test_function_concerns_whom_the_document_names_not_whom_it_is_for(tmp_path: Path) -> None:
    """A stock report is the warehouse's own; the agent of the line gets it because he is its location."""
    out = "out: [{on: order, name: copy, mapping: own/copy, connector: file_drop, out: out/b, party: AG-2%s}]"
    (tmp_path / "maps/own").mkdir(parents=True)
    (tmp_path / "maps/own/copy.yaml").write_text(COPY, "utf-8")
    for name, text in (("given.json", GIVEN), ("gives.json", '{"no": "O1"}')):
        (tmp_path / "maps/own" / name).write_text(text, "utf-8")
    config = agent(hub=", folders: {mappings: [maps]}").replace("    party: WH-1\n", f"    party: WH-1\n    {out}\n")
    with world(tmp_path, config % "") as hub:
        hub.give("a", order("O1", buyer="K2"))
        assert hub.written("b") == []
        hub.again(config % ", function: buyer")
        hub.give("a", order("O2", buyer="K2"))
        hub.give("a", order("O3", buyer="K1"))
        assert [b"O2" in one for one in hub.written("b")] == [True]


COPY = """mapping: own/copy
source: {format: canonical, type: order/1}
target: {format: json, type: copy}
map:
  no: number
examples:
  - given: given.json
    gives: gives.json
"""
GIVEN = """{"number": "O1", "currency": "CNY", "buyer": {"party": "AG-1", "given": []}, "lines": [{"id": "1",
"item": {"id": "09506000001012", "given": []}, "quantity": {"value": "1", "unit": "EA"}}]}"""


@pytest.mark.parametrize(("word", "fact"), [("warehouse", "names nobody as warehouse"), ("boss", "")])
def test_a_function_that_the_type_does_not_have_stops_the_start(tmp_path: Path, word: str, fact: str) -> None:
    with pytest.raises(Misconfigured) as error:
        World(tmp_path, agent(out=LINE % f", function: {word}"))
    assert fact in str(error.value)
    assert "buyer" in str(error.value)


def test_charset_and_options_are_how_it_is_written(tmp_path: Path) -> None:
    raw = table(("O1", "1", "K1", "I1", "5", "8.50"))
    [plain] = gave(tmp_path, "", "K1", raw=raw)
    (tmp_path / "two").mkdir()
    [other] = gave(tmp_path / "two", ', charset: utf-8, options: {delimiter: "|", line_end: lf}', "K1", raw=raw)
    assert other.decode("utf-8").replace("|", ",").replace("\n", "\r\n") == plain.decode("gbk")


@pytest.mark.parametrize(("words", "fix"), [(", options: {delimitre: x}", "delimiter"), (", charset: klingon", "")])
def test_a_word_that_the_writer_does_not_know_stops_the_start(tmp_path: Path, words: str, fix: str) -> None:
    with pytest.raises(Misconfigured) as error:
        World(tmp_path, agent(out=LINE % words))
    assert error.value.at == "systems.a.out.answer"
    assert fix in error.value.fix


def test_content_type_is_told_to_the_receiver(tmp_path: Path) -> None:
    with world(tmp_path, agent(out=LINE % ", content_type: text/plain")) as hub:
        hub.give("w", stock())
        hub.give("a", order())
        assert [path.suffix for path in (tmp_path / "out/a").glob("[!.]*") if path.is_file()] == [".txt"]


def test_a_word_missing_for_an_envelope_stops_the_start(tmp_path: Path) -> None:
    line = "out: [{on: order_response, name: '855', mapping: x12/ack855.response, connector: file_drop, out: out/a%s}]"
    with pytest.raises(Misconfigured, match="X12 needs ISA06"):
        World(tmp_path, agent(out=line % ""))
    with pytest.raises(Misconfigured, match="'sendr' is no word"):
        World(tmp_path, agent(out=line % ", options: {sendr: A, receiver: B}"))
    with world(tmp_path, agent(out=line % ", options: {sender: A, receiver: B}")):
        pass
