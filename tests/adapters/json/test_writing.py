"""Writing JSON: order, numbers digit by digit, and what is refused by name."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.json_document import JsonFormat
from canonical_model.problems import Cause, Hold


def write(*trees: Any, **options: Any) -> bytes:
    return JsonFormat().write(trees, type="t", assigned={}, **options).payload


def test_the_mappings_order_is_kept_and_absent_fields_are_left_out() -> None:
    tree = {"b": "1", "a": None, "lines": [{"id": "1", "tags": [{"": "x"}, {"": "y"}]}], "o": {"p": ""}}
    assert write(tree) == b'{"b":"1","lines":[{"id":"1","tags":["x","y"]}],"o":{"p":""}}'
    assert write({"a": "1"}, indent="true") == b'{\n  "a": "1"\n}'


def test_one_tree_several_trees_lines_and_a_place_for_them() -> None:
    one, other = {"a": "1"}, {"a": "2"}
    assert write(one, other) == b'[{"a":"1"},{"a":"2"}]'
    assert write(one, other, lines="true") == b'{"a":"1"}\n{"a":"2"}\n'
    assert write(one, documents="data.orders") == b'{"data":{"orders":[{"a":"1"}]}}'


def test_declared_numbers_are_written_digit_by_digit() -> None:
    tree = {"qty": "1.50", "big": "12345678901234567890.10", "lines": [{"qty": "0010"}, {"qty": "3"}]}
    options = {"numbers": ["qty", "/big"], "booleans": "urgent"}
    assert write({**tree, "urgent": "true"}, **options) == (
        b'{"qty":1.50,"big":12345678901234567890.10,"lines":[{"qty":"0010"},{"qty":"3"}],"urgent":true}'
    )
    with pytest.raises(Hold) as failure:
        write({**tree, "urgent": "yes"}, numbers=["lines.qty", "/lines/*/qty"], booleans=["urgent"])
    assert [(problem.cause, problem.key) for problem in failure.value.problems] == [
        (Cause.INVALID_VALUE, "json:lines.qty"),
        (Cause.INVALID_VALUE, "json:urgent"),
    ]


@pytest.mark.parametrize("text", ["1,200", "٣", "+1", ".5", "1.", "NaN", "", "0x1", " 1"])
def test_what_is_no_json_number_is_refused(text: str) -> None:
    with pytest.raises(Hold, match="not a number"):
        write({"qty": text}, numbers="qty")


def test_another_charset_escapes_what_it_lacks() -> None:
    assert write({"名": "中³😀"}, charset="gbk") == '{"名":"中\\u00b3\\ud83d\\ude00"}'.encode("gbk")
    [document] = JsonFormat().read(write({"名": "中³😀"}, charset="gbk"), charset="gbk")
    assert document.root()[0] == {"名": "中³😀"}


def test_half_a_character_is_refused_not_written() -> None:
    with pytest.raises(Hold, match="half a character"):
        write({"a": "x\ud800"})
