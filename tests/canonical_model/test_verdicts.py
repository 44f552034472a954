"""jsonschema-rs (both forms of the schema), jsonschema and pydantic give one verdict on every body."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from canonical_model import checks, explain, explaining, validate, validation
from canonical_model.catalogue import TYPES
from canonical_model.schemas import schema
from tests.canonical_model.bodies import DAMAGE, EXAMPLES, damaged, of_schema

QUICK = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


def pydantic_accepts(name: str, body: Any) -> bool:
    try:
        TYPES[name].model.model_validate(body)
    except ValidationError:
        return False
    return True


JUDGES: Mapping[str, Callable[[str, Any], bool]] = {
    "path": validation.is_valid,
    "full": lambda name, body: validation._full(name).is_valid(body),
    "jsonschema": lambda name, body: bool(explaining.reference(name).is_valid(body)),
    "pydantic": pydantic_accepts,
}


def generated(name: str) -> st.SearchStrategy[Any]:
    return of_schema(schema(name), schema(name).get("$defs", {})) | st.just(EXAMPLES[name])


@pytest.mark.parametrize("name", TYPES)
@QUICK
@given(data=st.data())
def test_generated_bodies_are_accepted_by_all(name: str, data: st.DataObject) -> None:
    body = data.draw(generated(name))
    assert {judge: accepts(name, body) for judge, accepts in JUDGES.items()} == dict.fromkeys(JUDGES, True)
    assert TYPES[name].model.from_body(body).to_body() == body


@pytest.mark.parametrize("name", TYPES)
@QUICK
@given(data=st.data())
def test_damaged_bodies_get_one_verdict(name: str, data: st.DataObject) -> None:
    body = data.draw(damaged(generated(name)))
    verdicts = {judge: accepts(name, body) for judge, accepts in JUDGES.items()}
    note(f"{verdicts} on {body!r}")
    assert len(set(verdicts.values())) == 1


@pytest.mark.parametrize("name", TYPES)
@QUICK
@given(data=st.data())
def test_validate_explain_and_pydantic_with_the_rules_agree(name: str, data: st.DataObject) -> None:
    """Also on 24.0 where a whole number is wanted, which a schema takes for an integer and the rules refuse."""
    body = data.draw(damaged(st.just(EXAMPLES[name]), (*DAMAGE, 24.0, 10**30, "\ud800", b"x", (1,))))
    found = validate(name, body)
    assert bool(found) == bool(explain(name, body))
    assert (not found) == (pydantic_accepts(name, body) and not checks.check(name, body))


@pytest.mark.parametrize("body", [None, [], "x", 1, {"lines": []}, {1: 2}, {"number": {"a": {1, 2}}}])
def test_nothing_that_is_no_body_raises(body: Any) -> None:
    for name in TYPES:
        assert validate(name, body)
        assert explain(name, body)


def test_a_body_nested_too_deep_is_refused_not_raised() -> None:
    deep: Any = {}
    for _ in range(100_000):
        deep = {"note": deep}
    assert validate("order/1", deep)
