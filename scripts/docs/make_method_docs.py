"""Write a page per method, ``docs/methods/NAME.md``, from its card and its committed results."""

from functools import cache
from pathlib import Path

from ctseg.leaderboard.boards import BOARDS
from ctseg.leaderboard.folders import built_in_folder
from ctseg.leaderboard.results.result import Result
from ctseg.leaderboard.results.store import load_results
from ctseg.methods import CARDS, Card

IMAGES = Path(__file__).resolve().parents[2] / "ctseg" / "methods" / "images"
FOLDER = Path(__file__).resolve().parents[2] / "docs" / "methods"


def page(card: Card) -> str:
    """Return the page of one method as Markdown."""
    paper = f"[{card.paper}]({card.paper_url})" if card.paper_url else card.paper or "none"
    unknown = "as they are" if card.handles_unknown_window else "as they are, best in a window like that one"
    facts = [
        ("state", "ready" if card.trained else "not trained yet"),
        ("family", card.family),
        ("paper", paper),
        (
            "input",
            f"window {card.input_window.width:g}/{card.input_window.level:g} HU (width/level) to 8 bits",
        ),
        ("8-bit files of unknown window", unknown),
        ("weights", ", ".join(f"`{name}`" for name in card.weights) or "none"),
        ("licence of the weights", card.weights_licence),
        ("training data", card.training_data),
        ("training saw", ", ".join(card.saw)),
        ("parameters", f"{card.parameters:,}" if card.parameters else "none learnt or not trained yet"),
        ("seconds for 512x512 on 2 cores", f"{card.seconds:g}" if card.seconds else "not measured"),
    ]
    lines = [f"# {card.title}", "", f"`{card.name}`. {card.summary}", "", "| | |", "|---|---|"]
    lines += [f"| {name} | {value} |" for name, value in facts]
    if card.known_failures:
        lines += ["", "## Known failures", "", *(f"- {failure}" for failure in card.known_failures)]
    if (IMAGES / f"{card.name}.png").is_file():
        link = f"../../ctseg/methods/images/{card.name}.png"
        alt = "Its best, a typical and its worst slice of the phantom board: slice, what it found, truth"
        lines += ["", f"![{alt}]({link})"]
    return "\n".join([*lines, *_scores(card.name)]) + "\n"


def _scores(name: str) -> list[str]:
    rows = []
    for board in BOARDS.values():
        for result in _results(board.name):
            if result.entry == name:
                means = [result.mean(key) for key in ("ari", "fg_ari", "best_iou", "foreground_dice")]
                cells = " | ".join("" if value is None else f"{value:.3f}" for value in means)
                rows.append(f"| {board.title} | {cells} |")
    if not rows:
        return []
    return ["", "## Scores", "", "| board | ari | fg_ari | best IoU | Dice |", "|---|---|---|---|---|", *rows]


@cache
def _results(board: str) -> list[Result]:
    return load_results(built_in_folder(), board)


def main() -> None:
    """Write all pages and drop those of methods that are gone."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for stale in FOLDER.glob("*.md"):
        if stale.stem not in CARDS:
            stale.unlink()
    for card in CARDS.values():
        (FOLDER / f"{card.name}.md").write_text(page(card), encoding="utf-8")


if __name__ == "__main__":
    main()
