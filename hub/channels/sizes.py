"""How much a process of the hub does at once."""

from __future__ import annotations

from dataclasses import dataclass

from connectors.kit.amqp_link import PREFETCH
from hub.channels.relay import AT_ONCE
from hub.store.writing import MOST


@dataclass(frozen=True, slots=True)
class Sizes:
    """Documents a window, messages a commit of the intake, publications before their confirms are waited for, wake-ups that the broker
    hands over before one is settled. All 1: the lane that does one thing after the other."""

    window: int = 200
    commit: int = MOST
    publish: int = AT_ONCE
    prefetch: int = PREFETCH


SIZES = Sizes()
"""What a hub runs with."""
