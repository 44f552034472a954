"""Nesting: the definition decides, the numbers in the records break ties only."""

from __future__ import annotations

from adapters.base import Document
from adapters.idoc import IdocFormat, load_definition
from tests.adapters.idoc.support import control, data, joined, one

TWICE = load_definition(
    """
    idoc ORDERS05
    E1H E2H 01 m 1..1
     A:4
    > E1T E2T 02 o 0..9
      T:9
    E1P E2P 02 o 0..99
     B:4
    > E1T E2T 03 o 0..9
      T:9
    > E1Q E2Q 03 o 0..9
      C:4
    > > E1R E2R 04 o 0..9
        D:4
    """
)


def paths(*records: str) -> list[str]:
    document: Document = one(joined([control(), *records]), IdocFormat({"ORDERS05": TWICE}))
    return [record.path for record in document.records()][1:]


def test_repeated_groups_nest() -> None:
    found = paths(
        data("E2H", 1, 0, "a"), data("E2P", 2, 0, "b"), data("E2Q", 3, 0, "c"), data("E2R", 4, 0, "d"), data("E2R", 5, 0, "d"),
        data("E2Q", 6, 0, "c"), data("E2R", 7, 0, "d"), data("E2P", 8, 0, "b"), data("E2Q", 9, 0, "c"),
    )  # fmt: skip
    assert found == [
        "E1H[1]", "E1P[1]", "E1P[1]/E1Q[1]", "E1P[1]/E1Q[1]/E1R[1]", "E1P[1]/E1Q[1]/E1R[2]",
        "E1P[1]/E1Q[2]", "E1P[1]/E1Q[2]/E1R[1]", "E1P[2]", "E1P[2]/E1Q[1]",
    ]  # fmt: skip


def test_wrong_parent_numbers_and_levels_are_not_believed() -> None:
    assert paths(data("E2H", 1, 0, "a"), data("E2P", 2, 1, "b"), data("E2Q", 3, 1, "c"), data("E2R", 4, 1, "d"))[1:] == [
        "E1P[1]",
        "E1P[1]/E1Q[1]",
        "E1P[1]/E1Q[1]/E1R[1]",
    ]


def test_a_new_parent_closes_what_was_open_below_the_old_one() -> None:
    found = paths(data("E2P", 1, 0, "b"), data("E2Q", 2, 0, "c"), data("E2P", 3, 0, "b"), data("E2R", 4, 0, "d"))
    assert found[-1] == "E1P[2]/E1R[1]"


def test_a_type_at_two_positions_goes_to_its_named_parent_else_to_the_nearest() -> None:
    head, item = data("E2H", 1, 0, "a"), data("E2P", 2, 0, "b")
    assert paths(head, data("E2T", 2, 0, "t"))[-1] == "E1H[1]/E1T[1]"
    assert paths(head, item, data("E2T", 3, 0, "t"))[-1] == "E1P[1]/E1T[1]"
    assert paths(head, item, data("E2T", 3, 1, "t"))[-1] == "E1H[1]/E1T[1]"
    assert paths(head, item, data("E2T", 3, 77, "t"))[-1] == "E1P[1]/E1T[1]"
    assert paths(data("E2T", 1, 0, "t"))[-1] == "E1T[1]"


def test_wanted_segments_hang_where_the_full_view_hangs_them() -> None:
    records = [
        control(),
        data("E2H", 1, 0, "a"),
        data("E2P", 2, 0, "b"),
        data("E2T", 3, 0, "t"),
        data("E2Q", 4, 0, "c"),
        data("E2R", 5, 0, "d"),
    ]
    document = one(joined(records), IdocFormat({"ORDERS05": TWICE}))
    kids = document.root(frozenset({"E1R", "E1T"}))[1]
    (item,) = kids["E1P"]
    assert [document.path(node) for node in (*item[1]["E1T"], *item[1]["E1Q"], *item[1]["E1Q"][0][1]["E1R"])] == [
        "E1P[1]/E1T[1]",
        "E1P[1]/E1Q[1]",
        "E1P[1]/E1Q[1]/E1R[1]",
    ]
