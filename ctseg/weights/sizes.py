"""Sizes as they are told to people."""


def in_megabytes(count: int) -> str:
    """Return a number of bytes in MB (10^6 bytes), with one digit that is not 0 for small ones."""
    return f"{count / 1e6:.0f} MB" if count >= 1_000_000 else f"{max(count, 1000) / 1e6:.1g} MB"
