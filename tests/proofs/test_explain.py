"""Every value of every format can be explained to the byte, also where all values of a message are equal.

For each leaf: cutting the place and doing the named steps gives the source text, running the derivation again gives the value,
and two different fields never share a place. Then the command line, on a GBK message, before and after its mapping changed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from adapters.base import apply_steps
from canonical_model.places import Bytes
from hub.cli.app import app
from hub.codebook import CodeLine
from hub.simulate import idocs, sets
from hub.simulate.idocs import Segment
from hub.simulate.tables import KD_HEAD
from hub.stages.translate import Envelope, trace_document
from mappings.language import replay, sources_of
from mappings.language.api import Derivation
from mappings.language.derivations import as_text, flat
from mappings.language.example_codes import ExampleCodes
from tests.proofs.hubs import ME, World, world
from tests.samples import SAMPLES, need_samples

EVERY = ExampleCodes({table: {"*": "*"} for table in ("unit", "party", "item", "pack")}, "proof")
ENVELOPE = Envelope("proof", datetime(2026, 11, 25, 8, 30, tzinfo=UTC), "file", {}, "in")
DATE = "20261107"

Say = Callable[[], str]
Made = tuple[str, str, bytes]


def order_segments(say: Say, lines: int) -> tuple[Segment, ...]:
    """An ORDERS05 whose fields are whatever ``say`` gives; qualifiers, currency and dates are what they must be."""
    heads = (
        Segment("E1EDK01", {"CURCY": "CNY", "BSART": say(), "BELNR": say()}),
        Segment("E1EDK03", {"IDDAT": "012", "DATUM": DATE}),
        Segment("E1EDK03", {"IDDAT": "002", "DATUM": DATE}),
        *(Segment("E1EDKA1", {"PARVW": role, "PARTN": say(), "NAME1": say()}) for role in ("AG", "LF", "WE", "RE")),
        *(Segment("E1EDK02", {"QUALF": number, "BELNR": say()}) for number in ("001", "002")),
    )
    return (*heads, *(order_line(say) for _ in range(lines)))


def order_line(say: Say) -> Segment:
    fields = {"POSEX": say(), "MENGE": say(), "MENEE": say(), "VPREI": say(), "PEINH": say()}
    names = tuple(Segment("E1EDP19", {"QUALF": q, "IDTNR": say(), "KTEXT": say()}) for q in ("001", "002"))
    return Segment("E1EDP01", fields, (Segment("E1EDP20", {"WMENG": say(), "EDATU": DATE}), *names))


def as_idoc(say: Say, lines: int, charset: str, form: str) -> Made:
    idoc = idocs.Idoc(7, "ORDERS05", "ORDERS", order_segments(say, lines))
    if form == "flat":
        return "sap-hq", "files", idocs.flat(idoc).decode().encode(charset)
    return "sap-hq", "files", idocs.xml(idoc).decode().replace("UTF-8", charset).encode(charset)


def as_x12(say: Say, lines: int, charset: str, form: str) -> Made:
    rows = [f"BEG*00*SA*{say()}**{DATE}", f"DTM*002*{DATE}", "CUR*BY*CNY", f"N1*BY*{say()}*92*{say()}", f"N1*ST*{say()}*92*{say()}"]
    for _ in range(lines):
        rows += [f"PO1*{say()}*{say()}*{say()}*{say()}**VN*{say()}*BP*{say()}", f"PID*F****{say()}"]
    return "wms-3pl", "x12", sets.interchange(7, "PO", [("850", [*rows, f"CTT*{lines}"])], "2026-11-07")


def as_table(say: Say, lines: int, charset: str, form: str) -> Made:
    number, buyer, name = say(), say(), say()
    quote = '"' if form == "xml" else ""
    rows = [[DATE_CELL, number, say(), buyer, name, say(), say(), "", say(), say(), say(), say()] for _ in range(lines)]
    text = "\r\n".join([KD_HEAD, *(",".join(f"{quote}{cell}{quote}" if cell else "" for cell in row) for row in rows)])
    return "agent-js", "js", text.encode("utf-8-sig" if charset == "utf-8" else charset)


DATE_CELL = "2026-11-07"


def as_json(say: Say, lines: int, charset: str, form: str) -> Made:
    stock = [{"sku": say(), "uom": say(), "qty": say(), "lot": say()} for _ in range(lines)]
    body = {"report": say(), "warehouse": say(), "asOf": "2026-11-07T07:00:00+08:00", "stock": stock}
    return "wms-3pl", "stock", json.dumps(body, ensure_ascii=form == "flat", indent=2 if form == "xml" else None).encode("utf-8")


KINDS: Mapping[str, Callable[[Say, int, str, str], Made]] = {"idoc": as_idoc, "x12": as_x12, "table": as_table, "json": as_json}


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("explain"))


@pytest.mark.parametrize("kind", KINDS)
@given(
    st.sampled_from([["7"], ["7"], ["7", "77"], ["1", "07", "7.50", "100", "700"]]),
    st.integers(1, 4),
    st.sampled_from(["utf-8", "gbk", "utf-16"]),
    st.sampled_from(["xml", "flat"]),
    st.randoms(use_true_random=False),
)
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_every_leaf_of_every_format(hub: World, kind: str, values: list[str], lines: int, charset: str, form: str, random: Any) -> None:
    system, name, raw = KINDS[kind](lambda: random.choice(values), lines, charset, form)
    way = hub.hub.ways.way(system, name)
    inputs = replace(way.inputs(hub.hub.replay.books(None)), codes=EVERY)
    [*documents] = way.format.read(raw, **way.options)
    assert documents
    for document in documents:
        traced = trace_document(document, ENVELOPE, inputs)
        assert traced is not None
        assert traced.result.body is not None, traced.result.problems
        check(dict(flat(traced.result.body)), traced.leaves, raw)


def check(body: Mapping[str, Any], leaves: Mapping[str, Derivation], raw: bytes) -> None:
    """Of all leaves: each is there, its bytes give its text, its derivation its value, and no two fields share a place."""
    assert set(body) == set(leaves)
    field_at: dict[Bytes, str] = {}
    for pointer, value in body.items():
        assert as_text(replay(leaves[pointer], raw, EVERY)) == value, pointer
        for one in sources_of(leaves[pointer]):
            assert one.source is not None
            place = one.source.place
            assert isinstance(place, Bytes)
            assert apply_steps(raw[place.start : place.end], one.source.steps) == one.source.text
            assert field_at.setdefault(place, one.source.path) == one.source.path, place
    places: dict[str, set[Bytes]] = {}
    for at, path in field_at.items():
        places.setdefault(path, set()).add(at)
    assert all(len(found) == 1 for found in places.values())


# ---- the command line


LENIENT = ("unit: MENEE | code(unit)", "unit: MENEE | default('PCE') | code(unit)")
CHANGED = ("  number: E1EDK02[QUALF=001].BELNR\n", "  number: \"'NEW ' & E1EDK02[QUALF=001].BELNR\"\n")


def edit(hub: World, *changes: tuple[str, str]) -> None:
    """The library's order mapping as the user's own, edited; active after a restart."""
    text = hub.hub.library.text("sap/orders05.order")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    place = hub.folder / "maps" / "sap" / "orders05.order.yaml"
    place.parent.mkdir(exist_ok=True)
    place.write_text(text, "utf-8")
    hub.restart()


def supply(hub: World, seq: int) -> None:
    """Set the code rows that a message waits for, until it waits for none."""
    for _ in range(5):
        keys = {hold["key"] for document in hub.message(seq)["documents"] for hold in document.get("holds", ())}
        parts = ([unquote(part) for part in key.split(":")] for key in keys)
        meant = {"unit": "EA", "pack": "EA", "item": "sap-hq:{}", "party": "{}"}
        lines = [CodeLine(table, "sap-hq", code, meant[table].format(code), context=unit) for table, _, code, unit in parts]
        if not lines:
            return
        hub.hub.commands.set_codes(ME, lines)
        hub.hub.flow.settle()


def explained(hub: World, seq: int, *words: str) -> dict[str, dict[str, Any]]:
    done = CliRunner().invoke(app, ["explain", str(seq), *words, "--config", str(hub.file), "--json"])
    assert done.exit_code == 0, done.stdout
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    return {row["target"]: row for row in rows}


def every_source(row: Mapping[str, Any]) -> list[dict[str, Any]]:
    below = [one for part in row.get("inputs", ()) for one in every_source(part)]
    return [row["source"], *below] if "source" in row else below


@need_samples
def test_a_gbk_message_through_hub_explain_before_and_after_its_mapping_changed(tmp_path: Path) -> None:
    raw = (SAMPLES / "derived_dirty" / "idocxml_orders05_gbk.xml").read_bytes()
    with world(tmp_path) as hub:
        edit(hub, LENIENT)
        seq = hub.give("sap-hq", "files", raw)
        supply(hub, seq)
        before = explained(hub, seq)
        assert hub.message(seq)["states"] == {"applied": 1}
        sources = [source for row in before.values() for source in every_source(row)]
        assert len(sources) > 20
        for source in sources:
            start, end = source["place"]["start"], source["place"]["end"]
            assert source["holds"] is True
            assert raw[start:end] == source["raw"].encode("latin-1")
        [name] = every_source(before["/ship_to/name"])
        start, end = name["place"]["start"], name["place"]["end"]
        assert raw[start:end].decode("gbk") == before["/ship_to/name"]["value"]
        assert any("一" <= letter <= "鿿" for letter in before["/ship_to/name"]["value"])
        edit(hub, CHANGED)
        assert explained(hub, seq) == before
        assert explained(hub, seq, "/number", "--now")["/number"]["value"] == f"NEW {before['/number']['value']}"
        assert explained(hub, seq, "/number")["/number"]["value"] == before["/number"]["value"]
