"""A qualifier is compared with every way in which its record may hold it: the same verdict as without the blanks."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from adapters.base import Slice
from mappings.language.emit import padded

TEXTS = st.text("AG0 ", max_size=4)


@given(st.lists(TEXTS, min_size=1, max_size=3), st.text("AG0 ", max_size=9), st.integers(0, 3), st.integers(1, 4))
def test_padded_texts_decide_as_stripped_ones(values: list[str], record: str, start: int, length: int) -> None:
    ways = padded(Slice(start, length), values)
    cut = record[start : start + length]
    if ways:
        assert (cut in ways) == (cut.rstrip(" ") in values)


@given(st.integers(1, 4))
def test_a_short_code_is_compared_as_it_stands(length: int) -> None:
    assert padded(Slice(0, length), ["A"])[-1] == "A".ljust(length)


def test_nothing_is_said_of_bytes_and_long_fields() -> None:
    assert padded(Slice(0, 3, "gb18030"), ["AG"]) == []
    assert padded(Slice(0, 70), ["AG"]) == []
    assert padded(Slice(0, 3), ["AG "]) == []
