"""Words of the Compare page."""

from dataclasses import replace

import pytest

from ctseg.methods import CARDS
from ctseg.ui.compare import messages
from ctseg.ui.components.notices import notice, remark


@pytest.mark.parametrize(
    ("full_tiling", "number", "said"),
    [
        (False, 1, "1 structure"),
        (False, 1200, "1,200 structures"),
        (True, 1, "1 region, background included"),
        (True, 145, "145 regions, background included"),
    ],
)
def test_regions_of_a_full_tiling_are_not_called_structures(
    full_tiling: bool, number: int, said: str
) -> None:
    assert messages.counted(replace(CARDS["watershed"], full_tiling=full_tiling), number) == said


def test_words_are_safe_and_say_what_is_planned(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "&lt;i&gt;" in notice("<i>")
    assert notice("") == remark("") == ""
    assert 'role="status"' in remark("One file was left out.")
    planned = replace(CARDS["watershed"], name="planned", trained=False)
    large = replace(CARDS["watershed"], name="large")
    slow = replace(CARDS["watershed"], name="slow", seconds=12.3)
    sam = replace(CARDS["watershed"], name="sam", seconds=0.1, family="foundation model")
    cards = {card.name: card for card in (planned, large, sam, slow)}
    monkeypatch.setattr(messages, "CARDS", cards)
    monkeypatch.setattr(messages, "download_bytes", lambda name: 375_042_383 if name == "large" else None)
    assert [(row["name"], row["note"]) for row in messages.method_rows()] == [
        ("slow", "about 12 s"),
        ("sam", "about 0.1 s"),
        ("large", "375 MB to fetch first"),
        ("planned", "not trained yet"),
    ]
    assert (messages.seconds(2.345), messages.seconds(31.7)) == ("2.3 s", "32 s")
