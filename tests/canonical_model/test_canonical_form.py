"""The bytes and fingerprint of a body: one for equal bodies, whatever the order of their keys."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonical_model import canonical_json, fingerprint, ordered
from canonical_model.catalogue import TYPES
from canonical_model.problems import Hold
from tests.canonical_model.bodies import EXAMPLES, order


def turned(node: Any, by: int) -> Any:
    """The same body with the keys of every mapping turned round."""
    if isinstance(node, list):
        return [turned(item, by) for item in node]
    if not isinstance(node, dict):
        return node
    names = list(node)
    at = by % len(names) if names else 0
    return {name: turned(node[name], by) for name in [*names[at:], *names[:at]]}


@pytest.mark.parametrize("name", TYPES)
@given(by=st.integers(0, 20))
def test_bytes_do_not_depend_on_the_order_of_keys(name: str, by: int) -> None:
    body = EXAMPLES[name]
    other = turned(body, by)
    assert canonical_json(other, name) == canonical_json(body, name)
    assert list(ordered(name, other)) == list(ordered(name, body))
    assert ordered(name, other) == body
    assert orjson.loads(canonical_json(body, name)) == body


def test_known_bytes_and_fingerprint() -> None:
    body = {"number": "4500000001", "buyer": {"party": "hq", "name": "总部"}}
    assert canonical_json(body, "order_cancel/1") == '{"buyer":{"name":"总部","party":"hq"},"number":"4500000001"}'.encode()
    canonical = canonical_json(order(), "order/1")
    assert fingerprint(canonical) == sha256(canonical).digest()[:16]
    assert fingerprint(canonical).hex() == "9ca416b3f918596d1148ae88dab579cc"


def test_any_other_value_gives_another_fingerprint() -> None:
    first, second = order(), order()
    second["lines"][0]["quantity"]["value"] = "12.00"
    assert fingerprint(canonical_json(first, "order/1")) != fingerprint(canonical_json(second, "order/1"))


def test_ordered_gives_the_order_of_the_model_and_keeps_strangers_last() -> None:
    shuffled = {"surplus": 1, **dict(reversed(order().items()))}
    assert list(ordered("order", shuffled)) == [*order(), "surplus"]
    assert list(ordered("order/1", shuffled)["lines"][0]) == ["id", "item", "quantity", "base_quantity", "price"]


@pytest.mark.parametrize("value", [{1, 2}, b"x", {1: 2}, "\ud800"])
def test_what_is_not_json_is_held(value: Any) -> None:
    with pytest.raises(Hold):
        canonical_json({"note": value}, "order/1")
