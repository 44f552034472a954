"""X12: reader, writer and acknowledgements over a grammar that is data."""

from __future__ import annotations

from adapters.x12.acknowledge import acknowledge
from adapters.x12.format import X12

__all__ = ["X12", "acknowledge"]
