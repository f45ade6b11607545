"""What styles must know that Python decides: the colours of faults."""

from ctseg.labelmaps.merge_split import MERGED, SPLIT

FAULT_COLOURS: dict[int, tuple[int, int, int]] = {MERGED: (213, 48, 39), SPLIT: (69, 117, 224)}
"""RGB of where structures were merged, and where one was split."""
_FAULT_NAMES = {MERGED: "merged", SPLIT: "split"}


def display_head() -> str:
    """Return what stands in every page's head: the style variables ``--ct-merged`` and ``--ct-split``."""
    variables = " ".join(
        f"--ct-{_FAULT_NAMES[mark]}: rgb({', '.join(map(str, rgb))});" for mark, rgb in FAULT_COLOURS.items()
    )
    return f"<style>:root {{ {variables} }}</style>"
