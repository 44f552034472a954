"""Each rule of the lane has a switch that breaks it, here and nowhere in the hub: a run with one must fail, and name what went wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tests.faults.plan import Plan

BREAKS: Mapping[str, Callable[[Plan], None]] = {}
