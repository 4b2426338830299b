"""Compresses blocks of bytes to gzip and back, a block at a time, in bounded memory."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator

from linkymonitor.system.own_files import BLOCK

_GZIP = 16 + zlib.MAX_WBITS


def compressed(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield *blocks* as one gzip member; a yielded block may be empty."""
    packer = zlib.compressobj(6, zlib.DEFLATED, _GZIP)
    for block in blocks:
        yield packer.compress(block)
    yield packer.flush()


def expanded(blocks: Iterable[bytes], damaged: Callable[[str], object] | None = None) -> Iterator[bytes]:
    """Yield the content of *blocks*, which contain gzip members.

    Args:
        blocks: the compressed bytes.
        damaged: called with the reason when they are cut short or damaged, after all content that can be read was
            yielded.
    """
    unpacker = zlib.decompressobj(_GZIP)
    whole = False  # whether the last byte ended a gzip member
    try:
        for packed in blocks:
            block = b""
            while packed or len(block) == BLOCK:
                if whole:
                    unpacker, whole = zlib.decompressobj(_GZIP), False
                # The output is bounded, because a few bytes can unpack to gigabytes.
                block = unpacker.decompress(packed, BLOCK)
                if block:
                    yield block
                whole = unpacker.eof
                packed = unpacker.unused_data if whole else unpacker.unconsumed_tail
                if whole:
                    block = b""
        if not whole and damaged:
            damaged("it is cut short")
    except zlib.error as error:
        if damaged:
            damaged(str(error))
