"""Every variable has its one place, and its line in the docs."""

import re
import runpy
from pathlib import Path

import pytest

from ctseg.settings import SETTINGS, STORE_MB, cache_folder, hub_folder, packaged_folder, user_data_folder

ROOT = Path(__file__).resolve().parents[1]


def test_only_the_list_reads_variables_of_ours() -> None:
    for path in (ROOT / "ctseg").rglob("*.py"):
        if path.name != "settings.py":
            read = re.findall(r"os\.(?:environ|getenv)[^\n]*CTSEG_\w*", path.read_text(encoding="utf-8"))
            assert not read, f"{path} reads {read}"


def test_every_variable_named_anywhere_is_in_the_list() -> None:
    known = {setting.name for setting in SETTINGS}
    patterns = [re.escape(name).replace(re.escape("<NAME>"), r"[A-Z_]+") for name in known]
    for path in [*(ROOT / "ctseg").rglob("*.py"), *(ROOT / "docs").glob("*.md"), ROOT / "README.md"]:
        for named in re.findall(r"\bCTSEG_[A-Z_]+(?:<NAME>)?", path.read_text(encoding="utf-8")):
            assert named in known or any(re.fullmatch(each, named) for each in patterns), (path, named)


def test_the_page_of_settings_is_the_list() -> None:
    page = runpy.run_path(str(ROOT / "scripts" / "docs" / "make_settings_doc.py"))["text"]()
    assert (ROOT / "docs" / "settings.md").read_text(encoding="utf-8") == page
    assert all(setting.default or setting.unset for setting in SETTINGS)


@pytest.mark.parametrize(
    ("text", "number"), [("12", 12), ("", 4096), ("x", 4096), ("-1", 4096), ("nan", 4096)]
)
def test_what_is_no_number_counts_as_unset(text: str, number: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(STORE_MB.name, text)
    assert STORE_MB.number() == number


def test_folders_lie_where_the_user_keeps_such_things(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CTSEG_CACHE", "CTSEG_STORE", "HF_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    home = Path.home()
    assert cache_folder() == home / ".cache" / "ctseg"
    assert user_data_folder() == home / ".local" / "share" / "ctseg"
    assert hub_folder() == home / ".cache" / "huggingface"
    monkeypatch.setenv("XDG_CACHE_HOME", "/caches")
    monkeypatch.setenv("XDG_DATA_HOME", "/data")
    assert cache_folder() == Path("/caches/ctseg")
    assert user_data_folder() == Path("/data/ctseg")
    assert hub_folder() == Path("/caches/huggingface")
    monkeypatch.setenv("CTSEG_CACHE", "/here")
    monkeypatch.setenv("HF_HOME", "/there")
    assert cache_folder() == Path("/here")
    assert hub_folder() == Path("/there")


def test_what_comes_with_the_package_is_found() -> None:
    assert (packaged_folder("weights") / "manifest.toml").is_file()
    assert (packaged_folder("leaderboard") / "entries").is_dir()
