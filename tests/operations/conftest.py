"""What operators work with: a PostgreSQL of its own with an archive, a RabbitMQ for all tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.operations.server import Server, private_server
from tests.services.private import Unavailable
from tests.services.rabbitmq import Node, private_node
from tests.services.subscriber import Subscribe, Subscriber


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


@pytest.fixture
def subscribe() -> Iterator[Subscribe]:
    """A subscriber of a broker's address; none reads on behind a test that failed."""
    made: list[Subscriber] = []

    def start(url: str) -> Subscriber:
        made.append(Subscriber(url))
        return made[-1]

    yield start
    for one in made:
        one.stop()
