"""The benchmark of translation compares like with like: every side says the same of every message. Nothing is timed here."""

from __future__ import annotations

from benchmarks import _controls as controls
from benchmarks import translate
from benchmarks._orders import LINES, draw, draw_codes
from hub.stages.translate import translate as law


def test_every_side_gives_the_same_canonical_body() -> None:
    given, codes, idocs = translate.inputs(), draw_codes(), draw(3)
    ours = {"hub": translate.hub(given), "alike": translate.alike(given)}
    read = controls.flat_reader()
    flat = {**ours, "by_hand": controls.by_hand(read, codes), "jsonata": controls.by_jsonata(read, codes)}
    translate.agree(flat, [one.flat() for one in idocs])
    translate.agree({**ours, "by_hand": controls.by_hand(controls.read_xml, codes)}, [one.xml() for one in idocs])


def test_messages_are_what_the_report_says() -> None:
    first, second = draw(2)
    assert first.flat() != second.flat()
    assert draw(2)[1].flat() == second.flat()
    assert first.flat().count(b"\n") == 102
    assert len([one for one in first.segments if one.type == "E1EDP01"]) == LINES


def test_both_forms_have_the_same_body_key_and_numbers() -> None:
    given = translate.inputs()
    one = draw(1)[0]
    flat, xml = (next(law(raw, translate.ENVELOPE, given)) for raw in (one.flat(), one.xml()))
    assert flat.canonical == xml.canonical
    assert (flat.key, flat.numbers, flat.revision, flat.technical) == (xml.key, xml.numbers, xml.revision, xml.technical)
    assert flat.findings == xml.findings == ()


def test_steps_are_measured_in_both_forms() -> None:
    given, one = translate.inputs(), draw(1)[0]
    assert list(translate.steps(given, [one.flat()])) == list(translate.steps(given, [one.xml()]))
