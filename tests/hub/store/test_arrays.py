"""Arrays as we write them are read by PostgreSQL as they were given; zstd in threads gives back what it got."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.store.arrays import array
from hub.store.packing import compress, decompress
from tests.services.postgres import need_node

pytestmark = pytest.mark.production
KINDS: dict[str, st.SearchStrategy[Any]] = {
    "bigint": st.integers(-(2**63), 2**63 - 1), "integer": st.integers(-(2**31), 2**31 - 1), "boolean": st.booleans(),
    "text": st.text(st.characters(codec="utf-8", exclude_characters="\0")), "bytea": st.binary(),
}  # fmt: skip


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_given_is_what_the_server_reads(engine: str, kind: str, data: st.DataObject) -> None:
    values = data.draw(st.lists(st.none() | KINDS[kind]))
    with psycopg.connect(need_node().url) as connection:
        found = connection.execute(f"SELECT v FROM unnest(%b::{kind}[]) WITH ORDINALITY AS t(v, n) ORDER BY n", [array(kind, values)])
        assert [row[0] for row in found] == values


@pytest.mark.parametrize(("kind", "value"), [("bigint", 2**63), ("integer", -(2**31) - 1)])
def test_a_number_that_does_not_fit_is_refused(engine: str, kind: str, value: int) -> None:
    with pytest.raises(OverflowError):
        array(kind, [1, value])


def test_threads_have_compressors_of_their_own(engine: str) -> None:
    texts = [bytes([n % 251]) * (1000 + n) for n in range(400)]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda text: decompress(compress(text)), texts)) == texts
