"""Write the README's table of scores from the committed results."""

from pathlib import Path

from ctseg.leaderboard.boards import BOARDS
from ctseg.leaderboard.folders import built_in_folder
from ctseg.leaderboard.results.ranking import rank
from ctseg.leaderboard.results.store import load_results
from ctseg.leaderboard.results.table import table

README = Path(__file__).resolve().parents[2] / "README.md"
START, END = "<!-- scores -->", "<!-- end of scores -->"
SHOWN = ("phantom-val", "ct-fewshot-val")


def scores() -> str:
    """Return the table as Markdown: a row for each entry, two columns for each board."""
    boards = {
        name: {row["entry"]: row for row in table(rank(load_results(built_in_folder(), name)))}
        for name in SHOWN
    }
    titles = {entry: row["title"] for rows in boards.values() for entry, row in rows.items()}
    head = "| | " + " | ".join(f"{BOARDS[name].title}: `ari` | `fg_ari`" for name in SHOWN) + " |"
    lines = [head, "|---|" + "---|---|" * len(SHOWN)]
    for entry, title in titles.items():
        cells = [
            _cell(rows.get(entry, {}).get(index)) for rows in boards.values() for index in ("ari", "fg_ari")
        ]
        lines.append(f"| {title} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _cell(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def filled(text: str) -> str:
    """Return the README's text with its table made anew."""
    before, rest = text.split(START, 1)
    after = rest.split(END, 1)[1] if END in rest else rest
    return f"{before}{START}\n{scores()}\n{END}{after}"


if __name__ == "__main__":
    README.write_text(filled(README.read_text(encoding="utf-8")), encoding="utf-8")
