"""Every test of this folder on both databases."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.services.stores import both_engines, running_on


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    both_engines(metafunc)


@pytest.fixture(autouse=True)
def engine(request: pytest.FixtureRequest) -> Iterator[str]:
    with running_on(request.param) as name:
        yield name
