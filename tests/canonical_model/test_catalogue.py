"""The catalogue: the types that are agreed, how revisions compare, and upcasting of older bodies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonical_model import validate
from canonical_model.catalogue import TYPES, UPCASTERS, document_type, revision_key, upcast
from canonical_model.problems import Cause, Hold, Misconfigured
from tests.canonical_model.bodies import EXAMPLES, order

AGREED = {
    # name: kind, object kind, same_key, needs a predecessor, changes the codebook
    "order/1": ("full", "order", "conflict", False, False),
    "order_change/1": ("change", "order", "conflict", True, False),
    "order_cancel/1": ("cancel", "order", "conflict", True, False),
    "order_response/1": ("full", "order_response", "replace", False, False),
    "shipping_order/1": ("full", "shipping_order", "conflict", False, False),
    "despatch_advice/1": ("full", "despatch", "conflict", False, False),
    "inventory_report/1": ("full", "inventory_report", "replace", False, False),
    "product/1": ("full", "product", "replace", False, True),
    "party/1": ("full", "party", "replace", False, True),
    "acknowledgement/1": ("append", "acknowledgement", "append", False, False),
}


def test_the_types_are_as_agreed() -> None:
    found = {
        name: (type_.kind, type_.object_kind, type_.same_key, type_.needs_predecessor, type_.changes_codebook)
        for name, type_ in TYPES.items()
    }
    assert found == AGREED


@pytest.mark.parametrize("name", TYPES)
def test_every_type_has_a_valid_example_that_survives_its_class(name: str) -> None:
    assert validate(name, EXAMPLES[name]) == []
    assert TYPES[name].model.from_body(EXAMPLES[name]).to_body() == EXAMPLES[name]


@pytest.mark.parametrize("name", TYPES)
def test_the_valid_on_date_is_a_field_of_the_model(name: str) -> None:
    type_ = TYPES[name]
    assert type_.valid_on is None or type_.valid_on in type_.model.model_fields
    assert (type_.word, type_.version) == (name.split("/")[0], int(name.split("/")[1]))


def test_a_name_without_version_means_the_newest_and_an_unknown_one_says_what_there_is() -> None:
    assert document_type("party") is TYPES["party/1"]
    for name in ("invoice", "order/9", ""):
        with pytest.raises(Misconfigured) as refused:
            document_type(name)
        assert "order/1" in refused.value.fix


@given(st.lists(st.integers(0, 10**12), min_size=2, max_size=2))
def test_integers_compare_by_value_whatever_their_leading_zeros(numbers: list[int]) -> None:
    older, newer = numbers
    assert (revision_key("integer", f"{older:016d}") < revision_key("integer", str(newer))) is (older < newer)


@pytest.mark.parametrize(
    ("how", "older", "newer"),
    [
        ("integer", "9", "10"),
        ("dotted", "1.9", "1.10"),
        ("dotted", "1", "1.0"),
        ("timestamp", "20261125", "20261125000001"),
        ("timestamp", "2026-11-25", "20261125083000"),
        ("timestamp", "20261125083000", "20261125083000.1"),
        ("timestamp", "2026-11-25T08:30:00Z", "2026-11-25T08:30:01Z"),
        ("timestamp", "2026-11-25 08:30", "2026-11-25T08:30:00.000001Z"),
    ],
)
def test_newer_revisions_compare_greater(how: Any, older: str, newer: str) -> None:
    assert revision_key(how, older) < revision_key(how, newer)


@pytest.mark.parametrize(
    ("how", "text"),
    [
        ("integer", "1.0"),
        ("integer", ""),
        ("integer", "-1"),
        ("integer", "１"),
        ("dotted", "1."),
        ("timestamp", "yesterday"),
        ("integer", "9" * 41),
    ],
)
def test_a_revision_of_another_form_is_held(how: Any, text: str) -> None:
    with pytest.raises(Hold) as refused:
        revision_key(how, text)
    assert refused.value.problems[0].cause is Cause.INVALID_VALUE


def test_older_bodies_are_brought_up_step_by_step() -> None:
    """Two invented versions: -1 called the number ``po``, 0 had one price currency per line only."""

    def rename(body: Mapping[str, Any]) -> Mapping[str, Any]:
        return {("number" if name == "po" else name): value for name, value in body.items()}

    def lift_currency(body: Mapping[str, Any]) -> Mapping[str, Any]:
        return {**body, "currency": body["lines"][0]["price"]["currency"]}

    steps = {"order/-1": ("order/0", rename), "order/0": ("order/1", lift_currency)}
    newest = order()
    oldest = {("po" if name == "number" else name): value for name, value in newest.items() if name != "currency"}
    name, body = upcast("order/-1", oldest, steps)
    assert (name, body) == ("order/1", newest)
    assert validate(name, body) == []
    assert "po" in oldest, "the stored body stays as it is"


def test_the_newest_version_stays_as_it_is() -> None:
    body = order()
    assert upcast("order/1", body) == ("order/1", body)
    assert all(name not in TYPES for name in UPCASTERS)
