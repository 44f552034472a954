"""What services see of the models: typed values in, plain bodies out, nothing changed by the way."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from pydantic import ValidationError

from canonical_model.common import Given, ItemRef, PartyRef
from canonical_model.inventory import InventoryLine, InventoryReport
from canonical_model.order import Order, OrderLine
from canonical_model.quantity import Quantity
from tests.canonical_model.bodies import order


def test_an_instance_has_typed_values() -> None:
    parsed = Order.from_body(order())
    line = parsed.lines[0]
    assert line.quantity.value == Decimal("12.000")
    assert str(line.quantity.value) == "12.000"
    assert parsed.issued_on == date(2026, 11, 20)
    assert parsed.ship_to is None
    assert line.item.given[0].code == "4711"


def test_an_instance_built_from_values_gives_the_canonical_body() -> None:
    china = timezone(timedelta(hours=8))
    report = InventoryReport(
        location=PartyRef(party="store-77"),
        reported_at=datetime(2026, 11, 25, 8, 30, tzinfo=china),
        lines=(
            InventoryLine(
                item=ItemRef(id="agent:1", given=(Given(scheme="agent:item", code="1"),)),
                quantity=Quantity(value=Decimal("1E+1"), unit="EA"),
                state="available",
            ),
        ),
    )
    assert report.to_body() == {
        "location": {"party": "store-77"},
        "reported_at": "2026-11-25T00:30:00Z",
        "lines": [
            {
                "item": {"id": "agent:1", "given": [{"scheme": "agent:item", "code": "1"}]},
                "quantity": {"value": "10", "unit": "EA"},
                "state": "available",
            }
        ],
    }
    assert InventoryReport.from_body(report.to_body()).reported_at == datetime(2026, 11, 25, 0, 30, tzinfo=UTC)


def test_models_are_frozen_and_closed() -> None:
    line = OrderLine.from_body(order()["lines"][0])
    with pytest.raises(ValidationError, match="frozen"):
        line.id = "x"  # type: ignore[misc]
    with pytest.raises(ValidationError, match="Extra inputs"):
        Quantity.from_body({"value": "1", "unit": "EA", "scale": "3"})


@pytest.mark.parametrize("value", [1, 1.5, True, b"1"])
def test_a_quantity_is_never_taken_from_another_type(value: object) -> None:
    with pytest.raises(ValidationError):
        Quantity.from_body({"value": value, "unit": "EA"})


def test_null_is_refused_with_the_fix() -> None:
    with pytest.raises(ValidationError, match="note: null is not a value; leave the key out"):
        Order.from_body({**order(), "note": None})


def test_a_naive_time_names_no_instant() -> None:
    report = InventoryReport(location=PartyRef(party="x"), reported_at=datetime(2026, 1, 1), lines=())
    with pytest.raises(ValueError, match="no time zone"):
        report.to_body()
