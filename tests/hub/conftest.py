"""One RabbitMQ for all tests of the hub; each test gets a virtual host of its own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import count
from urllib.parse import urlsplit

import pytest

from tests.services.private import Unavailable
from tests.services.rabbitmq import URL, Node, answers, private_node

BATCH = 30
MAKE = """[begin rabbit_vhost:add(V, <<"test">>),
rabbit_auth_backend_internal:set_permissions(<<"guest">>, V, <<".*">>, <<".*">>, <<".*">>, <<"test">>) end
|| N <- lists:seq(%d, %d), V <- [list_to_binary("test" ++ integer_to_list(N))]], ok."""
"""Many virtual hosts at once: starting rabbitmqctl costs more than making one."""
_numbers = count(1)


@pytest.fixture(scope="session")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """A node of our own, for tests that end it or look into it."""
    if os.environ.get(URL):
        pytest.skip(f"{URL} names a broker that is not ours to kill or to look into")
    try:
        with private_node(tmp_path_factory.mktemp("rabbitmq") / "node") as started:
            yield started
    except Unavailable as reason:
        pytest.skip(f"RabbitMQ: {reason}")


@pytest.fixture
def vhost(node: Node) -> str:
    """The address of an empty virtual host of the private node."""
    number = next(_numbers)
    if number % BATCH == 1:
        node.control("eval", MAKE % (number, number + BATCH - 1))
    return node.url(f"test{number}")


@pytest.fixture
def broker(request: pytest.FixtureRequest) -> str:
    """A broker's address: the one that HUB_TEST_AMQP_URL names (its virtual host is used as it is), else an empty virtual host."""
    given = os.environ.get(URL)
    if not given:
        return str(request.getfixturevalue("vhost"))
    if not answers(given):
        pytest.skip(f"the broker of {URL} does not answer: {urlsplit(given).hostname}")
    return given
