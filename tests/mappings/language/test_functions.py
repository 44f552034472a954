"""The registry: every function has its words, and its examples hold in both engines."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from canonical_model.problems import Cause
from mappings.language.functions.values import as_decimal, decimal_of
from mappings.language.registry import FUNCTIONS, Failed
from tests.mappings.language.run import evaluate

EXAMPLES = [(expression, wanted) for function in FUNCTIONS.values() for expression, wanted in function.examples]


def refused(wanted: Any) -> bool:
    """Whether an example's result is the cause of a problem."""
    return isinstance(wanted, str) and wanted in list(Cause)


@pytest.mark.parametrize(("expression", "wanted"), EXAMPLES)
def test_example(expression: str, wanted: Any) -> None:
    found = evaluate(expression)
    assert found == ([wanted] if refused(wanted) else wanted)


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_entry_is_whole(name: str) -> None:
    function = FUNCTIONS[name]
    assert function.doc.endswith(".")
    assert function.examples
    refuses = any(refused(wanted) for _, wanted in function.examples)
    assert not (function.total and refuses)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=Decimal("-1e31"), max_value=Decimal("1e31")))
def test_decimals_of_38_digits_pass_exactly(number: Decimal) -> None:
    written = format(number, "f")
    assert Decimal(decimal_of(written)) == number
    assert decimal_of(f"{format(abs(number), 'f')}-") == decimal_of(format(-abs(number), "f"))


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(max_size=12))
def test_numbers_are_read_or_refused_never_guessed(text: str) -> None:
    try:
        number = as_decimal(text)
    except Failed:
        return
    digits = [letter for letter in text if letter.isdigit()]
    assert digits
    assert all(letter in " \t\n\r\x0b\x0c\x1c\x1d\x1e\x1f\x85+-.0123456789" or letter.isspace() for letter in text)
    assert int("".join(digits)) == abs(int(number.scaleb(-int(number.as_tuple().exponent))))


TWO = [("ITEM", {}), ("IDTN", {"QUALF": "002", "IDTNR": "A"}), ("ITEM", {}), ("IDTN", {"QUALF": "002", "IDTNR": "B"})]


@pytest.mark.parametrize(
    ("expression", "records", "wanted"),
    [
        ("ITEM.MENGE | sum", [("ITEM", {"MENGE": "1.50"}), ("ITEM", {"MENGE": "2.5-"})], "-1.00"),
        ("ITEM.MENGE | decimal(implied=2) | max", [("ITEM", {"MENGE": "150"}), ("ITEM", {"MENGE": "25"})], "1.50"),
        ("ITEM.MENGE | min", [("ITEM", {"MENGE": "150"}), ("ITEM", {"MENGE": "25"})], "25"),
        ("ITEM.MENGE | count", [], 0),
        ("ITEM.MENGE | count", [("ITEM", {"MENGE": "1"}), ("ITEM", {"POSEX": "1"})], 1),
        ("ITEM.MENGE | sum ?", [], None),
        ("ITEM.POSEX | strip0 | join(', ')", [("ITEM", {"POSEX": "0010"}), ("ITEM", {"POSEX": "0020"})], "10, 20"),
        ("ITEM.IDTN[QUALF=002].IDTNR | first", TWO, "A"),
        ("ITEM.IDTN[QUALF=002].IDTNR | last", TWO, "B"),
        ("ITEM.IDTN[QUALF=002].IDTNR", TWO, ["invalid_value"]),
        ("HEAD.QTY | decimal(mark=',', thousands='.')", [("HEAD", {"QTY": "1.234,5-"})], "-1234.5"),
        ("HEAD.QTY | decimal(mark=',')", [("HEAD", {"QTY": "1.234,5"})], ["invalid_value"]),
        ("HEAD.QTY | default(0)", [], "0"),
        ("HEAD.QTY | decimal | default(0.00)", [("HEAD", {"CUR": "X"})], "0.00"),
        ("HEAD.QTY | default(CTL.DOCNUM | default('none'))", [], "none"),
        ("$received", [], "2026-11-25T08:30:00Z"),
        ("$received | day(zone='Asia/Shanghai')", [], "2026-11-25"),
        ("$system & '/' & $party", [], "example/HQ"),
        ("$numbers.docnum ?", [], None),
        ("'2' | base_quantity(item='04006381333931', unit='KG')", [], ["invalid_value"]),
        ("'TWO' | code(unit)", [], ["ambiguous_code"]),
        ("HEAD.WHEN & '083000' | instant(zone='Asia/Shanghai')", [("HEAD", {"WHEN": "20261125"})], "2026-11-25T00:30:00Z"),
    ],
)  # fmt: skip
def test_more(expression: str, records: Any, wanted: Any) -> None:
    assert evaluate(expression, records) == wanted
