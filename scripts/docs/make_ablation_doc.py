"""Write docs/ablation.md from docs/ablation.csv: means, and paired differences by patient."""

import csv
from collections import defaultdict
from pathlib import Path

import numpy as np

from ctseg.leaderboard.results.statistics import PairedComparison, compare, patient_means
from ctseg.training.recipe_files import find_recipe

DOCS = Path(__file__).resolve().parents[2] / "docs"
SCORES = ("ari", "fg_ari", "dice")
TITLES = {
    "tvmf": "U-Net from ImageNet, adaptive t-vMF Dice + cross-entropy, 12 training patients",
    "dice": "Dice in place of t-vMF Dice",
    "scratch": "from random weights",
    "simclr": "from SimCLR pre-training (which started from ImageNet)",
    "patients-1": "1 training patient",
    "patients-4": "4 training patients",
    "patients-8": "8 training patients",
    **{
        f"val-{count}": f"trained on {count} of all 16 patients, scored on validation patients"
        for count in (1, 4, 8, 16)
    },
    "report": "the report's settings: SGD, t-vMF Dice alone, rotations and flips only",
    "vit-scratch": "ViT from random weights",
    "vit-mae": "ViT from MAE pre-training",
    "swin-scratch": "Swin-UNet from random weights",
    "swin-mae": "Swin-UNet from Swin-MAE pre-training",
}
QUESTIONS = (
    ("Did SimCLR help?", "simclr", "tvmf"),
    ("t-vMF Dice against Dice?", "tvmf", "dice"),
    ("Did ImageNet help?", "tvmf", "scratch"),
    ("Did MAE help?", "vit-mae", "vit-scratch"),
    ("Did Swin-MAE help?", "swin-mae", "swin-scratch"),
    ("What does the report's own recipe reach here?", "report", "tvmf"),
    ("Is one annotated patient enough?", "patients-1", "tvmf"),
    ("Are four?", "patients-4", "tvmf"),
    ("Are eight?", "patients-8", "tvmf"),
    ("On validation patients: one against 16?", "val-1", "val-16"),
    ("Four against 16?", "val-4", "val-16"),
    ("Eight against 16?", "val-8", "val-16"),
)

Lines = dict[tuple[str, str], dict[str, str]]


def read(path: Path) -> dict[str, Lines]:
    """Return for each row its slices by (seed, image); nothing before the first row is trained."""
    rows: dict[str, Lines] = defaultdict(dict)
    if not path.is_file():
        return rows
    with path.open(newline="", encoding="utf-8") as file:
        for line in csv.DictReader(file):
            rows[line["row"]][line["seed"], line["image"]] = line
    return rows


def number(text: str) -> float:
    """Return a score, nan where a slice has none."""
    return float(text) if text else np.nan


def table(rows: dict[str, Lines]) -> list[str]:
    """Return the table of means over slices."""
    lines = [
        "| row | seeds | folds | patients | slices | ari | fg_ari | Dice |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, title in TITLES.items():
        if name not in rows:
            lines.append(f"| {title} (`{name}`) | not trained | | | | | | |")
            continue
        found = list(rows[name].values())
        means = [np.nanmean([number(line[score]) for line in found]) for score in SCORES]
        counts = [
            len({line[key] for line in found} - {"all"}) for key in ("seed", "fold", "patient", "image")
        ]
        cells = " | ".join([*map(str, counts), *(f"{mean:.3f}" for mean in means)])
        lines.append(f"| {title} (`{name}`) | {cells} |")
    return lines


def verdict(paired: PairedComparison) -> str:
    """Return in words what a paired difference of ari says."""
    if paired.p_value is None:
        every = {paired.patients: "better on every patient", 0: "worse on every patient"}
        return every.get(paired.better_on, "mixed")
    if paired.p_value >= 0.05:
        return "no difference found"
    return "better" if paired.difference > 0 else "worse"


def answer(rows: dict[str, Lines], first: str, second: str) -> str:
    """Return two cells: the verdict by ari, and the paired differences on the slices both were scored on."""
    if first not in rows or second not in rows:
        return "not trained yet |"
    shared = sorted(rows[first].keys() & rows[second].keys())
    patients = tuple(rows[first][key]["patient"] for key in shared)
    parts, said = [], ""
    for score in SCORES:
        one, other = (
            np.array([number(rows[name][key][score]) for key in shared]) for name in (first, second)
        )
        paired = compare(one, other, patients)
        said = said or verdict(paired)
        spread = np.std(patient_means(one - other, patients), ddof=1)
        p_value = ""
        if paired.p_value is not None:
            p_value = ", p < 0.001" if paired.p_value < 0.001 else f", p = {paired.p_value:.3f}"
        parts.append(
            f"{score} {paired.difference:+.3f} (sd over patients {spread:.3f}; "
            f"better on {paired.better_on} of {paired.patients}{p_value})"
        )
    return f"{said} | {'; '.join(parts)}"


def spread(rows: dict[str, Lines]) -> list[str]:
    """Return a line for each row with several seeds: its means over slices, a seed after the other."""
    lines = []
    for name in TITLES:
        images: dict[str, set[str]] = defaultdict(set)
        for seed, image in rows.get(name, {}):
            images[seed].add(image)
        seeds = sorted(images)
        if len(seeds) < 2:
            continue
        shared = set.intersection(*images.values())
        cells = []
        for score in SCORES:
            means = [
                np.nanmean([number(rows[name][seed, image][score]) for image in sorted(shared)])
                for seed in seeds
            ]
            cells.append(" / ".join(f"{mean:.3f}" for mean in means))
        lines.append(f"| `{name}` | {', '.join(seeds)} | {' | '.join(cells)} |")
    return lines


def page(path: Path) -> str:
    """Return the page as Markdown."""
    rows = read(path)
    budget = find_recipe("ablation").budget
    lines = [
        "# What each ingredient is worth",
        "",
        f"Every row: {budget}.",
        "",
        "Scores are means over slices of held-out training patients (four-fold cross-validation by patient",
        "where four folds are named, else the first fold); one held-out patient a fold sets kappa and is not",
        "scored. Rows `val-...` hold nobody out and are scored on validation patients, a look each.",
        "At this budget networks are far from done: the table compares ingredients, the leaderboard",
        "compares methods. Pre-training saw the images of all training patients, never a label:",
        "",
        *(f"- `{name}`: {find_recipe(name).budget}" for name in ("simclr", "mae", "swin-mae")),
        "",
        *table(rows),
        "",
        "## Answers",
        "",
        "Differences are means over patients of the first minus the second, on the same slices. Below eight",
        "patients no p-value is given. Rows with several seeds are paired seed by seed.",
        "",
        "| question | rows | by ari | difference |",
        "|---|---|---|---|",
        *(f"| {asked} | `{a}` - `{b}` | {answer(rows, a, b)} |" for asked, a, b in QUESTIONS),
        "",
        "## Spread over seeds",
        "",
        "Means over the same slices, a seed after the other. Smaller differences between rows",
        "than these say nothing.",
        "",
        "| row | seeds | ari | fg_ari | Dice |",
        "|---|---|---|---|---|",
        *spread(rows),
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write the page."""
    (DOCS / "ablation.md").write_text(page(DOCS / "ablation.csv"), encoding="utf-8")


if __name__ == "__main__":
    main()
