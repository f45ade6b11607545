"""Compressed bytes as a stream that never holds more than was asked for."""

from typing import Any, BinaryIO

from ctseg.slices.limits import MEBIBYTE

_PIECE = MEBIBYTE // 4


class Inflated:
    """What a decompressor makes of a stream; a bomb is inflated only as far as somebody reads.

    Parameters
    ----------
    packed : the compressed bytes
    decompressor : of `zlib.decompressobj` or `bz2.BZ2Decompressor`
    """

    def __init__(self, packed: BinaryIO, decompressor: Any) -> None:
        self._packed = packed
        self._decompressor = decompressor

    def read(self, size: int) -> bytes:
        """Read up to ``size`` bytes; b"" at the end of what is there."""
        while not self._decompressor.eof:
            # What zlib could not give out yet waits in its tail; bz2 keeps it itself.
            waiting = getattr(self._decompressor, "unconsumed_tail", b"")
            if not waiting and getattr(self._decompressor, "needs_input", True):
                waiting = self._packed.read(_PIECE)
                if not waiting:
                    return b""
            piece: bytes = self._decompressor.decompress(waiting, size)
            if piece:
                return piece
        return b""
