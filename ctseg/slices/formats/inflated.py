"""Compressed bytes as a stream that never holds more than was asked for."""

from collections.abc import Callable
from typing import Any, BinaryIO

from ctseg.slices.limits import MEBIBYTE

_PIECE = MEBIBYTE // 4


class Inflated:
    """What a decompressor makes of a stream; a bomb is inflated only as far as somebody reads.

    It may be several packed streams behind each other, as pigz and pbzip2 write them (RFC 1952, 2.2).

    Parameters
    ----------
    packed : the compressed bytes
    fresh : makes a decompressor, of `zlib.decompressobj` or `bz2.BZ2Decompressor`
    """

    def __init__(self, packed: BinaryIO, fresh: Callable[[], Any]) -> None:
        self._packed = packed
        self._fresh = fresh
        self._decompressor = fresh()

    def read(self, size: int) -> bytes:
        """Read up to ``size`` bytes; b"" at the end of what is there."""
        while True:
            if self._decompressor.eof:
                waiting = self._decompressor.unused_data or self._packed.read(_PIECE)
                self._decompressor = self._fresh()
            else:
                # What zlib could not give out yet waits in its tail; bz2 keeps it itself.
                waiting = getattr(self._decompressor, "unconsumed_tail", b"")
                if not waiting and getattr(self._decompressor, "needs_input", True):
                    waiting = self._packed.read(_PIECE)
            if not waiting and getattr(self._decompressor, "needs_input", True):
                return b""
            piece: bytes = self._decompressor.decompress(waiting, size)
            if piece:
                return piece
