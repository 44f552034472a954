"""Every test of this folder on both databases; a side that is stopped by a test is not ended by the server, however slow the machine."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hub.store.engines import postgresql
from tests.services.stores import both_engines, running_on


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    both_engines(metafunc)


@pytest.fixture(autouse=True)
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setitem(postgresql.SETTINGS, "idle_in_transaction_session_timeout", "2min")
    with running_on(request.param) as name:
        yield name
