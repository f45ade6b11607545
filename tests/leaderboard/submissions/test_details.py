"""What an entry says about itself is brought into a form that is harmless everywhere, or refused."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctseg.leaderboard.submissions import SubmissionError
from ctseg.leaderboard.submissions.metadata import MAX_NAME, EntryDetails
from ctseg.methods.base.card import TRAINING_SAW
from ctseg.spreadsheet import to_csv


def refusal(**words: object) -> str:
    with pytest.raises(SubmissionError) as refused:
        EntryDetails.from_text(**{"name": "x", **words})  # type: ignore[arg-type]
    message = str(refused.value)
    assert message.endswith(".")
    assert message.isprintable()
    assert len(message) < 200
    return message


def test_plain_details_are_kept() -> None:
    details = EntryDetails.from_text(
        name="  U-Net (tvMF),  v1.2 + boundary_head ",
        family="supervised",
        link="https://Example.org/a/b_c?d=1&e=%20#f",
        saw=["synthetic", "annotated"],
        contact=" jane@example.org ",
    )
    assert details.name == "U-Net (tvMF), v1.2 + boundary_head"
    assert details.link == "https://example.org/a/b_c?d=1&e=%20#f"
    assert details.saw == ("annotated", "synthetic")
    assert details.contact == "jane@example.org"


def test_only_the_name_is_needed() -> None:
    details = EntryDetails.from_text(name="x")
    assert (details.family, details.link, details.saw, details.contact) == ("not told", "", (), "")


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("ﬁve ２", "five 2"),
        ("Zürich", "Zürich"),
        ("U\u0308ber", "Über"),
        ("方法 3", "方法 3"),
        ("a\u00a0b", "a b"),
    ],
)
def test_names_are_normalised(typed: str, kept: str) -> None:
    assert EntryDetails.from_text(name=typed).name == kept


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", "no name"),
        ("   ", "no name"),
        ("x" * 41, "41 characters; 40"),
        ("x" * 10_000, "10000 characters; 40"),
        ("\ufdfa" * 40, "characters; 40"),
        ("<b>x</b>", "'<'"),
        ("<script>alert(1)</script>", "'<'"),
        ("[x](https://example.org)", "'['"),
        ("**x**", "'*'"),
        ("`x`", "'`'"),
        ("a|b", "'|'"),
        ("=SUM(A1)", "'='"),
        ("@x", "'@'"),
        ("+1", "begins with '+'"),
        ("-1+1", "begins with '-'"),
        ("(x)", "begins with '('"),
        ("../x", "'/'"),
        ("..", "begins with '.'"),
        ("a\\b", "'\\\\'"),
        ("a\u202eb", "U+202E"),
        ("a\u2066b", "U+2066"),
        ("a\u200bb", "U+200B"),
        ("a\x00b", "U+0000"),
        ("a&lt;b", "'&'"),
        ("x😀", "'😀'"),
    ],
)
def test_harmful_names_are_refused(name: str, message: str) -> None:
    assert message in refusal(name=name)
    if name.strip():
        assert message in refusal(family=name)


@pytest.mark.thorough
@given(st.text(max_size=60))
def test_any_name_is_harmless_or_refused(text: str) -> None:
    try:
        name = EntryDetails.from_text(name=text).name
    except SubmissionError:
        return
    assert 0 < len(name) <= MAX_NAME
    assert name == unicodedata.normalize("NFKC", name)
    assert name.isprintable()
    assert not set(name) & set("<>&\"'`*[]|/\\=@#{}$%~^!?:;")
    assert to_csv([{"name": name}], ["name"]).count("'") == 0
    assert EntryDetails.from_text(name=name).name == name


@pytest.mark.parametrize(
    ("link", "message"),
    [
        ("http://example.org", "https://"),
        ("javascript:alert(1)", "https://"),
        ("data:text/html,x", "https://"),
        ("example.org", "https://"),
        ("https://", "no plain"),
        ("https://localhost", "no plain"),
        ("https://127.0.0.1/x", "no plain"),
        ("https://user:word@example.org", "no plain"),
        ("https://example.org:8443/x", "no plain"),
        ("https://example.org/<b>", "no plain"),
        ("https://example.org/a b", "no plain"),
        ('https://example.org/"onmouseover=x', "no plain"),
        ("https://example.org/'x", "no plain"),
        ("https://example.org\\@evil.org", "no plain"),
        ("https://exämple.org", "no plain"),
        ("https://[::1", "no plain"),
        ("https://-x.org", "no plain"),
        ("https://example.org/\u202ex", "no plain"),
        ("https://example.org/" + "x" * 200, "220 characters; 200"),
    ],
)
def test_links_lead_to_plain_https_addresses(link: str, message: str) -> None:
    assert message in refusal(link=link)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"saw": ["everything"]}, "chosen from nothing, unlabelled"),
        ({"saw": ["nothing", "outside"]}, "either nothing or something"),
        ({"contact": "x" * 201}, "201 characters"),
        ({"contact": "a\nb"}, "cannot be seen"),
        ({"contact": "a\u202eb"}, "cannot be seen"),
    ],
)
def test_other_details_are_checked(words: dict[str, object], message: str) -> None:
    assert message in refusal(**words)


def test_every_word_for_what_was_seen_is_taken() -> None:
    for word in TRAINING_SAW:
        assert EntryDetails.from_text(name="x", saw=[word]).saw == (word,)
