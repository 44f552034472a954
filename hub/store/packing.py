"""zstd for bodies and raw bytes, with one compressor a thread: making one for each value costs more than most values."""

from __future__ import annotations

from threading import local

import zstandard

LEVEL = 3
_mine = local()


def compress(data: bytes) -> bytes:
    """One frame."""
    if not hasattr(_mine, "compressor"):
        _mine.compressor = zstandard.ZstdCompressor(level=LEVEL)
    packed: bytes = _mine.compressor.compress(data)
    return packed


def decompress(data: bytes) -> bytes:
    """Undo ``compress``."""
    if not hasattr(_mine, "decompressor"):
        _mine.decompressor = zstandard.ZstdDecompressor()
    raw: bytes = _mine.decompressor.decompress(data)
    return raw


def size(data: bytes) -> int:
    """Bytes of what ``compress`` made a frame of, without unpacking it."""
    found: int = zstandard.frame_content_size(data)
    return found
