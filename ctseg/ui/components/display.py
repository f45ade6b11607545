"""What styles and scripts must know that Python decides: the colours of what became of a structure."""

from ctseg.ui.components.assets import read_asset

MARK_COLOURS: dict[str, tuple[int, int, int]] = {
    "found": (0, 158, 115),
    "missed": (213, 48, 39),
    "extra": (204, 121, 167),
    "merged": (240, 160, 30),
    "split": (86, 180, 233),
}
"""RGB by the names of `ctseg.labelmaps.judgement.MARKS`; Compare gives each a pattern of its own too."""


TITLE = "ctseg: compare ways to segment a CT slice"
"""What a browser calls the pages."""
ABOUT = (
    "Upload a CT slice and see what methods separate in it, side by side. "
    "Separates structures; does not name them. Research only, not for diagnosis."
)
"""What is said of them where somebody passes their address on."""


def marks_style() -> str:
    """Return a style variable ``--ct-merged`` and so on for each mark."""
    variables = " ".join(
        f"--ct-{name}: rgb({', '.join(map(str, rgb))});" for name, rgb in MARK_COLOURS.items()
    )
    return f"<style>:root {{ {variables} }}</style>"


def display_head() -> str:
    """Return what stands in every page's head: `marks_style`, and the script that lets a link be followed."""
    return f"{marks_style()}<script>{read_asset('components', 'leaving.js')}</script>"
