"""The local channels keep the contract."""

from __future__ import annotations

import pytest

from hub.channels.base import Publication
from hub.channels.local import LocalChannels
from tests.hub.channels.contract import CanonicalContract, Pair, WakeUpContract


class Reader:
    """A subscriber that takes everything, or nothing."""

    def __init__(self) -> None:
        self.seen: list[Publication] = []
        self.refuses = False

    def __call__(self, publication: Publication) -> None:
        if self.refuses:
            raise OSError("disk full")
        self.seen.append(publication)


@pytest.fixture
def pair() -> Pair:
    reader = Reader()
    channels = LocalChannels([reader])
    return Pair(channels, channels, lambda: list(reader.seen), lambda on: setattr(reader, "refuses", on))


class TestWakeUps(WakeUpContract):
    """In one process."""


class TestCanonical(CanonicalContract):
    """Subscribers are functions."""
