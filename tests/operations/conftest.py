"""What operators work with: a PostgreSQL of its own with an archive, a RabbitMQ for all tests of this folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.operations.server import Server, private_server
from tests.services.private import Unavailable
from tests.services.rabbitmq import Node, private_node

SHORT = ("test_page",)
"""Files of this folder that an ordinary run has; the others take minutes and run with HUB_TEST_LONG=1."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if os.environ.get("HUB_TEST_LONG"):
        return
    here = Path(__file__).parent
    for item in items:
        if item.path.parent == here and item.path.stem not in SHORT:
            item.add_marker(pytest.mark.skip(reason="operations on servers of their own take minutes: HUB_TEST_LONG=1 runs them"))


@pytest.fixture
def server() -> Iterator[Server]:
    try:
        with private_server() as made:
            yield made
    except Unavailable as reason:
        pytest.skip(f"PostgreSQL: {reason}")


@pytest.fixture(scope="session")
def rabbit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    try:
        with private_node(tmp_path_factory.mktemp("rabbitmq") / "node") as started:
            yield started
    except Unavailable as reason:
        pytest.skip(str(reason))
