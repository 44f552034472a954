"""The clock and the source of ids, given from outside: stages get ``now`` once a window."""

from __future__ import annotations

import secrets
import time
import uuid
from datetime import UTC, datetime, timedelta
from typing import Protocol

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Clock(Protocol):
    """Gives wall time, durations and ids."""

    def now(self) -> int:
        """Microseconds UTC since 1970."""

    def monotonic(self) -> float:
        """Seconds that only rise, for durations."""

    def new_id(self) -> str:
        """A UUIDv7 of ``now``."""


def to_datetime(micros: int) -> datetime:
    """Microseconds UTC -> aware datetime, exactly."""
    return EPOCH + timedelta(microseconds=micros)


def to_micros(instant: datetime) -> int:
    """Aware datetime -> microseconds UTC, exactly."""
    return (instant - EPOCH) // timedelta(microseconds=1)


def uuid7(micros: int, random: bytes) -> str:
    """RFC 9562 UUIDv7: 48 bits of milliseconds, then 74 random bits (``random``: 10 bytes)."""
    number = (micros // 1000) << 80 | int.from_bytes(random)
    number = number & ~(0xF << 76) | 0x7 << 76
    number = number & ~(0x3 << 62) | 0x2 << 62
    return str(uuid.UUID(int=number))


class SystemClock:
    """The machine's clock."""

    def now(self) -> int:
        return time.time_ns() // 1000

    def monotonic(self) -> float:
        return time.monotonic()

    def new_id(self) -> str:
        return uuid7(self.now(), secrets.token_bytes(10))
