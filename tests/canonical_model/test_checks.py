"""Rules across fields: each is broken once, and complains at the right place with a fix."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from canonical_model import explain, validate
from canonical_model.catalogue import TYPES
from canonical_model.checks import RULES, check, lines_are_clean
from canonical_model.problems import Cause
from tests.canonical_model.bodies import EXAMPLES, price, quantity


def broken(name: str, path: str, value: Any) -> dict[str, Any]:
    """The example of a type with one value set (or taken out, for None) at ``lines.0.id``."""
    body = copy.deepcopy(EXAMPLES[name])
    *way, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    holder: Any = body
    for step in way:
        holder = holder[step]
    if value is None:
        del holder[last]
    else:
        holder[last] = value
    return body


CASES = [
    ("order/1", "lines.1.id", "000010", ["/lines/0/id", "/lines/1/id"]),
    ("order/1", "lines.0.price.currency", "USD", ["/lines/0/price/currency"]),
    ("order/1", "lines.0.price.per.value", "0.00", ["/lines/0/price/per/value"]),
    ("order/1", "lines.1.quantity.value", "-0.001", ["/lines/1/quantity/value"]),
    ("order/1", "requested_on", "2026-11-19", ["/requested_on"]),
    ("order/1", "lines.0.requested_on", "2026-11-01", ["/lines/0/requested_on"]),
    ("order/1", "lines.0.item.gtin", "14006381333938", ["/lines/0/item/gtin"]),
    ("order_change/1", "lines", [], ["/lines"]),
    ("order_change/1", "lines.2.item", None, ["/lines/2"]),
    ("order_change/1", "lines.0.price", price("1", "XXX"), []),
    ("order_change/1", "lines.1.id", "10", ["/lines/0/id", "/lines/1/id"]),
    ("order_response/1", "status", "accepted", ["/status"]),
    ("order_response/1", "status", "rejected", ["/status"]),
    ("order_response/1", "lines.1.quantity.value", "2", ["/lines/1/quantity/value"]),
    ("order_response/1", "lines.0.ordered.value", "-1", ["/lines/0/ordered/value"]),
    ("despatch_advice/1", "lines.0.units", ["106141411234567897"], ["/lines/0/units"]),
    ("despatch_advice/1", "units.0.parent", "106141411234567897", ["/units/0/parent"]),
    ("despatch_advice/1", "units", [{"sscc": "340123450000000000"}] * 2, ["/units/0/sscc", "/units/1/sscc"]),
    ("inventory_report/1", "reported_on", None, [""]),
    ("inventory_report/1", "lines.0.quantity.value", "-99", []),
    ("product/1", "units.1.unit", "EA", ["/units/0/unit", "/units/1/unit", "/units/1"]),
    ("product/1", "units.0.numerator", 2, ["/units/0"]),
    ("product/1", "units.1.numerator", 24.0, ["/units/1/numerator"]),
    ("product/1", "base_unit", "KGM", ["/units"]),
    ("product/1", "units.1.gtin", "04006381333931", ["/units/1/gtin"]),
    ("product/1", "units.1.other_gtins", ["04006381333931"], ["/units/1/gtin"]),
    ("party/1", "party", "hq", ["/parent/party"]),
]


@pytest.mark.parametrize(("name", "path", "value", "targets"), CASES)
def test_a_broken_rule_names_place_and_fix(name: str, path: str, value: Any, targets: list[str]) -> None:
    found = validate(name, broken(name, path, value))
    assert sorted(problem.target or "" for problem in found) == sorted(targets)
    assert all(problem.cause is Cause.INVALID_VALUE and problem.fix for problem in found)
    assert explain(name, broken(name, path, value)) == found


def test_a_release_finds_all_lines_under_one_key() -> None:
    body = broken("order/1", "lines.1.id", "000010")
    assert {problem.key for problem in validate("order/1", body)} == {"order/1:/lines/*/id"}


def test_despatch_and_orders_need_lines() -> None:
    for name in ("order/1", "shipping_order/1", "despatch_advice/1"):
        problem = validate(name, {**EXAMPLES[name], "lines": []})[0]
        assert problem.target == "/lines"
        assert "at least 1" in problem.fact


def test_every_rule_is_broken_by_some_case() -> None:
    """So that no rule stands here untried."""
    tried = {(name, rule) for name, path, value, _ in CASES for rule in RULES[name] if list(rule(broken(name, path, value)))}
    every = {rule for rules in RULES.values() for rule in rules}
    assert {rule for _, rule in tried} == every
    assert set(RULES) <= set(TYPES)


def test_validate_and_explain_name_the_same_fields() -> None:
    body = copy.deepcopy(EXAMPLES["order/1"])
    del body["buyer"]
    body["curency"] = "CNY"
    body["lines"][0]["quantity"]["value"] = "1e3"
    body["lines"][0]["item"]["gtin"] = "04006381333932"
    body["lines"][1]["quantity"] = quantity("1", "CASE")
    body["lines"][1]["note"] = None
    body["seller"]["party"] = " hq"
    fast, slow = validate("order/1", body), explain("order/1", body)
    targets = {
        "/buyer",
        "/curency",
        "/lines/0/quantity/value",
        "/lines/0/item/gtin",
        "/lines/1/quantity/unit",
        "/lines/1/note",
        "/seller/party",
    }
    assert {problem.target for problem in fast} == {problem.target for problem in slow} == targets
    assert next(problem.fix for problem in slow if problem.target == "/curency") == "did you mean 'currency'?"
    unit = next(problem for problem in fast if problem.target == "/lines/1/quantity/unit")
    assert "'CASE' is not a unit code of UN/ECE Recommendation 20" in unit.fact


def test_problems_of_one_body_are_limited() -> None:
    body = {**EXAMPLES["inventory_report/1"], "lines": [{"x": n} for n in range(10_000)]}
    assert len(validate("inventory_report/1", body)) <= 100
    assert len(explain("inventory_report/1", body)) <= 100


@pytest.mark.parametrize(("name", "path", "value", "pointers"), CASES)
def test_the_look_at_lines_never_passes_what_a_rule_complains_about(name: str, path: str, value: Any, pointers: list[str]) -> None:
    body = broken(name, path, value)
    told = [complaint for rule in RULES[name] for complaint in rule(body)]
    assert check(name, body) == told
    assert [pointer for pointer, _, _ in told] == pointers


@pytest.mark.parametrize("value", ["-0", "0", "0.5", "1", "99.5"])
@pytest.mark.parametrize("path", ["lines.0.quantity.value", "lines.0.base_quantity.value", "lines.0.price.per.value"])
def test_what_passes_the_look_at_lines_passes_each_rule(path: str, value: str) -> None:
    body = broken("order/1", path, value)
    told = [complaint for rule in RULES["order/1"] for complaint in rule(body)]
    assert check("order/1", body) == told
    assert not (lines_are_clean(body) and told)


def test_a_clean_order_is_told_so_at_one_look() -> None:
    assert lines_are_clean(EXAMPLES["order/1"])
    assert not lines_are_clean(broken("order/1", "lines.0.price.currency", "USD"))
