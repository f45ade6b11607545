"""The README of a method's repository on the Hub, made from the method's card."""

from collections.abc import Sequence

from huggingface_hub.utils import yaml_dump

from ctseg.hub.scores import ToldRow, scores_table
from ctseg.methods import Card
from ctseg.methods.base.card import saw_words
from ctseg.weights import WeightsFile

_SPDX = {"MIT AND Apache-2.0": "mit-and-apache-2.0", "research use": "research-use"}


def model_card(card: Card, files: Sequence[WeightsFile], repo: str, rows: Sequence[ToldRow]) -> str:
    """Return the README of a model repository: what it is, licence, data, scores, limits, files.

    Parameters
    ----------
    card : of the method
    files : that lie in the repository
    repo : ``owner/name``
    rows : of the method, as they may be told
    """
    scores = scores_table(rows)
    parts = [
        f"---\n{yaml_dump(_front_matter(card, files))}---",
        f"# {card.title}",
        f"`{card.name}` of ctseg, which separates all structures of one CT slice without naming them. "
        f"{card.summary}",
        "**Research only, not for diagnosis.**",
        _usage(card.name),
        "## Scores",
        "\n".join(scores) if scores else "On no board yet.",
        "`ari` counts all pixels, background as one more cluster; `fg_ari` only those whose true label is "
        "not 0. Means over images.",
        "## Training data",
        f"{card.training_data} Training saw: {saw_words(card.saw)}.",
        "## Limits",
        "\n".join(
            f"- {failure}" for failure in (*card.known_failures, *([card.knows] if card.knows else []))
        ),
        "## Licence",
        f"{card.weights_licence}. `LICENSE` has the terms of all weights of ctseg.",
        "## Files",
        _files_table(files, repo),
    ]
    if card.paper:
        paper = f"[{card.paper}]({card.paper_url})" if card.paper_url else card.paper
        parts.append(f"## Paper\n\n{paper}")
    return "\n\n".join(parts) + "\n"


def _front_matter(card: Card, files: Sequence[WeightsFile]) -> dict[str, object]:
    licences = {each.licence for each in files if each.file in card.weights}
    return {
        "license": "other",
        "license_name": "-and-".join(sorted(_SPDX.get(each, each.lower()) for each in licences)),
        "license_link": "LICENSE",
        "library_name": "ctseg",
        "pipeline_tag": "image-segmentation",
        "tags": ["medical", "computed-tomography", "class-agnostic", "research-only", card.family],
    }


def _usage(name: str) -> str:
    return (
        "```python\nimport ctseg\n\n"
        f'label_map = ctseg.segment(ctseg.read_slice("slice.dcm"), "{name}")\n```\n\n'
        "With `CTSEG_WEIGHTS=hub` ctseg takes the weights from here, at a pinned commit, and checks their "
        "sha256."
    )


def _files_table(files: Sequence[WeightsFile], repo: str) -> str:
    rows = [f"| `{each.path}` | {each.bytes:,} | `{each.sha256}` | {each.source} |" for each in files]
    return "\n".join([f"| file of {repo} | bytes | sha256 | source |", "|---|---|---|---|", *rows])
