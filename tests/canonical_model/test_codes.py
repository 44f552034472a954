"""Code lists: complete where they claim to be, and the tables of states and reasons whole."""

from __future__ import annotations

import re

import pytest

from canonical_model.codes.countries import COUNTRIES
from canonical_model.codes.currencies import CURRENCIES
from canonical_model.codes.order_reasons import ORDER_REASONS, ORDER_STATUSES, reason_for, reason_of_x12
from canonical_model.codes.stock_states import STOCK_STATES, StockState, state_of_disposition
from canonical_model.codes.units import UNITS
from canonical_model.order import OrderResponse, OrderResponseLine
from canonical_model.problems import Hold


def test_units_of_the_trade_are_there() -> None:
    assert {"EA", "C62", "H87", "KGM", "GRM", "LTR", "MLT", "MTR", "CS", "CT", "BX", "PK", "DZN", "SET", "XPX", "XCT", "TNE", "PR"} <= set(
        UNITS
    )
    assert len(UNITS) >= 150
    assert all(re.fullmatch("[A-Z0-9]{2,3}", code) and name for code, name in UNITS.items())
    assert not {"PCE", "PC", "CASE", "KG", "ST"} - {"ST"} & set(UNITS), "partners' spellings are rows of code tables"


def test_each_unit_is_listed_once() -> None:
    from canonical_model.codes import units

    listed = [
        line.partition(" ")[0]
        for name, table in vars(units).items()
        if name.isupper() and isinstance(table, str)
        for line in table.split("\n")
    ]
    assert sorted(filter(None, listed)) == sorted(UNITS)


def test_currencies_are_complete_with_their_minor_units() -> None:
    assert len(CURRENCIES) == 178
    assert [CURRENCIES[code] for code in ("CNY", "JPY", "KWD", "CLF", "XAU", "USD", "KRW", "TND")] == [2, 0, 3, 4, None, 2, 0, 3]
    assert not {"HRK", "BGN", "ANG", "ZWL", "SLL", "CUC", "RMB", "DEM"} & set(CURRENCIES)
    assert {"XCG", "ZWG", "SLE", "VED"} <= set(CURRENCIES)


def test_countries_are_complete() -> None:
    assert len(COUNTRIES) == 249
    assert COUNTRIES["CN"] == "China"
    assert {"HK", "MO", "TW", "XK"} - set(COUNTRIES) == {"XK"}


def test_the_seven_states_and_their_dispositions() -> None:
    assert list(STOCK_STATES) == list(StockState)
    assert len(StockState) == 7
    for state, codes in STOCK_STATES.items():
        assert codes.cbv in codes.cbv_read
        assert state_of_disposition(codes.cbv) is state
        assert state_of_disposition(f"urn:epcglobal:cbv:disp:{codes.cbv}") is state
    read = [name for codes in STOCK_STATES.values() for name in codes.cbv_read]
    assert len(read) == len(set(read)), "a disposition means one state"
    assert state_of_disposition("active") is None
    assert state_of_disposition("expired") is StockState.DAMAGED


def test_every_line_and_order_status_can_be_written_in_every_format() -> None:
    statuses = OrderResponseLine.model_fields["status"].annotation.__args__  # type: ignore[union-attr]
    for status in statuses:
        codes = reason_for(status)
        assert codes.status == status
        assert all([codes.x12, codes.edifact, codes.ubl, codes.sap])
    assert set(ORDER_STATUSES) == set(OrderResponse.model_fields["status"].annotation.__args__)  # type: ignore[union-attr]
    assert {codes.x12 for codes in ORDER_REASONS.values()} == {"IA", "IB", "IQ", "IP", "IR", "IS", "DR", "ID"}
    assert {codes.edifact for codes in ORDER_REASONS.values()} <= {"2", "3", "5", "7"}


def test_a_known_reason_wins_over_the_default_of_its_status() -> None:
    assert reason_for("changed").x12 == "IQ"
    assert reason_for("changed", ("agents_own", "date_changed", "price_changed")).x12 == "DR"


@pytest.mark.parametrize("code", sorted({codes.x12 for codes in ORDER_REASONS.values()}))
def test_x12_codes_are_read_back(code: str) -> None:
    assert ORDER_REASONS[reason_of_x12(code)].x12 == code


def test_an_unknown_x12_code_is_held() -> None:
    with pytest.raises(Hold, match="'ZZ'"):
        reason_of_x12("ZZ")
