"""Generated code: no text of a mapping gets into it but as a literal, and it holds only names that the writer made."""

from __future__ import annotations

import ast
import builtins
import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mappings.language import MappingFault, bind, parse
from mappings.language.row import ATTRIBUTES, NAMES
from tests.mappings.language.generate import Generator, quoted
from tests.mappings.language.tables import CONTEXT, Tables
from tests.mappings.language.toy import ToyDocument, ToyLayout, message

NASTY = [
    "__import__('os').system('x')",
    "'); raise SystemExit #",
    "\\x41",
    "{0!r}",
    "{d0}",
    '"""',
    "a\nb",
    "s",
    "note",
    "env",
    "eval(1)",
    "名 称",
    "\u2028",
]
HEAD = "mapping: {0}\nsource: {{format: toy, type: {0}}}\ntarget: {0}\nexamples: [{{given: {0}, gives: {0}}}]\n"


def check(tree: ast.AST) -> None:
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            assert node.id in NAMES or re.fullmatch(r"[a-z]\d+", node.id), node.id
        elif isinstance(node, ast.Attribute):
            assert node.attr in ATTRIBUTES, node.attr
        else:
            assert not isinstance(node, (ast.Import, ast.ImportFrom, ast.Global, ast.Lambda, ast.Delete, ast.With, ast.While))


@given(st.lists(st.one_of(st.sampled_from(NASTY), st.text(min_size=1, max_size=20)), min_size=6, max_size=6))
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=150)
def test_texts_of_a_mapping_stay_literals(texts: list[str]) -> None:
    a, b, c, d, e, f = (text.replace('"', "").replace("'", "''") or "x" for text in texts)
    head = HEAD.format(quoted(texts[0]))
    path = f'"{a}"["{b}"=\'{c}\']."{d}" ?'
    joined = f"'{e}' & '{f}' | replace('{a}', '{b}') ?"
    chosen = f"\"{d}\" | choose('{e}'='{f}') ?"
    targets = [quoted(letter + text) for letter, text in zip("tuv", texts[1:], strict=False)]
    each = f"{{$each: {quoted(f'{chr(34)}{c}{chr(34)} ?')}, x: {quoted(chosen)}}}"
    text = f"{head}map:\n  {targets[0]}: {quoted(path)}\n  {targets[1]}: {quoted(joined)}\n  {targets[2]}: {each}\n"
    try:
        bound = bind(parse(text, texts[0]), ToyLayout("key"))
    except MappingFault:
        return
    check(bound._row.module)
    strings = {node.value for node in ast.walk(bound._row.module) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    assert "t" + texts[1] in strings
    document = message([("HEAD", {"CUR": "x"})], "key")
    assert bound.row(document, Tables(), CONTEXT) == bound.trace(document, Tables(), CONTEXT).result


@pytest.mark.parametrize("seed", range(120))
def test_random_mappings_use_made_names_only(seed: int) -> None:
    bound = bind(parse(Generator(seed).mapping(), "random.yaml"), ToyLayout("slice"))
    check(bound._row.module)
    assert ast.dump(ast.parse(bound.python())) == ast.dump(ast.parse(ast.unparse(ast.parse(bound.python()))))


def test_a_translation_opens_no_file_and_reads_no_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    text = (
        HEAD.format("x")
        + "map:\n  a: HEAD.WHEN | instant(YYYYMMDD, zone='America/New_York')\n  b: $received | day\n  c: HEAD.WHEN | date\n"
    )
    bound = bind(parse(text, "x.yaml"), ToyLayout(), ("Asia/Tokyo",))
    document: ToyDocument = message([("HEAD", {"WHEN": "20260701"})])

    def refuse(*args: Any, **kwargs: Any) -> Any:
        raise AssertionError("a file was opened")

    monkeypatch.setattr(builtins, "open", refuse)
    monkeypatch.setattr("io.open", refuse)
    context = type(CONTEXT)(system="s", received_at=CONTEXT.received_at, zone="Asia/Tokyo")
    body = bound.row(document, Tables(), context).body
    assert body == {"a": "2026-07-01T04:00:00Z", "b": "2026-11-25", "c": "2026-07-01"}
    assert bound.trace(document, Tables(), context).result.body == body
