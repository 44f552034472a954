"""Memory that a process has in use, as its allocators count it.

What the system calls resident is what the allocators hold: as much as the largest windows until then wanted, in steps, and it hardly
ever comes back. A process that keeps what it should let go shows in what is in use.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import cache

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

BLOCKS, HEAP = "hub_python_blocks", "hub_c_heap_bytes"


class _Mallinfo2(ctypes.Structure):
    """``struct mallinfo2`` of glibc 2.33 and later, mallinfo(3)."""

    _fields_ = [
        (name, ctypes.c_size_t)
        for name in ("arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks", "fordblks", "keepcost")
    ]


@cache
def _mallinfo() -> Callable[[], _Mallinfo2] | None:
    found = getattr(ctypes.CDLL(None), "mallinfo2", None)
    if found is not None:
        found.restype = _Mallinfo2
    return found


def heap() -> int | None:
    """Bytes that the C library has given out and not got back, those mapped for themselves among them; Python's small objects are not
    there. None with another C library than glibc."""
    ask = _mallinfo()
    if ask is None:
        return None
    found = ask()
    return int(found.uordblks + found.hblkhd)


class InUse(Collector):
    """Two gauges: blocks of Python's own allocator (objects of up to 512 bytes), bytes of the C library's."""

    def describe(self) -> Iterable[Metric]:
        """Nothing in advance."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Both, or the first alone."""
        yield GaugeMetricFamily(BLOCKS, "pieces of up to 512 bytes that Python has in use", value=sys.getallocatedblocks())
        held = heap()
        if held is not None:
            yield GaugeMetricFamily(HEAP, "bytes of the C library's heap in use", value=held)
