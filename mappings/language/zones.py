"""Time zones, read once. ``zoneinfo`` opens a file on the first use of a name: ``bind`` does that, never a translation."""

from __future__ import annotations

from functools import cache
from zoneinfo import ZoneInfo

from canonical_model.problems import Misconfigured


@cache
def zone_of(name: str) -> ZoneInfo:
    """The IANA zone of that name, from the pinned ``tzdata``. Raises Misconfigured when there is none."""
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError) as error:
        raise Misconfigured(f"{name!r} is not a time zone", at=name, fix="an IANA name, e.g. Asia/Shanghai") from error
