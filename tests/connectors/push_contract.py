"""What every connector that is called promises; the counterpart of ``ReceiverContract`` for push transports.

A test inherits the class and gives the connector, an address of it and payloads that its door takes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from canonical_model.problems import Reject, Retry
from connectors.base import Later, PushConnector
from tests.connectors.asking import by_urllib
from tests.connectors.contract import assert_described
from tests.connectors.serving import MemoryHub, application, serving


class PushContract:
    """Behaviour of a connector that systems call."""

    content_type = "text/xml"
    payloads: Sequence[bytes] = ()

    def connector(self) -> PushConnector:
        """A fresh connector whose doors take at most 10,000 bytes."""
        raise AssertionError("a contract test says which connector it is about")

    @pytest.fixture
    def hub(self) -> MemoryHub:
        return MemoryHub()

    @pytest.fixture
    def url(self, hub: MemoryHub) -> Iterator[str]:
        connector = self.connector()
        with serving(application(hub, connector)) as address:
            yield address + connector.endpoints(hub.store)[0].path

    def ask(self, url: str, payload: bytes) -> int:
        return by_urllib(url, payload, {"Content-Type": self.content_type})[0]

    def test_what_is_sent_is_kept_whole_and_in_order(self, hub: MemoryHub, url: str) -> None:
        assert [self.ask(url, payload) // 100 for payload in self.payloads] == [2] * len(self.payloads)
        assert [kept.payload for kept in hub.kept] == list(self.payloads)
        assert all(kept.origin.startswith("127.0.0.1:") for kept in hub.kept)

    @pytest.mark.parametrize("error", [Retry("down"), Later("full", seconds=1), Reject("no"), RuntimeError("ours")])
    def test_nothing_but_a_commit_is_answered_with_2xx(self, hub: MemoryHub, url: str, error: Exception) -> None:
        hub.fails = error
        assert self.ask(url, self.payloads[0]) >= 400
        assert hub.kept == []

    def test_what_is_too_long_never_reaches_the_hub(self, hub: MemoryHub, url: str) -> None:
        assert self.ask(url, b"x" * 10_001) == 413
        assert hub.kept == []

    def test_says_what_it_can(self) -> None:
        connector = self.connector()
        assert connector.capabilities.push
        assert connector.capabilities.receives
        assert_described(connector)
        connector.check()

    def test_closing_twice_is_harmless(self) -> None:
        connector = self.connector()
        connector.close()
        connector.close()
